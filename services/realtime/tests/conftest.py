"""A real node, a real bus, and neighbours that speak gRPC and say what a test wants."""

import asyncio
import contextlib
import json
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import grpc
import jwt
import pytest
import uvicorn
from chassis.bus import Bus
from chassis.errors import NotFound, Unavailable
from chassis.rpc import RpcServer
from chassis.waiting import eventually
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.timestamp_pb2 import Timestamp
from oep.attempts.v1 import attempts_pb2, attempts_pb2_grpc
from oep.auth.v1 import auth_pb2, auth_pb2_grpc
from oep.proctoring.v1 import proctoring_pb2, proctoring_pb2_grpc
from realtime.app import SERVING, create_app
from realtime.settings import RealtimeSettings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

EXAM = 900
STUDENT = 41
KID = "test-key"


def messages_in(wire: bytes) -> list[dict]:
    """The messages in what a server sends."""
    found = []
    while wire:
        at = 2 if wire[1] < 126 else 4
        end = at + (wire[1] if at == 2 else int.from_bytes(wire[2:4], "big"))
        found.append(json.loads(wire[at:end]))
        wire = wire[end:]
    return found


def stamp(moment: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(moment)
    return found


@dataclass
class Attempt:
    attempt_id: int
    student_id: int = STUDENT
    status: str = "in_progress"
    duration_seconds: int = 3600
    started_ago: float = 60.0
    exam_id: int = EXAM
    version: int = 2
    paused_at: datetime | None = None
    remaining_seconds: int = 0
    is_waiting: bool = False
    policy: str = "allow"
    active_login_id: str | None = None
    requires_safe_browser: bool = False

    @property
    def deadline_at(self):
        start = datetime.now(UTC) - timedelta(seconds=self.started_ago)
        return start + timedelta(seconds=self.duration_seconds)

    def message(self):
        found = attempts_pb2.Attempt(
            attempt_id=self.attempt_id,
            student_id=self.student_id,
            exam_id=self.exam_id,
            status=attempts_pb2.AttemptStatus.Value(f"ATTEMPT_STATUS_{self.status.upper()}"),
            version=self.version,
            duration_seconds=self.duration_seconds,
            time_remaining_seconds=self.remaining_seconds,
            is_waiting_for_authorisation=self.is_waiting,
            device_policy=attempts_pb2.DevicePolicy.Value(f"DEVICE_POLICY_{self.policy.upper()}"),
            active_login_id=self.active_login_id,
            requires_safe_browser=self.requires_safe_browser,
        )
        if self.status != "not_started":
            start = self.deadline_at - timedelta(seconds=self.duration_seconds)
            found.start_time.CopyFrom(stamp(start))
            found.deadline_at.CopyFrom(stamp(self.deadline_at))
        if self.paused_at is not None:
            found.paused_at.CopyFrom(stamp(self.paused_at))
        return found


class Attempts(attempts_pb2_grpc.AttemptsServiceServicer):
    """attempts, as far as realtime asks it; every answer can be chosen."""

    def __init__(self):
        self.attempts: dict[int, Attempt] = {}
        self.saves = []
        self.calls = []
        self.rosters = 0
        self.asked = []
        self.flags = []
        self.devices = []
        self.broadcasts = []
        self.broadcast_gate = asyncio.Event()
        self.broadcast_gate.set()
        self.is_admitted = True
        self.lacks_safe_browser = False
        self.device_failure = None
        self.refusal = None
        self.failure = None
        self.answered = lambda: None
        self.gate, self.state_gate, self.roster_gate = (asyncio.Event() for _ in range(3))
        for gate in (self.gate, self.state_gate, self.roster_gate):
            gate.set()

    async def BatchGetAttempts(self, request, context):  # noqa: N802
        self.asked.append(len(request.attempt_ids))
        await self.state_gate.wait()
        if self.failure:
            raise self.failure
        found = [self.attempts[i].message() for i in request.attempt_ids if i in self.attempts]
        self.answered()
        return attempts_pb2.BatchGetAttemptsResponse(
            attempts=found, server_time=stamp(datetime.now(UTC))
        )

    async def SaveAnswers(self, request, context):  # noqa: N802
        self.calls.append(len(request.saves))
        await self.gate.wait()
        if self.failure:
            raise self.failure
        self.saves += request.saves
        return attempts_pb2.SaveAnswersResponse(results=[self._result() for _ in request.saves])

    async def SetFlag(self, request, context):  # noqa: N802
        self.flags.append(request)
        if self.refusal:
            return attempts_pb2.SetFlagResponse(refused=self.refusal)
        return attempts_pb2.SetFlagResponse(questions_flagged=[request.question_id])

    async def AdmitDevice(self, request, context):  # noqa: N802
        self.devices.append(request)
        if self.device_failure:
            raise self.device_failure
        return attempts_pb2.AdmitDeviceResponse(
            is_admitted=self.is_admitted, lacks_safe_browser=self.lacks_safe_browser
        )

    async def RecordBroadcast(self, request, context):  # noqa: N802
        self.broadcasts.append(request)
        await self.broadcast_gate.wait()
        return attempts_pb2.RecordBroadcastResponse()

    async def GetClock(self, request, context):  # noqa: N802
        return attempts_pb2.GetClockResponse(server_time=stamp(datetime.now(UTC)))

    async def GetExam(self, request, context):  # noqa: N802
        self.rosters += 1
        if self.failure:
            raise self.failure
        if request.exam_id not in {a.exam_id for a in self.attempts.values()}:
            raise NotFound("Exam not found")
        roster = [
            attempts_pb2.RosterEntry(
                attempt=a.message(), student_name="Asha", questions_answered=3, center="Pune"
            )
            for a in self.attempts.values()
            if a.exam_id == request.exam_id
        ]
        await self.roster_gate.wait()
        return attempts_pb2.GetExamResponse(
            exam_id=request.exam_id,
            title="Welding",
            total_questions=10,
            server_time=stamp(datetime.now(UTC)),
            roster=roster,
        )

    def _result(self):
        if self.refusal:
            return attempts_pb2.AnswerSaveResult(refused=self.refusal)
        saved = attempts_pb2.AnswerSaved(
            saved_at=stamp(datetime.now(UTC)),
            time_remaining_seconds=77,
            questions_answered=1,
            revision=4,
            sha256="ab" * 32,
        )
        return attempts_pb2.AnswerSaveResult(saved=saved)

    def refuse(self, reason, status="UNSPECIFIED"):
        self.refusal = attempts_pb2.SaveRefused(
            reason=attempts_pb2.SaveRefusal.Value(f"SAVE_REFUSAL_{reason}"),
            status=attempts_pb2.AttemptStatus.Value(f"ATTEMPT_STATUS_{status}"),
        )


class Auth(auth_pb2_grpc.AuthServiceServicer):
    """auth, as far as realtime asks it; who is assigned to what can be chosen."""

    def __init__(self):
        self.assigned = {}
        self.revocations = []
        self.people = {}
        self.failure = None

    async def ListRevocations(self, request, context):  # noqa: N802
        return auth_pb2.ListRevocationsResponse(revocations=self.revocations)

    async def GetUsers(self, request, context):  # noqa: N802
        if self.failure:
            raise self.failure
        known = [self.people[user_id] for user_id in request.user_ids if user_id in self.people]
        return auth_pb2.GetUsersResponse(users=known)

    async def ListAssignments(self, request, context):  # noqa: N802
        if self.failure:
            raise self.failure
        found = self.assigned.get(request.user_id, ())
        return auth_pb2.ListAssignmentsResponse(
            assignments=[auth_pb2.Assignment(role=role, exam_id=exam) for role, exam in found]
        )


class Proctoring(proctoring_pb2_grpc.ProctoringServiceServicer):
    """proctoring, with tallies that a test chooses."""

    def __init__(self):
        self.tallies = []
        self.attention = []
        self.risks = []
        self.calls = 0
        self.recounts = 0
        self.failure = None

    async def GetBoard(self, request, context):  # noqa: N802
        self.calls += not request.without_tallies
        self.recounts += request.without_tallies
        if self.failure:
            raise self.failure
        return proctoring_pb2.GetBoardResponse(
            as_of=stamp(datetime.now(UTC)),
            tallies=self.tallies,
            attention=self.attention,
            risks=self.risks,
        )


@dataclass
class Tokens:
    """Signs tokens as auth does."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def jwks(self):
        jwk = jwt.algorithms.OKPAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**jwk, "kid": KID, "use": "sig", "alg": "EdDSA"}]}

    def token(self, user_id=STUDENT, roles=("student",), **changes):
        now = int(time.time())
        claims = {
            "sub": str(user_id),
            "roles": list(roles),
            "jti": str(uuid.uuid4()),
            "typ": "access",
            "iat": now,
            "exp": now + 600,
            "iss": "oep",
            "login_id": str(uuid.uuid4()),
        }
        return jwt.encode(claims | changes, self.key, "EdDSA", headers={"kid": KID})


def is_unasked(frame):
    """Say whether a frame may come at any moment: a ping, or word of the bus."""
    return frame["type"] == "ping" or frame.get("event") in {"feed_stale", "feed_current"}


class Client:
    """One WebSocket client that remembers every frame."""

    def __init__(self, connection: ClientConnection):
        self.connection = connection
        self.frames = []
        self._seen = 0

    async def frame(self, type_=None, seconds=5.0):
        """The next frame, or the next one of a type; others before it are remembered.

        Without a type, what comes unasked is passed over and not remembered.
        """
        async with asyncio.timeout(seconds):
            while True:
                found = json.loads(await self.connection.recv())
                if type_ is None and is_unasked(found):
                    continue
                self.frames.append(found)
                if type_ in {None, found["type"]}:
                    return found

    async def send(self, message):
        text = message if isinstance(message, (str, bytes)) else json.dumps(message)
        await self.connection.send(text)

    async def closed(self, seconds=5.0):
        """The code and reason with which the server closes; frames before it are remembered."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.frame(seconds=seconds)
        received = self.connection.protocol.close_rcvd
        return received.code, received.reason

    def types(self):
        return [found["type"] for found in self.frames]


class Server(uvicorn.Server):
    """A server that ends when it is told to; uvicorn's own looks every 0.1 s."""

    def __init__(self, config: uvicorn.Config):
        super().__init__(config)
        self.ended = asyncio.Event()

    async def main_loop(self):
        await self.ended.wait()


class World:
    """A node with its neighbours."""

    def __init__(self, nats_url, replicas=1):
        self.nats_url = nats_url
        self.nats_replicas = replicas
        self.auth = Auth()
        self.attempts = Attempts()
        self.proctoring = Proctoring()
        self.tokens = Tokens()
        self.bus = Bus(nats_url, "tests", replicas=replicas)
        self._stack = contextlib.AsyncExitStack()
        self._auth_server = self._attempts_server = self._proctoring_server = None
        self._clients = []
        self._servers = []
        self._task = None
        self.port = 0
        self.app = None

    @property
    def node(self):
        return self.app.state.node

    async def start(self, **settings):
        await self.bus.start()
        await self.start_auth()
        await self.start_attempts()
        await self.start_proctoring()
        await self.start_node(**settings)

    async def start_auth(self):
        self._auth_server = RpcServer(
            "127.0.0.1",
            0,
            lambda s: auth_pb2_grpc.add_AuthServiceServicer_to_server(self.auth, s),
        )
        await self._auth_server.start()

    async def start_attempts(self, port=0):
        self._attempts_server = RpcServer(
            "127.0.0.1",
            port,
            lambda s: attempts_pb2_grpc.add_AttemptsServiceServicer_to_server(self.attempts, s),
        )
        await self._attempts_server.start()

    async def stop_attempts(self):
        port = self._attempts_server.port
        await self._attempts_server.stop(0)
        return port

    async def start_proctoring(self):
        def register(server: grpc.aio.Server):
            add = proctoring_pb2_grpc.add_ProctoringServiceServicer_to_server
            add(self.proctoring, server)

        self._proctoring_server = RpcServer("127.0.0.1", 0, register)
        await self._proctoring_server.start()

    async def start_node(self, **changes):
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = listener.getsockname()[1]
        options = {
            "rest_port": self.port,
            "nats_url": self.nats_url,
            "nats_replicas": self.nats_replicas,
            "jwks_url": "http://127.0.0.1:1/none",
            "auth_grpc": f"127.0.0.1:{self._auth_server.port}",
            "attempts_grpc": f"127.0.0.1:{self._attempts_server.port}",
            "proctoring_grpc": f"127.0.0.1:{self._proctoring_server.port}",
            "node_id": "n1",
            "admission_seconds": 2.5,
            "save_seconds": 1.0,
            "drain_seconds": 0.2,
            **changes,
        }
        self.app = create_app(RealtimeSettings(**options))
        config = uvicorn.Config(
            self.app,
            host="127.0.0.1",
            port=self.port,
            log_config=None,
            proxy_headers=False,
            **SERVING,
            timeout_graceful_shutdown=1,
        )
        self.server = Server(config)
        self._task = asyncio.create_task(self.server._serve([listener]))
        await eventually(lambda: self.server.started, seconds=30)
        await eventually(lambda: self.node.revocations.is_known, seconds=30)
        self.node.keys.load(self.tokens.jwks())

    async def stop_node(self):
        for client in self._clients:
            client.connection.transport.abort()
        self._clients.clear()
        self.server.ended.set()
        await self._task

    async def stop(self):
        await self.stop_node()
        await self._auth_server.stop(0)
        await self._attempts_server.stop(0)
        await self._proctoring_server.stop(0)
        await self.bus.close()

    async def warm(self):
        await eventually(lambda: self.node.feed.is_warm, seconds=30)

    def attempt(self, **changes):
        attempt_id = new_id()
        made = Attempt(attempt_id, **({"exam_id": new_id()} | changes))
        self.attempts.attempts[attempt_id] = made
        return made

    async def connect(self, path, *, modern=True, token=None, origin=None, headers=None, **query):
        if token:
            query["token"] = token
        text = "&".join(f"{key}={value}" for key, value in query.items())
        connection = await connect(
            f"ws://127.0.0.1:{self.port}/api/v1/ws/{path}?{text}",
            subprotocols=["oep.v1"] if modern else None,
            origin=origin,
            additional_headers=headers,
            compression=None,
            open_timeout=8,
            max_size=None,
        )
        client = Client(connection)
        self._clients.append(client)
        return client

    async def student(self, attempt, *, modern=True, **query):
        token = query.pop("token", None) or self.tokens.token(attempt.student_id)
        path = f"attempts/{attempt.attempt_id}"
        client = await self.connect(path, modern=modern, token=token, **query)
        client.hello = await client.frame()
        return client

    def proctor(self, *exam_ids):
        """A token of a proctor who is assigned to these exams."""
        user_id = new_id()
        self.auth.assigned[user_id] = [("proctor", exam_id) for exam_id in exam_ids]
        return self.tokens.token(user_id, ("proctor",))

    async def board(self, exam_id, *, modern=True, **query):
        token = self.proctor(exam_id)
        client = await self.connect(f"exams/{exam_id}/monitor", modern=modern, token=token, **query)
        client.hello = await client.frame()
        return client

    async def say(self, attempt, fact, *, notice_id=None, **data):
        """Publish a notice as a service's outbox would; return its sequence."""
        notice_id = notice_id or str(uuid.uuid4())
        envelope = {
            "id": notice_id,
            "fact": fact,
            "exam_id": attempt.exam_id,
            "attempt_id": attempt.attempt_id,
            "at": "2026-01-05T10:00:00Z",
            "data": data,
        }
        subject = f"oep.v1.{attempt.exam_id}.{attempt.attempt_id}.{fact}"
        return await self.bus.publish(subject, json.dumps(envelope).encode(), notice_id)

    async def say_saved(self, attempt, question_id=1, connection_id=None, kind="answer", **data):
        return await self.say(
            attempt,
            "answer_saved",
            **{"question_id": question_id, "kind": kind, "connection_id": connection_id} | data,
        )

    async def say_created(self, attempt):
        """Say that an attempt was made, as attempts does."""
        return await self.say(
            attempt,
            "attempt_created",
            student_id=attempt.student_id,
            status=attempt.status,
            version=1,
            questions_answered=0,
            workstation_id=None,
            is_waiting_for_authorisation=False,
        )

    async def say_seen(self, attempt, node, number, *, sockets):
        """Say what another node sees of an attempt's sockets."""
        return await self.say(
            attempt,
            "connection_opened" if sockets else "connection_closed",
            node_id=node,
            number=number,
            socket_count=sockets,
            state="online" if sockets else "offline",
            since="2026-01-05T10:00:00Z",
            at="2026-01-05T10:00:00Z",
        )

    async def say_status(self, attempt, status, version=9):
        return await self.say(
            attempt,
            "status_changed",
            status=status,
            version=version,
            start_time=iso(attempt.deadline_at - timedelta(seconds=attempt.duration_seconds)),
            deadline_at=iso(attempt.deadline_at),
            submit_reason=None,
        )


def iso(moment):
    return moment.isoformat().replace("+00:00", "Z")


_ids = iter(range(1_000, 10_000_000))


def new_id():
    return next(_ids)


@pytest.fixture
async def make_world(nats_server) -> AsyncIterator[Callable]:
    """A factory of worlds with settings of their own."""
    made = []

    async def make(cluster=None, **settings):
        world = World(cluster.url, replicas=3) if cluster else World(nats_server.url)
        made.append(world)
        await world.start(**settings)
        await world.warm()
        return world

    yield make
    for world in made:
        await world.stop()


@pytest.fixture
async def world(make_world):
    return await make_world()


@pytest.fixture
def unavailable():
    return Unavailable
