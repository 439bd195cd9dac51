"""The deed of enrolling a sheet of students: all good rows in one transaction, or none of them.

It looks first, then hashes, then writes. One secret is hashed at a time, in the threads of logins,
so that each login waits for one hash at most. Who gets a new secret has to log in again, as with
any other change of a person.
"""

import asyncio
import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from chassis.database import Database
from chassis.outbox import add
from sqlalchemy.orm import Session

from auth import audit_store, people_store, sheet_store, store
from auth.accounts import EndReason, normalised_answer
from auth.audit import PEOPLE, Author, Entry, entry
from auth.errors import HashingBusy
from auth.hashing import Hashing
from auth.notices import login_revoked
from auth.people import NOBODYS_PASSWORD
from auth.roster import clashes_named
from auth.sheet import OnExisting, Outcome, RowResult, Sheet, Student, read
from auth.sheet_store import Known
from auth.tables import OUTBOX
from auth.tokens import SKEW_SECONDS, Lifetimes

Progress = Callable[[int, int], None]
_PATIENCE_SECONDS = 120
_EMPTY: dict[str, Any] = {
    "security_question": None,
    "center_id": None,
    "trade_id": None,
    "hashed_password": NOBODYS_PASSWORD,
    "security_answer_hash": None,
}


@dataclass(frozen=True)
class Wish:
    """A sheet and what is to be done with it."""

    content: bytes
    on_existing: OnExisting
    is_dry_run: bool
    most_rows: int


@dataclass(frozen=True)
class Report:
    """What became of each row, in their order; of a dry run what would become of it."""

    is_dry_run: bool
    on_existing: OnExisting
    rows: tuple[RowResult, ...]

    def count(self, outcome: Outcome) -> int:
        return sum(row.outcome is outcome for row in self.rows)


@dataclass
class _Task:
    """A row that is to be written; `columns` grow by hashes."""

    student: Student
    columns: dict[str, Any]
    before: Known | None = None
    secrets: dict[str, str] = field(default_factory=dict)
    """Plain secrets that may be new, by the column of their hash."""

    def result(self, user_id: int | None) -> RowResult:
        outcome = Outcome.ADDED
        if self.before is not None:
            outcome = Outcome.UPDATED if self.columns else Outcome.UNCHANGED
        return RowResult(self.student.row, self.student.username, outcome, (), user_id)


@dataclass(frozen=True)
class _Plan:
    tasks: tuple[_Task, ...]
    settled: tuple[RowResult, ...]
    """Rows of which nothing is to be written."""


class Enrolling:
    """Enrols sheets of students."""

    def __init__(
        self,
        database: Database,
        hashing: Hashing,
        lifetimes: Lifetimes,
        announce: Callable[[], None],
        *,
        at_once: int = 1,
    ) -> None:
        """`announce` is called after each commit; `at_once` secrets are hashed side by side."""
        self._database = database
        self._hashing = hashing
        self._longest = timedelta(seconds=lifetimes.longest_access_seconds + SKEW_SECONDS)
        self._announce = announce
        self._at_once = at_once

    async def enrol(
        self, wish: Wish, *, by: Author, progress: Progress = lambda _done, _all: None
    ) -> Report:
        """Enrol the good rows and say what became of each.

        Raises `SheetUnreadable`, `SheetTooLarge`, `AlreadyTaken` when somebody else took a name
        meanwhile that a changed student was to get, `HashingBusy` when logins leave no turn.
        """
        plan = await self._database.run(self._plan, wish)
        results = [task.result(task.before.id if task.before else None) for task in plan.tasks]
        if not wish.is_dry_run:
            await self._hash_all(plan.tasks, progress)
            results = await self._database.run(self._write, plan, wish, by)
            self._announce()
        rows = sorted([*plan.settled, *results], key=lambda result: result.row)
        return Report(wish.is_dry_run, wish.on_existing, tuple(rows))

    def _plan(self, wish: Wish) -> _Plan:
        sheet = read(wish.content, wish.most_rows)
        with self._database.transaction() as session:
            return _planned(session, sheet, wish.on_existing)

    async def _hash_all(self, tasks: Sequence[_Task], progress: Progress) -> None:
        waiting = iter(tasks)
        done = itertools.count(1)

        async def work() -> None:
            for task in waiting:
                await self._hash(task)
                progress(next(done), len(tasks))

        await asyncio.gather(*(work() for _ in range(self._at_once)))

    async def _hash(self, task: _Task) -> None:
        for column, secret in task.secrets.items():
            old = getattr(task.before, column) if task.before else None
            if old is not None and await self._is_right(secret, old):
                continue
            task.columns[column] = await self._patiently(self._hashing.hash, secret)

    async def _is_right(self, secret: str, old: str) -> bool:
        async def check() -> bool:
            return (await self._hashing.check(secret, old, like_imported=False)).is_right

        return bool(await self._patiently(check))

    async def _patiently(self, work: Callable[..., Any], *args: str) -> Any:
        """Hash when there is a turn: a crowd of logins goes first."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
        while True:
            try:
                return await work(*args)
            except HashingBusy as busy:
                pause = busy.retry_after_seconds or 1
                if asyncio.get_running_loop().time() + pause > deadline:
                    raise
                await asyncio.sleep(pause)

    def _write(self, plan: _Plan, wish: Wish, by: Author) -> list[RowResult]:
        new = [task for task in plan.tasks if task.before is None]
        changed = [task for task in plan.tasks if task.before is not None and task.columns]
        with clashes_named(), self._database.transaction() as session:
            ids = sheet_store.add_students(session, [task.columns for task in new])
            self._change(session, changed)
            results = [_written(task, ids) for task in plan.tasks]
            audit_store.append(session, _entry(results, wish, by))
        return results

    def _change(self, session: Session, tasks: Sequence[_Task]) -> None:
        by_id = {task.before.id: task for task in tasks if task.before is not None}
        sheet_store.lock_students(session, list(by_id))
        rows = [{"id": user_id, **task.columns} for user_id, task in by_id.items()]
        sheet_store.change_students(session, rows)
        for user_id, task in sorted(by_id.items()):
            if task.secrets.keys() & task.columns.keys():
                self._end_logins(session, user_id)

    def _end_logins(self, session: Session, user_id: int) -> None:
        for login_id in people_store.open_logins(session, user_id):
            ended = store.end_login(
                session, login_id, user_id, EndReason.RIGHTS_CHANGED, self._longest
            )
            if ended is not None:
                add(session, OUTBOX, [login_revoked(ended)])


def _planned(session: Session, sheet: Sheet, on_existing: OnExisting) -> _Plan:
    """Decide about each row by what is here; nothing is written yet."""
    codes = {"center": sheet_store.centers(session), "trade": sheet_store.trades(session)}
    index: dict[tuple[str, str], Known] = {}
    for known in sheet_store.known(session, sheet.students):
        index["username", known.username] = known
        index["email", known.email.lower()] = known
        if known.hall_ticket_number:
            index["hall_ticket_number", known.hall_ticket_number] = known
    tasks: list[_Task] = []
    settled = list(sheet.refused)
    for student in sheet.students:
        found = _decided(student, index, codes, on_existing)
        if isinstance(found, _Task):
            tasks.append(found)
        else:
            settled.append(found)
    return _Plan(tuple(tasks), tuple(settled))


def _decided(
    student: Student,
    index: dict[tuple[str, str], Known],
    codes: dict[str, dict[str, int]],
    on_existing: OnExisting,
) -> _Task | RowResult:
    before, flaws = _meant(student, index)
    columns, unknown = _columns(student, codes)
    flaws += unknown
    if before is None and not (student.password or student.security_answer):
        flaws.append("password or security_answer is required: he could not log in")
    outcome = RowResult(student.row, student.username, Outcome.REFUSED, tuple(flaws))
    if flaws:
        return outcome
    if before is not None and on_existing is OnExisting.SKIP:
        message = "is here already"
        return replace(outcome, outcome=Outcome.SKIPPED, messages=(message,), user_id=before.id)
    secrets = {}
    if student.password:
        secrets["hashed_password"] = student.password
    if student.security_answer:
        secrets["security_answer_hash"] = normalised_answer(student.security_answer)
    if before is not None:
        new = {name: value for name, value in columns.items() if value != getattr(before, name)}
        return _Task(student, new, before, secrets)
    return _Task(student, _EMPTY | columns, None, secrets)


def _meant(student: Student, index: dict[tuple[str, str], Known]) -> tuple[Known | None, list[str]]:
    """Return who is meant by user name or hall ticket, and what speaks against it."""
    by_name, by_email, by_ticket = (index.get(name) for name in student.names)
    before = by_name or by_ticket
    flaws = []
    if by_name and by_ticket and by_name.id != by_ticket.id:
        flaws.append("username and hall_ticket_number belong to two different users")
    if by_email and (before is None or by_email.id != before.id):
        flaws.append("email belongs to another user")
    if before and not before.is_student:
        flaws.append("belongs to a user who is no student")
    return before, flaws


def _columns(
    student: Student, codes: dict[str, dict[str, int]]
) -> tuple[dict[str, Any], list[str]]:
    """Return what a row says by column, without secrets; an empty cell says nothing."""
    columns: dict[str, Any] = {
        "username": student.username,
        "email": student.email,
        "full_name": student.full_name,
        "hall_ticket_number": student.hall_ticket_number,
        "date_of_birth": student.date_of_birth,
    }
    flaws = []
    if student.security_question:
        columns["security_question"] = student.security_question
    for what, code in (("center", student.center_code), ("trade", student.trade_code)):
        if code and code in codes[what]:
            columns[f"{what}_id"] = codes[what][code]
        elif code:
            flaws.append(f"{what}_code {code[:50]} is unknown")
    return columns, flaws


def _written(task: _Task, ids: dict[str, int]) -> RowResult:
    if task.before is not None:
        return task.result(task.before.id)
    user_id = ids.get(task.student.username)
    if user_id is None:
        message = "somebody took one of these names meanwhile"
        return RowResult(task.student.row, task.student.username, Outcome.REFUSED, (message,))
    return task.result(user_id)


def _entry(results: Sequence[RowResult], wish: Wish, by: Author) -> Entry:
    """Say who was added and changed, by id; the sheet itself is known by its hash."""
    said: dict[str, Any] = {
        "sha256": hashlib.sha256(wish.content).hexdigest(),
        "on_existing": wish.on_existing.value,
        "added_ids": [r.user_id for r in results if r.outcome is Outcome.ADDED],
        "updated_ids": [r.user_id for r in results if r.outcome is Outcome.UPDATED],
    }
    return entry(by, "students_imported", PEOPLE, "Students imported from CSV", **said)
