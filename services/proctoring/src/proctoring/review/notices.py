"""What is said on the bus of a review: how it stands, never a word that somebody wrote."""

from chassis.outbox import Note

from proctoring.review.case import Review


def review_changed(review: Review) -> Note:
    """Announce a review as it is now. Not for its student while it is open: he is not told yet."""
    return Note(
        f"oep.v1.{review.exam_id}.{review.attempt_id}.review_changed",
        "review_changed",
        {
            "review_id": review.id,
            "state": review.state.value,
            "outcome": review.outcome and review.outcome.value,
            "version": review.version,
            "student_id": review.student_id,
        },
        order_key=review.attempt_id,
        exam_id=review.exam_id,
        attempt_id=review.attempt_id,
    )
