"""Attempts with a past, and answers that are read as slowly as a test wants."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text


class Past:
    """What students did, as their clients told it."""

    def __init__(self, rig) -> None:
        self._rig = rig

    def event(self, sat, event_type: str = "tab_switch", **more: Any) -> dict[str, Any]:
        event_id = str(uuid.uuid4())
        return {"attempt_id": sat.attempt_id, "event_type": event_type, "event_id": event_id} | more

    async def told(self, sat, *events: dict[str, Any]) -> None:
        """Let a student send events in one batch, one behind the other."""
        client = self._rig.client(sat.student_id)
        answer = await client.post("/events/batch", json={"events": list(events)})
        assert {item["status"] for item in answer.json()["results"]} == {201}

    async def did(self, sat, *kinds: str) -> None:
        await self.told(sat, *(self.event(sat, kind) for kind in kinds))

    async def took(self, sat, question_id: int, seconds: int) -> None:
        body = {"attempt_id": sat.attempt_id, "question_id": question_id}
        client = self._rig.client(sat.student_id)
        answer = await client.post("/question-timing", json=body | {"total_time_seconds": seconds})
        assert answer.status_code == 200

    async def moved(self, owner, sat, *, up_to: int, seconds: float) -> None:
        """Let the first events have come earlier than they did."""
        back = text(
            "UPDATE proctoring.proctoring_events"
            " SET received_at = received_at - make_interval(secs => :seconds)"
            " WHERE attempt_id = :attempt_id AND sequence <= :up_to"
        )
        values = {"seconds": seconds, "attempt_id": sat.attempt_id, "up_to": up_to}

        def work() -> None:
            with owner.transaction() as session:
                session.execute(back, values)

        await owner.run(work)


@dataclass
class Slow:
    """A client that looks at the world before it takes each part of an answer."""

    app: Any
    before_part: Callable[[int], None] = lambda _: None
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    body: bytes = b""
    keeps_body: bool = True
    line_count: int = 0
    is_whole: bool = False
    leaves_at: int | None = None
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def get(self, client, path: str, query: str = "") -> "Slow":
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": f"/api/v1/proctoring{path}",
            "raw_path": b"",
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(b"authorization", client.headers["authorization"].encode())],
            "client": ("127.0.0.1", 1),
            "server": ("proctoring", 80),
            "state": {},
        }
        await self.app(scope, self._receive, self._send)
        return self

    async def _receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            return
        self.is_whole = not message.get("more_body", False)
        if part := message.get("body"):
            if len(self.sizes) == self.leaves_at:
                self.left.set()
                await asyncio.Event().wait()  # as long as nobody ends this
            self.before_part(len(self.sizes))
            self.sizes.append(len(part))
            self.line_count += part.count(b"\n")
            if self.keeps_body:
                self.body += part


@pytest.fixture
def admin(rig):
    return rig.client(1, "admin")


@pytest.fixture
def past(rig) -> Past:
    return Past(rig)


@pytest.fixture
def slow(rig) -> Callable[..., Slow]:
    """Return a maker of clients that look at the world before they take each part."""
    return lambda before_part, **more: Slow(rig.app, before_part, **more)
