"""The platform that is measured: the runner's own, on free ports, with the world in it.

Everything is real: Postgres with fsync, NATS, gateway, the four services with one replica each if
not told otherwise.
Twins are processes of their own beside it.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import bcrypt
import httpx
from auth.passwords import hash_secret
from oep_local import legacy, ports, processes, unprivileged
from oep_local.layout import answers
from oep_local.legacy_import import import_rows
from oep_local.parts import matches
from oep_local.processes import Command
from oep_local.rig import Platform

from load import client, meters
from load.rounds import Say
from load.twins import bare_inserts, commit_per_event, commit_per_request, send_per_socket
from load.world import ADMIN, BIRTH_DATE, SECRET, World, hall_ticket

LOGIN = client.request_head("POST", "/api/v1/auth/hall-ticket-login")

_TWIN_SECONDS = 90
_IMPORTED_COST = 12  # what the legacy portal's library used
_SIGN_INS_AT_ONCE = 4
_TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Twin:
    """A module of `twins`, and what its environment holds beyond that of its service."""

    name: str
    module: str
    environment: Mapping[str, str] = field(default_factory=dict)
    statements: Sequence[str] = ()
    """What the superuser does to the database before it starts."""
    service: str = "attempts"
    """Whose environment it has."""


BARE_ECHO = Twin("echo-bare", "echo")
ECHO = Twin("echo", "echo", {"ECHO_IN_CHASSIS": "1"})
COMMIT_PER_REQUEST = Twin("commit-per-request", "commit_per_request", {}, commit_per_request.COPIES)
COMMIT_PER_EVENT = Twin(
    "commit-per-event", "commit_per_event", {}, commit_per_event.COPIES, "proctoring"
)
SEND_PER_SOCKET = Twin("send-per-socket", "send_per_socket", {}, send_per_socket.TABLES)
BARE_INSERTS = Twin("bare-inserts", "", {}, bare_inserts.COPIES, "proctoring")
"""No process: its client speaks to Postgres."""


@dataclass
class Rig:
    """A running platform, its world and its twins."""

    platform: Platform
    world: World
    _twins: dict[str, tuple[subprocess.Popen[bytes], int]] = field(default_factory=dict)

    def port(self, name: str) -> int:
        """Return where a twin or a part of the platform listens."""
        return self._twins[name][1] if name in self._twins else self.platform.layout.ports.of(name)

    def pids(self, name: str) -> list[int]:
        """Return the processes of a twin or of a part (`postgres`: with its backends)."""
        if name in self._twins:
            return [self._twins[name][0].pid]
        return meters.family(self.platform.state.read_run()["parts"][name]["pid"])

    def replicas(self, name: str) -> list[str]:
        """Return the names of all replicas of a part, or that of a twin."""
        if name in self._twins:
            return [name]
        return [one for one in self.platform.state.read_run()["parts"] if matches(one, name)]

    def all_pids(self, name: str) -> list[int]:
        """Return the processes of all replicas of a part, or those of a twin."""
        return [pid for replica in self.replicas(name) for pid in self.pids(replica)]

    def whole_meters(self, *names: str) -> meters.Meters:
        """Do as `meters`, for all replicas of each part together."""
        return self._metered(self.all_pids, names)

    def _metered(self, pids: Callable[[str], list[int]], names: Sequence[str]) -> meters.Meters:
        groups = {name: partial(pids, name) for name in names}
        return meters.Meters({**groups, "client": lambda: [os.getpid()]})

    def meters(self, *names: str) -> meters.Meters:
        """Return meters for twins and single replicas, and one for this process, `client`."""
        return self._metered(self.pids, names)

    def start(self, twin: Twin) -> None:
        """Start a twin and wait until it is ready. Blocking."""
        for statement in twin.statements:
            self.platform.psql(statement, role="postgres")
        if not twin.module:
            return
        port = ports.free_port()
        base = self.platform.environment(twin.service)
        told = {**base, "REST_PORT": str(port), "PYTHONPATH": str(_TESTS), **twin.environment}
        argv = (sys.executable, "-m", f"load.twins.{twin.module}")
        log = self.platform.state.log(twin.name)
        process = processes.start(Command(argv, told, self.platform.state.root), log)
        self._twins[twin.name] = (process, port)
        for _ in processes.moments(_TWIN_SECONDS):
            if answers(port, "/health/ready"):
                return
        raise RuntimeError(f"{twin.name} is not ready:\n{processes.tail(log)}")

    def stop_twins(self) -> None:
        for process, _ in self._twins.values():
            processes.stop(process, signal.SIGTERM, 5)

    async def sign_in(self, student_ids: Iterable[int]) -> dict[int, str]:
        """Let students in by their hall tickets, past the gateway; return their access tokens."""
        waiting = list(student_ids)
        tokens: dict[int, str] = {}

        async def some() -> None:
            line = await client.connect(self.port("auth"))
            while waiting:
                student_id = waiting.pop()
                answer = await line.answer(login_request(student_id))
                if not answer.is_good:
                    raise RuntimeError(f"login of {student_id}: {answer.status} {answer.body!r}")
                tokens[student_id] = json.loads(answer.body)["access_token"]
            line.close()

        await asyncio.gather(*(some() for _ in range(_SIGN_INS_AT_ONCE)))
        return tokens

    def sign_in_staff(self) -> str:
        """Let the administrator in, past the gateway; return the access token. Blocking."""
        url = f"http://127.0.0.1:{self.port('auth')}/api/v1/auth/login"
        body = {"username": f"load{ADMIN}", "password": SECRET}
        token: str = httpx.post(url, json=body).raise_for_status().json()["access_token"]
        return token


def login_request(student_id: int) -> bytes:
    body = {
        "hall_ticket_number": hall_ticket(student_id),
        "date_of_birth": BIRTH_DATE,
        "security_answer": SECRET,
    }
    return client.with_body(LOGIN, json.dumps(body).encode())


@contextlib.contextmanager
def running(
    world: World,
    twins: Sequence[Twin] = (),
    *,
    are_imported: bool = False,
    replicas: Mapping[str, int] | None = None,
    disk: Callable[[Path], AbstractContextManager[object]] = contextlib.nullcontext,
    say: Say = print,
) -> Iterator[Rig]:
    """Start the platform with `world` in it and the twins beside it. Blocking.

    With `are_imported` the newcomers have bcrypt hashes, as those who come from the legacy portal.
    `disk` lays something below the platform's folder, which does not exist yet.
    """
    folder = unprivileged.temporary_place("oep-load-", unprivileged.account())
    rig = Rig(Platform(folder / "platform", replicas, seed=False), world)
    try:
        say("the platform starts")
        with disk(folder / "platform"), rig.platform:
            say("the world is imported")
            _fill(rig, are_imported=are_imported)
            for twin in twins:
                rig.start(twin)
            yield rig
    finally:
        rig.stop_twins()
        shutil.rmtree(folder, ignore_errors=True)


def _fill(rig: Rig, *, are_imported: bool) -> None:
    launcher = legacy.ProcessLauncher(rig.platform.environment)
    now = datetime.now(UTC).replace(microsecond=0)
    ours = hash_secret(SECRET)
    newcomers = _imported_hash() if are_imported else ours
    import_rows(launcher, "auth", rig.world.auth_lines(newcomers, ours, now))
    import_rows(launcher, "attempts", rig.world.attempts_lines(now), ["--keep-windows"])


def _imported_hash() -> str:
    return bcrypt.hashpw(SECRET.encode(), bcrypt.gensalt(_IMPORTED_COST)).decode()
