"""What risk says on the bus: a score, never of whom else, and never a status."""

from chassis.outbox import Note

from proctoring.risk.store import Kept


def risk_changed(kept: Kept, exam_id: int) -> Note:
    """Announce the score of an attempt and the event up to which it counts."""
    data = {
        "score": kept.risk.score,
        "as_of_sequence": kept.as_of_sequence,
        "rules_version": kept.risk.rules_version,
    }
    return Note(
        f"oep.v1.{exam_id}.{kept.attempt_id}.risk_changed",
        "risk_changed",
        data,
        order_key=kept.attempt_id,
        exam_id=exam_id,
        attempt_id=kept.attempt_id,
    )
