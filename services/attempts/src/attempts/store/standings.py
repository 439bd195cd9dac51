"""Whose attempts are and in which status: what the other services ask for every event.

One message each way, planned once (ADR 19).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis import arrays
from chassis.prepared import Prepared
from sqlalchemy import Connection

from attempts.attempt import Status

_STANDINGS = Prepared(
    "standings",
    "SELECT id, student_id, exam_id, status FROM attempts.attempts WHERE id = ANY (:ids)",
    {"ids": "bigint[]"},
)
_OF_EXAM = Prepared(
    "standings_of_exam",
    """
SELECT array_agg(id ORDER BY id) AS ids, array_agg(student_id ORDER BY id) AS students,
       array_agg(status ORDER BY id) AS statuses
FROM attempts.attempts WHERE exam_id = :exam_id
""",
    {"exam_id": "bigint"},
)
_STATUS = {status.value: status for status in Status}
_QUESTIONS = Prepared(
    "questions_of_attempts",
    """
SELECT exam_id, array_agg(question_id ORDER BY question_id) AS question_ids
FROM attempts.exam_questions
WHERE exam_id IN (SELECT exam_id FROM attempts.attempts WHERE id = ANY (:ids))
GROUP BY exam_id
""",
    {"ids": "bigint[]"},
)


@dataclass(frozen=True)
class Standings:
    """Attempts in columns of the same length; `exam_ids` may be left out."""

    attempt_ids: Sequence[int]
    student_ids: Sequence[int]
    exam_ids: Sequence[int]
    statuses: Sequence[Status]


def standings(connection: Connection, attempt_ids: Sequence[int]) -> Standings:
    """Return the standings of the attempts that exist, in no order."""
    rows = _STANDINGS.tuples(connection, _ids(attempt_ids))
    ids, students, exams, statuses = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Standings(ids, students, exams, [_STATUS[word] for word in statuses])


def of_exam(connection: Connection, exam_id: int) -> Standings:
    """Return the standings of an exam's attempts by id; they carry no `exam_ids`."""
    [row] = _OF_EXAM.run(connection, {"exam_id": exam_id})
    statuses = [_STATUS[word] for word in row["statuses"] or ()]
    return Standings(row["ids"] or (), row["students"] or (), (), statuses)


def questions(connection: Connection, attempt_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return the question ids of the exams of these attempts, by exam."""
    rows = _QUESTIONS.run(connection, _ids(attempt_ids))
    return {row["exam_id"]: row["question_ids"] for row in rows}


def _ids(attempt_ids: Sequence[int]) -> dict[str, str]:
    return {"ids": arrays.numbers(attempt_ids)}
