"""Logging never fails whoever logs."""

import subprocess
import sys
from pathlib import Path

import pytest
from chassis import metrics
from chassis.logs import Lines

SAYS = """
import logging, structlog
from chassis import logs, metrics
logs.configure("info", "json", "test")
for number in range(50):
    structlog.get_logger().info("said.often", text="x" * 1000, number=number)
    logging.getLogger("foreign").warning("y" * 1000)
import sys
lost = metrics.LOG_LINES_LOST._value.get()
sys.stderr.write("alive" if lost >= 100 else f"lost {lost}")
sys.stderr.flush()
import os
os._exit(0)  # what is left in the buffer cannot be written either
"""


class Full:
    """A file on a disk that has no room."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")

    flush = write


@pytest.mark.parametrize("deed", [lambda lines: lines.write("x"), lambda lines: lines.flush()])
def test_a_line_that_cannot_be_written_is_counted_and_nobody_fails(deed):
    before = metrics.LOG_LINES_LOST._value.get()
    file = Full()
    file.flush = lambda: file.write("")
    deed(Lines(file))
    assert metrics.LOG_LINES_LOST._value.get() == before + 1


def test_a_process_whose_log_has_no_room_goes_on():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", SAYS], stdout=full, stderr=subprocess.PIPE, check=True, text=True
        )
    assert done.stderr == "alive"
