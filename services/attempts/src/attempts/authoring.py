"""Deeds that write trades, question banks and questions, one transaction each.

Blocking: for worker threads. The rules are in `drafting`; exams are put together in `composing`.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from chassis.database import Database
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from attempts import auditing
from attempts.drafting import NOBODY, Author, ensure_question, frozen_question_fields
from attempts.errors import (
    QuestionBankNotFound,
    QuestionFrozen,
    QuestionInUse,
    QuestionNotFound,
    QuestionsNotSaved,
    TradeExists,
    TradeInUse,
    TradeNotFound,
)
from attempts.exam import QuestionBank, Trade
from attempts.question import Question
from attempts.sheet import Sheet, read
from attempts.store import content, exams, images

Fields = Mapping[str, Any]


class Authoring:
    """Writes what exams are made of; changes hold only the fields that are to change."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_trade(self, fields: Fields) -> Trade:
        """Store a new trade; its code and its name are nobody else's."""
        with self._database.transaction() as session:
            _ensure_free(session, fields, but_for=None)
            return content.add_trade(session, fields)

    def change_trade(self, trade_id: int, changes: Fields) -> Trade:
        with self._database.transaction() as session:
            if exams.trade(session, trade_id) is None:
                raise TradeNotFound
            _ensure_free(session, changes, but_for=trade_id)
            trade = content.change_trade(session, trade_id, changes)
            if trade is None:
                raise TradeNotFound
            return trade

    def delete_trade(self, trade_id: int) -> None:
        """Delete a trade that no bank and no exam has."""
        try:
            with self._database.transaction() as session:
                if not content.delete_trade(session, trade_id):
                    raise TradeNotFound
        except IntegrityError as error:
            raise TradeInUse from error

    def add_question_bank(self, fields: Fields) -> QuestionBank:
        with self._database.transaction() as session:
            trade = content.lock_trade(session, fields["trade_id"])
            if trade is None:
                raise TradeNotFound
            return content.add_question_bank(session, fields, trade)

    def add_question(self, fields: Fields, author: Author = NOBODY) -> Question:
        ensure_question(fields)
        with self._database.transaction() as session:
            if not content.lock_question_bank(session, fields["question_bank_id"]):
                raise QuestionBankNotFound
            question = content.add_question(session, fields)
            entry = author.entry("question_created", "Question created", question_id=question.id)
            auditing.add(session, entry)
            return question

    def import_sheet(self, bank_id: int, file: bytes, author: Author = NOBODY) -> Sheet:
        """Store the good rows of a CSV sheet, all or none of them; return what became of it."""
        sheet = read(file)
        try:
            with self._database.transaction() as session:
                if not content.lock_question_bank(session, bank_id):
                    raise QuestionBankNotFound
                rows = [{**draft, "question_bank_id": bank_id} for draft in sheet.drafts]
                content.add_questions(session, rows)
                entry = author.entry(
                    "questions_imported",
                    "Questions imported",
                    question_bank_id=bank_id,
                    imported=len(rows),
                )
                auditing.add(session, entry)
        except SQLAlchemyError as error:
            raise QuestionsNotSaved from error
        return sheet

    def change_question(
        self, question_id: int, changes: Fields, author: Author = NOBODY
    ) -> Question:
        """Apply changes to a question; its content stands once an exam with it has attempts.

        A question without a key (from a sheet) may stay without one; a key cannot be taken away.
        """
        with self._database.transaction() as session:
            content.lock_exams_with(session, question_id)
            stored = content.lock_question(session, question_id)
            if stored is None:
                raise QuestionNotFound
            before = asdict(stored) | {"correct_answer": list(stored.correct_answer)}
            ensure_question(before | dict(changes), needs_key="correct_answer" in changes)
            frozen = frozen_question_fields(before, changes)
            if frozen and content.is_sat(session, question_id):
                raise QuestionFrozen
            content.touch_exams_with(session, question_id, is_content=bool(frozen))
            fields = sorted(changes)
            entry = author.entry(
                "question_changed", "Question changed", question_id=question_id, fields=fields
            )
            auditing.add(session, entry)
            return content.change_question(session, question_id, changes)

    def delete_question(self, question_id: int, author: Author = NOBODY) -> None:
        """Delete a question that no exam asks."""
        try:
            with self._database.transaction() as session:
                shown = images.of_questions(session, [question_id]).get(question_id, ())
                if not content.delete_question(session, question_id):
                    raise QuestionNotFound
                if shown:
                    images.forget_unseen(session, {image.sha256 for image in shown})
                entry = author.entry(
                    "question_deleted", "Question deleted", question_id=question_id
                )
                auditing.add(session, entry)
        except IntegrityError as error:
            raise QuestionInUse from error


def _ensure_free(session: Session, fields: Fields, *, but_for: int | None) -> None:
    """Raise unless code and name are free; they stay so, for writers of trades queue up here."""
    content.lock_trades(session)
    for field in ("code", "name"):
        value = fields.get(field)
        if value is not None and content.is_trade_taken(session, field, value, but_for):
            raise TradeExists(field, value)
