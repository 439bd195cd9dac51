"""Which program listens where, and whether a port is free; starts nothing."""

import contextlib
import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from oep_local.errors import RunnerError

LOOPBACK = "127.0.0.1"
REPLICA_STEP = 10
FREE_RANGE = (10_000, 32_000)
DEFAULTS = {
    "gateway": 8000,
    "gateway_admin": 9901,
    "auth": 8101,
    "attempts": 8102,
    "proctoring": 8103,
    "realtime": 8104,
    "web": 8105,
    "auth_grpc": 8201,
    "attempts_grpc": 8202,
    "proctoring_grpc": 8203,
    "postgres": 55432,
    "nats": 54222,
    "nats_monitor": 58222,
    "nats_cluster": 56222,
    "prometheus": 9090,
    "grafana": 3000,
}
_OFFSETS = {
    "gateway": 0,
    "gateway_admin": 1,
    "postgres": 2,
    "nats": 3,
    "nats_monitor": 4,
    "nats_cluster": 5,
    "prometheus": 6,
    "grafana": 7,
    "auth": 101,
    "attempts": 102,
    "proctoring": 103,
    "realtime": 104,
    "web": 105,
    "auth_grpc": 201,
    "attempts_grpc": 202,
    "proctoring_grpc": 203,
}


class PortTaken(RunnerError):
    """One or more ports belong to somebody else."""


@dataclass(frozen=True)
class PortPlan:
    """The port of every program by name; replica n of a service sits 10·(n-1) higher."""

    by_name: Mapping[str, int]

    def of(self, name: str, replica: int = 1) -> int:
        """Return the port of a program's replica (numbered from 1)."""
        return self.by_name[name] + REPLICA_STEP * (replica - 1)


def plan(base_port: int | None = None, environment: Mapping[str, str] = os.environ) -> PortPlan:
    """Take the default ports, or a block from `base_port` on; OEP_PORT_<NAME> wins over both."""
    ports = {
        name: default if base_port is None else base_port + _OFFSETS[name]
        for name, default in DEFAULTS.items()
    }
    for name in ports:
        variable = f"OEP_PORT_{name.upper()}"
        if wish := environment.get(variable):
            ports[name] = _number(variable, wish)
    return PortPlan(ports)


def _number(variable: str, wish: str) -> int:
    if not wish.isdecimal() or not 0 < int(wish) < 65536:
        raise RunnerError(f"{variable}={wish} is no port: give a number between 1 and 65535.")
    return int(wish)


def free_port() -> int:
    """Find a port that nobody listens on right now, and that nobody else is given."""
    with contextlib.ExitStack() as held:
        return _OURS.hold_free_block(held, replicas=1)


def free_plan() -> PortPlan:
    """Find free ports with room for replicas, for tests that run beside anything else."""
    with contextlib.ExitStack() as held:
        return PortPlan({name: _OURS.hold_free_block(held) for name in DEFAULTS})


class Share:
    """The part of the free range that this process gives out, a slice at a time.

    A server listens some time after its port was chosen: until then only the choice is ours. So no
    process chooses from a slice of another (a lock on a file, gone with the process), and none
    gives a port twice before all are given. The range lies below the ports that the kernel lends to
    outgoing connections: one of those could take our port while a killed server waits for its
    restart.
    """

    def __init__(self, folder: Path, span: tuple[int, int] = FREE_RANGE, size: int = 1_000) -> None:
        """`folder` is shared by all processes of this user."""
        self._folder = folder
        self._slices = [range(first, first + size) for first in range(span[0], span[1], size)]
        self._locks: list[int] = []
        self._fresh: list[int] = []
        self._owned: list[int] = []

    def hold_free_block(self, held: contextlib.ExitStack, replicas: int = 3) -> int:
        """Bind a free port and its replicas' until `held` closes; return the first."""
        steps = [REPLICA_STEP * replica for replica in range(replicas)]
        for _ in range(2):
            fresh = set(self._fresh)
            for first in self._fresh:
                block = [first + step for step in steps]
                if fresh.issuperset(block) and _bound(block, held):
                    self._fresh = [port for port in self._fresh if port not in block]
                    return first
            self._renew()
        raise RunnerError("No free ports found on this machine; stop something and try again.")

    def _renew(self) -> None:
        """Take another slice; when all are taken, begin with ours again."""
        ports = self._another() or self._owned
        self._owned += [port for port in ports if port not in self._owned]
        self._fresh = random.sample(ports, len(ports))

    def _another(self) -> list[int]:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for ports in random.sample(self._slices, len(self._slices)):
            lock = os.open(self._folder / str(ports.start), os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
            else:
                self._locks.append(lock)
                return list(ports)
        return []


def _bound(block: Iterable[int], held: contextlib.ExitStack) -> bool:
    """Bind all of the ports until `held` closes, or none."""
    with contextlib.ExitStack() as probes:
        for port in block:
            probe = probes.enter_context(socket.socket())
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                return False
        held.push(probes.pop_all())
    return True


_OURS = Share(Path(tempfile.gettempdir()) / f"oep-ports-{os.getuid()}")


def is_taken(port: int) -> bool:
    """Whether a server could not listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def refuse_taken(wanted: Iterable[tuple[str, int]]) -> None:
    """Raise PortTaken naming every port that is in use, and the variable that moves it."""
    taken = [
        f"  port {port} ({name}) is taken: stop the program that uses it, or set"
        f" OEP_PORT_{name.split('#')[0].upper()}"
        for name, port in wanted
        if is_taken(port)
    ]
    if taken:
        lines = "\n".join(taken)
        raise PortTaken(
            f"Nothing was started, because not every port is free:\n{lines}\n"
            "Or move everything at once: oep up --base-port 18000"
        )
