"""The way out to proctoring: the tallies that a board starts from. Every call has a deadline."""

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


class ProctoringClient:
    """A channel to proctoring; raises the failures of `chassis.rpc.call`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = stubs.ProctoringServiceStub(channel)

    async def board(self, exam_id: int) -> dict[int, Tally]:
        """Return the tallies of an exam by attempt; attempts without events are missing."""
        request = pb.GetBoardRequest(exam_id=exam_id)
        reply = await rpc.call(self._stub.GetBoard, request, seconds=_SECONDS)
        return {tally.attempt_id: _tally(tally) for tally in reply.tallies}


def _tally(tally: pb.Tally) -> Tally:
    last = _last_event(tally.last_event) if tally.HasField("last_event") else None
    return Tally(tally.info_count, tally.warning_count, tally.violation_count, last)


def _last_event(event: pb.LastEvent) -> LastEvent:
    severity = pb.Severity.Name(event.severity).removeprefix("SEVERITY_").lower()
    received_at = event.received_at.ToDatetime(tzinfo=UTC)
    return LastEvent(event.event_type, severity, received_at, event.late)
