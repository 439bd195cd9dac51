"""Who is connected at an exam that this node begins to read: asked of the other nodes, once.

What the nodes said before is in the stream, but no reader goes through all of it. So each answers
with every word that it knows, its own and the others'; one that does not answer in time is heard by
its next word. Words are numbered, so hearing them twice or late changes nothing.
"""

import asyncio
import contextlib
from collections.abc import Iterable

import msgspec
import structlog
from chassis.bus import Bus
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from realtime.leases import Leases
from realtime.presence import Presence
from realtime.sightings import Entry, Sighting

log = structlog.get_logger()

_SUBJECT = "oep.realtime.roll"
_ANSWER_SECONDS = 0.5
_ENTRIES_AT_ONCE = 1_000


class _Answer(msgspec.Struct):
    node: str
    is_last: bool
    entries: list[tuple[int, str, Sighting]]


_decoder = msgspec.json.Decoder(_Answer)


class RollCall:
    """Asks and answers; `run` is the supervised task that answers."""

    def __init__(self, bus: Bus, node: str, presence: Presence, leases: Leases) -> None:
        self._bus = bus
        self._node = node
        self._presence = presence
        self._leases = leases

    async def run(self) -> None:
        """Answer until cancelled."""
        await self._bus.wait_ready()
        asked = await self._bus.client.subscribe(f"{_SUBJECT}.*", cb=self._answer)
        try:
            await asyncio.Event().wait()
        finally:
            with contextlib.suppress(NatsError):
                await asked.unsubscribe()

    async def call(self, exam_id: int) -> None:
        """Learn what the others know of an exam; returns when all have answered, or soon."""
        waiting, is_done = set(self._leases.others), asyncio.Event()
        if not waiting:
            return

        async def take(message: Msg) -> None:
            answer = _decoder.decode(message.data)
            self._presence.learn(Entry(exam_id, *rest) for rest in answer.entries)
            if answer.is_last:
                waiting.discard(answer.node)
            if not waiting:
                is_done.set()

        inbox = self._bus.client.new_inbox()
        try:
            answers = await self._bus.client.subscribe(inbox, cb=take)
            await self._bus.client.publish(f"{_SUBJECT}.{exam_id}", b"", reply=inbox)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await is_done.wait()
            await answers.unsubscribe()
        except (NatsError, OSError) as error:
            log.info("roll.not_called", error=type(error).__name__)

    async def _answer(self, message: Msg) -> None:
        exam_id = message.subject.rpartition(".")[2]
        if not message.reply or not exam_id.isdigit():
            return
        known = [(e.attempt_id, e.node, e.sighting) for e in self._presence.known_of(int(exam_id))]
        for part, is_last in _parts(known):
            answer = _Answer(self._node, is_last, part)
            await self._bus.client.publish(message.reply, msgspec.json.encode(answer))


def _parts(
    known: list[tuple[int, str, Sighting]],
) -> Iterable[tuple[list[tuple[int, str, Sighting]], bool]]:
    """Cut what is known into messages that the bus takes; at least one, even when it is empty."""
    for start in range(0, max(len(known), 1), _ENTRIES_AT_ONCE):
        yield known[start : start + _ENTRIES_AT_ONCE], start + _ENTRIES_AT_ONCE >= len(known)
