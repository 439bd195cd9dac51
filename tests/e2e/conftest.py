"""The whole platform as its users meet it: people with plain HTTP and WebSocket clients.

Everything goes through the gateway. The platform runs two nodes of realtime, so that what reaches
everybody has really crossed the bus.
"""

import asyncio
import contextlib
import itertools
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import httpx
import psycopg2
import pytest
from chassis.waiting import eventually
from oep_local import keys, legacy, seed, seed_rows
from oep_local.rig import Platform
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

Frame = dict[str, Any]

KNOWN_SECONDS = 35
"""When a key is older than this, the gateway has asked for it: it does so every 30 s."""


class Person:
    """Somebody signed in: REST calls and sockets with his token."""

    def __init__(self, base_url: str, login: dict[str, Any]) -> None:
        self.base_url = base_url
        self.token: str = login["access_token"]
        self.user: dict[str, Any] = login["user"]
        self.http = httpx.AsyncClient(
            base_url=f"{base_url}/api/v1",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=10,
            trust_env=False,
        )

    def socket(self, path: str, **query: object) -> "Socket":
        return Socket(self.socket_url(self.base_url, path, **query))

    def socket_at(self, node_url: str, path: str) -> "Socket":
        """Return a socket to one node, past the gateway."""
        return Socket(self.socket_url(node_url, path))

    def speaker(self, attempt_id: int) -> "Socket":
        """Return a broadcast socket, which says nothing by itself."""
        path = f"admin/broadcast/{attempt_id}"
        return Socket(self.socket_url(self.base_url, path), greets=False)

    def socket_url(self, base_url: str, path: str, **query: object) -> str:
        words = "&".join(f"{k}={v}" for k, v in ({"token": self.token} | query).items())
        return f"{base_url.replace('http', 'ws', 1)}/api/v1/ws/{path}?{words}"


class Student(Person):
    """A student with an attempt that has begun."""

    attempt_id: int
    exam_id: int
    question_ids: list[int]
    signed_in_with: dict[str, Any]

    async def attempts(self, status: str, **at: object) -> list[dict[str, Any]]:
        """Return his attempts of a status; `at` is `exam_id`."""
        query = {"status_filter": status, **at}
        listed = await self.http.get("/attempts/me", params=query)
        found: list[dict[str, Any]] = listed.raise_for_status().json()
        return found

    async def begin(self) -> None:
        [mine, *_] = await self.attempts("not_started", exam_id=seed_rows.EXAM_ID)
        self.attempt_id, self.exam_id = mine["id"], mine["exam_id"]
        exam = (await self.http.get(f"/exams/{self.exam_id}")).raise_for_status().json()
        self.question_ids = [question["id"] for question in exam["questions"]]
        (await self.http.post(f"/attempts/{self.attempt_id}/begin")).raise_for_status()

    def event(self, event_type: str = "tab_switch", **more: object) -> dict[str, Any]:
        return {
            "attempt_id": self.attempt_id,
            "event_type": event_type,
            "event_id": str(uuid.uuid4()),
        } | more

    async def report(self, event: dict[str, Any]) -> httpx.Response:
        return await self.http.post("/proctoring/events", json=event)

    async def save(self, question_id: int, answer: object) -> httpx.Response:
        body = {"question_id": question_id, "answer": answer}
        return await self.http.post(f"/attempts/{self.attempt_id}/answers", json=body)

    async def submit(self, **more: object) -> httpx.Response:
        body = {"confirm": True, **more}
        return await self.http.post(f"/attempts/{self.attempt_id}/submit", json=body)


class Socket:
    """A socket that remembers every frame, in order."""

    def __init__(self, url: str, *, greets: bool = True) -> None:
        self._url = url
        self._greets = greets
        self._connection: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self.frames: list[Frame] = []
        self.close_code: int | None = None

    async def __aenter__(self) -> Self:
        self._connection = await eventually(self._connect, 15, every=0.5)
        self._reading = asyncio.create_task(self._read())
        if self._greets:
            await self.until(lambda frame: frame["type"] == "connected")
        return self

    async def _connect(self) -> ClientConnection | None:
        """Try once; a gateway that finds no node at this moment is asked again, as browsers do."""
        try:
            return await connect(
                self._url, subprotocols=["oep.v1"], proxy=None, compression=None, open_timeout=10
            )
        except InvalidStatus as refused:
            if refused.response.status_code != 503:
                raise
            return None

    async def __aexit__(self, *_: object) -> None:
        assert self._connection
        assert self._reading
        await self._connection.close()
        await self._reading

    async def _read(self) -> None:
        assert self._connection
        try:
            async for text in self._connection:
                async with self._news:
                    self.frames.append(json.loads(text))
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        async with self._news:
            self.close_code = self._connection.close_code
            self._news.notify_all()

    async def send(self, **frame: object) -> None:
        assert self._connection
        await self._connection.send(json.dumps(frame))

    async def until(self, wanted: Callable[[Frame], bool], seconds: float = 10) -> Frame:
        """Return the first frame that is wanted, among those that came and those to come."""

        def found() -> Frame | None:
            return next((frame for frame in self.frames if wanted(frame)), None)

        async with self._news:
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait_for(lambda: found() or self.close_code is not None)
            except TimeoutError:
                pytest.fail(f"no such frame within {seconds} s; there were {self.frames}")
        frame = found()
        assert frame, f"closed with {self.close_code} after {self.frames}"
        return frame

    @property
    def position(self) -> Frame:
        return [frame["position"] for frame in self.frames if "position" in frame][-1]

    def of_type(self, name: str) -> list[Frame]:
        return [frame for frame in self.frames if frame["type"] == name]


async def sign_in(base_url: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=base_url, timeout=10, trust_env=False) as client:
        answer = await client.post(f"/api/v1/auth/{path}", json=body)
        return answer.raise_for_status().json()


@pytest.fixture(scope="session")
def platform(server_folder) -> Iterator[Platform]:
    """The whole platform, with two nodes of realtime behind the gateway."""
    running = Platform(server_folder / "e2e", {"realtime": 2, "traces": 1})
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="session")
def student_numbers() -> Iterator[int]:
    return itertools.cycle(range(1, len(seed_rows.people()["students"]) + 1))


async def seat(platform: Platform, student: Student) -> None:
    """Let a student who has sat before sit again: end his old attempts, make him a new one.

    Those at other exams are ended, too: the one under way would be the first in his list.
    """
    async for admin in staff(platform.url, "admin"):
        for old in await student.attempts("in_progress"):
            gone = await admin.http.post(
                f"/attempts/{old['id']}/cancel", json={"reason": "the test is over"}
            )
            gone.raise_for_status()
    if not await student.attempts("not_started", exam_id=seed_rows.EXAM_ID):
        launcher = legacy.ProcessLauncher(platform.layout.environment_of_deeds)
        await asyncio.to_thread(seed.seed, launcher, platform.state.root, fresh=True)


@contextlib.asynccontextmanager
async def seated(platform: Platform, number: int) -> AsyncIterator[Student]:
    """Sign a demo student in who has an attempt to begin and none under way."""
    person = seed_rows.people()["students"][number - 1]
    body = {
        "hall_ticket_number": seed_rows.hall_ticket(number),
        "date_of_birth": person["date_of_birth"].strftime("%d/%m/%Y"),
        "security_answer": person["security_answer"],
    }
    student = Student(platform.url, await sign_in(platform.url, "hall-ticket-login", body))
    student.signed_in_with = body
    await seat(platform, student)
    yield student
    await student.http.aclose()


@contextlib.asynccontextmanager
async def sitting(platform: Platform, number: int) -> AsyncIterator[Student]:
    """Let a demo student begin; his client is closed at the end."""
    async with seated(platform, number) as student:
        await student.begin()
        yield student


@pytest.fixture
async def first_student(platform) -> AsyncIterator[Student]:
    """The one who plays the demo: nothing that another test left is first in his list."""
    async with seated(platform, 1) as student:
        yield student


@pytest.fixture
async def student(platform, student_numbers) -> AsyncIterator[Student]:
    """A demo student with an attempt that has just begun; there are twelve, who take turns."""
    async with sitting(platform, next(student_numbers)) as student:
        yield student


@pytest.fixture
async def three_students(platform, student_numbers) -> AsyncIterator[list[Student]]:
    """Three more of them, in the same exam."""
    async with contextlib.AsyncExitStack() as stack:
        numbers = itertools.islice(student_numbers, 3)
        yield [await stack.enter_async_context(sitting(platform, n)) for n in numbers]


@pytest.fixture
async def phone(platform, student) -> AsyncIterator[Person]:
    """The same student, signed in a second time."""
    login = await sign_in(platform.url, "hall-ticket-login", student.signed_in_with)
    person = Person(platform.url, login)
    yield person
    await person.http.aclose()


async def staff(base_url: str, role: str) -> AsyncIterator[Person]:
    """Sign a demo member of staff in; his client is closed with the fixture."""
    member = next(m for m in seed_rows.people()["staff"] if m["role"] == role)
    body = {"username": member["username"], "password": seed_rows.people()["password"]}
    person = Person(base_url, await sign_in(base_url, "login", body))
    yield person
    await person.http.aclose()


@pytest.fixture
async def proctor(platform) -> AsyncIterator[Person]:
    async for person in staff(platform.url, "proctor"):
        yield person


@pytest.fixture
async def grader(platform) -> AsyncIterator[Person]:
    async for person in staff(platform.url, "grader"):
        yield person


@pytest.fixture
async def second_proctor(platform, admin, student) -> AsyncIterator[Person]:
    """A colleague who is assigned to the student's exam."""
    word = f"proctor-{uuid.uuid4().hex[:8]}"
    body = {
        "username": word,
        "email": f"{word}@e2e.example",
        "full_name": "Somebody Else",
        "password": "second-proctor",
        "roles": ["proctor"],
    }
    made = (await admin.http.post("/auth/users", json=body)).raise_for_status().json()
    path = f"/auth/assignments/{student.exam_id}/proctor/{made['id']}"
    (await admin.http.put(path)).raise_for_status()
    login = {"username": word, "password": body["password"]}
    person = Person(platform.url, await sign_in(platform.url, "login", login))
    yield person
    await person.http.aclose()


@pytest.fixture
async def admin(platform) -> AsyncIterator[Person]:
    async for person in staff(platform.url, "admin"):
        yield person


@pytest.fixture
async def hall_in_charge(platform) -> AsyncIterator[Person]:
    async for person in staff(platform.url, "hall_in_charge"):
        yield person


@pytest.fixture
def shown_on_every_node(platform) -> Callable[..., Awaitable[None]]:
    """Return a wait until each node begins its board with a row of the student that is `wanted`.

    What is announced reaches each node in its own time, and the gateway deals boards out to both.
    """

    async def shown(watcher: Person, student: Student, wanted: Callable[[Frame], bool]) -> None:
        for number in (1, 2):
            node = platform.service_url("realtime", number)

            async def is_shown(node: str = node) -> bool:
                async with watcher.socket_at(node, f"exams/{student.exam_id}/monitor") as board:
                    snapshot = await board.until(lambda f: f["type"] == "snapshot")
                rows = [r for r in snapshot["attempts"] if r["attempt_id"] == student.attempt_id]
                return any(map(wanted, rows))

            await eventually(is_shown, 20, every=0.1)

    return shown


@pytest.fixture
def rows(platform) -> Callable[..., list[tuple[Any, ...]]]:
    """Ask the database as the read-only `exam_user`."""

    def ask(statement: str, *values: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(platform.database.url("exam_user"))
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall()
        finally:
            connection.close()

    return ask


@pytest.fixture
def change(platform):
    """Change keys as `oep keys …` does."""

    async def deed(*words: str) -> list[dict]:
        return await asyncio.to_thread(keys.change_in, platform.layout, *words)

    return deed


@pytest.fixture
async def next_key(change) -> dict:
    """The next key, when it is so old that everybody knows it."""

    async def found() -> dict | None:
        key = (await change("list"))[1]
        age = datetime.now(UTC) - datetime.fromisoformat(key["created_at"])
        return key if age > timedelta(seconds=KNOWN_SECONDS) else None

    return await eventually(found, KNOWN_SECONDS + 15, every=0.25)


@pytest.fixture
async def newcomer(platform):
    """Log the demo's administrators in, as often as it is called."""
    staff = next(m for m in seed_rows.people()["staff"] if m["role"] == "admin")
    body = {"username": staff["username"], "password": seed_rows.people()["password"]}
    base_url = f"{platform.url}/api/v1"
    async with httpx.AsyncClient(base_url=base_url, timeout=10, trust_env=False) as client:

        async def come() -> str:
            answer = await client.post("/auth/login", json=body)
            return answer.raise_for_status().json()["access_token"]

        yield come
