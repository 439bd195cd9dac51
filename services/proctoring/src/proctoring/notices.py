"""What proctoring says on the bus: facts with absolute values, harmless when heard twice.

Never event data, addresses or user agents; see docs/notices.md. `event_recorded` is said by the
statement that takes events in (`intake_store`).
"""

from typing import Any

from chassis.outbox import Note

from proctoring.timing import Timing


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
