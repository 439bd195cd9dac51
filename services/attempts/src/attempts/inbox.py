"""Hears on the bus how the attempts' lines are: what realtime says of sockets, and our own clock.

The bus's own time of each message counts, and nothing else: it is one clock for all nodes, and no
client's. Any number of replicas may run it; each thing said is folded in once (`compensating`).
Answering an exam never waits for this.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from chassis.bus import EVENTS, Bus, Delivery, Position, Reader, StreamReset
from chassis.database import Database
from chassis.errors import Unavailable

from attempts.attempt import Status
from attempts.compensating import Compensating, Told
from attempts.outage import ClosedBy, Heard, Word

log = structlog.get_logger()

_WORDS = ("connection_opened", "connection_closed", "connection_changed")
_STATUS, _PAUSED, _RESUMED = "status_changed", "attempt_paused", "attempt_resumed"
SUBJECTS = tuple(f"oep.v1.*.*.{fact}" for fact in (*_WORDS, _STATUS, _PAUSED, _RESUMED))
_AGAIN_SECONDS = 0.5
_AT_ONCE = 64
"""How much is folded in by one transaction: it holds the attempts whose outages end with it."""


class Inbox:
    """`run` is the supervised task."""

    def __init__(self, bus: Bus, database: Database, compensating: Compensating) -> None:
        self._bus = bus
        self._database = database
        self._compensating = compensating

    async def run(self) -> None:
        """Hear until cancelled; come back by itself after whatever is away."""
        while True:
            try:
                await self._read_on()
            except StreamReset:
                log.warning("inbox.stream_reset")
                await self._begin_anew()
            except Unavailable as failure:
                log.warning("inbox.again", reason=failure.slug)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _read_on(self) -> None:
        known = await self._database.run(self._compensating.position)
        reader = Reader(self._bus, EVENTS, SUBJECTS, after=known.sequence if known else None)
        has_begun = False
        async with contextlib.aclosing(reader.batches()) as batches:
            async for batch in batches:
                here = reader.position
                if here is None or (known is not None and here.epoch != known.epoch):
                    raise StreamReset
                if batch or not has_begun:
                    await self._take(batch, here)
                has_begun = True

    async def _take(self, batch: Sequence[Delivery], here: Position) -> None:
        """Fold a batch in by parts; each remembers how far it came."""
        for start in range(0, max(len(batch), 1), _AT_ONCE):
            part = batch[start : start + _AT_ONCE]
            place = Position(part[-1].sequence, here.epoch) if part else here
            ended = await self._database.run(self._compensating.hear, read(part), place)
            if ended:
                log.info("outages.ended", count=ended)

    async def _begin_anew(self) -> None:
        """Go on from the head, unless another replica does so already."""
        try:
            await self._bus.wait_ready()
            head, first = await self._bus.head(EVENTS), await self._bus.first_sequence(EVENTS)
            known = await self._database.run(self._compensating.position)
            if known is not None and _is_lost(known, first, head):
                await self._database.run(self._compensating.begin_anew, known, head)
        except Unavailable as failure:
            log.warning("inbox.again", reason=failure.slug)
        await asyncio.sleep(_AGAIN_SECONDS)


def _is_lost(known: Position, first: int, head: Position) -> bool:
    """Say whether what stands behind `known` can no longer be heard in full."""
    is_other = known.epoch != head.epoch or known.sequence > head.sequence
    return is_other or first > known.sequence + 1


def read(batch: Iterable[Delivery]) -> list[Told]:
    """Return what a batch says; what is told again, or cannot be read, is passed over."""
    return [each for each in map(_told, batch) if each is not None]


def _told(delivery: Delivery) -> Told | None:
    if delivery.is_rebuilt:
        return None
    try:
        notice = json.loads(delivery.data)
        heard = _heard(delivery, notice["fact"], notice["data"])
        return None if heard is None else Told(delivery.sequence, int(notice["attempt_id"]), heard)
    except (KeyError, TypeError, ValueError):
        log.warning("notice.passed_over", subject=delivery.subject)
        return None


def _heard(delivery: Delivery, fact: str, data: dict[str, Any]) -> Heard | None:
    if fact in _WORDS:
        return Heard(delivery.at, word=_word(data))
    if fact == _STATUS:
        is_running = data["status"] == Status.IN_PROGRESS
        return Heard(delivery.at, is_running=is_running, closed_by=ClosedBy.END)
    if fact in {_PAUSED, _RESUMED}:
        return Heard(delivery.at, is_running=fact == _RESUMED, closed_by=ClosedBy.PAUSE)
    return None


def _word(data: dict[str, Any]) -> Word:
    is_connected = data["state"] != "offline" and data["socket_count"] > 0
    return Word(data["node_id"], int(data["number"]), is_connected, bool(data.get("is_lost")))
