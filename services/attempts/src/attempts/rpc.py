"""gRPC: what the other services ask; translates and calls one deed on a worker thread."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import grpc
from chassis.database import Database
from chassis.errors import Failure
from google.protobuf.timestamp_pb2 import Timestamp
from oep.attempts.v1 import attempts_pb2 as pb
from oep.attempts.v1 import attempts_pb2_grpc as pb_grpc

from attempts.acting import Acting
from attempts.answer import Save, decoded, encoded
from attempts.attempt import Attempt, Status
from attempts.auth_client import Names, People
from attempts.device import DevicePolicy
from attempts.errors import Outpaced, TooManyItems, UnfitAnswer
from attempts.progress import Outcome, Refusal, Refused
from attempts.reading import Reading
from attempts.safe_browsing import SafeBrowsing
from attempts.saving import Saving
from attempts.store.standings import Standings

MAX_ATTEMPTS = 1_000
MAX_SAVES = 500
MAX_ACTIONS = 500
_ACTIONS_AT_ONCE = 4
_MAX_MESSAGE_ID = 100

Context = grpc.aio.ServicerContext[object, object]

_STATUS = {status: f"ATTEMPT_STATUS_{status.name}" for status in Status}
_POLICY = {policy: f"DEVICE_POLICY_{policy.name}" for policy in DevicePolicy}
_REFUSAL = {reason: f"SAVE_REFUSAL_{reason.name}" for reason in Refusal}


class AttemptsServicer(pb_grpc.AttemptsServiceServicer):
    """Serves `oep.attempts.v1.AttemptsService`."""

    def __init__(
        self,
        database: Database,
        reading: Reading,
        saving: Saving,
        names: Names,
        safe_browsing: SafeBrowsing,
        acting: Acting,
    ) -> None:
        """All deeds run on the threads of `database`."""
        self._safe_browsing = safe_browsing
        self._acting = acting
        self._database = database
        self._reading = reading
        self._saving = saving
        self._names = names

    async def BatchGetAttempts(  # noqa: N802  # gRPC's own name
        self, request: pb.BatchGetAttemptsRequest, _: Context
    ) -> pb.BatchGetAttemptsResponse:
        _ensure(len(request.attempt_ids) <= MAX_ATTEMPTS)
        if request.only_standings:
            return await self._standings(request)
        batch = await self._database.run(
            self._reading.batch,
            list(request.attempt_ids),
            with_questions=request.include_questions,
        )
        return pb.BatchGetAttemptsResponse(
            attempts=[self._admissible(attempt) for attempt in batch.attempts],
            exams=_exams(batch.question_ids),
            server_time=_timestamp(batch.server_time),
        )

    def _admissible(self, attempt: Attempt) -> pb.Attempt:
        found = _attempt(attempt)
        found.requires_safe_browser = self._safe_browsing.requires(attempt.exam_id)
        return found

    async def _standings(self, request: pb.BatchGetAttemptsRequest) -> pb.BatchGetAttemptsResponse:
        found, questions = await self._database.run(
            self._reading.standings,
            list(request.attempt_ids),
            with_questions=request.include_questions,
        )
        return pb.BatchGetAttemptsResponse(standings=_columns(found), exams=_exams(questions))

    async def SaveAnswers(  # noqa: N802  # gRPC's own name
        self, request: pb.SaveAnswersRequest, _: Context
    ) -> pb.SaveAnswersResponse:
        _ensure(len(request.saves) <= MAX_SAVES)
        wishes = [_save(item) for item in request.saves]
        saves = [wish for wish in wishes if isinstance(wish, Save)]
        saved = iter(await self._database.run(self._saving.save_all, saves) if saves else [])
        outcomes = [next(saved) if isinstance(wish, Save) else wish for wish in wishes]
        return pb.SaveAnswersResponse(results=[_result(outcome) for outcome in outcomes])

    async def SetFlag(  # noqa: N802  # gRPC's own name
        self, request: pb.SetFlagRequest, _: Context
    ) -> pb.SetFlagResponse:
        outcome = await self._database.run(
            self._saving.set_flag,
            request.attempt_id,
            request.student_id,
            request.question_id,
            is_flagged=request.is_flagged,
            login_id=request.login_id if request.HasField("login_id") else None,
        )
        if isinstance(outcome, Refused):
            return pb.SetFlagResponse(refused=_refused(outcome))
        return pb.SetFlagResponse(questions_flagged=outcome.questions_flagged)

    async def GetClock(  # noqa: N802  # gRPC's own name
        self, request: pb.GetClockRequest, _: Context
    ) -> pb.GetClockResponse:
        _ensure(len(request.attempt_ids) <= MAX_ATTEMPTS)
        batch = await self._database.run(
            self._reading.batch, list(request.attempt_ids), with_questions=False
        )
        return pb.GetClockResponse(
            server_time=_timestamp(batch.server_time),
            clocks=[_clock(attempt) for attempt in batch.attempts],
        )

    async def GetExam(  # noqa: N802  # gRPC's own name
        self, request: pb.GetExamRequest, _: Context
    ) -> pb.GetExamResponse:
        roster = await self._database.run(self._reading.roster, request.exam_id)
        people = await self._names.of(attempt.student_id for attempt in roster.attempts)
        return pb.GetExamResponse(
            exam_id=roster.exam.id,
            title=roster.exam.title,
            total_questions=roster.total_questions,
            server_time=_timestamp(roster.server_time),
            roster=_roster(roster.attempts, people),
        )

    async def ActOnAttempts(  # noqa: N802  # gRPC's own name
        self, request: pb.ActOnAttemptsRequest, _: Context
    ) -> pb.ActOnAttemptsResponse:
        _ensure(len(request.attempt_ids) <= MAX_ACTIONS)
        deed = self._acting.deed(request)
        gate = asyncio.Semaphore(_ACTIONS_AT_ONCE)

        async def act(attempt_id: int) -> pb.ActionResult:
            try:
                async with gate:
                    attempt = await self._database.run(deed, attempt_id)
            except Failure as why:
                by_id = why.by_id if isinstance(why, Outpaced) else None
                refused = pb.ActionRefused(slug=why.slug, detail=why.detail, by_id=by_id)
                return pb.ActionResult(attempt_id=attempt_id, refused=refused)
            return pb.ActionResult(attempt_id=attempt_id, done=_attempt(attempt))

        results = await asyncio.gather(*(act(i) for i in request.attempt_ids))
        return pb.ActOnAttemptsResponse(results=results)

    async def AdmitDevice(  # noqa: N802  # gRPC's own name
        self, request: pb.AdmitDeviceRequest, _: Context
    ) -> pb.AdmitDeviceResponse:
        has_passed = await self._database.run(
            self._safe_browsing.has_passed, request.attempt_id, request.login_id
        )
        if not has_passed:
            return pb.AdmitDeviceResponse(is_admitted=False, lacks_safe_browser=True)
        is_admitted = await self._database.run(self._acting.admit, request)
        return pb.AdmitDeviceResponse(is_admitted=is_admitted)

    async def RecordBroadcast(  # noqa: N802  # gRPC's own name
        self, request: pb.RecordBroadcastRequest, _: Context
    ) -> pb.RecordBroadcastResponse:
        await self._database.run(self._acting.record, request)
        return pb.RecordBroadcastResponse()

    async def ListStudentAttempts(  # noqa: N802  # gRPC's own name
        self, request: pb.ListStudentAttemptsRequest, _: Context
    ) -> pb.ListStudentAttemptsResponse:
        found = await self._database.run(
            self._reading.of_student,
            request.student_id,
            request.after_attempt_id,
            MAX_ATTEMPTS + 1,
        )
        return pb.ListStudentAttemptsResponse(
            attempts=[_attempt(attempt) for attempt in found[:MAX_ATTEMPTS]],
            has_more=len(found) > MAX_ATTEMPTS,
        )

    async def ListExamAttempts(  # noqa: N802  # gRPC's own name
        self, request: pb.ListExamAttemptsRequest, _: Context
    ) -> pb.ListExamAttemptsResponse:
        found = await self._database.run(self._reading.roll, request.exam_id)
        if request.in_columns:
            return pb.ListExamAttemptsResponse(columns=_columns(found))
        each = zip(found.attempt_ids, found.student_ids, found.statuses, strict=True)
        return pb.ListExamAttemptsResponse(
            attempts=[
                pb.ExamAttempt(attempt_id=i, student_id=student_id, status=_STATUS[status])
                for i, student_id, status in each
            ]
        )


def _ensure(is_small_enough: bool) -> None:
    if not is_small_enough:
        raise TooManyItems


def _save(item: pb.AnswerSave) -> Save | Refused:
    try:
        value = decoded(item.answer_json)
        text = encoded(value)
    except UnfitAnswer:
        return Refused(Refusal.INVALID_ANSWER)
    return Save(
        item.attempt_id,
        item.student_id,
        item.question_id,
        value,
        is_flagged=item.is_flagged,
        time_spent_seconds=max(0, item.time_spent_seconds),
        sequence=item.client_sequence,
        message_id=_key(item.message_id) if item.HasField("message_id") else None,
        connection_id=_key(item.connection_id) if item.HasField("connection_id") else None,
        login_id=item.login_id if item.HasField("login_id") else None,
        text=text,
        traceparent=item.traceparent if item.HasField("traceparent") else None,
    )


def _key(text: str) -> str:
    """Return `text` as it can be stored: a client may send anything as an id."""
    if len(text) <= _MAX_MESSAGE_ID and text.isprintable():
        return text
    return hashlib.sha256(text.encode()).hexdigest()


def _result(outcome: Outcome) -> pb.AnswerSaveResult:
    if isinstance(outcome, Refused):
        return pb.AnswerSaveResult(refused=_refused(outcome))
    receipt = outcome.receipt
    return pb.AnswerSaveResult(
        saved=pb.AnswerSaved(
            saved_at=_timestamp(receipt.saved_at),
            time_remaining_seconds=receipt.time_remaining_seconds,
            questions_answered=receipt.questions_answered,
            revision=receipt.revision,
            sha256=receipt.sha256,
        )
    )


def _refused(outcome: Refused) -> pb.SaveRefused:
    status = None if outcome.status is None else _STATUS[outcome.status]
    return pb.SaveRefused(reason=_REFUSAL[outcome.reason], status=status)


def _columns(found: Standings) -> pb.Standings:
    return pb.Standings(
        attempt_ids=found.attempt_ids,
        student_ids=found.student_ids,
        exam_ids=found.exam_ids,
        statuses=[_STATUS[status] for status in found.statuses],
    )


def _exams(questions: Mapping[int, Sequence[int]]) -> list[pb.ExamQuestions]:
    return [
        pb.ExamQuestions(exam_id=exam_id, question_ids=ids) for exam_id, ids in questions.items()
    ]


def _attempt(attempt: Attempt) -> pb.Attempt:
    return pb.Attempt(
        attempt_id=attempt.id,
        student_id=attempt.student_id,
        exam_id=attempt.exam_id,
        status=_STATUS[attempt.status],
        version=attempt.version,
        duration_seconds=attempt.duration_seconds,
        start_time=_timestamp(attempt.start_time),
        deadline_at=_timestamp(attempt.deadline_at),
        time_remaining_seconds=attempt.time_remaining_seconds,
        paused_at=_timestamp(attempt.paused_at),
        is_waiting_for_authorisation=attempt.is_waiting_for_authorisation,
        device_policy=_POLICY[attempt.device_policy],
        active_login_id=attempt.active_login_id,
        submit_time=_timestamp(attempt.submit_time),
        last_event_sequence=attempt.last_event_sequence,
    )


def _clock(attempt: Attempt) -> pb.AttemptClock:
    return pb.AttemptClock(
        attempt_id=attempt.id,
        status=_STATUS[attempt.status],
        deadline_at=_timestamp(attempt.deadline_at),
        time_remaining_seconds=attempt.time_remaining_seconds,
        elapsed_seconds=attempt.elapsed_seconds,
        paused_at=_timestamp(attempt.paused_at),
    )


def _roster(attempts: Sequence[Attempt], people: People) -> list[pb.RosterEntry]:
    return [
        pb.RosterEntry(
            attempt=_attempt(attempt),
            student_name=people.name(attempt.student_id),
            hall_ticket_number=people.hall_ticket(attempt.student_id),
            workstation_id=attempt.workstation_id,
            questions_answered=attempt.questions_answered,
            center=people.center_name(attempt.student_id),
        )
        for attempt in attempts
    ]


def _timestamp(at: datetime | None) -> Timestamp | None:
    if at is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
