"""Fixtures of the attempts tests: things to think about, a small world in a real database, edges.

`world` is the database with two exams: OBJECTIVE (graded by the machine) and WRITTEN (waits for a
person). Every test begins with no attempts.
"""

import base64
import contextlib
import dataclasses
import hashlib
import json
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from attempts.acting import Acting
from attempts.allowing import Allowing
from attempts.app import create_app
from attempts.attempt import Attempt, Score, Status, new_salt
from attempts.auth_client import Names
from attempts.authorising import Authorising
from attempts.blob import checksum_of
from attempts.broadcasting import Broadcasting
from attempts.exam import Exam, ExamStatus, Sight
from attempts.hand_marking import Marking
from attempts.lifecycle import Lifecycle
from attempts.papers import Papers
from attempts.question import Difficulty, Question, QuestionType
from attempts.reading import Reading
from attempts.receipt import PURPOSE
from attempts.releasing import Releasing
from attempts.rpc import AttemptsServicer
from attempts.safe_browsing import SafeBrowsing
from attempts.saving import Saving
from attempts.settings import Settings
from attempts.steering import Steering
from attempts.store import importing
from chassis.assignments import Assigned, Assignments
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.migrating import migrate
from chassis.rpc import RpcServer, channel
from chassis.settings import psycopg2_url
from chassis.signing import SigningKey
from chassis.tokens import Caller, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import settings
from oep.attempts.v1.attempts_pb2_grpc import (
    AttemptsServiceStub,
    add_AttemptsServiceServicer_to_server,
)
from oep_local.ports import free_port
from sqlalchemy import Engine, create_engine, event, text

settings.register_profile("oep", deadline=None)  # a busy machine is no defect
settings.load_profile("oep")

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
RECEIPT_SECRET = "signs receipts in tests and nowhere else"
KEY = SigningKey.derived(RECEIPT_SECRET, PURPOSE)


def make_question(**changed) -> Question:
    fields = {
        "id": 1,
        "question_bank_id": 1,
        "question_text": "Which?",
        "question_type": QuestionType.MULTIPLE_CHOICE,
        "options": {"A": "one", "B": "two"},
        "correct_answer": ("B",),
        "explanation": None,
        "difficulty": Difficulty.MEDIUM,
        "marks": 4.0,
        "negative_marks": 1.0,
        "tags": None,
        "is_active": True,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Question(**fields | changed)


def make_exam(**changed) -> Exam:
    fields = {
        "id": 1,
        "title": "E",
        "description": None,
        "trade_id": 1,
        "exam_code": "E",
        "duration_minutes": 60,
        "start_time": None,
        "end_time": None,
        "total_marks": 10,
        "passing_marks": 5,
        "total_questions": 8,
        "shuffle_questions": False,
        "shuffle_options": False,
        "show_results_immediately": False,
        "allow_review": True,
        "instructions": None,
        "status": ExamStatus.ACTIVE,
        "max_attempts": None,
        "version": 1,
        "created_by": None,
        "created_at": NOW,
        "updated_at": NOW,
        "trade": None,
    }
    return Exam(**fields | changed)


def make_choice(options: dict[str, str], *key: str, **changed) -> Question:
    return make_question(options=options, correct_answer=key, **changed)


def make_attempt(**changed) -> Attempt:
    fields = {
        "id": 1,
        "student_id": 2,
        "exam_id": 3,
        "status": Status.IN_PROGRESS,
        "version": 1,
        "duration_minutes": 60,
        "as_of": NOW,
        "start_time": NOW,
        "deadline_at": NOW + timedelta(minutes=60),
        "end_time": None,
        "submit_time": None,
        "submit_reason": None,
        "workstation_id": None,
        "initial_workstation_id": None,
        "transfer_count": 0,
        "current_question_id": None,
        "questions_answered": 0,
        "questions_flagged": (),
        "total_questions": 0,
        "total_marks": 0.0,
        "encryption_salt": new_salt(),
        "has_blob": False,
        "created_at": NOW,
        "updated_at": NOW,
        "score": Score(),
    }
    return Attempt(**fields | changed)


@pytest.fixture(scope="session")
def key() -> SigningKey:
    return KEY


@pytest.fixture
def question() -> Callable[..., Question]:
    return make_question


@pytest.fixture
def choice() -> Callable[..., Question]:
    return make_choice


@pytest.fixture(scope="session")
def exam_like() -> Callable[..., Exam]:
    """Return a function that makes an exam of the rules; `exam_of` makes one in the database."""
    return make_exam


@pytest.fixture(scope="session")
def question_of() -> Callable[..., Question]:
    return make_question


@pytest.fixture(scope="session")
def choice_of() -> Callable[..., Question]:
    return make_choice


@pytest.fixture
def truth() -> Callable[[bool], Question]:
    def make(value: bool) -> Question:
        return make_question(
            question_type=QuestionType.TRUE_FALSE, options=None, correct_answer=(str(value),)
        )

    return make


@pytest.fixture
def attempt() -> Callable[..., Attempt]:
    return make_attempt


@pytest.fixture(scope="session")
def attempt_of() -> Callable[..., Attempt]:
    return make_attempt


# A small world in a real database


@pytest.fixture(scope="session")
def urls(database):
    urls = database("attempts")
    migrate("attempts", urls.owner_url, "attempts")
    return urls


@pytest.fixture(scope="session")
def db(urls) -> Iterator[Database]:
    db = Database(urls.app_url, pool_size=8)
    yield db
    db.dispose()


CHOICE, SEVERAL, TRUTH, SHORT, FOREIGN, UNSEEN = 11, 12, 13, 14, 15, 16
OBJECTIVE, WRITTEN, DRAFT, OVER = 21, 22, 23, 24
STUDENT, OTHER = 101, 102

_OF_ATTEMPTS = (
    "saved_messages",
    "openings",
    "hand_marks",
    "grades",
    "receipts",
    "transfers",
    "allowances",
    "outages",
    "lines",
    "answers",
)
_QUESTION = {"question_bank_id": 1, "difficulty": "medium", "negative_marks": 1.0, "marks": 4.0}
_EMPTY = {"explanation": None, "tags": None, "is_active": True, "options": None}
_TIMES = {"created_at": NOW, "updated_at": NOW}
_WIRES = {"A": "Earth wire", "B": "Neutral wire", "C": "Line wire"}
_EXAM = {
    "description": None,
    "trade_id": 1,
    "duration_minutes": 60,
    "start_time": None,
    "end_time": None,
    "total_marks": 14.0,
    "passing_marks": 7.0,
    "total_questions": 3,
    "allow_review": True,
    "instructions": None,
    "status": "published",
    "max_attempts": None,
    "created_by": None,
}


def _question(number: int, kind: str, key: list, **changed) -> dict[str, Any]:
    base = _QUESTION | _EMPTY | _TIMES | {"id": number, "question_text": f"Question {number}?"}
    return base | {"question_type": kind, "correct_answer": key} | changed


def _exam(number: int, **changed) -> dict[str, Any]:
    return (
        _EXAM
        | _TIMES
        | {"id": number, "title": f"Exam {number}", "exam_code": f"E{number}"}
        | changed
    )


def _link(exam_id: int, question_id: int, order: int, marks: float | None = None) -> dict[str, Any]:
    return {
        "id": exam_id * 100 + order,
        "exam_id": exam_id,
        "question_id": question_id,
        "order_number": order,
        "marks_override": marks,
        "created_at": NOW,
    }


def _content() -> dict[str, list[dict[str, Any]]]:
    trade = {"id": 1, "name": "Electrician", "code": "ELEC", "description": None, "is_active": True}
    bank = {"id": 1, "name": "Bank", "description": None, "trade_id": 1, "is_active": True}
    long_ago = NOW - timedelta(days=300)
    return {
        "trades": [trade | _TIMES, trade | _TIMES | {"id": 2, "code": "OLD", "is_active": False}],
        "question_banks": [bank | _TIMES],
        "questions": [
            _question(CHOICE, "multiple_choice", ["B"], options=_WIRES, explanation="because"),
            _question(SEVERAL, "multiple_choice", ["A", "C"], options=_WIRES),
            _question(TRUTH, "true_false", ["false"]),
            _question(SHORT, "short_answer", ["ohm"]),
            _question(FOREIGN, "essay", []),
            _question(UNSEEN, "multiple_choice", ["A"], options=_WIRES),
        ],
        "exams": [
            _exam(OBJECTIVE),
            _exam(WRITTEN, total_marks=8.0, passing_marks=4.0, allow_review=False),
            _exam(DRAFT, status="draft"),
            _exam(OVER, start_time=long_ago, end_time=long_ago + timedelta(days=1)),
        ],
        "exam_questions": [
            _link(OBJECTIVE, TRUTH, 3),
            _link(OBJECTIVE, CHOICE, 1),
            _link(OBJECTIVE, SEVERAL, 2, 6.0),
            _link(WRITTEN, CHOICE, 1),
            _link(WRITTEN, SHORT, 2),
            _link(OVER, CHOICE, 1),
            _link(DRAFT, UNSEEN, 1),
        ],
    }


@dataclass
class World:
    """The database with its deeds, and shortcuts that arrange and look."""

    db: Database
    looking: Engine
    """Beside the service's own way to the database: tests may look from any thread."""
    reading: Reading
    papers: Papers
    lifecycle: Lifecycle
    saving: Saving
    marking: Marking
    key: SigningKey = KEY
    choice: int = CHOICE
    several: int = SEVERAL
    truth: int = TRUTH
    short: int = SHORT
    foreign: int = FOREIGN
    unseen: int = UNSEEN
    objective: int = OBJECTIVE
    written: int = WRITTEN
    draft: int = DRAFT
    over: int = OVER
    student: int = STUDENT
    other: int = OTHER

    def attempt(
        self,
        status: str = "in_progress",
        *,
        student: int = STUDENT,
        exam: int = OBJECTIVE,
        begun_seconds_ago: float = 60,
        minutes: int = 60,
    ) -> int:
        """Make an attempt; by default it has been running for a minute."""
        has_begun = status not in {"not_started", "cancelled"}
        start = "now() - make_interval(secs => :ago)" if has_begun else "CAST(NULL AS timestamptz)"
        statement = text(
            "INSERT INTO attempts.attempts (student_id, exam_id, status, duration_minutes,"  # noqa: S608
            " encryption_salt, start_time, deadline_at, end_time)"
            f" VALUES (:student, :exam, :status, :minutes, :salt, {start},"
            f" {start} + make_interval(mins => :minutes),"
            " CASE WHEN :ended THEN now() END) RETURNING id"
        )
        values = {
            "student": student,
            "exam": exam,
            "status": status,
            "minutes": minutes,
            "salt": new_salt(),
            "ago": begun_seconds_ago,
            "ended": status in {"submitted", "graded", "expired"},
        }
        with self.looking.begin() as connection:
            return connection.execute(statement, values).scalar_one()

    def shown(self, exam_id: int, student: int) -> list[dict[str, Any]]:
        """Return an exam's questions as a student sees them."""
        shown: dict[str, list[dict[str, Any]]] = json.loads(
            self.papers.shown(exam_id, Sight(student))
        )
        return shown["questions"]

    def sweep(self) -> None:
        """Forget all attempts."""
        sweep(self.looking)

    def answer(self, attempt_id: int, question_id: int, value: str | None) -> None:
        self.run(
            "INSERT INTO attempts.answers (attempt_id, question_id, answer)"
            " VALUES (:attempt, :question, CAST(:value AS json))",
            attempt=attempt_id,
            question=question_id,
            value=value,
        )

    def run(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        with self.looking.begin() as connection:
            result = connection.execute(text(statement), values)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    def row(self, attempt_id: int) -> dict[str, Any]:
        [row] = self.run("SELECT * FROM attempts.attempts WHERE id = :id", id=attempt_id)
        return row

    def notes(self, fact: str | None = None) -> list[dict[str, Any]]:
        rows = self.run("SELECT subject, payload FROM attempts.outbox ORDER BY id")
        found = [row["payload"] | {"subject": row["subject"]} for row in rows]
        return [note for note in found if fact in {None, note["fact"]}]


def _quiet() -> None:
    return None


@pytest.fixture(scope="session")
def content(urls) -> None:
    owner = Database(urls.owner_url, pool_size=1)
    with owner.transaction() as session:
        for table, rows in _content().items():
            filled = [
                {"shuffle_questions": False, "shuffle_options": False} | row
                if table == "exams"
                else row
                for row in rows
            ]
            importing.upsert(session, table, filled, lambda _: None)
        importing.set_sequences(session)
    owner.dispose()


@pytest.fixture(scope="session")
def looking(urls) -> Iterator[Engine]:
    engine = create_engine(psycopg2_url(urls.admin_url))
    yield engine
    engine.dispose()


def sweep(looking: Engine) -> None:
    """Forget all attempts and what hangs on them, as TRUNCATE would, in a hundredth of its time.

    The lock keeps the clock of a running service from adding to them meanwhile.
    """
    with looking.begin() as connection:
        connection.execute(text("LOCK TABLE attempts.attempts IN ACCESS EXCLUSIVE MODE"))
        for table in (*_OF_ATTEMPTS, "attempts", "outbox"):
            connection.execute(text(f"DELETE FROM attempts.{table}"))  # noqa: S608


@pytest.fixture
def world(db: Database, looking: Engine, content) -> World:
    sweep(looking)
    return World(
        db,
        looking,
        Reading(db),
        Papers(db, Reading(db)),
        Lifecycle(db, _quiet, KEY),
        Saving(db, _quiet),
        Marking(db, _quiet),
    )


@pytest.fixture
def rules(world: World) -> Iterator[Callable[..., None]]:
    """Return a function that changes columns of the OBJECTIVE exam until the test ends."""
    [before] = world.run(
        "SELECT requires_authorisation, device_policy FROM attempts.exams WHERE id = :id",
        id=OBJECTIVE,
    )

    def change(**changes: Any) -> None:
        for name, value in changes.items():
            world.run(
                f"UPDATE attempts.exams SET {name} = :value WHERE id = :id",  # noqa: S608
                value=value,
                id=OBJECTIVE,
            )

    yield change
    change(**before)


@pytest.fixture
def tidy(world: World) -> Iterator[World]:
    """The world; whatever is written besides it is gone afterwards."""
    yield world
    world.sweep()
    world.run("DELETE FROM attempts.regrades")
    world.run("DELETE FROM attempts.exam_questions WHERE exam_id > :last", last=OVER)
    highest = (("exams", OVER), ("questions", UNSEEN), ("question_banks", 1), ("trades", 2))
    for table, last in highest:
        world.run(f"DELETE FROM attempts.{table} WHERE id > :last", last=last)  # noqa: S608
    world.run("DELETE FROM attempts.images")


@pytest.fixture
def exam_of(tidy: World) -> Callable[..., int]:
    """Return a function that makes an exam of questions of the world, each worth its marks."""

    def make(marks: dict[int, float], **changed: Any) -> int:
        fields = _EXAM | {"title": "Made", "total_marks": sum(marks.values())} | changed
        fields |= {"total_questions": len(marks), "exam_code": f"M{new_salt()}"}
        given = {"shuffle_questions": False, "shuffle_options": False} | fields
        names = ", ".join(given)
        values = ", ".join(f":{name}" for name in given)
        insert = f"INSERT INTO attempts.exams ({names}) VALUES ({values}) RETURNING id"  # noqa: S608
        [row] = tidy.run(insert, **given)
        for order, (question_id, worth) in enumerate(marks.items(), start=1):
            tidy.run(
                "INSERT INTO attempts.exam_questions"
                " (exam_id, question_id, order_number, marks_override)"
                " VALUES (:exam, :question, :order, :worth)",
                exam=row["id"],
                question=question_id,
                order=order,
                worth=worth,
            )
        return int(row["id"])

    return make


@pytest.fixture
def while_attempt_is_made(tidy: World) -> Callable[..., Any]:
    """Return a function that runs a deed while an attempt at an exam is stored, not committed."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    waiting += " AND datname = current_database()"

    def run(exam_id: int, deed: Callable[[], Any]) -> Any:
        with tidy.looking.connect() as making, ThreadPoolExecutor(1) as threads:
            making.execute(
                text(
                    "INSERT INTO attempts.attempts (student_id, exam_id, status,"
                    " duration_minutes, encryption_salt)"
                    " VALUES (:student, :exam, 'not_started', 60, :salt)"
                ),
                {"student": STUDENT, "exam": exam_id, "salt": new_salt()},
            )
            doing = threads.submit(deed)
            deadline = time.monotonic() + 10
            while not doing.done() and not tidy.run(waiting)[0]["count"]:
                assert time.monotonic() < deadline, "the deed neither waits nor ends"
            making.commit()
            return doing.result(10)

    return run


@pytest.fixture
def statements(db: Database) -> Callable[..., Any]:
    """Return a context manager that lists the statements that the service executes meanwhile."""

    @contextlib.contextmanager
    def noting() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_connection, _cursor, statement: str, *_: Any) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return noting


@pytest.fixture(scope="session")
def seal() -> Callable[..., dict[str, str]]:
    """Return a function that encrypts final answers as the exam page does (contract §9.4).

    It gives the three fields of a submit; what is inside may be said to be another's.
    """

    def make(
        entries: Any,
        *,
        username: str = "apiti0001",
        exam_id: int = OBJECTIVE,
        ms: int = 50,
        rounds: int = 250_000,
        inside: dict[str, Any] | None = None,
    ) -> dict[str, str]:
        first = f"{(NOW - timedelta(milliseconds=ms)).isoformat(timespec='milliseconds')[:-6]}Z"
        salt, iv = secrets.token_bytes(16), secrets.token_bytes(12)
        password = f"{username}:{exam_id}:{first}".encode()
        key = hashlib.pbkdf2_hmac("sha256", password, salt, rounds, 32)
        said = {"answers": entries, "username": username, "examId": exam_id, "timestamp": first}
        plain = json.dumps(said | {"version": "1.0"} | (inside or {})).encode()
        text = base64.b64encode(salt + iv + AESGCM(key).encrypt(iv, plain, None)).decode()
        return {
            "encrypted_answers": text,
            "encryption_timestamp": f"{NOW.isoformat(timespec='milliseconds')[:-6]}Z",
            "encryption_checksum": checksum_of(text),
        }

    return make


# Edges


class OneCaller:
    """Stands in for the token verifier: a token reads `<user id>:<role>,<role>[:<login id>]`."""

    def verify(self, token: str) -> Caller:
        user, separator, rest = token.partition(":")
        if not separator:
            raise InvalidToken
        roles, _, login_id = rest.partition(":")
        now = datetime.now(UTC)
        return Caller(
            int(user), frozenset(roles.split(",")), login_id or "login", "token", now, now
        )


class Desk:
    """Says who is assigned to what, as auth would: everybody to all exams, unless a test knows."""

    def __init__(self) -> None:
        self.by_user: dict[int, set[tuple[str, int]]] = {}
        self.is_away = False

    async def assigned(self, user_id: int) -> Assigned:
        if self.is_away:
            raise Unavailable
        exams, roles = (OBJECTIVE, WRITTEN, DRAFT, OVER), ("proctor", "grader")
        everything = {(role, exam) for exam in exams for role in roles}
        return frozenset(self.by_user.get(user_id, everything))


@pytest.fixture(scope="session")
def desk() -> Desk:
    return Desk()


@pytest.fixture
def verifier() -> OneCaller:
    return OneCaller()


@pytest.fixture
def free_ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture(scope="module")
def request_seconds() -> float:
    return 10.0


@pytest.fixture(scope="module")
async def app(urls, desk, request_seconds) -> AsyncIterator[httpx.ASGITransport]:
    """The whole service, its clock ticking; the bus, auth and its keys are away all the time."""
    away = Settings(
        rest_port=0,
        grpc_port=0,
        nats_url="nats://127.0.0.1:1",
        jwks_url="http://127.0.0.1:1/jwks",
        auth_grpc="127.0.0.1:1",
        receipt_signing_secret=RECEIPT_SECRET,
        database_url=urls.app_url,
        names_timeout_seconds=0.2,
        opening_interval_seconds=60,
        request_seconds=request_seconds,
    )
    app = create_app(away)
    async with app.router.lifespan_context(app):
        app.state.verifier = OneCaller()
        assignments = Assignments(desk.assigned)
        app.state.parts = dataclasses.replace(app.state.parts, assignments=assignments)
        yield httpx.ASGITransport(app)


@pytest.fixture
async def api(app, world) -> AsyncIterator[Callable[..., httpx.AsyncClient]]:
    """Return a factory of clients: `api(user_id, "student", "login id")`."""
    async with contextlib.AsyncExitStack() as stack:

        def client(
            user_id: int = STUDENT, roles: str = "student", login_id: str = "login"
        ) -> httpx.AsyncClient:
            made = httpx.AsyncClient(
                transport=app,
                base_url="http://test/api/v1",
                headers={
                    "Authorization": f"Bearer {user_id}:{roles}:{login_id}",
                    "Content-Type": "application/json",
                },
            )
            stack.push_async_callback(made.aclose)
            return made

        yield client


@pytest.fixture
def acting(world) -> Acting:
    deeds = (Steering, Allowing, Authorising, Releasing)
    return Acting(*(deed(world.db, _quiet) for deed in deeds), Broadcasting(world.db))


@pytest.fixture
async def stub(world, acting) -> AsyncIterator[AttemptsServiceStub]:
    """The gRPC server over a real connection; auth is away."""
    auth = channel("127.0.0.1:1")
    servicer = AttemptsServicer(
        world.db,
        world.reading,
        world.saving,
        Names(auth, seconds=0.2),
        SafeBrowsing(world.db, "http://localhost:8000"),
        acting,
    )
    server = RpcServer(
        "127.0.0.1", 0, lambda grpc: add_AttemptsServiceServicer_to_server(servicer, grpc)
    )
    await server.start()
    async with channel(f"127.0.0.1:{server.port}") as connection:
        yield AttemptsServiceStub(connection)
    await server.stop(0)
    await auth.close()


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """Return a function that runs deeds at the same time and returns what they gave or raised."""

    def run(*deeds: Callable[[], Any]) -> list[Any]:
        barrier = threading.Barrier(len(deeds))

        def one(deed: Callable[[], Any]) -> Any:
            barrier.wait(10)
            try:
                return deed()
            except Exception as error:  # noqa: BLE001  # the test looks at it
                return error

        with ThreadPoolExecutor(len(deeds)) as threads:
            return list(threads.map(one, deeds))

    return run
