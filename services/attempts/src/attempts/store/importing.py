"""Statements of the importer: upserts by id, what is stored already, sequences."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from attempts.attempt import Status
from attempts.grade_tables import CriterionRow, LevelRow, RubricRow
from attempts.tables import (
    SCHEMA,
    AnswerRow,
    AttemptRow,
    ExamQuestionRow,
    ExamRow,
    QuestionBankRow,
    QuestionRow,
    Row,
    TradeRow,
    TransferRow,
)
from attempts.transfer import OPEN

Columns = dict[str, Any]

TABLES: dict[str, type[Row]] = {
    "trades": TradeRow,
    "question_banks": QuestionBankRow,
    "questions": QuestionRow,
    "exams": ExamRow,
    "exam_questions": ExamQuestionRow,
    "student_attempts": AttemptRow,
    "student_answers": AnswerRow,
    "transfers": TransferRow,
    "rubrics": RubricRow,
    "rubric_criteria": CriterionRow,
    "rubric_levels": LevelRow,
}
"""Our table for each of the legacy portal's."""

_CONFLICT = {"exam_questions": ["exam_id", "question_id"]}
_CONFLICT["student_answers"] = ["attempt_id", "question_id"]
_NEVER_REPLACED = {"id", "created_at", "encryption_salt"}
_CHUNK = 500


def upsert(
    session: Session, table: str, rows: Sequence[Columns], done: Callable[[int], None]
) -> None:
    """Write rows of one shape, replacing those that are there; `done` hears of each chunk."""
    row_class = TABLES[table]
    for chunk in _chunks(rows):
        statement = insert(row_class)
        kept = _NEVER_REPLACED | set(_CONFLICT.get(table, ()))
        statement = statement.on_conflict_do_update(
            index_elements=_CONFLICT.get(table, ["id"]),
            set_={name: statement.excluded[name] for name in chunk[0] if name not in kept},
        )
        session.execute(statement, chunk)
        done(len(chunk))


def ids(session: Session, table: str) -> set[int]:
    """Return all ids of a table."""
    return set(session.scalars(select(TABLES[table].__table__.c.id)))


def trade_codes(session: Session) -> dict[int, str]:
    return {row.id: row.code for row in session.execute(select(TradeRow.id, TradeRow.code))}


def exam_windows(session: Session) -> dict[int, tuple[datetime | None, datetime | None]]:
    query = select(ExamRow.id, ExamRow.start_time, ExamRow.end_time)
    return {row.id: (row.start_time, row.end_time) for row in session.execute(query)}


def exam_durations(session: Session) -> dict[int, int]:
    query = select(ExamRow.id, ExamRow.duration_minutes)
    return {row.id: row.duration_minutes for row in session.execute(query)}


def begun_attempt_ids(session: Session) -> set[int]:
    """Return the attempts that something has happened to; an import must not undo it."""
    query = select(AttemptRow.id).where(
        (AttemptRow.status != Status.NOT_STARTED) | (AttemptRow.version > 1)
    )
    return set(session.scalars(query))


def attempts_in_transfer(session: Session) -> set[int]:
    query = select(TransferRow.attempt_id).where(TransferRow.status.in_(OPEN))
    return set(session.scalars(query))


def salts(session: Session) -> dict[int, str]:
    query = select(AttemptRow.id, AttemptRow.encryption_salt)
    return {row.id: row.encryption_salt for row in session.execute(query)}


def answer_owners(session: Session, answer_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return (attempt_id, question_id) of stored answers, by id."""
    query = select(AnswerRow.id, AnswerRow.attempt_id, AnswerRow.question_id)
    found = session.execute(query.where(AnswerRow.id.in_(list(answer_ids))))
    return {row.id: (row.attempt_id, row.question_id) for row in found}


def next_answer_ids(session: Session, count: int) -> list[int]:
    sequence = func.pg_get_serial_sequence(f"{SCHEMA}.answers", "id")
    query = select(func.nextval(sequence)).select_from(func.generate_series(1, count))
    return list(session.scalars(query))


def recompute_total_marks(session: Session, attempt_ids: Sequence[int]) -> None:
    """Set total_marks to the sum over all questions of the exam."""
    statement = text("""
        UPDATE attempts.attempts t SET total_marks = coalesce((
          SELECT sum(coalesce(e.marks_override, q.marks))
          FROM attempts.exam_questions e JOIN attempts.questions q ON q.id = e.question_id
          WHERE e.exam_id = t.exam_id), 0)
        WHERE t.id = ANY(CAST(:ids AS bigint[]))
    """)
    session.execute(statement, {"ids": list(attempt_ids)})


def attach_rubrics(session: Session, pairs: Sequence[tuple[int, int]]) -> int:
    """Let questions (question id, rubric id) be marked so in all their exams; return how many.

    What is marked by a rubric already stays so.
    """
    statement = text("""
        UPDATE attempts.exam_questions e SET rubric_id = n.rubric_id
        FROM unnest(CAST(:questions AS bigint[]), CAST(:rubrics AS bigint[]))
             AS n (question_id, rubric_id)
        WHERE e.question_id = n.question_id AND e.rubric_id IS NULL
        RETURNING e.id
    """)
    values = {"questions": [q for q, _ in pairs], "rubrics": [r for _, r in pairs]}
    return len(session.execute(statement, values).all())


def keep_first_grades(session: Session, attempt_ids: Sequence[int]) -> None:
    """Make the first version of imported grades and marks by hand, from the answers."""
    ids = {"ids": list(attempt_ids)}
    session.execute(
        text("""
        INSERT INTO attempts.hand_marks
               (attempt_id, question_id, stage, grader_id, source, marks, created_at)
        SELECT n.attempt_id, n.question_id, 'first', t.graded_by, 'manual', n.marks_awarded,
               n.last_updated_at
        FROM attempts.answers n JOIN attempts.attempts t ON t.id = n.attempt_id
        WHERE t.id = ANY(CAST(:ids AS bigint[])) AND t.status IN ('submitted', 'graded')
          AND n.marks_awarded IS NOT NULL AND NOT n.auto_graded
          AND NOT EXISTS (SELECT 1 FROM attempts.hand_marks m
                          WHERE m.attempt_id = n.attempt_id AND m.question_id = n.question_id)
        """),
        ids,
    )
    session.execute(
        text("""
        INSERT INTO attempts.grades
               (attempt_id, version, reason, graded_by, exam_version, total_marks, marks_obtained,
                percentage, is_passed, missing, judgements, created_at)
        SELECT t.id, 1, 'import', t.graded_by, e.version, t.total_marks, t.marks_obtained,
               t.percentage, t.is_passed, coalesce(found.missing, '{}'),
               coalesce(found.judgements, '[]'), coalesce(t.graded_at, t.updated_at)
        FROM attempts.attempts t
        JOIN attempts.exams e ON e.id = t.exam_id
        LEFT JOIN LATERAL (
          SELECT json_agg(json_build_object(
                   'question_id', n.question_id, 'is_attempted', n.answer IS NOT NULL,
                   'is_correct', n.is_correct, 'marks', n.marks_awarded,
                   'chosen', json_build_array(),
                   'source', CASE WHEN n.auto_graded THEN 'auto' ELSE 'manual' END)
                   ORDER BY n.question_id) AS judgements,
                 array_agg(n.question_id) FILTER (WHERE n.marks_awarded IS NULL) AS missing
          FROM attempts.answers n
          JOIN attempts.exam_questions l
            ON l.exam_id = t.exam_id AND l.question_id = n.question_id
          WHERE n.attempt_id = t.id
        ) found ON true
        WHERE t.id = ANY(CAST(:ids AS bigint[])) AND t.status IN ('submitted', 'graded')
          AND NOT EXISTS (SELECT 1 FROM attempts.grades g WHERE g.attempt_id = t.id)
        """),
        ids,
    )


def set_sequences(session: Session) -> None:
    """Let new ids begin behind the highest one of each table."""
    for row_class in TABLES.values():
        table = row_class.__table__
        sequence = func.pg_get_serial_sequence(f"{SCHEMA}.{table.name}", "id")  # type: ignore[attr-defined]
        highest = select(func.max(table.c.id)).scalar_subquery()
        session.execute(select(func.setval(sequence, func.greatest(highest, 1))))


def _chunks(rows: Sequence[Columns]) -> Iterator[list[Columns]]:
    for begin in range(0, len(rows), _CHUNK):
        yield list(rows[begin : begin + _CHUNK])
