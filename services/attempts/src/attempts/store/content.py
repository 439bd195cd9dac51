"""Statements that write trades, question banks, questions and exams.

What a writing deed reads is locked so that it still holds at the commit: `lock_exam` keeps attempts
from being made (their foreign key waits), the others keep what is referred to from being deleted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, text, update
from sqlalchemy.orm import Session

from attempts.exam import Exam, QuestionBank, Trade
from attempts.question import Question
from attempts.store import exams
from attempts.store.rows import question_from, trade_from
from attempts.tables import (
    AttemptRow,
    ExamQuestionRow,
    ExamRow,
    QuestionBankRow,
    QuestionRow,
    Row,
    TradeRow,
)

Columns = Mapping[str, Any]


def lock_trades(session: Session) -> None:
    """Let nobody else write trades until the transaction ends; readers go on."""
    session.execute(text("LOCK TABLE attempts.trades IN SHARE ROW EXCLUSIVE MODE"))


def is_trade_taken(session: Session, field: str, value: str, but_for: int | None) -> bool:
    """Say whether another trade has `value` as its code or name."""
    same = TradeRow.__table__.c[field] == value
    query = select(exists().where(same, TradeRow.id.is_distinct_from(but_for)))
    return bool(session.scalar(query))


def add_trade(session: Session, values: Columns) -> Trade:
    statement = insert(TradeRow).values(**values).returning(*TradeRow.__table__.c)
    return trade_from(session.execute(statement).mappings().one())


def change_trade(session: Session, trade_id: int, changes: Columns) -> Trade | None:
    statement = (
        update(TradeRow)
        .where(TradeRow.id == trade_id)
        .values(**changes, updated_at=func.now())
        .returning(*TradeRow.__table__.c)
    )
    row = session.execute(statement).mappings().one_or_none()
    return trade_from(row) if row is not None else None


def delete_trade(session: Session, trade_id: int) -> bool:
    return _delete(session, TradeRow, trade_id)


def lock_trade(session: Session, trade_id: int) -> Trade | None:
    """Return a trade and keep it from being deleted."""
    query = select(TradeRow.__table__).where(TradeRow.id == trade_id)
    row = session.execute(query.with_for_update(read=True, key_share=True)).mappings()
    found = row.one_or_none()
    return trade_from(found) if found is not None else None


def add_question_bank(session: Session, values: Columns, trade: Trade) -> QuestionBank:
    statement = insert(QuestionBankRow).values(**values).returning(*QuestionBankRow.__table__.c)
    return QuestionBank(**session.execute(statement).mappings().one(), trade=trade)


def lock_question_bank(session: Session, bank_id: int) -> bool:
    """Say whether a bank exists and keep it from being deleted."""
    query = select(QuestionBankRow.id).where(QuestionBankRow.id == bank_id)
    return session.scalar(query.with_for_update(read=True, key_share=True)) is not None


def add_question(session: Session, values: Columns) -> Question:
    statement = insert(QuestionRow).values(**values).returning(*QuestionRow.__table__.c)
    return question_from(session.execute(statement).mappings().one())


def add_questions(session: Session, rows: Sequence[Columns]) -> list[int]:
    """Insert many questions, several hundred with each statement; return their ids in order."""
    if not rows:
        return []
    statement = insert(QuestionRow).returning(QuestionRow.id, sort_by_parameter_order=True)
    return list(session.scalars(statement, [dict(row) for row in rows]))


def lock_question(session: Session, question_id: int) -> Question | None:
    """Return a question for changing it; nobody can put it into an exam meanwhile."""
    query = select(QuestionRow.__table__).where(QuestionRow.id == question_id)
    row = session.execute(query.with_for_update()).mappings().one_or_none()
    return question_from(row) if row is not None else None


def change_question(session: Session, question_id: int, changes: Columns) -> Question:
    statement = (
        update(QuestionRow)
        .where(QuestionRow.id == question_id)
        .values(**changes, updated_at=func.now())
        .returning(*QuestionRow.__table__.c)
    )
    return question_from(session.execute(statement).mappings().one())


def delete_question(session: Session, question_id: int) -> bool:
    return _delete(session, QuestionRow, question_id)


def lock_questions(session: Session, question_ids: Iterable[int]) -> set[int]:
    """Return which of the questions exist and keep those from being changed or deleted."""
    query = select(QuestionRow.id).where(QuestionRow.id.in_(set(question_ids)))
    ordered = query.order_by(QuestionRow.id).with_for_update(read=True, key_share=True)
    return set(session.scalars(ordered))


def lock_exams_with(session: Session, question_id: int) -> None:
    """Lock all exams that ask a question, in id order: no attempt at them is made meanwhile."""
    asks = exists().where(
        ExamQuestionRow.exam_id == ExamRow.id, ExamQuestionRow.question_id == question_id
    )
    session.execute(select(ExamRow.id).where(asks).order_by(ExamRow.id).with_for_update())


def is_sat(session: Session, question_id: int) -> bool:
    """Say whether an exam that asks the question has attempts."""
    query = select(
        exists().where(
            ExamQuestionRow.question_id == question_id,
            AttemptRow.exam_id == ExamQuestionRow.exam_id,
        )
    )
    return bool(session.scalar(query))


def touch_exams_with(session: Session, question_id: int, *, is_content: bool) -> None:
    """Note that the question has changed in all exams that ask it: their page is another one.

    `is_content` gives them their next version.
    """
    version = ExamRow.version + 1 if is_content else ExamRow.version
    asking = select(ExamQuestionRow.exam_id).where(ExamQuestionRow.question_id == question_id)
    session.execute(
        update(ExamRow).where(ExamRow.id.in_(asking)).values(version=version, updated_at=func.now())
    )


def add_exam(session: Session, values: Columns) -> int:
    statement = insert(ExamRow).values(**values).returning(ExamRow.id)
    return session.execute(statement).scalar_one()


def lock_exam(session: Session, exam_id: int) -> Exam | None:
    """Return an exam for changing it; no attempt at it can be made meanwhile."""
    query = select(ExamRow.id).where(ExamRow.id == exam_id).with_for_update()
    return exams.exam(session, exam_id) if session.scalar(query) is not None else None


def has_attempts(session: Session, exam_id: int) -> bool:
    return bool(session.scalar(select(exists().where(AttemptRow.exam_id == exam_id))))


def change_exam(session: Session, exam_id: int, changes: Columns, *, is_content: bool) -> None:
    version = ExamRow.version + 1 if is_content else ExamRow.version
    session.execute(
        update(ExamRow)
        .where(ExamRow.id == exam_id)
        .values(**changes, version=version, updated_at=func.now())
    )


def put_questions(
    session: Session, exam_id: int, links: Sequence[tuple[int, float | None]]
) -> None:
    """Let an exam ask these (question id, marks there or None) in this order, and no others.

    A question that stays keeps its rubric.
    """
    gone = (
        delete(ExamQuestionRow)
        .where(ExamQuestionRow.exam_id == exam_id)
        .returning(ExamQuestionRow.question_id, ExamQuestionRow.rubric_id)
    )
    rubrics = {row.question_id: row.rubric_id for row in session.execute(gone)}
    rows = [
        {
            "exam_id": exam_id,
            "question_id": question,
            "order_number": order,
            "marks_override": marks,
            "rubric_id": rubrics.get(question),
        }
        for order, (question, marks) in enumerate(links, start=1)
    ]
    if rows:
        session.execute(insert(ExamQuestionRow), rows)


def delete_exam(session: Session, exam_id: int) -> bool:
    """Delete an exam and its list of questions; the questions stay."""
    session.execute(delete(ExamQuestionRow).where(ExamQuestionRow.exam_id == exam_id))
    return _delete(session, ExamRow, exam_id)


def _delete(session: Session, row_class: type[Row], row_id: int) -> bool:
    key = row_class.__table__.c.id
    return session.scalar(delete(row_class).where(key == row_id).returning(key)) is not None
