"""gRPC of proctoring: tallies and scores of an exam, from which a live board starts."""

from datetime import datetime

import grpc
from chassis.database import Database
from google.protobuf.timestamp_pb2 import Timestamp
from oep.proctoring.v1 import proctoring_pb2 as pb
from oep.proctoring.v1 import proctoring_pb2_grpc

from proctoring import store
from proctoring.acting import attention
from proctoring.acting.attention import Attention
from proctoring.event import LastEvent, Severity, Tally
from proctoring.risk import store as risk_store

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
        """Return tallies and scores of the attempts that have any, and what waits for somebody."""
        del context
        return await self._database.run(
            self._load, request.exam_id, with_tallies=not request.without_tallies
        )

    def _load(self, exam_id: int, *, with_tallies: bool) -> pb.GetBoardResponse:
        with self._database.transaction() as session:
            as_of, is_possible = store.clock(session), 0 < exam_id <= _MAX_ID
            is_whole = is_possible and with_tallies
            tallies = store.board(session, exam_id) if is_whole else []
            scores = risk_store.scores_of_exam(session, exam_id) if is_whole else {}
            waiting = attention.of_exam(session, exam_id) if is_possible else []
        return pb.GetBoardResponse(
            as_of=_stamp(as_of),
            tallies=[_tally(tally) for tally in tallies],
            attention=[_attention(each) for each in waiting],
            risks=[pb.Risk(attempt_id=i, score=score) for i, score in scores.items()],
        )


def _attention(found: Attention) -> pb.Attention:
    claim, hand = found.claim, found.hand
    return pb.Attention(
        attempt_id=found.attempt_id,
        claimed_by_id=claim.holder.user_id if claim else None,
        claimed_by=claim.holder.name if claim else None,
        claimed_at=_stamp(claim.claimed_at) if claim else None,
        hand_raised_at=_stamp(hand.raised_at) if hand else None,
        live_action_count=found.live_action_count,
        unread_message_count=found.unread_message_count,
    )


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
