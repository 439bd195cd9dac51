"""The way out to attempts: who owns an attempt, its status, its exam's questions (ADR 3).

Asked anew for every group of requests, never cached; every call has a deadline. Nothing of gRPC is
seen above this module.
"""

from collections.abc import Collection
from datetime import UTC, datetime

import grpc
from chassis import rpc
from chassis.errors import Failure
from oep.attempts.v1 import attempts_pb2 as pb
from oep.attempts.v1 import attempts_pb2_grpc

from proctoring.attempt import Attempt, AttemptStatus, Roll, Sitting
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

    async def standings(
        self, attempt_ids: Collection[int], *, with_questions: bool
    ) -> dict[int, Attempt]:
        """Return what is asked for every post: `ask`, without what is known of submissions."""
        return await self._ask(attempt_ids, with_questions=with_questions, only_standings=True)

    async def ask(
        self, attempt_ids: Collection[int], *, with_questions: bool
    ) -> dict[int, Attempt]:
        """Return the attempts that exist, by id. Raises `AttemptsUnavailable`.

        Ids that no attempt can have are not sent, but attempts is asked all the same: "cannot be
        reached" comes before "unknown" in the order of checks.
        """
        return await self._ask(attempt_ids, with_questions=with_questions, only_standings=False)

    async def _ask(
        self, attempt_ids: Collection[int], *, with_questions: bool, only_standings: bool
    ) -> dict[int, Attempt]:
        request = pb.BatchGetAttemptsRequest(
            attempt_ids=sorted(i for i in set(attempt_ids) if 0 < i <= _MAX_ID),
            include_questions=with_questions,
            only_standings=only_standings,
        )
        try:
            answer = await rpc.call(self._stub.BatchGetAttempts, request, seconds=self._seconds)
        except Failure as failure:
            raise AttemptsUnavailable from failure
        questions = {exam.exam_id: frozenset(exam.question_ids) for exam in answer.exams}
        if answer.HasField("standings"):
            return _standings(answer.standings, questions)
        return {a.attempt_id: _attempt(a, questions) for a in answer.attempts}

    async def sittings(self, attempt_ids: Collection[int]) -> dict[int, Sitting]:
        """Return up to 1,000 attempts with their times, by id. Raises `AttemptsUnavailable`."""
        wanted = sorted(i for i in set(attempt_ids) if 0 < i <= _MAX_ID)
        request = pb.BatchGetAttemptsRequest(attempt_ids=wanted)
        try:
            answer = await rpc.call(self._stub.BatchGetAttempts, request, seconds=self._seconds)
        except Failure as failure:
            raise AttemptsUnavailable from failure
        return {each.attempt_id: _sitting(each) for each in answer.attempts}

    async def of_student(self, student_id: int) -> list[Attempt]:
        """Return all attempts of a student by id. Raises `AttemptsUnavailable`."""
        found: list[Attempt] = []
        while 0 < student_id <= _MAX_ID:
            after = found[-1].attempt_id if found else 0
            request = pb.ListStudentAttemptsRequest(student_id=student_id, after_attempt_id=after)
            try:
                answer = await rpc.call(
                    self._stub.ListStudentAttempts, request, seconds=self._seconds
                )
            except Failure as failure:
                raise AttemptsUnavailable from failure
            found += [_attempt(each, {}) for each in answer.attempts]
            if not answer.has_more:
                break
        return found

    async def roll(self, exam_id: int) -> Roll:
        """Return who sits an exam, by attempt; of an unknown exam nobody.

        Raises `AttemptsUnavailable`.
        """
        request = pb.ListExamAttemptsRequest(exam_id=exam_id, in_columns=True)
        try:
            answer = await rpc.call(self._stub.ListExamAttempts, request, seconds=self._seconds)
        except Failure as failure:
            raise AttemptsUnavailable from failure
        told = answer.columns if answer.HasField("columns") else _columns(answer.attempts)
        return Roll(
            tuple(told.attempt_ids),
            tuple(told.student_ids),
            tuple(_status(status) for status in told.statuses),
        )


def _status(word: pb.AttemptStatus) -> AttemptStatus:
    status = _STATUS.get(word)
    if status is None:  # a newer attempts says what this version cannot judge
        raise AttemptsUnavailable
    return status


def _columns(found: Collection[pb.ExamAttempt]) -> pb.Standings:
    """Return in columns what an attempts that knows none tells attempt by attempt."""
    return pb.Standings(
        attempt_ids=[each.attempt_id for each in found],
        student_ids=[each.student_id for each in found],
        statuses=[each.status for each in found],
    )


def _standings(told: pb.Standings, questions: dict[int, frozenset[int]]) -> dict[int, Attempt]:
    columns = zip(told.attempt_ids, told.student_ids, told.exam_ids, told.statuses, strict=True)
    nothing: frozenset[int] = frozenset()
    try:
        return {
            one: Attempt(one, student, exam, _STATUS[status], questions.get(exam, nothing))
            for one, student, exam, status in columns
        }
    except KeyError as error:  # a newer attempts says what this version cannot judge
        raise AttemptsUnavailable from error


def _attempt(message: pb.Attempt, questions: dict[int, frozenset[int]]) -> Attempt:
    return Attempt(
        attempt_id=message.attempt_id,
        student_id=message.student_id,
        exam_id=message.exam_id,
        status=_status(message.status),
        question_ids=questions.get(message.exam_id, frozenset()),
        submission=_submission(message),
    )


def _sitting(message: pb.Attempt) -> Sitting:
    return Sitting(
        attempt=_attempt(message, {}),
        duration_seconds=message.duration_seconds,
        started_at=_instant(message, "start_time"),
        deadline_at=_instant(message, "deadline_at"),
        paused_at=_instant(message, "paused_at"),
        submitted_at=_instant(message, "submit_time"),
    )


def _instant(message: pb.Attempt, name: str) -> datetime | None:
    if not message.HasField(name):
        return None
    found: datetime = getattr(message, name).ToDatetime(tzinfo=UTC)
    return found


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
