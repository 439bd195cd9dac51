"""Who is connected: this node's sockets by its own count, the other nodes' by what they said.

Each change is said in the stream with the node's whole word for the attempt (`sightings`), so that
a lost or repeated notice is healed by the next one. Saying is best effort: the newest word per
attempt waits and its newest endings, not a history. Nodes that have gone silent are found out by
`leases`; what was said before an exam was read here is asked for by `rollcall`, and by `endings`
when staff look.
"""

import asyncio
import contextlib
import itertools
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from chassis import bus
from chassis.bus import Bus, BusUnavailable

from realtime import channels, few
from realtime.closing import Closing
from realtime.connection import Connection
from realtime.few import Few
from realtime.notices import Message
from realtime.sightings import Ending, Entry, Seen, Sighting, Sightings, State, best

ENDINGS = frozenset({"connection_closed", "connection_refused"})
"""Facts whose newest one of an attempt says why it is not connected (`endings`)."""
_FACTS = ENDINGS | {"connection_opened", "connection_changed"}
_PUBLISH_SECONDS = 2.0
_AT_ONCE = 64
"""Few, so that who comes late does not wait for a large batch to be stored."""
_RETRY_SECONDS = 0.5
_SAME_REFUSAL = timedelta(seconds=30)
_encode = msgspec.json.Encoder().encode
_UNKNOWN = Closing(1006, "Connection lost")


@dataclass(slots=True)
class _Own:
    """This node's sockets of one attempt."""

    exam_id: int
    user_id: int
    sockets: Few[Connection] = few.NONE


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
        self._unwell: dict[Connection, State] = {}
        """Sockets that are not online: few, so the others have no state of their own."""
        self._sightings = Sightings()
        self._recalled: set[int] = set()
        self._waiting: dict[tuple[int, str, str | None], _Change] = {}
        self._wake = asyncio.Event()
        self._is_flushed = asyncio.Event()
        self._is_flushed.set()

    # what this node sees

    def opened(self, connection: Connection, exam_id: int) -> None:
        attempt_id = connection.channel.id
        own = self._mine.get(attempt_id)
        if own is None:
            own = self._mine[attempt_id] = _Own(exam_id, connection.caller.user_id)
        own.sockets = few.joined(own.sockets, connection)
        self._saw(attempt_id, own, "connection_opened", connection.id)

    def closed(self, connection: Connection, exam_id: int) -> None:
        """Count a socket off, and remember why it ended."""
        attempt_id = connection.channel.id
        own = self._mine.get(attempt_id) or _Own(exam_id, connection.caller.user_id)
        own.sockets = few.without(own.sockets, connection)
        self._unwell.pop(connection, None)
        why = connection.closing or _UNKNOWN
        ending = Ending(why.code, why.reason, datetime.now(UTC))
        self._saw(attempt_id, own, "connection_closed", connection.id, last_close=ending)
        if own.sockets == few.NONE:
            self._mine.pop(attempt_id, None)

    def felt(self, connection: Connection, state: State) -> None:
        """Take how a socket is: heard again, or not heard when it should have been."""
        if state is self._unwell.get(connection, State.ONLINE):
            return
        own = self._mine.get(connection.channel.id)
        if own is None or connection not in few.each(own.sockets):
            return
        before = self._state(own)
        self._unwell[connection] = state
        if state is State.ONLINE:
            del self._unwell[connection]
        if self._state(own) is not before:
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
        if message.notice.data.get("node_id") != self._node:
            entry = entry_of(message)
            if entry is not None:
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

    def _state(self, own: _Own) -> State:
        return best(self._unwell.get(one, State.ONLINE) for one in few.each(own.sockets))

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
        state = self._state(own)
        sighting = Sighting(
            number=self._number,
            socket_count=len(few.each(own.sockets)),
            state=state,
            since=known.since if known is not None and known.state is state else now,
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
        """Say what waits, together if there is more than one; return whether all was heard."""
        changes = list(itertools.islice(self._waiting.values(), _AT_ONCE))
        if len(changes) > 1 and await self._published_together(changes):
            for change in changes:
                self._said(change)
            return True
        return all(await asyncio.gather(*(self._publish(change) for change in changes)))

    async def _published_together(self, changes: Sequence[_Change]) -> bool:
        messages = [_message(change) for change in changes]
        try:
            return await self._bus.publish_batch(messages)
        except BusUnavailable:
            return False

    async def _publish(self, change: _Change) -> bool:
        message = _message(change)
        try:
            await self._bus.publish(
                message.subject, message.payload, message.msg_id, seconds=_PUBLISH_SECONDS
            )
        except BusUnavailable:
            return False
        self._said(change)
        return True

    def _said(self, change: _Change) -> None:
        if self._waiting.get(change.key) is change:
            del self._waiting[change.key]


def name_of(node_id: str) -> str:
    """Return a name for this process, good for a key: `node_id` and something of its own."""
    readable = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in node_id)
    return f"{readable}-{uuid.uuid4().hex[:8]}"


def _notice_id(entry: Entry) -> str:
    number, is_lost = entry.sighting.age
    lost = "-lost" if is_lost else ""
    return f"realtime-{entry.node}-{entry.attempt_id}-{number}{lost}"


def _message(change: _Change) -> bus.Message:
    entry = change.entry
    subject = channels.subject(entry.exam_id, entry.attempt_id, change.fact)
    notice_id = _notice_id(entry)
    return bus.Message(subject, _encode(_envelope(notice_id, change)), notice_id)


def _envelope(notice_id: str, change: _Change) -> dict[str, Any]:
    entry = change.entry
    return {
        "id": notice_id,
        "fact": change.fact,
        "exam_id": entry.exam_id,
        "attempt_id": entry.attempt_id,
        "at": entry.sighting.at,
        "data": {
            "connection_id": change.connection_id,
            "node_id": entry.node,
            "user_id": change.user_id,
            **msgspec.structs.asdict(entry.sighting),
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
