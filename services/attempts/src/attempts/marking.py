"""Deeds of grading: what stored answers are worth, written together with the status it brings.

Part of somebody else's transaction, except for `mark`, which gives a person's marks.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chassis.database import Database
from sqlalchemy.orm import Session

from attempts import notices
from attempts.answer import Answer
from attempts.attempt import Attempt, Status, SubmitReason
from attempts.errors import (
    AnswerNotFound,
    AttemptNotFound,
    MarksOutOfRange,
    NotMarkable,
    Overtaken,
)
from attempts.exam import ExamPaper
from attempts.grading import Grade, grade, judge, judged_by_hand
from attempts.question import Question
from attempts.shuffling import laid_out
from attempts.store import answers, attempts, exams
from attempts.store.attempts import Ending


def finish(session: Session, locked: Sequence[Attempt], reason: SubmitReason) -> list[Attempt]:
    """Grade locked attempts by their stored answers, end them and announce it."""
    papers = exams.papers(session, {attempt.exam_id for attempt in locked})
    stored = answers.of_attempts(session, [attempt.id for attempt in locked])
    grades = {a.id: _grade(laid_out(papers[a.exam_id], a.id), stored.get(a.id, ())) for a in locked}
    answers.mark(session, {attempt_id: g.judgements for attempt_id, g in grades.items()})
    ended = attempts.finish(session, [Ending(a, reason, grades[a.id]) for a in locked])
    previous = {attempt.id: attempt.status for attempt in locked}
    notices.announce(
        session, [notices.status_changed(attempt, previous[attempt.id]) for attempt in ended]
    )
    return ended


def _grade(paper: ExamPaper, given: Sequence[Answer]) -> Grade:
    values: Mapping[int, Any] = {answer.question_id: answer.value for answer in given}
    marked = {a.question_id: a.marks_awarded for a in given if a.marks_awarded is not None}
    return grade(paper.questions, values, paper.exam.passing_marks, marked)


class Marking:
    """A person marks what the machine cannot."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake

    def mark(self, attempt_id: int, question_id: int, marks: float, grader_id: int) -> Answer:
        """Store the marks of one answer; the last missing one turns submitted into graded."""
        with self._database.transaction() as session:
            attempt = attempts.lock(session, attempt_id)
            if attempt is None:
                raise AttemptNotFound
            paper = exams.papers(session, {attempt.exam_id})[attempt.exam_id]
            paper = laid_out(paper, attempt.id)
            question = _markable(attempt, paper, question_id, marks)
            stored = _answered(session, attempt_id, question)
            answer = answers.mark_by_hand(session, attempt_id, judged_by_hand(question, marks))
            if answer is None:
                raise AnswerNotFound
            others = [a for a in stored if a.question_id != question_id]
            _rescore(session, attempt, _grade(paper, [*others, answer]), grader_id)
        self._wake()
        return answer


def _markable(attempt: Attempt, paper: ExamPaper, question_id: int, marks: float) -> Question:
    question = next((q for q in paper.questions if q.id == question_id), None)
    if question is None:
        raise AnswerNotFound
    if attempt.status is not Status.SUBMITTED or question.is_auto_gradable:
        raise NotMarkable
    if not 0 <= marks <= question.marks:
        raise MarksOutOfRange
    return question


def _answered(session: Session, attempt_id: int, question: Question) -> list[Answer]:
    """Return all answers of the attempt; there must be one to `question`, and not an empty one."""
    stored = answers.of_attempts(session, [attempt_id]).get(attempt_id, [])
    value = next((a.value for a in stored if a.question_id == question.id), None)
    if not judge(question, value).is_attempted:
        raise AnswerNotFound
    return stored


def _rescore(session: Session, attempt: Attempt, graded: Grade, grader_id: int) -> None:
    reason = attempt.submit_reason or SubmitReason.STUDENT
    ending = Ending(attempt, reason, graded, graded_by=grader_id)
    changed = attempts.finish(session, [ending])
    if not changed:
        raise Overtaken
    if changed[0].status is not attempt.status:
        notices.announce(session, [notices.status_changed(changed[0], attempt.status)])
