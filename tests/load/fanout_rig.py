"""What the fan-out benchmark runs: a bus, neighbours, nodes, and another nats-server.

And the client, a C program that is built first: in Python it would cost more than what it measures.
"""

import contextlib
import json
import resource
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from oep_local import ports, processes, unprivileged, wheels
from oep_local.layout import answers
from oep_local.nats import NatsServer
from oep_local.processes import Command

HOST = "127.0.0.1"
_TESTS = Path(__file__).parents[1]
_CLIENT = Path(__file__).parent / "twins" / "wsload.c"
_READY_SECONDS = 30
_ANSWER_SECONDS = 120
_AT_ONCE = 200
_KID = "bench"
_NATS_CONFIG = """\
listen: "{host}:{port}"
ping_interval: "10m"
websocket {{ listen: "{host}:{ws}", no_tls: true }}
"""


class NoCompiler(RuntimeError):
    """There is nothing to build the client with."""

    def __init__(self) -> None:
        super().__init__(
            "bench-fanout builds its client with `cc`, which is not here. "
            "Install a C compiler (Debian, Ubuntu: apt-get install gcc libc6-dev)."
        )


@dataclass(frozen=True)
class Came:
    """How many sockets a client opened, and how long that took."""

    good: int
    bad: int
    seconds: float


class Client:
    """The C client: opens sockets when made, counts until it is closed. Every method blocks."""

    def __init__(
        self,
        binary: Path,
        port: int,
        count: int,
        targets: Path,
        *hello: str,
        subprotocol: str | None = None,
    ) -> None:
        offered = {} if subprotocol is None else {"WSLOAD_SUBPROTOCOL": subprotocol}
        self._process = subprocess.Popen(  # our own program
            [str(binary), str(port), str(count), str(_AT_ONCE), str(targets), *hello],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**processes.base_environment(), **offered},
        )
        _, good, bad, seconds = self._hear().split()
        self.came = Came(int(good), int(bad), float(seconds))
        if not self.came.good:
            raise RuntimeError("no socket was let in")

    def reset(self) -> None:
        """Count from zero."""
        self._ask("reset")

    def report(self) -> tuple[int, int, float, float]:
        """Return messages since the last reset, open sockets, p99 in ms, CPU seconds in all."""
        messages, open_, _, p99, _, cpu = self._ask("report").split()
        return int(messages), int(open_), int(p99) / 1000, float(cpu)

    def close(self) -> None:
        """Drop all sockets."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(_ANSWER_SECONDS)

    def _ask(self, word: str) -> str:
        assert self._process.stdin is not None  # it is a pipe
        self._process.stdin.write(word + "\n")
        return self._hear()

    def _hear(self) -> str:
        assert self._process.stdout is not None  # it is a pipe
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the client has ended")
        return line


class Bench:
    """The servers, what is needed to speak to them, and a folder for it all."""

    def __init__(self, folder: Path, source: Path | None) -> None:
        """`source` is another `services/realtime/src` to measure, for comparison."""
        self.folder = folder
        self._source = source
        self._key = Ed25519PrivateKey.generate()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self.bus = NatsServer(
            folder / "nats", folder / "nats.log", ports.free_port(), ports.free_port()
        )
        self.other_port, self.other_ws_port = ports.free_port(), ports.free_port()
        self.binary = folder / "wsload"
        self.neighbours_pid = 0
        self._grpc, self._http = ports.free_port(), ports.free_port()

    def prepare(self) -> None:
        """Build the client, start the bus and the neighbours."""
        compiler = shutil.which("cc")
        if compiler is None:
            raise NoCompiler
        subprocess.run([compiler, "-O2", "-o", self.binary, _CLIENT], check=True)
        self.bus.start()
        jwk = jwt.algorithms.OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        keys = {"keys": [{**jwk, "kid": _KID, "use": "sig", "alg": "EdDSA"}]}
        told = {"GRPC_PORT": str(self._grpc), "HTTP_PORT": str(self._http)}
        told |= {"JWKS": json.dumps(keys), "PYTHONPATH": str(_TESTS)}
        argv = (sys.executable, "-m", "load.twins.neighbours")
        self.neighbours_pid = self._start("neighbours", argv, told).pid

    def start_other(self) -> int:
        """Start a nats-server with a WebSocket listener; return its process id."""
        config = self.folder / "other.conf"
        config.write_text(
            _NATS_CONFIG.format(host=HOST, port=self.other_port, ws=self.other_ws_port)
        )
        pid = self._start("other", (str(wheels.nats()), "--config", str(config)), {}).pid
        self._wait(lambda: ports.is_taken(self.other_ws_port), "other")
        return pid

    def start_node(self, name: str, **settings: str) -> tuple[int, int]:
        """Start a node; return its process id and port."""
        port, grpc = ports.free_port(), f"{HOST}:{self._grpc}"
        told = {
            "REST_PORT": str(port),
            "NATS_URL": self.bus.url,
            "JWKS_URL": f"http://{HOST}:{self._http}/",
            "AUTH_GRPC": grpc,
            "ATTEMPTS_GRPC": grpc,
            "PROCTORING_GRPC": grpc,
            "NODE_ID": name,
            "LOG_LEVEL": "warning",
            **({"PYTHONPATH": str(self._source)} if self._source else {}),
            **settings,
        }
        pid = self._start(name, (sys.executable, "-m", "realtime"), told).pid
        self._wait(lambda: answers(port, "/health/ready"), name)
        return pid, port

    def targets(self, name: str, attempt_ids: range) -> Path:
        """Write a file with the request targets of students, each with a token of his own."""
        path = self.folder / name
        with path.open("w") as lines:
            for attempt_id in attempt_ids:
                token = self._token(attempt_id)
                lines.write(f"/api/v1/ws/attempts/{attempt_id}?token={token}\n")
        return path

    def stop(self) -> None:
        for name in reversed(list(self._children)):
            self.stop_node(name)
        self.bus.stop()

    def stop_node(self, name: str) -> None:
        """Stop one of what was started, by its name."""
        processes.stop(self._children.pop(name), signal.SIGTERM, 20)

    def _wait(self, is_there: Callable[[], bool], name: str) -> None:
        for _ in processes.moments(_READY_SECONDS):
            if is_there():
                return
        log = processes.tail(self.folder / f"{name}.log")
        raise RuntimeError(f"{name} is not ready:\n{log}")

    def _token(self, user_id: int) -> str:
        now = int(time.time())
        claims = {
            "sub": str(user_id),
            "roles": ["student"],
            "jti": str(uuid.uuid4()),
            "typ": "access",
            "iat": now,
            "exp": now + 3_600,
            "iss": "oep",
            "login_id": str(uuid.uuid4()),
        }
        return jwt.encode(claims, self._key, "EdDSA", headers={"kid": _KID})

    def _start(
        self, name: str, argv: tuple[str, ...], told: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        environment = {**processes.base_environment(), **told}
        log = self.folder / f"{name}.log"
        child = processes.start(Command(argv, environment, self.folder), log)
        self._children[name] = child
        return child


@contextlib.contextmanager
def running(source: Path | None = None) -> Iterator[Bench]:
    """Start all but nodes and the other nats-server, in a folder that is gone afterwards."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))  # what we start has it, too
    folder = unprivileged.temporary_place("oep-fanout-", unprivileged.account())
    made = Bench(folder, source)
    try:
        made.prepare()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
