"""Deeds of grading: what stored answers are worth, written together with the status it brings.

Part of somebody else's transaction, except for `mark`, which gives a person's marks.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chassis.database import Database
from chassis.origins import NOWHERE, Origin
from sqlalchemy.orm import Session

from attempts import auditing, notices
from attempts.answer import Answer
from attempts.attempt import Attempt, Status, SubmitReason
from attempts.audit import Entry
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

_ENDINGS = {
    SubmitReason.STUDENT: "Attempt submitted",
    SubmitReason.DEADLINE: "Attempt collected after its grace period",
    SubmitReason.PAUSE: "Attempt ended because its pause lasted too long",
}


def finish(
    session: Session, locked: Sequence[Attempt], reason: SubmitReason, origin: Origin = NOWHERE
) -> list[Attempt]:
    """Grade locked attempts by their stored answers, end them and announce it."""
    papers = exams.papers(session, {attempt.exam_id for attempt in locked})
    stored = answers.of_attempts(session, [attempt.id for attempt in locked])
    shown = {a.id: laid_out(papers[a.exam_id], a.layout_id) for a in locked}
    grades = {a.id: _grade(shown[a.id], stored.get(a.id, ())) for a in locked}
    answers.mark(session, {attempt_id: g.judgements for attempt_id, g in grades.items()})
    ended = attempts.finish(session, [Ending(a, reason, grades[a.id]) for a in locked])
    previous = {attempt.id: attempt.status for attempt in locked}
    notices.announce(
        session, [notices.status_changed(attempt, previous[attempt.id]) for attempt in ended]
    )
    auditing.add(session, *(entry for a in ended for entry in _ended(a, reason, origin)))
    return ended


def _ended(attempt: Attempt, reason: SubmitReason, origin: Origin) -> list[Entry]:
    by_student = reason is SubmitReason.STUDENT
    submitted = auditing.about(
        attempt,
        "attempt_submitted",
        _ENDINGS[reason],
        user_id=attempt.student_id if by_student else None,
        origin=origin,
        details={"reason": reason.value, "questions_answered": attempt.questions_answered},
    )
    return [submitted, *_graded(attempt)]


def _graded(attempt: Attempt, user_id: int | None = None, origin: Origin = NOWHERE) -> list[Entry]:
    """Return the entry of a grade that is complete; without a person the machine gave it."""
    if attempt.status is not Status.GRADED:
        return []
    entry = auditing.about(
        attempt,
        "attempt_graded",
        "Attempt graded",
        category="grading",
        user_id=user_id,
        origin=origin,
        details={
            "marks_obtained": attempt.score.marks_obtained,
            "is_passed": attempt.score.is_passed,
        },
    )
    return [entry]


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

    def mark(
        self,
        attempt_id: int,
        question_id: int,
        marks: float,
        grader_id: int,
        origin: Origin = NOWHERE,
    ) -> Answer:
        """Store the marks of one answer; the last missing one turns submitted into graded."""
        with self._database.transaction() as session:
            attempt = attempts.lock(session, attempt_id)
            if attempt is None:
                raise AttemptNotFound
            paper = exams.papers(session, {attempt.exam_id})[attempt.exam_id]
            paper = laid_out(paper, attempt.layout_id)
            question = _markable(attempt, paper, question_id, marks)
            stored = _answered(session, attempt_id, question)
            answer = answers.mark_by_hand(session, attempt_id, judged_by_hand(question, marks))
            if answer is None:
                raise AnswerNotFound
            others = [a for a in stored if a.question_id != question_id]
            changed = _rescore(session, attempt, _grade(paper, [*others, answer]), grader_id)
            marked = _marked(attempt, answer, grader_id, origin)
            auditing.add(session, marked, *_graded(changed, grader_id, origin))
        self._wake()
        return answer


def _marked(attempt: Attempt, answer: Answer, grader_id: int, origin: Origin) -> Entry:
    return auditing.about(
        attempt,
        "answer_marked",
        f"Question {answer.question_id} marked",
        category="grading",
        user_id=grader_id,
        origin=origin,
        details={"question_id": answer.question_id, "marks_awarded": answer.marks_awarded},
    )


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


def _rescore(session: Session, attempt: Attempt, graded: Grade, grader_id: int) -> Attempt:
    reason = attempt.submit_reason or SubmitReason.STUDENT
    ending = Ending(attempt, reason, graded, graded_by=grader_id)
    changed = attempts.finish(session, [ending])
    if not changed:
        raise Overtaken
    if changed[0].status is not attempt.status:
        notices.announce(session, [notices.status_changed(changed[0], attempt.status)])
    return changed[0]
