"""The way out to attempts: who owns an attempt, its status, its exam's questions (ADR 3).

Asked anew for every group of requests, never cached; every call has a deadline. Nothing of gRPC is
seen above this module.
"""

from collections.abc import Collection
from datetime import UTC

import grpc
from chassis import rpc
from chassis.errors import Failure
from oep.attempts.v1 import attempts_pb2 as pb
from oep.attempts.v1 import attempts_pb2_grpc

from proctoring.attempt import Attempt, AttemptStatus
from proctoring.delivery import Submission
from proctoring.errors import AttemptsUnavailable

_MAX_ID = 2**31 - 1
_STATUS = {
    pb.ATTEMPT_STATUS_NOT_STARTED: AttemptStatus.NOT_STARTED,
    pb.ATTEMPT_STATUS_IN_PROGRESS: AttemptStatus.IN_PROGRESS,
    pb.ATTEMPT_STATUS_SUBMITTED: AttemptStatus.SUBMITTED,
    pb.ATTEMPT_STATUS_GRADED: AttemptStatus.GRADED,
    pb.ATTEMPT_STATUS_EXPIRED: AttemptStatus.EXPIRED,
    pb.ATTEMPT_STATUS_CANCELLED: AttemptStatus.CANCELLED,
}


class AttemptsClient:
    """Asks attempts over an open channel; safe for any number of callers."""

    def __init__(self, channel: grpc.aio.Channel, *, seconds: float) -> None:
        """`seconds` bounds each question, repetitions included."""
        self._stub = attempts_pb2_grpc.AttemptsServiceStub(channel)
        self._seconds = seconds

    async def ask(
        self, attempt_ids: Collection[int], *, with_questions: bool
    ) -> dict[int, Attempt]:
        """Return the attempts that exist, by id. Raises `AttemptsUnavailable`.

        Ids that no attempt can have are not sent, but attempts is asked all the same: "cannot be
        reached" comes before "unknown" in the order of checks.
        """
        wanted = sorted(i for i in set(attempt_ids) if 0 < i <= _MAX_ID)
        request = pb.BatchGetAttemptsRequest(attempt_ids=wanted, include_questions=with_questions)
        try:
            answer = await rpc.call(self._stub.BatchGetAttempts, request, seconds=self._seconds)
        except Failure as failure:
            raise AttemptsUnavailable from failure
        questions = {exam.exam_id: frozenset(exam.question_ids) for exam in answer.exams}
        return {a.attempt_id: _attempt(a, questions) for a in answer.attempts}


def _attempt(message: pb.Attempt, questions: dict[int, frozenset[int]]) -> Attempt:
    status = _STATUS.get(message.status)
    if status is None:  # a newer attempts says what this version cannot judge
        raise AttemptsUnavailable
    return Attempt(
        attempt_id=message.attempt_id,
        student_id=message.student_id,
        exam_id=message.exam_id,
        status=status,
        question_ids=questions.get(message.exam_id, frozenset()),
        submission=_submission(message),
    )


def _submission(message: pb.Attempt) -> Submission | None:
    if not message.HasField("submit_time"):
        return None
    is_claimed = message.HasField("last_event_sequence")
    return Submission(
        message.attempt_id,
        message.exam_id,
        message.last_event_sequence if is_claimed else None,
        message.submit_time.ToDatetime(tzinfo=UTC),
    )
