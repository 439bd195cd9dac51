"""A disk that is full (24): PostgreSQL, NATS and the logs lie on one small one."""

import asyncio
import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from chaos.fault import Fault
from chaos.run import Run

_DISK_MIB = 1_500
_REFUSALS = frozenset({0, 502, 503, 504})
"""502 and a lost answer are of a service whose log cannot be written any more."""


class NoDisk(Exception):
    """A small disk can be laid by root alone, and not in every container."""


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Lay a disk of its own below `folder` while the block runs. Raises `NoDisk`."""
    folder.mkdir()
    laid = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MIB}m,mode=0711", "oep-chaos", str(folder)]
    done = subprocess.run(laid, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoDisk(f"fault 24 needs a small disk: run it as root ({done.stderr.strip()})")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def fill_the_disk(run: Run) -> None:
    """Leave not a byte free for a while, then give everything back."""
    seconds = 8.0 if run.size.is_short else 60.0
    filler = run.platform.state.root / "filler"
    async with run.window():
        began = time.time()
        await asyncio.to_thread(_fill, filler)
        try:
            while time.time() < began + seconds:
                await asyncio.sleep(1)
                await asyncio.to_thread(_fill, filler)  # also what was given back meanwhile
            answers = run.answers_between(began, began + seconds)
        finally:
            filler.unlink()
    good = sum(200 <= status < 300 for _, status in answers)  # 2xx
    run.words.append(
        f"{good} of {len(answers)} posts accepted in {seconds:.0f} s without room; "
        f"{shutil.disk_usage(filler.parent).free >> 20} MiB free in the end"
    )
    if good == len(answers):
        run.flaw("nothing was refused: the disk was not full")


def _fill(filler: Path) -> None:
    """Append until there is no room for another byte. Blocking."""
    with filler.open("ab", buffering=0) as file:
        for piece in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(piece)) == piece:
                    pass


DISK_FAULTS = (
    Fault(
        24,
        "a full disk",
        fill_the_disk,
        _REFUSALS,
        60,
        has_boards=True,
        has_saves=True,
        disk=small_disk,
    ),
)
