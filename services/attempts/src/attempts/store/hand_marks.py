"""Statements on marks that people gave, and on the answers that still wait for some."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from attempts.exam import Exam
from attempts.grade_tables import HandMarkRow
from attempts.grading import Source
from attempts.mark import HandMark, Stage, Waiting, is_blind
from attempts.rubric import Rated

_MARK = HandMarkRow.__table__

# A grade names the questions whose marks are missing; which of the markings is missing is told by
# those that are there. Who has marked an answer is not shown it again.
_QUEUE = text("""
SELECT t.id AS attempt_id, w.question_id, n.answer, n.last_updated_at, t.submit_time
FROM attempts.attempts t
JOIN LATERAL (
  SELECT g.missing FROM attempts.grades g
  WHERE g.attempt_id = t.id ORDER BY g.version DESC LIMIT 1
) newest ON true
CROSS JOIN LATERAL unnest(newest.missing) AS w (question_id)
JOIN attempts.answers n ON n.attempt_id = t.id AND n.question_id = w.question_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE m.stage = 'first') > 0 AS is_marked,
         count(*) FILTER (WHERE m.stage = 'second') > 0 AS is_marked_twice,
         count(*) FILTER (WHERE m.grader_id = :grader_id) > 0 AS is_own
  FROM attempts.hand_marks m
  WHERE m.attempt_id = t.id AND m.question_id = w.question_id
) seen
WHERE t.exam_id = :exam_id AND t.status IN ('submitted', 'graded')
  AND CASE WHEN NOT :is_blind OR NOT seen.is_marked THEN 'todo'
           WHEN NOT seen.is_marked_twice THEN 'second' ELSE 'moderate' END = :state
  AND NOT (:is_blind AND seen.is_own)
ORDER BY w.question_id, t.id
OFFSET :skip LIMIT :limit
""")


@dataclass(frozen=True)
class Task:
    """An answer that waits for marks: nothing in it says whose it is."""

    attempt_id: int
    question_id: int
    answer: Any


def add(session: Session, values: Mapping[str, Any], criteria: Iterable[Rated] | None) -> HandMark:
    listed = None if criteria is None else [asdict(one) for one in criteria]
    statement = insert(HandMarkRow).values(**values, criteria=listed).returning(*_MARK.c)
    return _mark(session.execute(statement).mappings().one())


def of_attempts(
    session: Session, attempt_ids: Iterable[int]
) -> dict[int, dict[int, list[HandMark]]]:
    """Return all marks by attempt and question, oldest first."""
    query = (
        select(*_MARK.c)
        .where(HandMarkRow.attempt_id.in_(set(attempt_ids)))
        .order_by(HandMarkRow.id)
    )
    found: dict[int, dict[int, list[HandMark]]] = defaultdict(lambda: defaultdict(list))
    for row in session.execute(query).mappings():
        found[row["attempt_id"]][row["question_id"]].append(_mark(row))
    return found


def waiting(
    session: Session, exam: Exam, state: Waiting, grader_id: int, skip: int, limit: int
) -> list[Task]:
    """Return the answers of an exam that wait for a mark, question by question."""
    values = {"exam_id": exam.id, "is_blind": is_blind(exam), "state": state.value}
    page = {"grader_id": grader_id, "skip": skip, "limit": limit}
    rows = session.execute(_QUEUE, values | page).mappings()
    return [Task(row["attempt_id"], row["question_id"], row["answer"]) for row in rows]


def _mark(row: Mapping[Any, Any]) -> HandMark:
    criteria = row["criteria"]
    words = {
        "stage": Stage(row["stage"]),
        "source": Source(row["source"]),
        "criteria": None if criteria is None else tuple(Rated(**one) for one in criteria),
    }
    return HandMark(**{**row, **words})
