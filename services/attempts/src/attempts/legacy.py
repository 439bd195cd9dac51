"""Rows of the legacy portal turned into ours: words, times, windows, salts, keys.

Pure. Whatever is not taken over as it came is counted in `changes`, so that the report can say it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from chassis.origins import Origin

from attempts.answer import is_empty
from attempts.attempt import Status, is_salt, new_salt
from attempts.audit import IMPORTED, Entry
from attempts.exam import ExamStatus
from attempts.question import Difficulty, QuestionType
from attempts.transfer import OPEN, TransferStatus

Row = Mapping[str, Any]
Columns = dict[str, Any]
Changes = Counter[str]
Word = TypeVar("Word", bound=StrEnum)

_DEFAULT_WINDOW = timedelta(days=30)
_TRANSFER_TIMES = ("created_at", "approved_at", "rejected_at", "completed_at")


class UnusableRow(ValueError):
    """A row that cannot become ours; the text says which and why."""


@dataclass(frozen=True)
class Window:
    """When an exam may be begun."""

    start: datetime | None
    end: datetime | None

    @property
    def length(self) -> timedelta | None:
        if self.start is None or self.end is None or self.start >= self.end:
            return None
        return self.end - self.start


def instant(value: Any) -> datetime | None:
    """Read a timestamp; without an offset it is UTC."""
    if value is None or isinstance(value, datetime):
        return value
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise UnusableRow(f"{value!r} is no timestamp") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def word(row: Row, column: str, words: type[Word], default: Word | None = None) -> str:
    """Read an enum's word in any case."""
    value = row.get(column)
    if value is None and default is not None:
        return default.value
    try:
        return words(str(value).lower()).value
    except ValueError as error:
        raise UnusableRow(f"row {row.get('id')}: {column} {value!r} is no known word") from error


def trade(row: Row, now: datetime) -> Columns:
    return {
        **_copied(row, "id", "name", "code", "description"),
        "is_active": row.get("is_active", True),
        **_times(row, now),
    }


def question_bank(row: Row, now: datetime) -> Columns:
    return {
        **_copied(row, "id", "name", "description", "trade_id"),
        "is_active": row.get("is_active", True),
        **_times(row, now),
    }


def question(row: Row, now: datetime, changes: Changes) -> Columns:
    """Turn a question into ours: negative marks are an amount, a key is a list."""
    negative = float(row.get("negative_marks") or 0)
    if negative < 0:
        changes["questions: negative marks taken as amounts"] += 1
    key = row.get("correct_answer")
    options = row.get("options")
    return {
        **_copied(row, "id", "question_bank_id", "question_text", "explanation", "tags"),
        "question_type": word(row, "question_type", QuestionType, QuestionType.MULTIPLE_CHOICE),
        "difficulty": word(row, "difficulty", Difficulty, Difficulty.MEDIUM),
        "options": {str(k): str(v) for k, v in options.items()} if options else None,
        "correct_answer": key if isinstance(key, list) else [] if key is None else [key],
        "marks": float(row.get("marks", 1)),
        "negative_marks": abs(negative),
        "is_active": row.get("is_active", True),
        **_times(row, now),
    }


def exam(row: Row, now: datetime, trade_code: str, changes: Changes) -> Columns:
    """Turn an exam into ours; its code, when it has none, is made of trade and id."""
    code = row.get("exam_code")
    if not code:
        code = f"{trade_code}-{row['id']}"
        changes["exams: exam_code made from trade and id"] += 1
    return {
        **_copied(row, "id", "title", "description", "trade_id", "duration_minutes"),
        **_copied(row, "instructions", "created_by", "max_attempts"),
        "exam_code": code,
        "start_time": instant(row.get("start_time")),
        "end_time": instant(row.get("end_time")),
        "total_marks": float(row.get("total_marks") or 0),
        "passing_marks": float(row.get("passing_marks") or 0),
        "total_questions": row.get("total_questions") or 0,
        "shuffle_questions": bool(row.get("shuffle_questions")),
        "shuffle_options": bool(row.get("shuffle_options")),
        "show_results_immediately": bool(row.get("show_results_immediately")),
        "allow_review": row.get("allow_review", True),
        "status": word(row, "status", ExamStatus, ExamStatus.DRAFT),
        **_times(row, now),
    }


def moved_window(window: Window, stored: Window | None, now: datetime) -> Window | None:
    """Return where a window that has ended goes: it begins now, its length stays.

    None = it has not ended. One that an earlier import has moved already stays where it is.
    """
    if window.end is None or window.end >= now:
        return None
    length = window.length or _DEFAULT_WINDOW
    if stored and stored.end and stored.end >= now and stored.length == length:
        return stored
    return Window(now, now + length)


def link(row: Row, now: datetime) -> Columns:
    return {
        **_copied(row, "id", "exam_id", "question_id", "order_number", "marks_override"),
        "created_at": instant(row.get("created_at")) or now,
    }


def attempt(
    row: Row, now: datetime, given: Iterable[Columns], duration: int, changes: Changes
) -> Columns:
    """Turn an attempt into ours; `given` are its answers, `duration` is the exam's, in minutes."""
    answers = list(given)
    status = Status(word(row, "status", Status))
    minutes = row.get("duration_minutes") or duration
    start = instant(row.get("start_time"))
    if start is None and status is not Status.NOT_STARTED and status is not Status.CANCELLED:
        start = instant(row.get("created_at")) or now
        changes["student_attempts: start taken from created_at"] += 1
    salt = row.get("encryption_salt")
    if not is_salt(salt):
        salt = new_salt()
        changes["student_attempts: encryption_salt made"] += 1
    flagged = {int(q) for q in row.get("questions_flagged") or ()}
    flagged |= {answer["question_id"] for answer in answers if answer["is_flagged"]}
    return {
        **_copied(row, "id", "student_id", "exam_id", "workstation_id", "initial_workstation_id"),
        **_copied(row, "current_question_id", "marks_obtained", "percentage", "is_passed"),
        **_copied(row, "graded_by", "browser_info", "ip_address", "notes"),
        **_copied(row, "encrypted_final_answers", "encryption_timestamp", "encryption_checksum"),
        "status": status.value,
        "start_time": start,
        "deadline_at": start + timedelta(minutes=minutes) if start else None,
        "end_time": instant(row.get("end_time")),
        "submit_time": instant(row.get("submit_time")),
        "duration_minutes": minutes,
        "last_activity_time": instant(row.get("last_activity_time")),
        "transfer_count": row.get("transfer_count") or 0,
        "questions_answered": sum(not is_empty(answer["answer"]) for answer in answers),
        "questions_flagged": sorted(flagged),
        "auto_graded": bool(row.get("auto_graded")),
        "graded_at": instant(row.get("graded_at")),
        "encryption_salt": salt,
        **_times(row, now),
    }


def answer(row: Row, now: datetime) -> Columns:
    last = instant(row.get("last_updated_at")) or instant(row.get("created_at")) or now
    return {
        **_copied(row, "id", "attempt_id", "question_id", "answer", "is_correct", "marks_awarded"),
        "is_flagged": bool(row.get("is_flagged")),
        "time_spent_seconds": row.get("time_spent_seconds") or 0,
        "answer_sequence": row.get("answer_sequence") or 0,
        "auto_graded": bool(row.get("auto_graded")),
        "first_answered_at": instant(row.get("first_answered_at")),
        "last_updated_at": last,
        "created_at": instant(row.get("created_at")) or last,
    }


def transfer(row: Row) -> Columns:
    return {
        **_copied(row, "id", "attempt_id", "from_workstation", "to_workstation", "reason"),
        **_copied(row, "requested_by_id", "approved_by_id", "migration_checksum", "error_message"),
        "status": word(row, "status", TransferStatus),
        "answers_transferred": row.get("answers_transferred") or 0,
        **{name: instant(row.get(name)) for name in _TRANSFER_TIMES},
    }


def logged(row: Row) -> Entry:
    """Turn an entry of the portal's audit into one of the imported chain, which tells its time."""
    at = instant(row.get("created_at"))
    failed = not row.get("success", 1)
    origin = {
        "id": row["id"],
        "username": row.get("username"),
        "created_at": None if at is None else at.isoformat(),
        "details": row.get("details"),
    }
    return Entry(
        str(row["event_type"]),
        str(row["event_category"]),
        str(row["description"]),
        user_id=row.get("user_id"),
        attempt_id=row.get("attempt_id"),
        exam_id=row.get("exam_id"),
        transfer_id=row.get("transfer_id"),
        details={IMPORTED: origin},
        origin=Origin(row.get("ip_address"), row.get("user_agent")),
        error_message=(row.get("error_message") or "failed") if failed else None,
    )


def rubric(row: Row, now: datetime) -> Columns:
    return {
        **_copied(row, "id", "title", "description", "created_by"),
        **_times(row, now),
    }


def criterion(row: Row, levels: Iterable[Columns], changes: Changes) -> Columns | None:
    """Turn a criterion into ours; None when neither it nor a level is worth anything."""
    highest = max((level["marks"] for level in levels), default=0.0)
    limit = float(row.get("max_points") or 0)
    if max(limit, highest) <= 0:
        return None
    if limit < highest:
        changes["rubric_criteria: max_points raised to the best level's"] += 1
    weight = row.get("weight")
    return {
        **_copied(row, "id", "rubric_id", "description"),
        "title": row["name"],
        "order_number": row["id"] if row.get("order") is None else row["order"],
        "max_marks": max(limit, highest),
        "weight": 1.0 if weight is None or weight <= 0 else float(weight),
    }


def level(row: Row, changes: Changes) -> Columns:
    points = float(row.get("points") or 0)
    if points < 0:
        changes["rubric_levels: negative points taken as 0"] += 1
    return {
        **_copied(row, "id", "criterion_id", "description"),
        "title": row["name"],
        "order_number": row["id"] if row.get("order") is None else row["order"],
        "marks": max(points, 0.0),
    }


def one_open_each(transfers: Iterable[Columns], open_already: set[int], changes: Changes) -> None:
    """Let only the newest open transfer of an attempt stay open; the others have failed."""
    taken = set(open_already)
    for one in sorted(transfers, key=lambda t: (t["created_at"], t["id"]), reverse=True):
        if one["status"] not in OPEN:
            continue
        if one["attempt_id"] in taken:
            one["status"] = TransferStatus.FAILED.value
            one["error_message"] = "Another transfer of the attempt was open"
            changes["transfers: a second open one set to failed"] += 1
        taken.add(one["attempt_id"])


def newest_of_each(answers: Iterable[Columns], changes: Changes) -> list[Columns]:
    """Keep the newest answer of each attempt and question."""
    kept: dict[tuple[int, int], Columns] = {}
    for one in sorted(answers, key=lambda a: (a["last_updated_at"], a["id"] or 0)):
        key = one["attempt_id"], one["question_id"]
        if key in kept:
            changes["student_answers: older duplicates dropped"] += 1
        kept[key] = one
    return list(kept.values())


def one_running_each(attempts: Iterable[Columns], changes: Changes) -> None:
    """Let only the newest running attempt of a student at an exam run on; others have expired."""
    running: set[tuple[int, int]] = set()
    newest_first = sorted(attempts, key=lambda a: (a["created_at"], a["id"]), reverse=True)
    for one in newest_first:
        if one["status"] != Status.IN_PROGRESS:
            continue
        key = one["student_id"], one["exam_id"]
        if key in running:
            one["status"] = Status.EXPIRED.value
            changes["student_attempts: a second running attempt set to expired"] += 1
        running.add(key)


def _copied(row: Row, *names: str) -> Columns:
    return {name: row.get(name) for name in names}


def _times(row: Row, now: datetime) -> Columns:
    created = instant(row.get("created_at")) or now
    return {"created_at": created, "updated_at": instant(row.get("updated_at")) or created}
