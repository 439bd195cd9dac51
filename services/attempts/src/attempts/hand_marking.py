"""Deeds of people who mark: a number or a rubric for one answer, and the decision between two.

Each locks the attempt first, so of two that mark the last missing answers exactly one turns
`submitted` into `graded`. Blocking: for worker threads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.database import Database
from chassis.origins import NOWHERE, Origin
from sqlalchemy.orm import Session

from attempts import auditing, gradekeeping, mark, rubric
from attempts.answer import Answer
from attempts.attempt import FINISHED, Attempt, Status
from attempts.audit import Entry
from attempts.errors import (
    AnswerNotFound,
    AttemptNotFound,
    MarksOutOfRange,
    NoRubric,
    NotMarkable,
)
from attempts.gradekeeping import Occasion, Script
from attempts.grading import Source, judge, judged_by_hand
from attempts.mark import HandMark, Stage
from attempts.question import Question
from attempts.rubric import Choice, Rated
from attempts.store import answers, attempts, hand_marks, rubrics


@dataclass(frozen=True)
class Verdict:
    """What a person says an answer is worth: marks, or a level for each criterion."""

    marks: float | None = None
    choices: Sequence[Choice] | None = None
    feedback: str | None = None


@dataclass(frozen=True)
class _Desk:
    """One answer on a grader's desk."""

    script: Script
    question: Question
    answer: Answer
    given: Sequence[HandMark]

    @property
    def is_open(self) -> bool:
        """Whether the answer waits for marks, even if the attempt counts as graded."""
        status = self.script.attempt.status
        return status is Status.SUBMITTED or self.answer.marks_awarded is None


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
        verdict: Verdict | float,
        grader_id: int,
        origin: Origin = NOWHERE,
    ) -> Answer:
        """Store what one answer is worth; the last missing mark turns submitted into graded.

        With second marking the answer has no marks before two people agree or a third decides.
        """
        said = verdict if isinstance(verdict, Verdict) else Verdict(marks=verdict)
        with self._database.transaction() as session:
            desk = _desk(session, attempt_id, question_id)
            if not desk.is_open:
                raise NotMarkable
            exam = desk.script.paper.exam
            stage = mark.next_stage(exam, desk.given, grader_id)
            occasion = Occasion(gradekeeping.MARKED, grader_id, origin)
            answer = _give(session, desk, stage, said, occasion)
        self._wake()
        return answer

    def moderate(
        self,
        attempt_id: int,
        question_id: int,
        verdict: Verdict,
        moderator_id: int,
        origin: Origin = NOWHERE,
    ) -> Answer:
        """Decide between two markings that differ, or change the marks of a graded attempt."""
        with self._database.transaction() as session:
            desk = _desk(session, attempt_id, question_id)
            is_graded = desk.script.attempt.status is Status.GRADED
            exam = desk.script.paper.exam
            mark.ensure_moderator(exam, desk.given, moderator_id, is_graded=is_graded)
            occasion = Occasion(gradekeeping.MODERATED, moderator_id, origin)
            answer = _give(session, desk, Stage.MODERATION, verdict, occasion)
        self._wake()
        return answer


def _desk(session: Session, attempt_id: int, question_id: int) -> _Desk:
    """Take an answer that a person may mark; there must be one, and not an empty one."""
    attempt = attempts.lock(session, attempt_id)
    if attempt is None:
        raise AttemptNotFound
    [script] = gradekeeping.scripts(session, [attempt])
    question = next((q for q in script.shown.questions if q.id == question_id), None)
    if question is None:
        raise AnswerNotFound
    if attempt.status not in FINISHED or question.is_auto_gradable or question.void is not None:
        raise NotMarkable
    answer = next((a for a in script.answers if a.question_id == question_id), None)
    if answer is None or not judge(question, answer.value).is_attempted:
        raise AnswerNotFound
    return _Desk(script, question, answer, script.marks.get(question_id, ()))


def _give(
    session: Session, desk: _Desk, stage: Stage, verdict: Verdict, occasion: Occasion
) -> Answer:
    new = _stored(session, desk, stage, verdict, occasion)
    attempt, exam = desk.script.attempt, desk.script.paper.exam
    auditing.add(session, _marked(attempt, new, occasion, is_blind=mark.is_blind(exam)))
    given = [*desk.given, new]
    settled = mark.settled(exam, given)
    if settled is None:
        return desk.answer
    judgement = judged_by_hand(desk.question, settled.marks)
    answer = answers.mark_by_hand(session, attempt.id, judgement)
    if answer is None:
        raise AnswerNotFound
    script = _with(desk.script, answer, given)
    gradekeeping.rescore(session, [gradekeeping.graded(script)], occasion)
    return answer


def _with(script: Script, changed: Answer, given: Sequence[HandMark]) -> Script:
    others = [a for a in script.answers if a.question_id != changed.question_id]
    marks = {**script.marks, changed.question_id: given}
    return Script(script.attempt, script.paper, script.shown, [*others, changed], marks)


def _stored(
    session: Session, desk: _Desk, stage: Stage, verdict: Verdict, occasion: Occasion
) -> HandMark:
    levels = _rated(session, desk.question, verdict.choices)
    marks = verdict.marks if levels is None else rubric.worth(levels, desk.question.marks)
    if marks is None or not 0 <= marks <= desk.question.marks:
        raise MarksOutOfRange
    values: dict[str, Any] = {
        "attempt_id": desk.script.attempt.id,
        "question_id": desk.question.id,
        "stage": stage,
        "grader_id": occasion.by_id,
        "source": Source.MANUAL if levels is None else Source.RUBRIC,
        "marks": marks,
        "rubric_id": None if levels is None else desk.question.rubric_id,
        "feedback": verdict.feedback,
    }
    return hand_marks.add(session, values, levels)


def _rated(
    session: Session, question: Question, choices: Sequence[Choice] | None
) -> tuple[Rated, ...] | None:
    if choices is None:
        return None
    if question.rubric_id is None:
        raise NoRubric
    return rubric.rated(rubrics.load(session, [question.rubric_id])[question.rubric_id], choices)


def _marked(attempt: Attempt, new: HandMark, occasion: Occasion, *, is_blind: bool) -> Entry:
    details: dict[str, Any] = {"question_id": new.question_id, "marks_awarded": new.marks}
    if is_blind or new.stage is Stage.MODERATION:
        details["stage"] = new.stage.value
    is_decision = new.stage is Stage.MODERATION
    return auditing.about(
        attempt,
        "answer_moderated" if is_decision else "answer_marked",
        f"Question {new.question_id} {'moderated' if is_decision else 'marked'}",
        category="grading",
        user_id=occasion.by_id,
        origin=occasion.origin,
        details=details,
    )
