"""What a running platform says on each socket is what docs/reference/asyncapi.yaml describes."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from oep_local import legacy, seed, seed_rows
from websockets.asyncio.client import ClientConnection, connect

from docs.frames import DOCUMENT, VALIDATORS, fitting

NUMBER = 11
"""Of the demo's student; nobody else in these tests is him."""
PLAIN, MODERN = "studentPlain", "student"
FRAMES = {
    PLAIN: {"connected", "time_update", "checkpoint_ack", "checkpoint_error", "error"},
    MODERN: {"connected", "notification", "broadcast", "exam_event"},
    "board": {"board_connected", "delta", "snapshot", "page", "changes", "ping"},
    "sender": {"broadcast_ack", "error"},
}
"""What the story below brings about, at least."""
SAID = {"type": "warning", "message": "Look up", "warning_code": "HALL", "colour": "red"}


class Ear:
    """A socket and all that was heard on it."""

    def __init__(self, channel: str, connection: ClientConnection) -> None:
        self.channel = channel
        self.heard: list[dict[str, Any]] = []
        self._connection = connection

    async def say(self, **frame: object) -> None:
        await self._connection.send(json.dumps(frame))

    async def until(self, type_: str, **fields: object) -> dict[str, Any]:
        """Hear on until a frame of this type with these fields has come; return it."""
        wanted = {"type": type_, **fields}
        async with asyncio.timeout(30):
            while True:
                frame = json.loads(await self._connection.recv())
                self.heard.append(frame)
                if wanted.items() <= frame.items():
                    return frame


@pytest.fixture
async def http(platform) -> AsyncIterator[httpx.AsyncClient]:
    base = f"{platform.url}/api/v1"
    async with httpx.AsyncClient(base_url=base, timeout=20, trust_env=False) as client:
        yield client


async def signed_in(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> str:
    answer = (await http.post(f"/auth/{path}", json=body)).raise_for_status()
    return answer.json()["access_token"]


async def attempt_to_sit(platform, http, token: str) -> dict[str, Any]:
    """Return an attempt that has not begun; make one when there is none."""

    async def mine() -> list[dict[str, Any]]:
        query = {"exam_id": seed_rows.EXAM_ID, "status_filter": "not_started"}
        head = {"Authorization": f"Bearer {token}"}
        return (await http.get("/attempts/me", params=query, headers=head)).json()

    if not await mine():
        launcher = legacy.ProcessLauncher(platform.layout.environment_of_deeds)
        await asyncio.to_thread(seed.seed, launcher, platform.state.root, fresh=True)
    return (await mine())[0]


@dataclass(frozen=True)
class Sitting:
    """A student with an attempt that has not begun, and an administrator beside him."""

    student: str
    admin: str
    attempt_id: int
    exam_id: int
    question_id: int


@pytest.fixture
async def sitting(platform, http) -> Sitting:
    person = seed_rows.people()["students"][NUMBER - 1]
    body = {
        "hall_ticket_number": seed_rows.hall_ticket(NUMBER),
        "date_of_birth": person["date_of_birth"].strftime("%d/%m/%Y"),
        "security_answer": person["security_answer"],
    }
    student = await signed_in(http, "hall-ticket-login", body)
    word = {"username": "demo-admin", "password": seed_rows.people()["password"]}
    admin = await signed_in(http, "login", word)
    attempt = await attempt_to_sit(platform, http, student)
    http.headers["Authorization"] = f"Bearer {student}"
    exam = (await http.get(f"/exams/{attempt['exam_id']}")).raise_for_status().json()
    question_id = exam["questions"][0]["id"]
    return Sitting(student, admin, attempt["id"], attempt["exam_id"], question_id)


@pytest.fixture
async def listen(platform, sitting) -> AsyncIterator[Callable[..., Awaitable[Ear]]]:
    """Return what opens a socket of a channel; all are closed at the end."""
    async with contextlib.AsyncExitStack() as stack:

        async def opened(
            channel: str, token: str, more: str = "", *, is_plain: bool = False
        ) -> Ear:
            address = DOCUMENT["channels"][channel]["address"]
            path = address.format(attempt_id=sitting.attempt_id, exam_id=sitting.exam_id)
            offer = None if is_plain else ["oep.v1"]
            url = f"{platform.ws_url}{path}?token={token}{more}"
            socket = await stack.enter_async_context(connect(url, proxy=None, subprotocols=offer))
            return Ear(channel, socket)

        yield opened


async def test_each_socket_says_what_is_described(http, sitting, listen):
    whole = await listen("board", sitting.admin)
    window = await listen("board", sitting.admin, "&view=page&limit=5", is_plain=True)
    plain = await listen(PLAIN, sitting.student, is_plain=True)
    modern = await listen(MODERN, sitting.student)
    sender = await listen("sender", sitting.admin)

    await whole.until("snapshot")
    await window.until("page")
    await modern.until("connected")
    await plain.say(type="time_sync")
    await plain.until("time_update")
    await plain.say(type="checkpoint", is_flagged=False)
    await plain.until("checkpoint_error")
    await plain.say(type="nonsense")
    await plain.until("error")

    (await http.post(f"/attempts/{sitting.attempt_id}/begin")).raise_for_status()
    await plain.say(type="checkpoint", question_id=sitting.question_id, answer="A", message_id="1")
    await plain.until("checkpoint_ack")
    await modern.until("notification", title="Answer Saved")
    await modern.say(type="flag", question_id=sitting.question_id)
    await modern.until("notification", title="Question Flagged")
    await whole.until("delta", kind="progress")
    await sender.say(**SAID)
    await sender.until("broadcast_ack")
    await modern.until("warning")
    await sender.say(type="nonsense")
    await sender.until("error")
    await window.until("changes")
    await window.say(type="view", limit=3)
    await window.until("page", limit=3)
    await window.say(type="time_sync")
    await window.until("ping")
    answer = await http.post(f"/attempts/{sitting.attempt_id}/submit", json={"confirm": True})
    answer.raise_for_status()
    await modern.until("exam_event")

    compare([whole, window, plain, modern, sender])


def compare(ears: list[Ear]) -> None:
    """Look each frame up in the description, and whether the story brought what it should."""
    found: dict[str, set[str]] = {channel: set() for channel in FRAMES}
    for ear in ears:
        for frame in ear.heard:
            names = ["broadcast"] if SAID.items() <= frame.items() else fitting(frame, ear.channel)
            assert len(names) == 1, (ear.channel, frame)
            VALIDATORS[names[0]].validate(frame)
            found[ear.channel].update(names)
    assert {channel: names - found[channel] for channel, names in FRAMES.items()} == {
        channel: set() for channel in FRAMES
    }
