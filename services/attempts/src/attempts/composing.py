"""Deeds that put exams together: questions in order, a code of their own, frozen once sat.

Blocking: for worker threads. The first attempt freezes what is asked and what it is worth; the
exam's row is locked against new attempts while that is looked at.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chassis.database import Database
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from attempts import auditing, notices
from attempts.drafting import NOBODY, Author, ensure_exam, ensure_known, frozen_exam_fields
from attempts.errors import ExamCodeExists, ExamFrozen, ExamInUse, ExamNotFound, TradeNotFound
from attempts.exam import Exam, ExamStatus
from attempts.store import attempts, content, exams

Fields = Mapping[str, Any]
Links = Sequence[tuple[int, float | None]]

LOBBY = "requires_authorisation"
"""The one field whose change those hear of who wait, and those who watch them."""


class Composing:
    """Writes exams; a link is (question id, marks in this exam or None)."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake

    def add(self, fields: Fields, links: Links, author: Author = NOBODY) -> Exam:
        """Store a new exam as a draft, its questions in the order of `links`."""
        ensure_exam(fields)
        try:
            with self._database.transaction() as session:
                return _add(session, fields, links, author)
        except IntegrityError as error:
            raise ExamCodeExists(str(fields.get("exam_code"))) from error

    def change(
        self, exam_id: int, changes: Fields, links: Links | None, author: Author = NOBODY
    ) -> Exam:
        """Apply changes, and the questions unless `links` is None; refuse what is frozen."""
        try:
            with self._database.transaction() as session:
                exam = _change(session, exam_id, changes, links)
                fields = sorted({*changes, *(["questions"] if links is not None else [])})
                entry = author.entry("exam_changed", "Exam changed", exam_id, fields=fields)
                auditing.add(session, entry)
        except IntegrityError as error:
            raise ExamCodeExists(str(changes.get("exam_code"))) from error
        self._wake()
        return exam

    def delete(self, exam_id: int, author: Author = NOBODY) -> None:
        """Delete an exam that nobody has an attempt at; its questions stay."""
        try:
            with self._database.transaction() as session:
                if not content.delete_exam(session, exam_id):
                    raise ExamNotFound
                auditing.add(session, author.entry("exam_deleted", "Exam deleted", exam_id))
        except IntegrityError as error:
            raise ExamInUse from error


def _add(session: Session, fields: Fields, links: Links, author: Author) -> Exam:
    trade = content.lock_trade(session, fields["trade_id"])
    if trade is None:
        raise TradeNotFound
    _ensure_questions(session, links)
    made = {"status": ExamStatus.DRAFT, "created_by": author.user_id}
    made["total_questions"] = len(links)
    given = {name: value for name, value in fields.items() if value is not None}
    code = given.get("exam_code") or f"{trade.code}-{secrets.token_hex(4).upper()}"
    exam_id = content.add_exam(session, made | given | {"exam_code": code})
    content.put_questions(session, exam_id, links)
    auditing.add(session, author.entry("exam_created", "Exam created", exam_id))
    return _stored(session, exam_id)


def _change(session: Session, exam_id: int, changes: Fields, links: Links | None) -> Exam:
    if LOBBY in changes:
        # In front of the exam, as whoever begins does: they must not hear of the lobby afterwards.
        attempts.lock_many(session, [a.id for a in attempts.load_waiting(session, exam_id)])
    stored = content.lock_exam(session, exam_id)
    if stored is None:
        raise ExamNotFound
    before = asdict(stored)
    ensure_exam(before | dict(changes))
    asked = dict(changes) if links is None else {"total_questions": len(links), **changes}
    frozen = frozen_exam_fields(before, changes, has_questions=links is not None)
    if frozen and content.has_attempts(session, exam_id):
        raise ExamFrozen(frozen)
    content.change_exam(session, exam_id, asked, is_content=bool(frozen))
    if links is not None:
        _ensure_questions(session, links)
        content.put_questions(session, exam_id, links)
    if changes.get(LOBBY, before[LOBBY]) != before[LOBBY]:
        waiting = [a for a in attempts.load_waiting(session, exam_id) if a.authorised_at is None]
        notices.announce(session, [notices.lobby_changed(attempt) for attempt in waiting])
    return _stored(session, exam_id)


def _ensure_questions(session: Session, links: Links) -> None:
    asked = [question_id for question_id, _ in links]
    ensure_known(asked, content.lock_questions(session, asked))


def _stored(session: Session, exam_id: int) -> Exam:
    exam = exams.exam(session, exam_id)
    if exam is None:
        raise ExamNotFound
    return exam
