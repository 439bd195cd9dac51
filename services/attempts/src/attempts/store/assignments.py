"""Statements that give students their attempts before the exam begins."""

from collections.abc import Mapping

from sqlalchemy import BigInteger, Text, cast, exists, func, insert, literal, select
from sqlalchemy import column as sql_column
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from attempts.attempt import Attempt, Status
from attempts.exam import Exam
from attempts.store import attempts
from attempts.store.importing import recompute_total_marks
from attempts.tables import AttemptRow, ExamQuestionRow, ExamRow


def exam_id(session: Session, exam: str) -> int | None:
    """Return the id of the exam with this code, else the one with this id."""
    by_code = session.scalar(select(ExamRow.id).where(ExamRow.exam_code == exam))
    if by_code is not None or not (exam.isascii() and exam.isdecimal() and len(exam) < 19):
        return by_code
    return session.scalar(select(ExamRow.id).where(ExamRow.id == int(exam)))


def has_questions(session: Session, exam_id: int) -> bool:
    return bool(session.scalar(select(exists().where(ExamQuestionRow.exam_id == exam_id))))


def add(session: Session, exam: Exam, salts: Mapping[int, str]) -> list[Attempt]:
    """Make an attempt for every student (id -> salt) who has none; return those made.

    The exam must be locked: two that do this at once would both find none.
    """
    students = cast(list(salts), ARRAY(BigInteger))
    given = (
        func.unnest(students, cast(list(salts.values()), ARRAY(Text)))
        .table_valued(sql_column("student", BigInteger), sql_column("salt", Text), name="given")
        .render_derived()
    )
    has_one = exists().where(
        AttemptRow.student_id == given.c.student,
        AttemptRow.exam_id == exam.id,
        AttemptRow.status != Status.CANCELLED,
    )
    chosen = select(
        given.c.student,
        literal(exam.id, BigInteger),
        literal(Status.NOT_STARTED.value, Text),
        literal(exam.duration_minutes, BigInteger),
        given.c.salt,
    ).where(~has_one)
    names = ["student_id", "exam_id", "status", "duration_minutes", "encryption_salt"]
    statement = insert(AttemptRow).from_select(names, chosen).returning(AttemptRow.id)
    made = list(session.scalars(statement))
    recompute_total_marks(session, made)
    return list(attempts.load_many(session, made).values())
