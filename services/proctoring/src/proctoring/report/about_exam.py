"""Puts together what is told about a whole exam; what is counted is counted by the database."""

from sqlalchemy.orm import Session

from proctoring import store as tally_store
from proctoring.report import bodies, store
from proctoring.report.figures import span

SHOWN_OUTLIERS = 10
SHOWN_TYPES = 200


def event_figures(
    session: Session, exam_id: int, *, bucket_seconds: int, skip: int, limit: int
) -> bodies.EventFigures:
    """Return what only the events tell; the heat map is of `limit` attempts behind `skip`."""
    counts = store.type_counts(session, exam_id, limit=SHOWN_TYPES)
    return bodies.EventFigures(
        generated_at=tally_store.clock(session),
        exam_id=exam_id,
        event_types=[bodies.type_out(count) for count in counts],
        heat_map=_heat_map(session, exam_id, bucket_seconds, skip, limit),
    )


def question_figures(session: Session, exam_id: int) -> bodies.QuestionFigures:
    """Return how long each question took, and who was far from the others."""
    spreads = store.questions(session, exam_id, shown=SHOWN_OUTLIERS)
    return bodies.QuestionFigures(
        generated_at=tally_store.clock(session),
        exam_id=exam_id,
        questions=[bodies.question_out(spread) for spread in spreads],
    )


def _heat_map(
    session: Session, exam_id: int, bucket_seconds: int, skip: int, limit: int
) -> bodies.HeatBody:
    attempt_ids = store.remarkable(session, exam_id, skip=skip, limit=limit)
    ends = store.bounds(session, attempt_ids) if attempt_ids else None
    if ends is None:
        return bodies.heat_out([], None, [], bucket_seconds)
    cut = span(*ends, bucket_seconds)
    return bodies.heat_out(attempt_ids, cut, store.heat(session, attempt_ids, cut), bucket_seconds)
