"""Who sits which exam while we measure: rows for the importers. Pure.

Students differ in everything but their secret, whose hash they share: making a thousand hashes
would take longer than the measurement, and checking one costs the same whoever else has it.

Two kinds of exams share one bank of questions: at the *running* ones every sitter has an attempt in
progress, at the *waiting* ones an attempt that has not begun. A student has one attempt at an exam,
as the database demands, so many attempts mean many exams, not many students.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]

SECRET = "copper"  # of people who exist for some minutes on this machine
BIRTH_DATE = "17/05/2001"
ONE = 500_001
"""The id of the only trade, center, bank and exam author."""
FIRST_QUESTION = 510_001
FIRST_EXAM = 520_001
ADMIN = 590_001
FIRST_STUDENT = 600_001
FIRST_ATTEMPT = 700_001

_STUDENT_ROLE = 5
_ADMIN_ROLE = 1
_EXAM_MINUTES = 600
_OPTIONS = {"A": "copper", "B": "aluminium", "C": "silver", "D": "gold"}


@dataclass(frozen=True)
class World:
    """How much of everything there is."""

    sitters: int = 64
    """Students with attempts."""
    running_exams: int = 16
    waiting_exams: int = 0
    questions: int = 40
    newcomers: int = 0
    """Students without attempts, who only log in."""
    has_admin: bool = False
    """Whether there is an administrator, `ADMIN`, who logs in by user name."""

    @property
    def sitter_ids(self) -> range:
        return range(FIRST_STUDENT, FIRST_STUDENT + self.sitters)

    @property
    def newcomer_ids(self) -> range:
        first = FIRST_STUDENT + self.sitters
        return range(first, first + self.newcomers)

    @property
    def question_ids(self) -> range:
        return range(FIRST_QUESTION, FIRST_QUESTION + self.questions)

    def running_of(self, student_id: int) -> list[int]:
        """Return the attempts of a sitter that are in progress."""
        return self._attempts(student_id, range(self.running_exams))

    def waiting_of(self, student_id: int) -> list[int]:
        """Return the attempts of a sitter that have not begun."""
        exams = range(self.running_exams, self.running_exams + self.waiting_exams)
        return self._attempts(student_id, exams)

    def _attempts(self, student_id: int, exams: range) -> list[int]:
        place = student_id - FIRST_STUDENT
        return [FIRST_ATTEMPT + exam * self.sitters + place for exam in exams]

    def auth_lines(self, newcomers_hash: str, sitters_hash: str, now: datetime) -> Iterator[Row]:
        """Yield the people; the hashes are of `SECRET`."""
        yield _line("trades", _trade(now))
        if self.has_admin:
            yield _line("users", _user(ADMIN, sitters_hash, now))
            yield _line("user_roles", {"user_id": ADMIN, "role_id": _ADMIN_ROLE})
        for student_id in (*self.sitter_ids, *self.newcomer_ids):
            is_sitter = student_id in self.sitter_ids
            yield _line(
                "users", _user(student_id, sitters_hash if is_sitter else newcomers_hash, now)
            )
            yield _line("user_roles", {"user_id": student_id, "role_id": _STUDENT_ROLE})

    def attempts_lines(self, now: datetime) -> Iterator[Row]:
        """Yield the exams with their questions, and every sitter's attempts."""
        yield _line("trades", _trade(now))
        yield _line("question_banks", {"id": ONE, "name": "Load", "trade_id": ONE, **_times(now)})
        for question_id in self.question_ids:
            yield _line("questions", _question(question_id, now))
        for place in range(self.running_exams + self.waiting_exams):
            yield from self._exam(place, now)

    def _exam(self, place: int, now: datetime) -> Iterator[Row]:
        exam_id = FIRST_EXAM + place
        yield _line("exams", _exam(exam_id, self.questions, now))
        for order, question_id in enumerate(self.question_ids, start=1):
            link = {"exam_id": exam_id, "question_id": question_id, "order_number": order}
            row_id = place * self.questions + order + ONE
            yield _line("exam_questions", {"id": row_id, **link, "created_at": _at(now)})
        for student_id in self.sitter_ids:
            [attempt_id] = self._attempts(student_id, range(place, place + 1))
            is_running = place < self.running_exams
            row = {"id": attempt_id, "student_id": student_id, "exam_id": exam_id}
            yield _line("student_attempts", {**row, **_state(is_running, now), **_times(now)})


def hall_ticket(student_id: int) -> str:
    return f"LOAD{student_id}"


def _line(table: str, row: Row) -> Row:
    return {"table": table, "row": row}


def _at(now: datetime) -> str:
    return now.isoformat()


def _times(now: datetime) -> Row:
    return {"created_at": _at(now), "updated_at": _at(now)}


def _trade(now: datetime) -> Row:
    return {"id": ONE, "name": "Load", "code": "LOAD", **_times(now)}


def _user(student_id: int, secret_hash: str, now: datetime) -> Row:
    return {
        "id": student_id,
        "username": f"load{student_id}",
        "email": f"load{student_id}@load.example",
        "full_name": f"Student {student_id}",
        "hashed_password": secret_hash,
        "hall_ticket_number": hall_ticket(student_id),
        "date_of_birth": f"{BIRTH_DATE[6:]}-{BIRTH_DATE[3:5]}-{BIRTH_DATE[:2]}",
        "security_question": "Which metal?",
        "security_answer_hash": secret_hash,
        "trade_id": ONE,
        **_times(now),
    }


def _question(question_id: int, now: datetime) -> Row:
    return {
        "id": question_id,
        "question_bank_id": ONE,
        "question_text": f"Question {question_id}: which metal is it?",
        "question_type": "multiple_choice",
        "options": _OPTIONS,
        "correct_answer": ["A"],
        "marks": 1.0,
        **_times(now),
    }


def _exam(exam_id: int, questions: int, now: datetime) -> Row:
    return {
        "id": exam_id,
        "title": f"Load {exam_id}",
        "trade_id": ONE,
        "exam_code": f"LOAD-{exam_id}",
        "duration_minutes": _EXAM_MINUTES,
        "start_time": _at(now - timedelta(hours=1)),
        "end_time": _at(now + timedelta(days=1)),
        "total_marks": float(questions),
        "passing_marks": questions / 2,
        "total_questions": questions,
        "status": "published",
        **_times(now),
    }


def _state(is_running: bool, now: datetime) -> Row:
    status = "in_progress" if is_running else "not_started"
    return {"status": status, "start_time": _at(now) if is_running else None}
