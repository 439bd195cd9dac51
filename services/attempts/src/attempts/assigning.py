"""Deed: gives students attempts at an exam before it begins, as often as it is asked.

Each is announced, so that boards that are open show it. Blocking. Whether a student exists is
auth's to know and is not asked here: attempts carry ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.database import Database

from attempts import notices
from attempts.attempt import new_salt
from attempts.errors import ExamNotFound, ExamWithoutQuestions, InvalidRoster
from attempts.store import assignments, content


@dataclass(frozen=True)
class Assigned:
    """How many attempts were made, and how many students had one already."""

    made: int
    kept: int


def student_ids(text: str) -> list[int]:
    """Return the user ids of a file, one in each line's first column; a heading may come first."""
    found: dict[int, None] = {}
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        cell = line.split(",")[0].strip().strip('"')
        if not cell or (number == 1 and cell in {"student_id", "user_id", "id"}):
            continue
        if not (cell.isascii() and cell.isdecimal() and 0 < int(cell) < 2**63):
            raise InvalidRoster(number)
        found[int(cell)] = None
    return list(found)


def assign(database: Database, exam: str, students: Sequence[int]) -> Assigned:
    """Give each student without an attempt at the exam (its id or its code) one, not started.

    An attempt that was cancelled does not count. The first one freezes the exam's content.
    """
    with database.transaction() as session:
        exam_id = assignments.exam_id(session, exam)
        locked = None if exam_id is None else content.lock_exam(session, exam_id)
        if locked is None:
            raise ExamNotFound
        if not assignments.has_questions(session, locked.id):
            raise ExamWithoutQuestions
        made = assignments.add(session, locked, {student: new_salt() for student in students})
        notices.announce(session, [notices.created(attempt) for attempt in made])
    return Assigned(len(made), len(set(students)) - len(made))
