"""The demo exam and its people as importer lines, made from the YAML files in `demo_data`.

Ids begin at 900001, far above those of an imported portal, so both live in one system. A
*generation* is one attempt for each demo student: the first comes with the exam, `oep seed --fresh`
adds another.
Pure: the time is passed in and nothing is sent anywhere.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

Row = dict[str, Any]

BASE_ID = 900_000
EXAM_ID = BASE_ID + 1
# attempts that students start themselves get ids after the last seeded one: leave them room
GENERATION_STEP = 100_000
ROLE_IDS = {
    "admin": 1,
    "hall_in_charge": 2,
    "hall_auth": 3,
    "technician": 4,
    "student": 5,
    "proctor": 6,
    "grader": 7,
}
_STAFF_ID = BASE_ID + 100
_NO_COLUMNS = {"role", "username", "is_assigned"}
_FILES = ("people.yaml", "exam.yaml")
_WINDOW_BEFORE = timedelta(days=1)
_WINDOW_AFTER = timedelta(days=365)


@cache
def _text(name: str) -> str:
    return files("oep_local").joinpath("demo_data", name).read_text(encoding="utf-8")


@cache
def people() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_text("people.yaml"))
    return loaded


@cache
def exam() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_text("exam.yaml"))
    return loaded


def version() -> str:
    """Name this state of the demo data; it changes with every edit of the files."""
    return hashlib.sha256("".join(map(_text, _FILES)).encode()).hexdigest()[:16]


def hall_ticket(number: int) -> str:
    return f"DEMO{number:04}"


def student_id(number: int) -> int:
    return BASE_ID + number


def attempt_id(number: int, generation: int) -> int:
    return BASE_ID + GENERATION_STEP * generation + number


def auth_lines(now: datetime) -> Iterator[Row]:
    """Yield the people, with plain demo passwords: auth's importer hashes them."""
    yield _line("trades", _trade(now))
    yield _line("centers", {"id": EXAM_ID, **people()["center"], **_active(now)})
    for offset, member in enumerate(people()["staff"], start=1):
        yield from _user(_STAFF_ID + offset, member["username"], member, member["role"], now)
        if member.get("is_assigned"):
            yield _line("assignments", _assignment(_STAFF_ID + offset, member["role"]))
    for number, student in enumerate(people()["students"], start=1):
        extra = {
            "hall_ticket_number": hall_ticket(number),
            "date_of_birth": student["date_of_birth"].isoformat(),
            "security_question": people()["security_question"],
            "security_answer": student["security_answer"],
            "trade_id": EXAM_ID,
            "center_id": EXAM_ID,
        }
        person = {"full_name": student["full_name"], **extra}
        yield from _user(student_id(number), f"demo{number:03}", person, "student", now)


def exam_lines(now: datetime) -> Iterator[Row]:
    """Yield the exam with its bank and questions; its window is open from yesterday for a year."""
    yield _line("trades", _trade(now))
    bank = {"id": EXAM_ID, **exam()["bank"], "trade_id": EXAM_ID, **_active(now)}
    yield _line("question_banks", bank)
    for number, question in enumerate(exam()["questions"], start=1):
        yield _line("questions", _question(number, question, now))
    yield _line("exams", _exam(now))
    for number in range(1, len(exam()["questions"]) + 1):
        link = {"exam_id": EXAM_ID, "question_id": BASE_ID + number, "order_number": number}
        row = {"id": BASE_ID + number, **link, "marks_override": None, "created_at": _at(now)}
        yield _line("exam_questions", row)


def attempt_lines(now: datetime, generation: int) -> Iterator[Row]:
    """Yield one attempt, not started, for each demo student."""
    for number in range(1, len(people()["students"]) + 1):
        yield _line("student_attempts", _attempt(number, generation, now))


def _line(table: str, row: Row) -> Row:
    return {"table": table, "row": row}


def _at(now: datetime) -> str:
    return now.isoformat().replace("+00:00", "Z")


def _stamps(now: datetime) -> Row:
    return {"created_at": _at(now), "updated_at": _at(now)}


def _active(now: datetime) -> Row:
    return {"is_active": True, **_stamps(now)}


def _trade(now: datetime) -> Row:
    return {"id": EXAM_ID, **people()["trade"], **_active(now)}


def _user(number: int, username: str, person: Row, role: str, now: datetime) -> Iterator[Row]:
    absent = ("hall_ticket_number", "date_of_birth", "security_question", "trade_id", "center_id")
    row = {
        "id": number,
        "username": username,
        "email": f"{username}@demo.example",
        "password": people()["password"],
        "is_verified": True,
        "last_login": None,
        **dict.fromkeys(absent),
        **{name: value for name, value in person.items() if name not in _NO_COLUMNS},
        **_active(now),
    }
    yield _line("users", row)
    yield _line("user_roles", {"user_id": number, "role_id": ROLE_IDS[role]})


def _assignment(user_id: int, role: str) -> Row:
    by = {"assigned_by_id": _STAFF_ID + 1}
    return {"exam_id": EXAM_ID, "role": role, "user_id": user_id, **by}


def _question(number: int, question: Row, now: datetime) -> Row:
    return {
        "id": BASE_ID + number,
        "question_bank_id": EXAM_ID,
        "question_text": question["text"],
        "question_type": question["type"],
        "options": question.get("options"),
        "correct_answer": question["key"],
        "explanation": question["explanation"],
        "difficulty": question["difficulty"],
        "marks": float(question["marks"]),
        "negative_marks": float(question["negative_marks"]),
        "tags": question["tags"],
        **_active(now),
    }


def _exam(now: datetime) -> Row:
    source = exam()
    copied = ("title", "exam_code", "description", "duration_minutes", "instructions")
    return {
        "id": EXAM_ID,
        **{name: source[name] for name in copied},
        "trade_id": EXAM_ID,
        "start_time": _at(now - _WINDOW_BEFORE),
        "end_time": _at(now + _WINDOW_AFTER),
        "total_marks": total_marks(),
        "passing_marks": float(source["passing_marks"]),
        "total_questions": len(source["questions"]),
        "shuffle_questions": False,
        "shuffle_options": False,
        "show_results_immediately": True,
        "allow_review": True,
        "status": "published",
        "created_by": _STAFF_ID + 1,
        **_stamps(now),
    }


def total_marks() -> float:
    return float(sum(question["marks"] for question in exam()["questions"]))


_UNSET_ATTEMPT_COLUMNS = (
    "start_time",
    "end_time",
    "submit_time",
    "time_remaining_seconds",
    "last_activity_time",
    "workstation_id",
    "initial_workstation_id",
    "current_question_id",
    "marks_obtained",
    "percentage",
    "is_passed",
    "graded_by",
    "graded_at",
    "browser_info",
    "ip_address",
    "notes",
    "encryption_salt",
    "encrypted_final_answers",
    "encryption_timestamp",
    "encryption_checksum",
)


def _attempt(number: int, generation: int, now: datetime) -> Row:
    return {
        "id": attempt_id(number, generation),
        "student_id": student_id(number),
        "exam_id": EXAM_ID,
        "status": "not_started",
        **dict.fromkeys(_UNSET_ATTEMPT_COLUMNS),
        "duration_minutes": exam()["duration_minutes"],
        "transfer_count": 0,
        "questions_answered": 0,
        "questions_flagged": [],
        "total_marks": total_marks(),
        "auto_graded": False,
        **_stamps(now),
    }
