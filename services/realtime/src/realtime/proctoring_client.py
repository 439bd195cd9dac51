"""The way out to proctoring: tallies and scores that a board starts from; calls have a deadline."""

from dataclasses import dataclass
from datetime import UTC, datetime

import grpc
from chassis import rpc
from oep.proctoring.v1 import proctoring_pb2 as pb
from oep.proctoring.v1 import proctoring_pb2_grpc as stubs

_SECONDS = 5.0


@dataclass(frozen=True)
class LastEvent:
    event_type: str
    severity: str
    received_at: datetime
    late: bool


@dataclass(frozen=True)
class Tally:
    """How many events of each severity an attempt has."""

    info: int = 0
    warning: int = 0
    violation: int = 0
    last_event: LastEvent | None = None


@dataclass(frozen=True)
class Attention:
    """What of an attempt waits for somebody."""

    claimed_by_id: int | None = None
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    hand_raised_at: datetime | None = None
    live_action_count: int = 0
    unread_message_count: int = 0


@dataclass(frozen=True)
class Board:
    """What proctoring knows of an exam, by attempt; where there is nothing, it is missing."""

    tallies: dict[int, Tally]
    attention: dict[int, Attention]
    risks: dict[int, int]


class ProctoringClient:
    """A channel to proctoring; raises the failures of `chassis.rpc.call`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = stubs.ProctoringServiceStub(channel)

    async def board(self, exam_id: int, *, with_tallies: bool = True) -> Board:
        """Return what there is of an exam's attempts; `attention` alone is a small answer."""
        request = pb.GetBoardRequest(exam_id=exam_id, without_tallies=not with_tallies)
        reply = await rpc.call(self._stub.GetBoard, request, seconds=_SECONDS)
        return Board(
            {tally.attempt_id: _tally(tally) for tally in reply.tallies},
            {each.attempt_id: _attention(each) for each in reply.attention},
            {each.attempt_id: each.score for each in reply.risks},
        )


def _attention(found: pb.Attention) -> Attention:
    is_claimed, is_raised = found.HasField("claimed_by_id"), found.HasField("hand_raised_at")
    return Attention(
        claimed_by_id=found.claimed_by_id if is_claimed else None,
        claimed_by=found.claimed_by if found.HasField("claimed_by") else None,
        claimed_at=found.claimed_at.ToDatetime(tzinfo=UTC) if is_claimed else None,
        hand_raised_at=found.hand_raised_at.ToDatetime(tzinfo=UTC) if is_raised else None,
        live_action_count=found.live_action_count,
        unread_message_count=found.unread_message_count,
    )


def _tally(tally: pb.Tally) -> Tally:
    last = _last_event(tally.last_event) if tally.HasField("last_event") else None
    return Tally(tally.info_count, tally.warning_count, tally.violation_count, last)


def _last_event(event: pb.LastEvent) -> LastEvent:
    severity = pb.Severity.Name(event.severity).removeprefix("SEVERITY_").lower()
    received_at = event.received_at.ToDatetime(tzinfo=UTC)
    return LastEvent(event.event_type, severity, received_at, event.late)
