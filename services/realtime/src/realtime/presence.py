"""Who is connected: this node's sockets by its own count, the other nodes' by what they said.

Each change is said in the stream with the node's whole word for the attempt (`sightings`), so that
a lost or repeated notice is healed by the next one. Saying is best effort: the newest word per
attempt waits and its newest endings, not a history. Nodes that have gone silent are found out by
`leases`; what was said before an exam was read here is asked for by `rollcall`, and by `endings`
when staff look.
"""

import asyncio
import contextlib
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from chassis.bus import Bus, BusUnavailable

from realtime import channels
from realtime.closing import Closing
from realtime.connection import Connection
from realtime.notices import Message
from realtime.sightings import Ending, Entry, Seen, Sighting, Sightings, State, best

ENDINGS = frozenset({"connection_closed", "connection_refused"})
"""Facts whose newest one of an attempt says why it is not connected (`endings`)."""
_FACTS = ENDINGS | {"connection_opened", "connection_changed"}
_PUBLISH_SECONDS = 2.0
_AT_ONCE = 64
_RETRY_SECONDS = 0.5
_SAME_REFUSAL = timedelta(seconds=30)
_UNKNOWN = Closing(1006, "Connection lost")


@dataclass(slots=True)
class _Own:
    """This node's sockets of one attempt."""

    exam_id: int
    user_id: int
    sockets: tuple[tuple[Connection, State], ...] = ()
    """Most have one, for which a dictionary takes four times the room."""

    @property
    def state(self) -> State:
        return best(state for _, state in self.sockets)

    def state_of(self, connection: Connection) -> State | None:
        return next((state for one, state in self.sockets if one is connection), None)

    def put(self, connection: Connection, state: State) -> None:
        self.drop(connection)
        self.sockets = (*self.sockets, (connection, state))

    def drop(self, connection: Connection) -> None:
        self.sockets = tuple(pair for pair in self.sockets if pair[0] is not connection)


@dataclass(frozen=True)
class _Change:
    entry: Entry
    fact: str
    connection_id: str | None = None
    user_id: int | None = None

    @property
    def key(self) -> tuple[int, str, str | None]:
        """Say what it takes the place of: an ending is said, whatever comes behind it."""
        ending = self.fact if self.fact in ENDINGS else None
        return self.entry.attempt_id, self.entry.node, ending


class Presence:
    """The table of who is connected; `run` says this node's part of it."""

    def __init__(self, bus: Bus, node: str) -> None:
        """`node` is the name of this process: another one of the same place is another node."""
        self._bus = bus
        self._node = node
        self._number = 0
        self._mine: dict[int, _Own] = {}
        self._sightings = Sightings()
        self._recalled: set[int] = set()
        self._waiting: dict[tuple[int, str, str | None], _Change] = {}
        self._wake = asyncio.Event()
        self._is_flushed = asyncio.Event()
        self._is_flushed.set()

    # what this node sees

    def opened(self, connection: Connection, exam_id: int) -> None:
        attempt_id = connection.channel.id
        own = self._mine.setdefault(attempt_id, _Own(exam_id, connection.caller.user_id))
        own.put(connection, State.ONLINE)
        self._saw(attempt_id, own, "connection_opened", connection.id)

    def closed(self, connection: Connection, exam_id: int) -> None:
        """Count a socket off, and remember why it ended."""
        attempt_id = connection.channel.id
        own = self._mine.get(attempt_id) or _Own(exam_id, connection.caller.user_id)
        own.drop(connection)
        why = connection.closing or _UNKNOWN
        ending = Ending(why.code, why.reason, datetime.now(UTC))
        self._saw(attempt_id, own, "connection_closed", connection.id, last_close=ending)
        if not own.sockets:
            self._mine.pop(attempt_id, None)

    def felt(self, connection: Connection, state: State) -> None:
        """Take how a socket is: heard again, or not heard when it should have been."""
        own = self._mine.get(connection.channel.id)
        if own is None or own.state_of(connection) in {None, state}:
            return
        before = own.state
        own.put(connection, state)
        if own.state is not before:
            self._saw(connection.channel.id, own, "connection_changed", connection.id)

    def refused(self, connection: Connection, exam_id: int, why: Closing) -> None:
        """Remember why the owner of an attempt was not let in; the same again is not said."""
        attempt_id, now = connection.channel.id, datetime.now(UTC)
        known = self._sightings.newest(attempt_id, self._node)
        last = known.last_refusal if known is not None else None
        if last is not None and last.code == why.code and now - last.at < _SAME_REFUSAL:
            return
        own = self._mine.get(attempt_id) or _Own(exam_id, connection.caller.user_id)
        ending = Ending(why.code, why.reason, now)
        self._saw(attempt_id, own, "connection_refused", connection.id, last_refusal=ending)

    # what the others see

    def of(self, attempt_id: int) -> Seen:
        return self._sightings.of(attempt_id)

    def apply(self, message: Message) -> None:
        """Fold a notice in, and make its data what a board shows: the picture over all nodes."""
        address = message.address
        if address.fact not in _FACTS:
            return
        entry = entry_of(message)
        if entry is not None and entry.node != self._node:
            self._sightings.take(entry)
        message.notice.data = self.of(address.attempt_id).shown

    def learn(self, entries: Iterable[Entry]) -> None:
        """Take what other nodes know."""
        for entry in entries:
            if entry.node != self._node:
                self._sightings.take(entry)

    def known_of(self, exam_id: int) -> Iterator[Entry]:
        return self._sightings.of_exam(exam_id)

    def has_recalled(self, exam_id: int) -> bool:
        return exam_id in self._recalled

    def recall(self, exam_id: int, entries: Iterable[Entry]) -> None:
        """Take what was said before an exam was heard here, by this node, too.

        From now on it is heard.
        """
        for entry in entries:
            self._sightings.take(entry)
        self._recalled.add(exam_id)

    def forget(self, exam_id: int) -> None:
        """Forget what was said of an exam: it is not heard any more, or anew."""
        self._recalled.discard(exam_id)
        self._sightings.forget(exam_id, but=self._node)

    def others(self) -> set[str]:
        """Return the other nodes that are said to have sockets."""
        return {e.node for e in self._sightings.with_sockets()} - {self._node}

    def lost(self, node: str) -> None:
        """Say that a node's sockets are gone with it. All say the same, and the bus keeps one."""
        now = datetime.now(UTC)
        for entry in [e for e in self._sightings.with_sockets() if e.node == node]:
            word = msgspec.structs.replace(
                entry.sighting,
                socket_count=0,
                state=State.OFFLINE,
                since=now,
                last_close=Ending(1006, "Its node is gone", now),
                is_lost=True,
            )
            self._say(_Change(entry._replace(sighting=word), "connection_closed"))

    def say_all(self) -> None:
        """Say everything anew: the others may have taken this node for lost."""
        for attempt_id, own in self._mine.items():
            self._saw(attempt_id, own, "connection_changed")

    # how it is said

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

    def _saw(
        self,
        attempt_id: int,
        own: _Own,
        fact: str,
        connection_id: str | None = None,
        *,
        last_close: Ending | None = None,
        last_refusal: Ending | None = None,
    ) -> None:
        self._number += 1
        known, now = self._sightings.newest(attempt_id, self._node), datetime.now(UTC)
        sighting = Sighting(
            number=self._number,
            socket_count=len(own.sockets),
            state=own.state,
            since=known.since if known is not None and known.state is own.state else now,
            at=now,
            last_close=last_close or (known.last_close if known is not None else None),
            last_refusal=last_refusal or (known.last_refusal if known is not None else None),
        )
        entry = Entry(own.exam_id, attempt_id, self._node, sighting)
        self._sightings.take(entry)
        self._say(_Change(entry, fact, connection_id, own.user_id))

    def _say(self, change: _Change) -> None:
        self._waiting[change.key] = change
        self._is_flushed.clear()
        self._wake.set()

    async def _publish_some(self) -> bool:
        changes = list(self._waiting.values())[:_AT_ONCE]
        return all(await asyncio.gather(*(self._publish(change) for change in changes)))

    async def _publish(self, change: _Change) -> bool:
        entry = change.entry
        subject = channels.subject(entry.exam_id, entry.attempt_id, change.fact)
        notice_id = _notice_id(entry)
        payload = json.dumps(_envelope(notice_id, change)).encode()
        try:
            await self._bus.publish(subject, payload, notice_id, seconds=_PUBLISH_SECONDS)
        except BusUnavailable:
            return False
        if self._waiting.get(change.key) is change:
            del self._waiting[change.key]
        return True


def name_of(node_id: str) -> str:
    """Return a name for this process, good for a key: `node_id` and something of its own."""
    readable = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in node_id)
    return f"{readable}-{uuid.uuid4().hex[:8]}"


def _notice_id(entry: Entry) -> str:
    number, is_lost = entry.sighting.age
    lost = "-lost" if is_lost else ""
    return f"realtime-{entry.node}-{entry.attempt_id}-{number}{lost}"


def _envelope(notice_id: str, change: _Change) -> dict[str, Any]:
    entry = change.entry
    return {
        "id": notice_id,
        "fact": change.fact,
        "exam_id": entry.exam_id,
        "attempt_id": entry.attempt_id,
        "at": entry.sighting.at.isoformat().replace("+00:00", "Z"),
        "data": {
            "connection_id": change.connection_id,
            "node_id": entry.node,
            "user_id": change.user_id,
            **msgspec.to_builtins(entry.sighting),
        },
    }


def entry_of(message: Message) -> Entry | None:
    """Return the word in a notice; None when it is none of ours."""
    data = message.notice.data
    try:
        sighting = msgspec.convert(data, Sighting)
    except msgspec.ValidationError:
        return None
    node = data.get("node_id")
    if not isinstance(node, str):
        return None
    return Entry(message.address.exam_id, message.address.attempt_id, node, sighting)
