"""The deed that tells an exam's attempts as statements of xAPI. Blocking: for worker threads."""

from dataclasses import dataclass
from typing import Any

from chassis.database import Database

from attempts.errors import ExamNotFound
from attempts.statement import statements
from attempts.store import answers, attempts, exams


@dataclass(frozen=True)
class Page:
    """Statements of some attempts; `last_id` is where the next page begins, None at the end."""

    statements: list[dict[str, Any]]
    last_id: int | None


class Stating:
    """Reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, exam_id: int, home: str, *, after: int, limit: int) -> Page:
        """Return the statements of the next `limit` closed attempts. Raises `ExamNotFound`."""
        with self._database.transaction() as session:
            exam = exams.exam(session, exam_id)
            if exam is None:
                raise ExamNotFound
            paper = exams.paper(session, exam)
            closed = attempts.load_closed(session, exam_id, after, limit)
            answered = answers.of_attempts(session, [each.id for each in closed])
        told = [
            statement
            for each in closed
            for statement in statements(home, paper, each, answered.get(each.id, ()))
        ]
        return Page(told, closed[-1].id if len(closed) == limit else None)
