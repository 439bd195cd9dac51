"""Deeds that only read: what a caller may see of exams, attempts, answers and results.

Blocking: for worker threads. Names of people are not here; the edges ask auth for them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.audit_store import Wanted
from chassis.database import Database

from attempts import mark
from attempts.answer import Answer
from attempts.attempt import FINISHED, Attempt, Status
from attempts.audit import Logged
from attempts.errors import (
    AttemptNotFound,
    ExamNotFound,
    ForeignAttempt,
    ForeignResult,
    QuestionNotFound,
    ReceiptNotFound,
    ResultNotReady,
    TradeNotFound,
)
from attempts.exam import Exam, ExamPaper, ExamStatus, QuestionBank, Sight, Trade
from attempts.mark import HandMark
from attempts.question import Difficulty, Question, QuestionType
from attempts.receipt import Receipt
from attempts.shuffling import laid_out
from attempts.store import answers, attempts, audit, exams, hand_marks, receipts, standings
from attempts.store.attempts import Listed
from attempts.store.standings import Standings


@dataclass(frozen=True)
class Outcome:
    """Everything that the result of a finished attempt is built from."""

    attempt: Attempt
    paper: ExamPaper
    answers: tuple[Answer, ...]
    markings: Mapping[int, tuple[HandMark, ...]]
    """How people marked, by question: what counts, and only where it may be seen."""


@dataclass(frozen=True)
class Batch:
    """Attempts, the questions of their exams when asked for, and the clock they were read by."""

    attempts: tuple[Attempt, ...]
    question_ids: dict[int, list[int]]
    server_time: datetime


@dataclass(frozen=True)
class Roster:
    """An exam and all its attempts."""

    exam: Exam
    attempts: tuple[Attempt, ...]
    total_questions: int
    server_time: datetime


class Reading:
    """Reads; `seen_by` narrows to what one person may see, None sees all."""

    def __init__(self, database: Database) -> None:
        """Share the service's database."""
        self._database = database

    def audit(self, wanted: Wanted, ids: Mapping[str, int | None]) -> list[Logged]:
        """List what was logged, newest first; of `ids` those that are given must be an entry's."""
        with self._database.transaction() as session:
            return audit.find(session, wanted, ids)

    def trades(self, skip: int, limit: int, active_only: bool) -> list[Trade]:
        with self._database.transaction() as session:
            return exams.trades(session, skip=skip, limit=limit, active_only=active_only)

    def trade(self, trade_id: int) -> Trade:
        with self._database.transaction() as session:
            found = exams.trade(session, trade_id)
        if found is None:
            raise TradeNotFound
        return found

    def question_banks(self, skip: int, limit: int, trade_id: int | None) -> list[QuestionBank]:
        with self._database.transaction() as session:
            return exams.question_banks(session, skip=skip, limit=limit, trade_id=trade_id)

    def questions(
        self,
        skip: int,
        limit: int,
        question_bank_id: int | None,
        difficulty: Difficulty | None,
        question_type: QuestionType | None,
        seen_by: Sight | None,
    ) -> list[Question]:
        with self._database.transaction() as session:
            return exams.questions(
                session,
                skip=skip,
                limit=limit,
                question_bank_id=question_bank_id,
                difficulty=difficulty,
                question_type=question_type,
                seen_by=seen_by,
            )

    def question(self, question_id: int, seen_by: Sight | None) -> Question:
        with self._database.transaction() as session:
            found = exams.question(session, question_id, seen_by=seen_by)
        if found is None:
            raise QuestionNotFound
        return found

    def exams(
        self,
        skip: int,
        limit: int,
        trade_id: int | None,
        status: ExamStatus | None,
        seen_by: Sight | None,
    ) -> list[Exam]:
        with self._database.transaction() as session:
            return exams.exams(
                session, skip=skip, limit=limit, trade_id=trade_id, status=status, seen_by=seen_by
            )

    def paper(self, exam_id: int) -> ExamPaper:
        """Return an exam with its questions and their keys; what students see is in `papers`."""
        with self._database.transaction() as session:
            exam = exams.exam(session, exam_id)
            if exam is None:
                raise ExamNotFound
            return exams.paper(session, exam)

    def attempts(
        self,
        skip: int,
        limit: int,
        student_id: int | None,
        exam_id: int | None,
        status: Status | None,
        *,
        what_to_sit_first: bool,
    ) -> list[Listed]:
        with self._database.transaction() as session:
            return attempts.listed(
                session,
                skip=skip,
                limit=limit,
                student_id=student_id,
                exam_id=exam_id,
                status=status,
                what_to_sit_first=what_to_sit_first,
            )

    def attempt(self, attempt_id: int, user_id: int, *, sees_all: bool) -> Attempt:
        """Return an attempt to its owner or to somebody who sees all."""
        with self._database.transaction() as session:
            attempt = attempts.load(session, attempt_id)
        if attempt is None:
            raise AttemptNotFound
        if attempt.student_id != user_id and not sees_all:
            raise ForeignAttempt
        return attempt

    def own_attempt(self, attempt_id: int, user_id: int) -> Attempt:
        """Return an attempt to its owner; to others it does not exist."""
        with self._database.transaction() as session:
            attempt = attempts.load(session, attempt_id)
        return _own(attempt, user_id)

    def own_answers(self, attempt_id: int, user_id: int) -> list[Answer]:
        with self._database.transaction() as session:
            _own(attempts.load(session, attempt_id), user_id)
            return answers.of_attempts(session, [attempt_id]).get(attempt_id, [])

    def outcome(self, attempt_id: int, user_id: int, *, sees_all: bool) -> Outcome:
        """Return what the result of a finished attempt is built from."""
        with self._database.transaction() as session:
            attempt = _finished(attempts.load(session, attempt_id), user_id, sees_all=sees_all)
            paper = exams.papers(session, [attempt.exam_id])[attempt.exam_id]
            paper = laid_out(paper, attempt.layout_id)
            given = answers.of_attempts(session, [attempt_id]).get(attempt_id, [])
            marks = hand_marks.of_attempts(session, [attempt_id]).get(attempt_id, {})
        is_shown = sees_all or (attempt.status is Status.GRADED and paper.exam.allow_review)
        return Outcome(attempt, paper, tuple(given), _counting(paper, marks) if is_shown else {})

    def receipt(self, attempt_id: int, user_id: int, *, sees_all: bool) -> Receipt:
        """Return the signed receipt to whom the result is shown."""
        with self._database.transaction() as session:
            _finished(attempts.load(session, attempt_id), user_id, sees_all=sees_all)
            found = receipts.of_attempt(session, attempt_id)
        if found is None:
            raise ReceiptNotFound
        return found

    def receipt_keys(self) -> list[bytes]:
        """Return the public keys of all receipts that were ever signed, the newest first."""
        with self._database.transaction() as session:
            return receipts.public_keys(session)

    def batch(self, attempt_ids: Iterable[int], *, with_questions: bool) -> Batch:
        """Return attempts as they are now; unknown ids are missing."""
        with self._database.transaction() as session:
            found = attempts.load_many(session, attempt_ids)
            exam_ids = {attempt.exam_id for attempt in found.values()}
            questions: dict[int, list[int]] = {}
            if with_questions and exam_ids:
                questions = exams.question_ids_by_exam(session, exam_ids)
            clock = _clock(session, found.values())
        return Batch(tuple(found.values()), questions, clock)

    def standings(
        self, attempt_ids: Sequence[int], *, with_questions: bool
    ) -> tuple[Standings, dict[int, list[int]]]:
        """Return whose attempts are and in which status, and their exams' questions if asked."""
        with self._database.single() as connection:
            found = standings.standings(connection, attempt_ids)
            # An exam's questions are frozen with its first attempt: no need for one moment.
            known = standings.questions(connection, attempt_ids) if with_questions else {}
        return found, known

    def of_student(self, student_id: int, after_id: int, limit: int) -> list[Attempt]:
        """Return a page of a student's attempts by id, those behind `after_id`."""
        with self._database.transaction() as session:
            return attempts.load_of_student(session, student_id, after_id, limit)

    def roll(self, exam_id: int) -> Standings:
        """Return who sits an exam, by attempt; nobody sits one that is not there."""
        with self._database.single() as connection:
            return standings.of_exam(connection, exam_id)

    def roster(self, exam_id: int) -> Roster:
        with self._database.transaction() as session:
            exam = exams.exam(session, exam_id)
            if exam is None:
                raise ExamNotFound
            found = attempts.load_of_exam(session, exam_id)
            questions = exams.question_ids_by_exam(session, [exam_id]).get(exam_id, [])
            clock = _clock(session, found)
        return Roster(exam, tuple(found), len(questions), clock)


def _counting(
    paper: ExamPaper, marks: Mapping[int, Sequence[HandMark]]
) -> dict[int, tuple[HandMark, ...]]:
    """Return the marks that count; those that nobody has settled yet stay with who gave them."""
    void = {question.id for question in paper.questions if question.void is not None}
    found = {q: mark.settled(paper.exam, given) for q, given in marks.items() if q not in void}
    return {question_id: s.of for question_id, s in found.items() if s is not None}


def _own(attempt: Attempt | None, user_id: int) -> Attempt:
    if attempt is None or attempt.student_id != user_id:
        raise AttemptNotFound
    return attempt


def _finished(attempt: Attempt | None, user_id: int, *, sees_all: bool) -> Attempt:
    if attempt is None:
        raise AttemptNotFound
    if attempt.student_id != user_id and not sees_all:
        raise ForeignResult
    if attempt.status not in FINISHED:
        raise ResultNotReady
    return attempt


def _clock(session: Any, found: Iterable[Attempt]) -> datetime:
    """Return the latest time at which anything was read; asks the database if nothing was."""
    newest = max((attempt.as_of for attempt in found), default=None)
    moment: datetime = newest or attempts.server_time(session)
    return moment
