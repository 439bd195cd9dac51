"""Deeds that write rubrics and say by which one an answer is marked.

A rubric is frozen by the first attempt at an exam that uses it, and by the first answer marked by
it. Blocking: for worker threads.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.database import Database
from sqlalchemy.orm import Session

from attempts import auditing
from attempts.drafting import Author
from attempts.errors import (
    ExamNotFound,
    NotMarkedByHand,
    QuestionNotFound,
    RubricFrozen,
    RubricNotFound,
)
from attempts.question import Question
from attempts.rubric import Rubric, ensure_sound
from attempts.store import content, exams, rubrics

Fields = Mapping[str, Any]


class RubricWriting:
    """Writes rubrics; `criteria` are given in order, each with its `levels`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, fields: Fields, criteria: Sequence[Fields], author: Author) -> Rubric:
        ensure_sound(criteria)
        with self._database.transaction() as session:
            new = rubrics.add(session, {**fields, "created_by": author.user_id}, criteria)
            auditing.add(
                session, author.entry("rubric_created", "Rubric created", rubric_id=new.id)
            )
            return new

    def replace(
        self, rubric_id: int, fields: Fields, criteria: Sequence[Fields], author: Author
    ) -> Rubric:
        """Write a rubric anew that nobody marks by yet."""
        ensure_sound(criteria)
        with self._database.transaction() as session:
            rubrics.lock_exams_using(session, rubric_id)
            if not rubrics.lock(session, rubric_id):
                raise RubricNotFound
            if rubrics.is_in_use(session, rubric_id):
                raise RubricFrozen
            changed = rubrics.replace(session, rubric_id, fields, criteria)
            entry = author.entry("rubric_changed", "Rubric changed", rubric_id=rubric_id)
            auditing.add(session, entry)
            return changed

    def attach(
        self, exam_id: int, question_id: int, rubric_id: int | None, author: Author
    ) -> Rubric | None:
        """Let a question of an exam be marked by a rubric, or by none."""
        with self._database.transaction() as session:
            question = _question(session, exam_id, question_id)
            if question.is_auto_gradable:
                raise NotMarkedByHand
            if rubrics.has_rated(session, exam_id, question_id):
                raise RubricFrozen
            found = rubrics.load(session, [] if rubric_id is None else [rubric_id])
            if rubric_id is not None and rubric_id not in found:
                raise RubricNotFound
            rubrics.attach(session, exam_id, question_id, rubric_id)
            details = {"question_id": question_id, "rubric_id": rubric_id}
            entry = author.entry("rubric_attached", "Rubric attached", exam_id, **details)
            auditing.add(session, entry)
            return found.get(rubric_id) if rubric_id is not None else None


def _question(session: Session, exam_id: int, question_id: int) -> Question:
    exam = content.lock_exam(session, exam_id)
    if exam is None:
        raise ExamNotFound
    for question in exams.paper(session, exam).questions:
        if question.id == question_id:
            return question
    raise QuestionNotFound
