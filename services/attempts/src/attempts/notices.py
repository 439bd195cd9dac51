"""What this service announces, built from what was committed; all values absolute.

Applying one twice is harmless, and what an answer says is never in it. `answer_saved` alone is
built in `store.saving`, by the statement that saves.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from chassis import outbox
from chassis.outbox import Note
from sqlalchemy.orm import Session

from attempts.allowance import Allowance
from attempts.attempt import Attempt, Status
from attempts.tables import OUTBOX
from attempts.transfer import Transfer


def announce(
    session: Session, notes: Iterable[Note], traces: Mapping[int, str | None] | None = None
) -> None:
    """Write notes inside the deed's transaction; `traces` of the requests by attempt."""
    outbox.add(session, OUTBOX, list(notes), traces)


def created(attempt: Attempt) -> Note:
    """Say that there is an attempt, before anything else is said of it."""
    return _note(
        "attempt_created",
        attempt,
        {
            "status": attempt.status.value,
            "version": attempt.version,
            "questions_answered": attempt.questions_answered,
            "workstation_id": attempt.workstation_id,
            "is_waiting_for_authorisation": attempt.is_waiting_for_authorisation,
            "student_id": attempt.student_id,
        },
    )


def status_changed(attempt: Attempt, previous: Status) -> Note:
    return _note(
        "status_changed",
        attempt,
        {
            "status": attempt.status.value,
            "previous_status": previous.value,
            "version": attempt.version,
            "start_time": instant(attempt.start_time),
            "deadline_at": instant(attempt.deadline_at),
            "submit_time": instant(attempt.submit_time),
            "submit_reason": attempt.submit_reason and attempt.submit_reason.value,
            "time_remaining_seconds": attempt.time_remaining_seconds,
            "questions_answered": attempt.questions_answered,
            "is_waiting_for_authorisation": attempt.is_waiting_for_authorisation,
            "last_event_sequence": attempt.last_event_sequence,
            "student_id": attempt.student_id,
        },
    )


def deadline_changed(attempt: Attempt) -> Note:
    return _note(
        "deadline_changed",
        attempt,
        {
            "deadline_at": instant(attempt.deadline_at),
            "time_remaining_seconds": attempt.time_remaining_seconds,
            "duration_seconds": attempt.duration_seconds,
            "student_id": attempt.student_id,
        },
    )


def grade_changed(attempt: Attempt, grade_version: int, reason: str) -> Note:
    """Say that a grade which was given before is another one now, whether or not it is higher."""
    return _note(
        "grade_changed",
        attempt,
        {
            "status": attempt.status.value,
            "version": attempt.version,
            "grade_version": grade_version,
            "reason": reason,
            "marks_obtained": attempt.score.marks_obtained,
            "percentage": attempt.score.percentage,
            "is_passed": attempt.score.is_passed,
            "student_id": attempt.student_id,
        },
    )


def allowance_granted(attempt: Attempt, allowance: Allowance) -> Note:
    """Say that there is extra time to be shown to the student, and acknowledged by his client."""
    return _note(
        "allowance_granted",
        attempt,
        {
            "allowance_id": allowance.id,
            "seconds": allowance.seconds,
            "deadline_at": instant(attempt.deadline_at),
            "time_remaining_seconds": attempt.time_remaining_seconds,
            "student_id": attempt.student_id,
        },
    )


def allowance_acknowledged(attempt: Attempt, allowance: Allowance) -> Note:
    data = {
        "allowance_id": allowance.id,
        "acknowledged_at": instant(allowance.acknowledged_at),
        "student_id": attempt.student_id,
    }
    return _note("allowance_acknowledged", attempt, data)


def paused(attempt: Attempt) -> Note:
    """Say that the clock stands still; the remaining time is the one it stopped at."""
    return _note(
        "attempt_paused",
        attempt,
        {
            "paused_at": instant(attempt.paused_at),
            "pause_ends_at": instant(attempt.pause_ends_at),
            "time_remaining_seconds": attempt.time_remaining_seconds,
            "student_id": attempt.student_id,
        },
    )


def resumed(attempt: Attempt) -> Note:
    return _note(
        "attempt_resumed",
        attempt,
        {
            "paused_at": None,
            "deadline_at": instant(attempt.deadline_at),
            "time_remaining_seconds": attempt.time_remaining_seconds,
            "student_id": attempt.student_id,
        },
    )


def authorised(attempt: Attempt) -> Note:
    """Say that the student may begin."""
    return _note(
        "attempt_authorised",
        attempt,
        {
            "authorised_at": instant(attempt.authorised_at),
            "authorised_by_id": attempt.authorised_by_id,
            "is_waiting_for_authorisation": False,
            "student_id": attempt.student_id,
        },
    )


def lobby_changed(attempt: Attempt) -> Note:
    """Say that the exam wants its students to be let in from now on, or no longer."""
    data = {
        "is_waiting_for_authorisation": attempt.is_waiting_for_authorisation,
        "student_id": attempt.student_id,
    }
    return _note("lobby_changed", attempt, data)


def device_changed(attempt: Attempt) -> Note:
    """Say that another signed-in stay uses the attempt; which one is the audit's business."""
    return _note("device_changed", attempt, _device(attempt))


def device_released(attempt: Attempt) -> Note:
    return _note("device_released", attempt, _device(attempt))


def transfer_requested(attempt: Attempt, transfer: Transfer, requested_by: str) -> Note:
    """Say that a move waits for a decision; the student is shown who asked (contract §7.3)."""
    data = {"reason": transfer.reason, "requested_by": requested_by}
    return _note("transfer_requested", attempt, _route(transfer) | data)


def transfer_approved(attempt: Attempt, transfer: Transfer, approved_by: str) -> Note:
    return _note("transfer_approved", attempt, _route(transfer) | {"approved_by": approved_by})


def transfer_rejected(attempt: Attempt, transfer: Transfer) -> Note:
    data = {"reason": transfer.error_message}
    return _note("transfer_rejected", attempt, _route(transfer) | data)


def transfer_completed(attempt: Attempt, transfer: Transfer) -> Note:
    data = {
        "migration_checksum": transfer.migration_checksum,
        "answers_transferred": transfer.answers_transferred,
    }
    return _note("transfer_completed", attempt, _route(transfer) | data)


def transfer_failed(attempt: Attempt, transfer: Transfer) -> Note:
    return _note("transfer_failed", attempt, _route(transfer) | {"error": transfer.error_message})


def instant(at: datetime | None) -> str | None:
    """Return ISO 8601 in UTC with Z."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _device(attempt: Attempt) -> dict[str, Any]:
    return {
        "device_changes": attempt.device_changes,
        "active_since": instant(attempt.active_since),
        "student_id": attempt.student_id,
    }


def _route(transfer: Transfer) -> dict[str, Any]:
    return {
        "transfer_id": transfer.id,
        "attempt_id": transfer.attempt_id,
        "status": transfer.status.value,
        "from_workstation": transfer.from_workstation,
        "to_workstation": transfer.to_workstation,
    }


def _note(fact: str, attempt: Attempt, data: dict[str, Any]) -> Note:
    return Note(
        f"oep.v1.{attempt.exam_id}.{attempt.id}.{fact}",
        fact,
        data,
        order_key=attempt.id,
        exam_id=attempt.exam_id,
        attempt_id=attempt.id,
    )
