"""Hears on the bus what attempts says: which attempts ended, and what their clients claim.

What a batch says, the seals of the chains that it ends, the end of what was open of them (actions,
claims, hands), and how far was read are one transaction, so nothing is lost and nothing counts
twice, however often it is read and by however many replicas. Taking events in never waits for this:
when the stream is lost, or older than it keeps, attempts is asked instead (ADR 0015).
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog
from chassis.bus import EVENTS, Bus, Delivery, Position, Reader, StreamReset
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.signing import SigningKey

from proctoring import delivering, delivery_store
from proctoring.acting import closing
from proctoring.attempt import Attempt
from proctoring.attempts_client import AttemptsClient
from proctoring.delivery import Submission, merged
from proctoring.evidence import sealing
from proctoring.evidence.sealing import Ending

log = structlog.get_logger()

SUBJECT = "oep.v1.*.*.status_changed"
_AGAIN_SECONDS = 0.5
_ASKED_AT_ONCE = 1_000
_SUBMITTED = {"submitted", "graded"}
_ENDED = {status.value: reason for status, reason in sealing.REASONS.items()}


class _Data(msgspec.Struct):
    status: str
    submit_time: datetime | None = None
    last_event_sequence: int | None = None


class _Notice(msgspec.Struct):
    exam_id: int
    attempt_id: int
    data: _Data


_decoder = msgspec.json.Decoder(_Notice)


@dataclass(frozen=True)
class News:
    """What was heard at once."""

    submissions: Sequence[Submission] = ()
    endings: Sequence[Ending] = ()


class Inbox:
    """`run` is its supervised task; any number of replicas may run it."""

    def __init__(
        self,
        bus: Bus,
        database: Database,
        attempts: AttemptsClient,
        key: SigningKey,
        wake: Callable[[], None],
    ) -> None:
        """`key` seals the chains of what has ended; `wake` tells the relay of a commit."""
        self._bus = bus
        self._key = key
        self._wake = wake
        self._database = database
        self._attempts = attempts

    async def run(self) -> None:
        """Hear until cancelled; come back by itself after whatever is away."""
        while True:
            try:
                await self._read_on()
            except StreamReset:
                log.warning("inbox.stream_reset")
                await self._ask_instead()
            except Unavailable as failure:
                log.warning("inbox.again", error=type(failure).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _read_on(self) -> None:
        known = await self._database.run(self._position)
        reader = Reader(self._bus, EVENTS, [SUBJECT], after=known.sequence if known else 0)
        async with contextlib.aclosing(reader.batches()) as batches:
            async for batch in batches:
                here = reader.position
                if here is None or (known is not None and here.epoch != known.epoch):
                    raise StreamReset
                if batch:
                    await self._take(read(batch), here)

    async def _ask_instead(self) -> None:
        """Settle by question what could not be heard, then hear on from what is left."""
        try:
            await self._bus.wait_ready()
            head, first = await self._bus.head(EVENTS), await self._bus.first_sequence(EVENTS)
            last = 0
            while asked := await self._database.run(self._unsettled, last):
                found = await self._attempts.ask(asked, with_questions=False)
                await self._take(told(found.values()), None)
                last = asked[-1]
            await self._take(News(), Position(max(first - 1, 0), head.epoch))
        except Unavailable as failure:
            log.warning("inbox.again", error=type(failure).__name__)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _take(self, news: News, here: Position | None) -> None:
        if await self._database.run(self._hear, news, here):
            self._wake()

    def _position(self) -> Position | None:
        with self._database.transaction() as session:
            return delivery_store.position(session, EVENTS)

    def _unsettled(self, after: int) -> list[int]:
        with self._database.transaction() as session:
            return delivery_store.unsettled(session, after, _ASKED_AT_ONCE)

    def _hear(self, news: News, here: Position | None) -> bool:
        """Keep the news and how far it was heard; say whether something is to be told of it."""
        with self._database.transaction() as session:
            sealing.seal(session, self._key, news.endings)
            has_closed = closing.close(session, {each.attempt_id for each in news.endings})
            delivering.hear(session, news.submissions, here)
        return has_closed


def told(attempts: Collection[Attempt]) -> News:
    """Return the news that attempts gave when it was asked."""
    submissions = [a.submission for a in attempts if a.submission is not None]
    return News(submissions, sealing.endings(attempts))


def read(batch: Iterable[Delivery]) -> News:
    """Return the news of a batch; what cannot be read is passed over."""
    submissions, endings = [], []
    for delivery in batch:
        try:
            notice = _decoder.decode(delivery.data)
        except (msgspec.MsgspecError, UnicodeError):
            log.warning("notice.passed_over", subject=delivery.subject)
            continue
        data, place = notice.data, (notice.attempt_id, notice.exam_id)
        if data.status in _SUBMITTED:
            submissions.append(Submission(*place, data.last_event_sequence, data.submit_time))
        if data.status in _ENDED:
            endings.append(Ending(*place, _ENDED[data.status]))
    return News(merged(submissions), endings)
