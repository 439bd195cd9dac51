"""The way out to attempts: state, saves, flags, clock, roster. Every call has a deadline.

Translates protobuf into plain objects and statuses into the contract's words; above it nobody sees
gRPC. Each reply that carries the database's time feeds the clock.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc
from chassis import rpc
from chassis.origins import Origin
from google.protobuf.timestamp_pb2 import Timestamp
from oep.attempts.v1 import attempts_pb2 as pb
from oep.attempts.v1 import attempts_pb2_grpc as stubs

from realtime.timing import DatabaseClock

_CLOCK_LIMIT = 1_000
_ROSTER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class AttemptState:
    """An attempt as attempts knew it when it was asked."""

    attempt_id: int
    student_id: int
    exam_id: int
    status: str
    version: int
    duration_seconds: int
    start_time: datetime | None
    deadline_at: datetime | None
    remaining_seconds: int = 0
    paused_at: datetime | None = None
    """Set while the clock stands still at `remaining_seconds`."""
    is_waiting_for_authorisation: bool = False
    device_policy: str = "allow"
    active_login_id: str | None = None
    """The signed-in stay that uses the attempt."""
    requires_safe_browser: bool = False
    """Whether a login has to have shown the keys of Safe Exam Browser (ADR 60)."""


@dataclass(frozen=True)
class Admittance:
    """Whether a device may open a socket, and whether its browser is why it may not."""

    is_admitted: bool
    lacks_safe_browser: bool = False


@dataclass(frozen=True)
class Clock:
    """One attempt's time."""

    attempt_id: int
    status: str
    deadline_at: datetime | None
    remaining_seconds: int
    elapsed_seconds: int
    paused_at: datetime | None = None


@dataclass(frozen=True)
class Save:
    """One answer on its way."""

    attempt_id: int
    student_id: int
    question_id: int
    answer_json: str
    is_flagged: bool
    time_spent_seconds: int
    sequence: int
    message_id: str
    connection_id: str
    login_id: str
    traceparent: str | None = None


@dataclass(frozen=True)
class SetFlag:
    attempt_id: int
    student_id: int
    question_id: int
    is_flagged: bool
    login_id: str


@dataclass(frozen=True)
class Saved:
    """Durable. A flag has no instant, no remaining time and no hash of its own."""

    saved_at: datetime | None = None
    remaining_seconds: int = 0
    revision: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Refused:
    """Why attempts did not save: a `SaveRefusal` without its prefix, lower case."""

    reason: str
    status: str = ""


@dataclass(frozen=True)
class Seat:
    """One row of an exam's roster."""

    state: AttemptState
    student_name: str
    hall_ticket_number: str | None
    workstation_id: str | None
    questions_answered: int
    center: str | None = None
    """The name of the student's center."""


@dataclass(frozen=True)
class Roster:
    exam_id: int
    title: str
    total_questions: int
    as_of: datetime
    seats: tuple[Seat, ...]


class AttemptsClient:
    """A channel to attempts; raises the failures of `chassis.rpc.call`."""

    def __init__(self, channel: grpc.aio.Channel, clock: DatabaseClock) -> None:
        self._stub = stubs.AttemptsServiceStub(channel)
        self._clock = clock

    async def get(self, attempt_ids: Sequence[int], *, seconds: float) -> dict[int, AttemptState]:
        """Return the state of the attempts that exist."""
        sent = time.monotonic()
        reply = await rpc.call(
            self._stub.BatchGetAttempts,
            pb.BatchGetAttemptsRequest(attempt_ids=attempt_ids),
            seconds=seconds,
        )
        self._observe(reply.server_time, sent)
        return {attempt.attempt_id: _state(attempt) for attempt in reply.attempts}

    async def save(self, saves: Sequence[Save], *, seconds: float) -> list[Saved | Refused]:
        """Save answers durably. Safe to repeat: each carries a message id."""
        items = [
            pb.AnswerSave(
                attempt_id=save.attempt_id,
                student_id=save.student_id,
                question_id=save.question_id,
                answer_json=save.answer_json,
                is_flagged=save.is_flagged,
                time_spent_seconds=save.time_spent_seconds,
                client_sequence=save.sequence,
                message_id=save.message_id,
                connection_id=save.connection_id,
                login_id=save.login_id,
                traceparent=save.traceparent,
            )
            for save in saves
        ]
        reply = await rpc.call(
            self._stub.SaveAnswers, pb.SaveAnswersRequest(saves=items), seconds=seconds
        )
        return [_outcome(result) for result in reply.results]

    async def set_flag(self, flag: SetFlag, *, seconds: float) -> Saved | Refused:
        """Set or clear a flag. Safe to repeat."""
        request = pb.SetFlagRequest(
            attempt_id=flag.attempt_id,
            student_id=flag.student_id,
            question_id=flag.question_id,
            is_flagged=flag.is_flagged,
            login_id=flag.login_id,
        )
        reply = await rpc.call(self._stub.SetFlag, request, seconds=seconds)
        return _refused(reply.refused) if reply.HasField("refused") else Saved()

    async def admits(
        self, attempt_id: int, student_id: int, login_id: str, origin: Origin, *, seconds: float
    ) -> Admittance:
        """Ask whether a device may use an attempt that not every one may. Raises `NotFound`."""
        request = pb.AdmitDeviceRequest(
            attempt_id=attempt_id,
            student_id=student_id,
            login_id=login_id,
            ip_address=origin.ip_address,
            user_agent=origin.user_agent,
        )
        reply = await rpc.call(self._stub.AdmitDevice, request, seconds=seconds)
        return Admittance(reply.is_admitted, reply.lacks_safe_browser)

    async def record_broadcast(
        self,
        broadcast_id: str,
        attempt_id: int,
        actor_id: int,
        frame_json: str,
        origin: Origin,
        *,
        failure: str | None,
        seconds: float,
    ) -> None:
        """Have a broadcast audited. Safe to repeat. Raises `NotFound`."""
        request = pb.RecordBroadcastRequest(
            broadcast_id=broadcast_id,
            attempt_id=attempt_id,
            actor_id=actor_id,
            frame_json=frame_json,
            ip_address=origin.ip_address,
            user_agent=origin.user_agent,
            failure=failure,
        )
        await rpc.call(self._stub.RecordBroadcast, request, seconds=seconds)

    async def clocks(self, attempt_ids: Sequence[int], *, seconds: float) -> list[Clock]:
        """Return the time of attempts, at most 1,000; with none it only compares clocks."""
        sent = time.monotonic()
        reply = await rpc.call(
            self._stub.GetClock,
            pb.GetClockRequest(attempt_ids=attempt_ids[:_CLOCK_LIMIT]),
            seconds=seconds,
        )
        self._observe(reply.server_time, sent)
        return [_clock(clock) for clock in reply.clocks]

    async def roster(self, exam_id: int) -> Roster:
        """Return an exam with all its attempts. Raises `NotFound`."""
        sent = time.monotonic()
        request = pb.GetExamRequest(exam_id=exam_id)
        reply = await rpc.call(self._stub.GetExam, request, seconds=_ROSTER_SECONDS)
        self._observe(reply.server_time, sent)
        return Roster(
            reply.exam_id,
            reply.title,
            reply.total_questions,
            _moment(reply.server_time),
            tuple(_seat(entry) for entry in reply.roster),
        )

    def _observe(self, server_time: Timestamp, sent: float) -> None:
        self._clock.observe(_moment(server_time), sent, time.monotonic())


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def _status(value: Any) -> str:
    return pb.AttemptStatus.Name(value).removeprefix("ATTEMPT_STATUS_").lower()


def _state(attempt: pb.Attempt) -> AttemptState:
    return AttemptState(
        attempt_id=attempt.attempt_id,
        student_id=attempt.student_id,
        exam_id=attempt.exam_id,
        status=_status(attempt.status),
        version=attempt.version,
        duration_seconds=attempt.duration_seconds,
        start_time=_moment(attempt.start_time) if attempt.HasField("start_time") else None,
        deadline_at=_moment(attempt.deadline_at) if attempt.HasField("deadline_at") else None,
        remaining_seconds=attempt.time_remaining_seconds,
        paused_at=_moment(attempt.paused_at) if attempt.HasField("paused_at") else None,
        is_waiting_for_authorisation=attempt.is_waiting_for_authorisation,
        device_policy=_policy(attempt.device_policy),
        active_login_id=attempt.active_login_id if attempt.HasField("active_login_id") else None,
        requires_safe_browser=attempt.requires_safe_browser,
    )


def _policy(value: Any) -> str:
    """Return the policy's word; an attempts that is older than devices allows any."""
    if value == pb.DEVICE_POLICY_UNSPECIFIED:
        return "allow"
    return pb.DevicePolicy.Name(value).removeprefix("DEVICE_POLICY_").lower()


def _clock(clock: pb.AttemptClock) -> Clock:
    return Clock(
        clock.attempt_id,
        _status(clock.status),
        _moment(clock.deadline_at) if clock.HasField("deadline_at") else None,
        clock.time_remaining_seconds,
        clock.elapsed_seconds,
        _moment(clock.paused_at) if clock.HasField("paused_at") else None,
    )


def _outcome(result: pb.AnswerSaveResult) -> Saved | Refused:
    if result.WhichOneof("outcome") == "saved":
        saved = result.saved
        return Saved(
            _moment(saved.saved_at), saved.time_remaining_seconds, saved.revision, saved.sha256
        )
    return _refused(result.refused)


def _refused(refused: pb.SaveRefused) -> Refused:
    reason = pb.SaveRefusal.Name(refused.reason).removeprefix("SAVE_REFUSAL_").lower()
    return Refused(reason, _status(refused.status))


def _seat(entry: pb.RosterEntry) -> Seat:
    return Seat(
        _state(entry.attempt),
        entry.student_name,
        entry.hall_ticket_number if entry.HasField("hall_ticket_number") else None,
        entry.workstation_id if entry.HasField("workstation_id") else None,
        entry.questions_answered,
        entry.center if entry.HasField("center") else None,
    )
