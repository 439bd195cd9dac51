"""Deeds that read what grading has left: versions, queues, regrades, rubrics, item analysis.

Nothing here names a student. Blocking: for worker threads.
"""

from dataclasses import dataclass, replace
from typing import Any

from chassis.database import Database
from sqlalchemy.orm import Session

from attempts.errors import AttemptNotFound, ExamNotFound, RubricNotFound
from attempts.exam import ExamPaper
from attempts.item_analysis import Analysis, Item, Response, Responses, analysed
from attempts.mark import Waiting
from attempts.question import Question, QuestionType
from attempts.rubric import Rubric
from attempts.store import attempts, exams, grades, hand_marks, rubrics
from attempts.store.grades import Regrade, Version
from attempts.store.hand_marks import Task


@dataclass(frozen=True)
class Desk:
    """An answer that waits for a mark, with its question as the exam asks it."""

    task: Task
    question: Question


class Surveying:
    """Reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def grades(self, attempt_id: int) -> list[Version]:
        """Return all versions of an attempt's grade, oldest first."""
        with self._database.transaction() as session:
            if attempts.load(session, attempt_id) is None:
                raise AttemptNotFound
            return grades.history(session, attempt_id)

    def waiting(
        self, exam_id: int, state: Waiting, grader_id: int, skip: int, limit: int
    ) -> list[Desk]:
        """Return the answers that a grader could mark now; none that he has marked himself."""
        with self._database.transaction() as session:
            paper = _paper(session, exam_id)
            tasks = hand_marks.waiting(session, paper.exam, state, grader_id, skip, limit)
        asked = {question.id: question for question in paper.questions}
        return [Desk(task, asked[task.question_id]) for task in tasks if task.question_id in asked]

    def regrades(self, exam_id: int) -> list[Regrade]:
        """Return the work that corrected keys made, newest first, and what is left of it."""
        with self._database.transaction() as session:
            _paper(session, exam_id)
            return [_measured(session, regrade) for regrade in grades.regrades(session, exam_id)]

    def rubric(self, rubric_id: int) -> Rubric:
        with self._database.transaction() as session:
            found = rubrics.load(session, [rubric_id])
        if rubric_id not in found:
            raise RubricNotFound
        return found[rubric_id]

    def rubrics(self, skip: int, limit: int) -> list[Rubric]:
        with self._database.transaction() as session:
            return rubrics.listed(session, skip, limit)

    def item_analysis(self, exam_id: int) -> Analysis:
        """Return how well the questions of an exam measured, by the newest complete grades."""
        with self._database.transaction() as session:
            paper = _paper(session, exam_id)
            found = [_responses(j) for j in grades.complete_judgements(session, exam_id)]
        return analysed([_item(question) for question in paper.questions], found)


def _paper(session: Session, exam_id: int) -> ExamPaper:
    exam = exams.exam(session, exam_id)
    if exam is None:
        raise ExamNotFound
    return exams.paper(session, exam)


def _measured(session: Session, regrade: Regrade) -> Regrade:
    if regrade.completed_at is not None:
        return replace(regrade, pending_count=0)
    return replace(regrade, pending_count=grades.count_outdated(session, regrade))


def _responses(judgements: list[dict[str, Any]]) -> Responses:
    return {
        j["question_id"]: Response(j["marks"] or 0.0, j["is_attempted"], tuple(j["chosen"]))
        for j in judgements
    }


def _item(question: Question) -> Item:
    if question.question_type is QuestionType.TRUE_FALSE:
        key = set() if question.truth_key is None else {str(question.truth_key).lower()}
        return Item(question.id, question.marks, ("true", "false"), frozenset(key))
    if question.question_type is not QuestionType.MULTIPLE_CHOICE:
        return Item(question.id, question.marks)
    options = tuple(sorted(question.choices))
    return Item(question.id, question.marks, options, question.choice_key)
