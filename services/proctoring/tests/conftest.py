"""A whole proctoring on real PostgreSQL and NATS; its neighbour attempts is a small stub."""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass, field

import httpx
import hypothesis
import jwt
import pytest
from chassis import rpc
from chassis.bus import Bus
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.migrating import migrate
from chassis.rpc import RpcServer
from chassis.tokens import KeySet, Revocations, TokenVerifier
from chassis.waiting import eventually
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from oep.attempts.v1 import attempts_pb2 as pb
from oep.attempts.v1 import attempts_pb2_grpc
from oep.auth.v1 import auth_pb2, auth_pb2_grpc
from oep_local.fixtures import ServiceDatabase
from proctoring import store
from proctoring.app import create_app
from proctoring.attempts_client import AttemptsClient
from proctoring.intake import Intake
from proctoring.settings import Settings
from sqlalchemy import event, text

hypothesis.settings.register_profile("oep", deadline=None)  # a busy machine is no defect
hypothesis.settings.load_profile("oep")

IDS = itertools.count(1_000)
EVIDENCE_SECRET = "signs evidence in these tests, 32 letters"


@dataclass(frozen=True)
class Sat:
    """An attempt that the stub knows."""

    attempt_id: int
    student_id: int
    exam_id: int


async def _at_once() -> bool:
    return True


class StubAttempts(attempts_pb2_grpc.AttemptsServiceServicer):
    """attempts as proctoring sees it: can be told who sits what, can be slow, can be away."""

    def __init__(self) -> None:
        self.is_found: Callable[[], Awaitable[bool]] = _at_once
        self.known: dict[int, pb.Attempt] = {}
        self.questions: dict[int, list[int]] = {}
        self.requests: list[pb.BatchGetAttemptsRequest] = []
        self.knows_standings = True
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.acts: list[pb.ActOnAttemptsRequest] = []
        self.may_tell = asyncio.Event()
        self.may_tell.set()
        self._is_idle = False
        self.done: set[tuple[int, str]] = set()
        self.first: dict[tuple[int, str], int] = {}
        self._server = RpcServer("127.0.0.1", 0, self._register)
        self.port = 0

    async def start(self) -> None:
        self._server = RpcServer("127.0.0.1", self.port, self._register)
        await self._server.start()
        self.port = self._server.port

    async def stop(self) -> None:
        await self._server.stop(0)

    @contextlib.asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Be away for a while; afterwards whoever knows us has found us again."""
        await self.stop()
        try:
            yield
        finally:
            await self.start()
            await eventually(self.is_found, 30)

    @contextlib.contextmanager
    def slow(self) -> Iterator[None]:
        self.may_answer.clear()
        yield
        self.may_answer.set()

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """Carry out what is asked for, and let nobody hear of it."""
        self.may_tell.clear()
        yield
        self.may_tell.set()

    @contextlib.contextmanager
    def idle(self) -> Iterator[None]:
        """Carry nothing out and answer nothing to who asks for it."""
        self._is_idle = True
        yield
        self._is_idle = False

    def add(self, status: str = "in_progress", *, student_id: int = 0, exam_id: int = 0) -> Sat:
        sat = Sat(next(IDS), student_id or next(IDS), exam_id or next(IDS))
        self.known[sat.attempt_id] = pb.Attempt(
            attempt_id=sat.attempt_id, student_id=sat.student_id, exam_id=sat.exam_id
        )
        self.questions[sat.exam_id] = [1, 2, 3]
        self.set_status(sat, status)
        return sat

    def set_status(self, sat: Sat, status: str) -> None:
        number = pb.AttemptStatus.Value(f"ATTEMPT_STATUS_{status.upper()}")
        self.known[sat.attempt_id].status = number

    def submit(self, sat: Sat, claimed: int | None) -> None:
        self.set_status(sat, "graded")
        self.known[sat.attempt_id].submit_time.GetCurrentTime()
        if claimed is not None:
            self.known[sat.attempt_id].last_event_sequence = claimed

    async def BatchGetAttempts(self, request, context):  # noqa: N802
        self.requests.append(request)
        await self.may_answer.wait()
        found = [self.known[i] for i in request.attempt_ids if i in self.known]
        exams = [
            pb.ExamQuestions(exam_id=e, question_ids=self.questions[e])
            for e in sorted({a.exam_id for a in found})
        ]
        if request.only_standings and self.knows_standings:
            return pb.BatchGetAttemptsResponse(
                standings=pb.Standings(
                    attempt_ids=[a.attempt_id for a in found],
                    student_ids=[a.student_id for a in found],
                    exam_ids=[a.exam_id for a in found],
                    statuses=[a.status for a in found],
                ),
                exams=exams if request.include_questions else [],
            )
        return pb.BatchGetAttemptsResponse(
            attempts=found, exams=exams if request.include_questions else []
        )

    async def ListExamAttempts(self, request, context):  # noqa: N802
        found = [a for a in self.known.values() if a.exam_id == request.exam_id]
        if request.in_columns and self.knows_standings:
            columns = pb.Standings(
                attempt_ids=[a.attempt_id for a in found],
                student_ids=[a.student_id for a in found],
                statuses=[a.status for a in found],
            )
            return pb.ListExamAttemptsResponse(columns=columns)
        return pb.ListExamAttemptsResponse(
            attempts=[
                pb.ExamAttempt(attempt_id=a.attempt_id, student_id=a.student_id, status=a.status)
                for a in found
            ]
        )

    async def ListStudentAttempts(self, request, context):  # noqa: N802
        his = [a for _, a in sorted(self.known.items()) if a.student_id == request.student_id]
        return pb.ListStudentAttemptsResponse(
            attempts=[a for a in his if a.attempt_id > request.after_attempt_id]
        )

    async def GetExam(self, request, context):  # noqa: N802
        found = [a for a in self.known.values() if a.exam_id == request.exam_id]
        return pb.GetExamResponse(
            exam_id=request.exam_id, roster=[pb.RosterEntry(attempt=a) for a in found]
        )

    async def ActOnAttempts(self, request, context):  # noqa: N802
        self.acts.append(request)
        if self._is_idle:
            await asyncio.Event().wait()  # until the caller's time is over, which ends it
        results = [self._act(attempt_id, request) for attempt_id in request.attempt_ids]
        await self.may_tell.wait()
        return pb.ActOnAttemptsResponse(results=results)

    def _act(self, attempt_id: int, request: pb.ActOnAttemptsRequest) -> pb.ActionResult:
        """Do it as attempts does: once under a key; who does the same again is told by whom."""
        attempt, kind = self.known[attempt_id], request.WhichOneof("action")
        key = (attempt_id, request.action_id)
        if key in self.done:
            return pb.ActionResult(attempt_id=attempt_id, done=attempt)
        refused = None
        if request.is_question:
            refused = pb.ActionRefused(slug="not-done", detail="Nothing was done")
        elif (by_id := self.first.get((attempt_id, kind))) and kind != "extend":
            detail = f"Attempt is {kind}d already, by user {by_id}"
            refused = pb.ActionRefused(slug=f"already-{kind}d", detail=detail, by_id=by_id)
        if refused is not None:
            return pb.ActionResult(attempt_id=attempt_id, refused=refused)
        self.done.add(key)
        self.first[attempt_id, kind] = request.actor_id
        if kind == "cancel":
            attempt.status = pb.ATTEMPT_STATUS_CANCELLED
        return pb.ActionResult(attempt_id=attempt_id, done=attempt)

    def _register(self, server) -> None:
        attempts_pb2_grpc.add_AttemptsServiceServicer_to_server(self, server)


class StubAuth(auth_pb2_grpc.AuthServiceServicer):
    """auth as proctoring sees it: can be told who is assigned to what, can be away."""

    def __init__(self) -> None:
        self.is_found: Callable[[], Awaitable[bool]] = _at_once
        self.assigned: dict[int, list[tuple[str, int]]] = {}
        self.revocations: list[auth_pb2.Revocation] = []
        self.users: dict[int, auth_pb2.User] = {}
        self.mail: dict[int, str] = {}
        self.port = 0
        self._server = RpcServer("127.0.0.1", 0, self._register)

    async def start(self) -> None:
        self._server = RpcServer("127.0.0.1", self.port, self._register)
        await self._server.start()
        self.port = self._server.port

    async def stop(self) -> None:
        await self._server.stop(0)

    async def ListRevocations(self, request, context):  # noqa: N802
        return auth_pb2.ListRevocationsResponse(revocations=self.revocations)

    @contextlib.asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Be away for a while; afterwards whoever knows us has found us again."""
        await self.stop()
        try:
            yield
        finally:
            await self.start()
            await eventually(self.is_found, 30)

    def named(self, user_id: int, full_name: str, hall_ticket: str | None = None) -> None:
        self.users[user_id] = auth_pb2.User(
            user_id=user_id, full_name=full_name, hall_ticket_number=hall_ticket
        )

    async def GetUsers(self, request, context):  # noqa: N802
        found = [self.users[i] for i in request.user_ids if i in self.users]
        return auth_pb2.GetUsersResponse(users=found)

    async def GetAddresses(self, request, context):  # noqa: N802
        found = [
            auth_pb2.Address(user_id=i, email=self.mail[i])
            for i in request.user_ids
            if i in self.mail
        ]
        return auth_pb2.GetAddressesResponse(addresses=found)

    async def FindUsers(self, request, context):  # noqa: N802
        part, found = request.called.casefold(), []
        for user_id in request.user_ids:
            user = self.users.get(user_id)
            names = (user.full_name, user.hall_ticket_number) if user else ()
            if any(part in name.casefold() for name in names):
                found.append(user_id)
        return auth_pb2.FindUsersResponse(user_ids=found)

    async def ListAssignments(self, request, context):  # noqa: N802
        found = self.assigned.get(request.user_id, ())
        return auth_pb2.ListAssignmentsResponse(
            assignments=[auth_pb2.Assignment(role=role, exam_id=exam) for role, exam in found]
        )

    def _register(self, server) -> None:
        auth_pb2_grpc.add_AuthServiceServicer_to_server(self, server)


class Signer:
    """Signs tokens as auth does."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        raw = self._key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        self.jwks = {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "k1"}]}

    def token(self, user_id: int, *roles: str, typ: str = "access") -> str:
        now = int(time.time())
        claims = {
            "sub": str(user_id),
            "roles": list(roles),
            "jti": str(uuid.uuid4()),
            "typ": typ,
            "iat": now,
            "exp": now + 600,
            "iss": "oep",
            "login_id": str(uuid.uuid4()),
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": "k1"})


@dataclass
class Rig:
    """The app as served, its stub neighbour, and clients of any user."""

    app: FastAPI
    stub: StubAttempts
    auth: StubAuth
    signer: Signer
    database: Database
    intake_database: Database
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, user_id: int | None, *roles: str, peer: str = "127.0.0.1"):
        headers = {}
        if user_id is not None:
            token = self.signer.token(user_id, *(roles or ("student",)))
            headers = {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(self.app, client=(peer, 1), raise_app_exceptions=False)
        base = "http://proctoring/api/v1/proctoring"
        client = httpx.AsyncClient(transport=transport, base_url=base, headers=headers)
        self.clients.append(client)
        return client

    def sits(self, status: str = "in_progress") -> tuple[Sat, httpx.AsyncClient]:
        sat = self.stub.add(status)
        return sat, self.client(sat.student_id)

    def member(self, *roles: str, assigned: Collection[tuple[str, int]] = ()):
        """Return a client of somebody who is assigned to exactly what is said."""
        user_id = next(IDS)
        self.auth.assigned[user_id] = list(assigned)
        return self.client(user_id, *roles)

    async def rows(self, query: Callable, *arguments):
        def work():
            with self.database.transaction() as session:
                return query(session, *arguments)

        return await self.database.run(work)

    @contextlib.contextmanager
    def counting_commits(self) -> Iterator[list[None]]:
        """Count transactions: those that commit, and messages that are one by themselves."""
        commits: list[None] = []

        def note(*_) -> None:
            commits.append(None)

        def look(_, cursor, statement, *__) -> None:
            if cursor.connection.autocommit and statement.startswith("EXECUTE"):
                commits.append(None)

        engine = self.intake_database.engine
        event.listen(engine, "commit", note)
        event.listen(engine, "before_cursor_execute", look)
        yield commits
        event.remove(engine, "commit", note)
        event.remove(engine, "before_cursor_execute", look)


def written_where_no_day_is(session) -> int:
    """Count what was ever put into the partition of no day, also what was taken out again."""
    session.execute(text("SELECT pg_stat_clear_snapshot()"))
    oid = "CAST('proctoring.events_of_no_day' AS regclass)"
    return session.execute(text(f"SELECT pg_stat_get_tuples_inserted({oid})")).scalar_one()


@pytest.fixture(scope="session")
def urls(database: Callable[[str], ServiceDatabase]) -> ServiceDatabase:
    urls = database("proctoring")
    migrate("proctoring", urls.owner_url, "proctoring")
    return urls


@pytest.fixture(scope="session")
async def stub() -> AsyncIterator[StubAttempts]:
    stub = StubAttempts()
    await stub.start()
    yield stub
    await stub.stop()


@pytest.fixture(scope="session")
async def auth() -> AsyncIterator[StubAuth]:
    auth = StubAuth()
    await auth.start()
    yield auth
    await auth.stop()


@pytest.fixture(scope="session")
def settings(
    urls: ServiceDatabase, stub: StubAttempts, auth: StubAuth, nats_server, tmp_path_factory
) -> Settings:
    return Settings(
        rest_port=0,
        grpc_port=0,
        database_url=urls.app_url,
        nats_url=nats_server.url,
        jwks_url="http://127.0.0.1:1/unused",
        attempts_grpc=f"127.0.0.1:{stub.port}",
        auth_grpc=f"127.0.0.1:{auth.port}",
        attempts_seconds=3.0,  # what it takes on a busy machine is no failure
        retention_is_on=False,  # its tests say when it looks
        evidence_signing_secret=EVIDENCE_SECRET,
        snapshots_place=str(tmp_path_factory.mktemp("shelf")),
        webhooks_trusted_hosts=("127.0.0.1",),
        webhooks_retry_seconds=(0.02, 0.04),
    )


@pytest.fixture(scope="session")
async def rig(settings: Settings, stub: StubAttempts, auth: StubAuth) -> AsyncIterator[Rig]:
    signer = Signer()
    keys = KeySet("http://127.0.0.1:1/unused")
    keys.load(signer.jwks)
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        app.state.verifier = TokenVerifier(keys, Revocations(), "oep")
        pool = Database.from_settings(settings, pool_size=4, by_index=True)
        rig = Rig(app, stub, auth, signer, app.state.database, pool)
        stub.is_found = answering(lambda: app.state.attempts.ask([], with_questions=False))
        auth.is_found = answering(lambda: app.state.auth.people([1]))
        yield rig
        # Whatever the tests did, every event fell on a day that had been made ahead.
        assert not await rig.rows(store.has_unplaced_events)
        assert await rig.rows(written_where_no_day_is) == 0
        await asyncio.to_thread(pool.dispose)
        for client in rig.clients:
            await client.aclose()


def answering(ask: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[bool]]:
    """Return whether a neighbour answers a question."""

    async def is_answered() -> bool:
        with contextlib.suppress(Unavailable):
            await ask()
            return True
        return False

    return is_answered


@pytest.fixture(scope="session")
async def bus(nats_server) -> AsyncIterator[Bus]:
    bus = Bus(nats_server.url, "proctoring-tests")
    await bus.start()
    await bus.wait_ready()
    yield bus
    await bus.close()


COMMAND_LINE = """
import contextlib, io, json, os, sys
from chassis.commands import main
from proctoring.__main__ import SERVICE

asked_for, answers = sys.stdin, sys.stdout
for line in asked_for:
    asked = json.loads(line)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.stdin = io.TextIOWrapper(io.BytesIO(asked["given"].encode()))
    out, err = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(SERVICE, asked["words"])
        except SystemExit as end:
            code = end.code
    said = [each.buffer.getvalue().decode() for each in (out, err)]
    answers.write(json.dumps([code, *said]) + "\\n")
    answers.flush()
"""


class CommandLine:
    """`python -m proctoring …` in a process that has its modules loaded already."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(
        self, environment: dict[str, str], *words: str, given: str = ""
    ) -> tuple[int | None, str, str]:
        """Return the exit code, and what was said on standard output and standard error."""
        asked = {"environment": environment, "words": words, "given": given}
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        await self._process.stdin.drain()
        answer = await asyncio.wait_for(self._process.stdout.readline(), 60)
        return tuple(json.loads(answer))


@pytest.fixture
def environment(urls, settings) -> dict[str, str]:
    """Return what a command of the service is started with, as the app is."""
    return os.environ | {
        "REST_PORT": "1",
        "GRPC_PORT": "2",
        "DATABASE_URL": urls.app_url,
        "NATS_URL": settings.nats_url,
        "JWKS_URL": settings.jwks_url,
        "ATTEMPTS_GRPC": settings.attempts_grpc,
        "AUTH_GRPC": settings.auth_grpc,
        "EVIDENCE_SIGNING_SECRET": settings.evidence_signing_secret.get_secret_value(),
        "SNAPSHOTS_PLACE": settings.snapshots_place,
    }


@pytest.fixture(scope="session")
async def commands() -> AsyncIterator[CommandLine]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", COMMAND_LINE),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    yield CommandLine(process)
    process.stdin.close()
    await process.wait()


@pytest.fixture
def owner(urls: ServiceDatabase) -> Iterator[Database]:
    database = Database(urls.owner_url, pool_size=1, by_index=True)
    yield database
    database.dispose()


@pytest.fixture
def new_intake(rig: Rig, settings: Settings) -> Callable:
    """Return a factory of intakes beside the app's own: their own bounds, the same database."""

    @contextlib.asynccontextmanager
    async def make(**changed):
        own = settings.model_copy(update=changed)
        async with rpc.channel(own.attempts_grpc) as channel:
            attempts = AttemptsClient(channel, seconds=own.attempts_seconds)
            intake = Intake(rig.intake_database, attempts, own, wake=lambda: None)
            task = asyncio.create_task(intake.run())
            yield intake, task
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return make
