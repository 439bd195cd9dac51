"""Who is online: this node's sockets by its own count, the other nodes' by what they said.

Each change is published with the node's whole count for the attempt, so that a lost or repeated
notice is healed by the next one. Publishing is best effort: the newest state per attempt waits, not
a history. A node that dies silently is not noticed here yet.
"""

import asyncio
import contextlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chassis.bus import Bus, BusUnavailable

from realtime import channels
from realtime.connection import Connection
from realtime.notices import Message, instant

_FACTS = frozenset({"connection_opened", "connection_closed"})
_PUBLISH_SECONDS = 2.0
_AT_ONCE = 64
_RETRY_SECONDS = 0.5
_MAX_SEEN = 200_000


@dataclass(frozen=True)
class Seen:
    """One attempt's sockets on all nodes."""

    socket_count: int = 0
    last_seen_at: datetime | None = None


@dataclass(frozen=True)
class _Change:
    exam_id: int
    attempt_id: int
    fact: str
    connection_id: str
    user_id: int
    at: datetime


class Presence:
    """The table of who is online; `run` publishes this node's part of it."""

    def __init__(self, bus: Bus, node_id: str) -> None:
        self._bus = bus
        self._node_id = node_id
        self._mine: dict[int, int] = {}
        self._others: dict[int, dict[str, int]] = {}
        self._exams: dict[int, set[int]] = {}
        self._last_seen: dict[int, datetime] = {}
        self._waiting: dict[int, _Change] = {}
        self._wake = asyncio.Event()
        self._is_flushed = asyncio.Event()
        self._is_flushed.set()

    def opened(self, connection: Connection, exam_id: int) -> None:
        self._count(connection, exam_id, "connection_opened", 1)

    def closed(self, connection: Connection, exam_id: int) -> None:
        self._count(connection, exam_id, "connection_closed", -1)

    def of(self, attempt_id: int) -> Seen:
        others = sum(self._others.get(attempt_id, {}).values())
        return Seen(self._mine.get(attempt_id, 0) + others, self._last_seen.get(attempt_id))

    def apply(self, message: Message) -> None:
        """Fold a notice in, and make its data what a board shows: the count over all nodes."""
        if message.address.fact not in _FACTS:
            return
        attempt_id, data = message.address.attempt_id, message.notice.data
        node_id, count = data.get("node_id"), data.get("socket_count")
        if isinstance(node_id, str) and isinstance(count, int) and node_id != self._node_id:
            self._remember(attempt_id, node_id, count)
            self._exams.setdefault(message.address.exam_id, set()).add(attempt_id)
        self._see(attempt_id, _instant_or_now(message.notice.at))
        message.notice.data = shown(self.of(attempt_id))

    def forget(self, exam_id: int) -> None:
        """Forget what other nodes said of an exam: it is not heard any more, or anew."""
        for attempt_id in self._exams.pop(exam_id, ()):
            self._others.pop(attempt_id, None)

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                if not await self._publish_some():
                    await asyncio.sleep(_RETRY_SECONDS)
            self._is_flushed.set()

    async def flush(self, seconds: float) -> None:
        """Wait until what is waiting has been published, at most `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._is_flushed.wait()

    def _count(self, connection: Connection, exam_id: int, fact: str, step: int) -> None:
        attempt_id, now = connection.channel.id, datetime.now(UTC)
        count = self._mine.get(attempt_id, 0) + step
        if count > 0:
            self._mine[attempt_id] = count
        else:
            self._mine.pop(attempt_id, None)
        self._see(attempt_id, now)
        user_id = connection.caller.user_id
        change = _Change(exam_id, attempt_id, fact, connection.id, user_id, now)
        self._waiting[attempt_id] = change
        self._is_flushed.clear()
        self._wake.set()

    def _see(self, attempt_id: int, at: datetime) -> None:
        self._last_seen[attempt_id] = max(at, self._last_seen.pop(attempt_id, at))
        if len(self._last_seen) > _MAX_SEEN:
            del self._last_seen[next(iter(self._last_seen))]

    def _remember(self, attempt_id: int, node_id: str, count: int) -> None:
        nodes = self._others.setdefault(attempt_id, {})
        nodes[node_id] = count
        if count <= 0:
            del nodes[node_id]
        if not nodes:
            del self._others[attempt_id]

    async def _publish_some(self) -> bool:
        changes = list(self._waiting.values())[:_AT_ONCE]
        return all(await asyncio.gather(*(self._publish(change) for change in changes)))

    async def _publish(self, change: _Change) -> bool:
        subject = channels.subject(change.exam_id, change.attempt_id, change.fact)
        notice_id = f"realtime-{uuid.uuid4()}"
        payload = json.dumps(self._envelope(notice_id, change)).encode()
        try:
            await self._bus.publish(subject, payload, notice_id, seconds=_PUBLISH_SECONDS)
        except BusUnavailable:
            return False
        if self._waiting.get(change.attempt_id) is change:
            del self._waiting[change.attempt_id]
        return True

    def _envelope(self, notice_id: str, change: _Change) -> dict[str, Any]:
        return {
            "id": notice_id,
            "fact": change.fact,
            "exam_id": change.exam_id,
            "attempt_id": change.attempt_id,
            "at": change.at.isoformat().replace("+00:00", "Z"),
            "data": {
                "connection_id": change.connection_id,
                "node_id": self._node_id,
                "socket_count": self._mine.get(change.attempt_id, 0),
                "user_id": change.user_id,
            },
        }


def shown(seen: Seen) -> dict[str, Any]:
    """Return what a board shows of an attempt's presence."""
    return {
        "is_online": seen.socket_count > 0,
        "socket_count": seen.socket_count,
        "last_seen_at": seen.last_seen_at,
    }


def _instant_or_now(text: str) -> datetime:
    now = datetime.now(UTC)
    try:
        return instant(text) or now
    except ValueError:
        return now
