import sys

import pytest
from oep_local import processes
from oep_local.layout import answers
from oep_local.parts import Part, Task
from oep_local.ports import free_port
from oep_local.processes import Command
from oep_local.rig import Platform

STUB = """
import http.server, signal, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
print("stub listens", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""


class Stubs:
    """Tiny HTTP servers in the services' place, and a diary of what the supervisor did."""

    def __init__(self):
        self.diary = []

    def part(self, name, replica=1, program=STUB):
        port = free_port()

        def command():
            self.diary.append(name)
            argv = (sys.executable, "-c", program, str(port))
            return Command(argv, processes.base_environment(), "/")

        return Part(name, replica, port, command, lambda: answers(port, "/"))

    def task(self, name):
        return Task(name, lambda: self.diary.append(name))


@pytest.fixture
def stubs():
    return Stubs()


@pytest.fixture
def platform_of(tmp_path):
    """Start a platform of the given stages; everything is stopped at the test's end."""
    started = []

    def start(*stages):
        platform = Platform(tmp_path / "state", stages=lambda _: stages)
        started.append(platform)
        return platform.start()

    yield start
    for platform in started:
        platform.stop()
