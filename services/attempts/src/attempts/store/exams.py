"""Statements on trades, question banks, questions and exams.

`seen_by` narrows to what one person may see (`exam.Sight`), and to the questions of those exams
(contract §4.3); None sees all.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, any_, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from attempts.exam import OPEN, Exam, ExamPaper, ExamStatus, QuestionBank, Sight, Trade
from attempts.question import Difficulty, Question, QuestionType
from attempts.store import images
from attempts.store.rows import bank_from, exam_from, question_from, trade_from
from attempts.tables import (
    AttemptRow,
    ExamQuestionRow,
    ExamRow,
    QuestionBankRow,
    QuestionRow,
    SafeBrowserRow,
    TradeRow,
)

_TRADE = TradeRow.__table__
_BANK = QuestionBankRow.__table__
_QUESTION = QuestionRow.__table__
_EXAM = ExamRow.__table__
_COUNTS_THERE = {"marks", "correct_answer"}


def trades(session: Session, *, skip: int, limit: int, active_only: bool) -> list[Trade]:
    query = select(_TRADE).order_by(TradeRow.id).offset(skip).limit(limit)
    if active_only:
        query = query.where(TradeRow.is_active)
    return [trade_from(row) for row in session.execute(query).mappings()]


def trade(session: Session, trade_id: int) -> Trade | None:
    row = session.execute(select(_TRADE).where(TradeRow.id == trade_id)).mappings().one_or_none()
    return trade_from(row) if row is not None else None


def question_banks(
    session: Session, *, skip: int, limit: int, trade_id: int | None
) -> list[QuestionBank]:
    query = select(_BANK).order_by(QuestionBankRow.id).offset(skip).limit(limit)
    if trade_id is not None:
        query = query.where(QuestionBankRow.trade_id == trade_id)
    rows = session.execute(query).mappings().all()
    by_id = _trades_by_id(session, {row["trade_id"] for row in rows})
    return [bank_from(row, by_id.get(row["trade_id"])) for row in rows]


def questions(
    session: Session,
    *,
    skip: int,
    limit: int,
    question_bank_id: int | None,
    difficulty: Difficulty | None,
    question_type: QuestionType | None,
    seen_by: Sight | None,
) -> list[Question]:
    query = select(_QUESTION).order_by(QuestionRow.id).offset(skip).limit(limit)
    for part, value in (
        (QuestionRow.question_bank_id, question_bank_id),
        (QuestionRow.difficulty, difficulty),
        (QuestionRow.question_type, question_type),
    ):
        if value is not None:
            query = query.where(part == value)
    query = _listed(_questions_seen(query, seen_by), seen_by)
    found = [question_from(row) for row in session.execute(query).mappings()]
    return illustrated(session, found)


def question(
    session: Session, question_id: int, *, seen_by: Sight | None, is_in_exam: bool = False
) -> Question | None:
    """Return a question; `is_in_exam` says that it is looked at in an exam, not by itself."""
    query = _questions_seen(select(_QUESTION).where(QuestionRow.id == question_id), seen_by)
    if not is_in_exam:
        query = _listed(query, seen_by)
    row = session.execute(query).mappings().one_or_none()
    return illustrated(session, [question_from(row)])[0] if row is not None else None


def exams(
    session: Session,
    *,
    skip: int,
    limit: int,
    trade_id: int | None,
    status: ExamStatus | None,
    seen_by: Sight | None,
) -> list[Exam]:
    query = select(_EXAM).order_by(ExamRow.id).offset(skip).limit(limit)
    if trade_id is not None:
        query = query.where(ExamRow.trade_id == trade_id)
    if status is not None:
        query = query.where(ExamRow.status == status)
    if seen_by is not None:
        query = query.where(_is_seen_by(seen_by))
    return _exams(session, query)


def exam(session: Session, exam_id: int) -> Exam | None:
    found = _exams(session, select(_EXAM).where(ExamRow.id == exam_id))
    return found[0] if found else None


def paper(session: Session, exam: Exam) -> ExamPaper:
    """Return an exam with its questions as they are shown, images and all."""
    questions = questions_by_exam(session, [exam.id]).get(exam.id, ())
    return ExamPaper(exam, tuple(illustrated(session, questions)))


def illustrated(session: Session, questions: Sequence[Question]) -> list[Question]:
    """Return questions with their images."""
    found = images.of_questions(session, [question.id for question in questions])
    return [replace(q, images=found.get(q.id, ())) if found else q for q in questions]


def papers(
    session: Session, exam_ids: Iterable[int], *, are_held: bool = False
) -> dict[int, ExamPaper]:
    """Return the papers of several exams in three statements.

    `are_held` keeps their keys from being corrected until the transaction ends: whoever grades must
    not commit a grade by a key that somebody else has replaced meanwhile (ADR 0017).
    """
    ids = set(exam_ids)
    query = select(_EXAM).where(ExamRow.id.in_(ids))
    if are_held:
        query = query.order_by(ExamRow.id).with_for_update(read=True, key_share=True)
    found = _exams(session, query)
    questions = questions_by_exam(session, ids)
    return {exam.id: ExamPaper(exam, questions.get(exam.id, ())) for exam in found}


def questions_by_exam(session: Session, exam_ids: Iterable[int]) -> dict[int, tuple[Question, ...]]:
    """Return each exam's questions in order, with the marks and the key that count there."""
    found: dict[int, list[Question]] = defaultdict(list)
    rows = session.execute(_ASKED, {"exam_ids": list(set(exam_ids))}).mappings()
    for row in rows:
        fields = dict(row)
        found[fields.pop("in_exam")].append(question_from(fields))
    return {exam_id: tuple(listed) for exam_id, listed in found.items()}


def question_ids_by_exam(session: Session, exam_ids: Iterable[int]) -> dict[int, list[int]]:
    query = (
        select(ExamQuestionRow.exam_id, func.array_agg(ExamQuestionRow.question_id))
        .where(ExamQuestionRow.exam_id.in_(set(exam_ids)))
        .group_by(ExamQuestionRow.exam_id)
    )
    return {exam_id: sorted(ids) for exam_id, ids in session.execute(query)}


def _exams(session: Session, query: Select[Any]) -> list[Exam]:
    rows = session.execute(query).mappings().all()
    by_id = _trades_by_id(session, {row["trade_id"] for row in rows})
    return [exam_from(row, by_id.get(row["trade_id"])) for row in rows]


def _trades_by_id(session: Session, ids: set[int]) -> dict[int, Trade]:
    if not ids:
        return {}
    rows = session.execute(select(_TRADE).where(TradeRow.id.in_(ids))).mappings()
    return {row["id"]: trade_from(row) for row in rows}


def _is_seen_by(sight: Sight) -> ColumnElement[bool]:
    holds_one = exists().where(
        AttemptRow.exam_id == ExamRow.id, AttemptRow.student_id == sight.user_id
    )
    ways = [holds_one, ExamRow.id.in_(sight.assigned)]
    return or_(*ways, ExamRow.status.in_(OPEN)) if sight.sees_open else or_(*ways)


def _questions_seen(query: Select[Any], seen_by: Sight | None) -> Select[Any]:
    if seen_by is None:
        return query
    in_seen_exam = exists().where(
        ExamQuestionRow.question_id == QuestionRow.id,
        ExamQuestionRow.exam_id == ExamRow.id,
        _is_seen_by(seen_by),
    )
    return query.where(in_seen_exam)


def _listed(query: Select[Any], seen_by: Sight | None) -> Select[Any]:
    """Leave out what is asked where Safe Exam Browser is wanted: no list is a way around it."""
    if seen_by is None:
        return query
    is_kept_in = exists().where(
        ExamQuestionRow.question_id == QuestionRow.id,
        ExamQuestionRow.exam_id == SafeBrowserRow.exam_id,
        SafeBrowserRow.is_required,
    )
    return query.where(~is_kept_in)


def _asked() -> Select[Any]:
    """Return the query for the questions of the exams `exam_ids`, as they count there."""
    columns = [column for column in _QUESTION.c if column.name not in _COUNTS_THERE]
    link = ExamQuestionRow
    there = [
        func.coalesce(link.marks_override, QuestionRow.marks).label("marks"),
        func.coalesce(link.corrected_answer, QuestionRow.correct_answer).label("correct_answer"),
        link.void,
        link.rubric_id,
    ]
    return (
        select(link.exam_id.label("in_exam"), *columns, *there)
        .join(QuestionRow, QuestionRow.id == link.question_id)
        .where(link.exam_id == any_(bindparam("exam_ids", type_=ARRAY(BigInteger))))
        .order_by(link.exam_id, link.order_number, link.id)
    )


_ASKED = _asked()
"""Built once: every paper and every submit wants it."""
