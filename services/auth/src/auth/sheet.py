"""Students from a CSV sheet: each row becomes somebody to enrol, or words for who made the sheet.

Pure. `chassis.sheets` reads the cells; who is here already is known to `enrolling` only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chassis import sheets
from chassis.errors import FieldError

from auth.accounts import EMAIL_PATTERN
from auth.errors import SheetTooLarge, SheetUnreadable

MAX_BYTES = 4 * 1024 * 1024
COLUMNS = (
    "username",
    "email",
    "full_name",
    "hall_ticket_number",
    "date_of_birth",
    "security_question",
    "security_answer",
    "password",
    "center_code",
    "trade_code",
)
_NEEDED = ("username", "email", "full_name", "hall_ticket_number", "date_of_birth")
_LONGEST = {"username": 100, "email": 255, "full_name": 255, "security_question": 255}
_HALL_TICKET_LENGTHS = range(5, 51)
_MAX_CELL = 1_000
_EARLIEST = date(1900, 1, 1)


class OnExisting(StrEnum):
    """What becomes of a row about somebody who is here already."""

    SKIP = "skip"
    UPDATE = "update"


class Outcome(StrEnum):
    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True)
class Student:
    """What a row says about somebody; None is an empty cell."""

    row: int
    username: str
    email: str
    full_name: str
    hall_ticket_number: str
    date_of_birth: date
    security_question: str | None = None
    security_answer: str | None = None
    password: str | None = None
    center_code: str | None = None
    trade_code: str | None = None

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """What nobody else in the sheet may be called: (column, value)."""
        return (
            ("username", self.username),
            ("email", self.email.lower()),
            ("hall_ticket_number", self.hall_ticket_number),
        )


@dataclass(frozen=True)
class RowResult:
    """What became of a row, or would become of it."""

    row: int
    username: str
    outcome: Outcome
    messages: tuple[str, ...] = ()
    user_id: int | None = None


@dataclass(frozen=True)
class Sheet:
    students: tuple[Student, ...]
    refused: tuple[RowResult, ...]


def read(content: bytes, most_rows: int) -> Sheet:
    """Read a sheet; rows count from 2, the header being 1.

    Raises `SheetUnreadable` or `SheetTooLarge` for the whole; a bad row stops nobody.
    """
    students: list[Student] = []
    refused: list[RowResult] = []
    seen: dict[tuple[str, str], int] = {}
    try:
        for row in sheets.read(
            content, needed=_NEEDED, most_rows=most_rows, most_characters=_MAX_CELL
        ):
            found = _student(row)
            flaws = found if isinstance(found, list) else list(_repeated(found, seen))
            if isinstance(found, Student) and not flaws:
                students.append(found)
            else:
                name = row.cells.get("username", "")[:100]
                refused.append(RowResult(row.number, name, Outcome.REFUSED, tuple(flaws)))
    except sheets.Unreadable as error:
        raise SheetUnreadable(f"/file: {error}", errors=[FieldError("/file", str(error))]) from None
    except sheets.TooManyRows:
        message = f"The file is too large: at most {most_rows} rows"
        raise SheetTooLarge(message) from None
    return Sheet(tuple(students), tuple(refused))


def _student(row: sheets.Row) -> Student | list[str]:
    """Return the student of a row, or everything that is wrong with it."""
    if row.flaw is not None:
        return [row.flaw]
    cells = {name: row.cells.get(name) or None for name in COLUMNS}
    flaws = [*_flaws(cells)]
    born = _birth_date(cells["date_of_birth"])
    if cells["date_of_birth"] and born is None:
        flaws.append("date_of_birth must be a date like 31/12/2001 or 2001-12-31")
    if flaws or born is None:
        return flaws
    return Student(
        row=row.number,
        username=cells["username"] or "",
        email=cells["email"] or "",
        full_name=cells["full_name"] or "",
        hall_ticket_number=cells["hall_ticket_number"] or "",
        date_of_birth=born,
        security_question=cells["security_question"],
        security_answer=cells["security_answer"],
        password=cells["password"],
        center_code=cells["center_code"],
        trade_code=cells["trade_code"],
    )


def _flaws(cells: dict[str, str | None]) -> Iterator[str]:
    for name in _NEEDED:
        if not cells[name]:
            yield f"{name} is required"
    for name, most in _LONGEST.items():
        if len(cells[name] or "") > most:
            yield f"{name} must not be longer than {most} characters"
    ticket = cells["hall_ticket_number"]
    if ticket and len(ticket) not in _HALL_TICKET_LENGTHS:
        yield "hall_ticket_number must have 5 to 50 characters"
    email = cells["email"]
    if email and not re.fullmatch(EMAIL_PATTERN, email):
        yield "email must be an e-mail address"


def _birth_date(text: str | None) -> date | None:
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            born = datetime.strptime(text or "", form).date()  # noqa: DTZ007  # a calendar date
        except ValueError:
            continue
        return born if born >= _EARLIEST else None
    return None


def _repeated(student: Student, seen: dict[tuple[str, str], int]) -> Iterator[str]:
    """Name what an earlier row says already, and remember what this one says."""
    for name in student.names:
        earlier = seen.setdefault(name, student.row)
        if earlier != student.row:
            yield f"{name[0]} stands in row {earlier} already"
