"""Deed: a broadcast is audited by attempts, then said on the bus, then counted (contract §8.1).

In this order, each step only after the one before: nothing is said that is not in the audit. What
was received is finished even when its sender has gone. Broadcasts to one attempt keep their order.
"""

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from chassis.bus import Bus, BusUnavailable
from chassis.errors import Failure, NotFound
from chassis.origins import Origin
from chassis.tokens import Caller

from realtime import channels
from realtime.admission import Admission
from realtime.attempts_client import AttemptsClient
from realtime.errors import AttemptNotFound, NotAllowed, NotRecorded, NotSaid
from realtime.grouping import Grouper
from realtime.notices import BROADCAST, Message
from realtime.presence import Presence

log = structlog.get_logger()

AT_ONCE = 4
_QUEUE_LIMIT = 1_000
_RECORD_SECONDS = 3.0
_PUBLISH_SECONDS = 2.0
_PUBLISH_TRIES = 2
_HEAR_SECONDS = 2.0
_PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class Broadcast:
    """One frame on its way to the sockets of an attempt."""

    attempt_id: int
    exam_id: int
    caller: Caller
    origin: Origin
    frame_json: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Broadcasting:
    """Says broadcasts; `run` as many times as may be on their way at once."""

    def __init__(
        self, attempts: AttemptsClient, admission: Admission, bus: Bus, presence: Presence
    ) -> None:
        self._attempts = attempts
        self._admission = admission
        self._bus = bus
        self._presence = presence
        self._heard: dict[str, asyncio.Future[int]] = {}
        self._grouper: Grouper[Broadcast, int] = Grouper(
            self._say_each,
            lambda broadcast: broadcast.attempt_id,
            group_limit=1,
            queue_limit=_QUEUE_LIMIT,
        )

    async def run(self) -> None:
        await self._grouper.run()

    def submit(self, broadcast: Broadcast) -> asyncio.Future[int]:
        """Queue a broadcast; the future gives how many sockets it reached.

        Raises `Overloaded`; the future raises `NotAllowed`, `AttemptNotFound`, `NotRecorded`,
        `NotSaid`, and `NeighbourAway` when nobody can say whether the sender still may.
        """
        return self._grouper.submit(broadcast)

    def apply(self, message: Message) -> None:
        """Count the sockets of a broadcast's attempt at its place in the stream."""
        if message.address.fact != BROADCAST:
            return
        heard = self._heard.get(str(message.notice.data.get("broadcast_id")))
        if heard is not None and not heard.done():
            heard.set_result(self._sockets(message.address.attempt_id))

    async def _say_each(self, broadcasts: Sequence[Broadcast]) -> list[int]:
        return [await self._say(broadcast) for broadcast in broadcasts]

    async def _say(self, broadcast: Broadcast) -> int:
        if not await self._admission.may_watch(broadcast.caller, broadcast.exam_id):
            raise NotAllowed
        await self._record(broadcast)
        heard = self._heard[broadcast.id] = asyncio.get_running_loop().create_future()
        try:
            await self._publish(broadcast, heard)
            return await self._reached(broadcast, heard)
        finally:
            del self._heard[broadcast.id]

    async def _record(self, broadcast: Broadcast, failure: str | None = None) -> None:
        try:
            await self._attempts.record_broadcast(
                broadcast.id,
                broadcast.attempt_id,
                broadcast.caller.user_id,
                broadcast.frame_json,
                broadcast.origin,
                failure=failure,
                seconds=_RECORD_SECONDS,
            )
        except NotFound as error:
            raise AttemptNotFound from error
        except Failure as error:
            raise NotRecorded from error

    async def _publish(self, broadcast: Broadcast, heard: asyncio.Future[int]) -> None:
        """Return once the stream has it. A second try is stored once: it has the same id."""
        subject = channels.subject(broadcast.exam_id, broadcast.attempt_id, BROADCAST)
        notice_id, payload = f"realtime-{broadcast.id}", _envelope(broadcast)
        for _ in range(_PUBLISH_TRIES):
            with contextlib.suppress(BusUnavailable):
                await self._bus.publish(subject, payload, notice_id, seconds=_PUBLISH_SECONDS)
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        if heard.done():
            return  # only the acknowledgement was lost
        log.warning("broadcast.failed", attempt_id=broadcast.attempt_id)
        with contextlib.suppress(Failure):
            await self._record(broadcast, NotSaid.detail)
        raise NotSaid

    async def _reached(self, broadcast: Broadcast, heard: asyncio.Future[int]) -> int:
        """Return the count at the broadcast's place, or the present one while the feed is late."""
        began = time.monotonic()
        try:
            return await asyncio.wait_for(heard, _HEAR_SECONDS)
        except TimeoutError:
            log.info("broadcast.unheard", waited_seconds=round(time.monotonic() - began, 1))
            return self._sockets(broadcast.attempt_id)

    def _sockets(self, attempt_id: int) -> int:
        return self._presence.of(attempt_id).socket_count


def _envelope(broadcast: Broadcast) -> bytes:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    notice = {
        "id": f"realtime-{broadcast.id}",
        "fact": BROADCAST,
        "exam_id": broadcast.exam_id,
        "attempt_id": broadcast.attempt_id,
        "at": now,
        "data": {
            "broadcast_id": broadcast.id,
            "sent_by_id": broadcast.caller.user_id,
            "frame": broadcast.frame_json,
        },
    }
    return json.dumps(notice).encode()
