"""gRPC of proctoring: the tallies of an exam, from which a live board starts."""

from datetime import datetime

import grpc
from chassis.database import Database
from google.protobuf.timestamp_pb2 import Timestamp
from oep.proctoring.v1 import proctoring_pb2 as pb
from oep.proctoring.v1 import proctoring_pb2_grpc

from proctoring import store
from proctoring.event import LastEvent, Severity, Tally

_SEVERITY = {
    Severity.INFO: pb.SEVERITY_INFO,
    Severity.WARNING: pb.SEVERITY_WARNING,
    Severity.VIOLATION: pb.SEVERITY_VIOLATION,
}
_MAX_ID = 2**31 - 1


class ProctoringServicer(proctoring_pb2_grpc.ProctoringServiceServicer):
    """Answers the other services; they are trusted with every attempt."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, server: grpc.aio.Server) -> None:
        proctoring_pb2_grpc.add_ProctoringServiceServicer_to_server(self, server)

    async def GetBoard(  # noqa: N802  # the treaty's name
        self,
        request: pb.GetBoardRequest,
        context: grpc.aio.ServicerContext[pb.GetBoardRequest, pb.GetBoardResponse],
    ) -> pb.GetBoardResponse:
        """Return one tally for each attempt of the exam that has an event."""
        del context
        as_of, tallies = await self._database.run(self._load, request.exam_id)
        return pb.GetBoardResponse(as_of=_stamp(as_of), tallies=[_tally(t) for t in tallies])

    def _load(self, exam_id: int) -> tuple[datetime, list[Tally]]:
        with self._database.transaction() as session:
            as_of = store.clock(session)
            return as_of, store.board(session, exam_id) if 0 < exam_id <= _MAX_ID else []


def _tally(tally: Tally) -> pb.Tally:
    return pb.Tally(
        attempt_id=tally.attempt_id,
        info_count=tally.info_count,
        warning_count=tally.warning_count,
        violation_count=tally.violation_count,
        last_event=_last_event(tally.last_event) if tally.last_event else None,
    )


def _last_event(last: LastEvent) -> pb.LastEvent:
    return pb.LastEvent(
        event_type=last.event_type,
        severity=_SEVERITY[last.severity],
        received_at=_stamp(last.received_at),
        late=last.late,
    )


def _stamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
