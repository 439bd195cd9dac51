"""What proctoring says on the bus: facts with absolute values, harmless when heard twice.

Never event data, addresses or user agents; see docs/notices.md.
"""

from datetime import datetime
from typing import Any

from chassis.outbox import Note

from proctoring.event import Event, LastEvent, Tally
from proctoring.timing import Timing


def event_recorded(event: Event, tally: Tally, exam_id: int) -> Note:
    """Announce an event together with the counts that hold after it."""
    data = {
        "event": _event(event),
        "counts": {
            "info": tally.info_count,
            "warning": tally.warning_count,
            "violation": tally.violation_count,
        },
        "last_event": _last_event(tally.last_event),
    }
    return _note("event_recorded", exam_id, event.draft.attempt_id, data)


def timing_recorded(timing: Timing, exam_id: int) -> Note:
    """Announce the time of one question so far."""
    data = {
        "question_id": timing.question_id,
        "total_time_seconds": timing.total_time_seconds,
        "answer_count": timing.answer_count,
    }
    return _note("timing_recorded", exam_id, timing.attempt_id, data)


def _note(fact: str, exam_id: int, attempt_id: int, data: dict[str, Any]) -> Note:
    return Note(
        f"oep.v1.{exam_id}.{attempt_id}.{fact}",
        fact,
        data,
        order_key=attempt_id,
        exam_id=exam_id,
        attempt_id=attempt_id,
    )


def _event(event: Event) -> dict[str, Any]:
    draft = event.draft
    return {
        "id": event.id,
        "attempt_id": draft.attempt_id,
        "event_type": draft.event_type,
        "event_timestamp": _z(event.event_timestamp),
        "question_id": draft.question_id,
        "severity": draft.severity.value,
        "created_at": _z(event.created_at),
        "event_id": None if draft.event_id is None else str(draft.event_id),
        "client_sequence": draft.client_sequence,
        "late": event.late,
        "received_at": _z(event.received_at),
        "sequence": event.sequence,
    }


def _last_event(last: LastEvent | None) -> dict[str, Any] | None:
    if last is None:
        return None
    return {
        "event_type": last.event_type,
        "severity": last.severity.value,
        "received_at": _z(last.received_at),
        "late": last.late,
    }


def _z(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
