"""Deeds about Safe Exam Browser: what an exam accepts, and who has shown it (ADR 60).

What exams accept is held in memory and read anew every second, so that an installation without
Safe Exam Browser pays no statement for it. Blocking but for `keep`: for worker threads.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chassis.database import Database
from chassis.tokens import Caller
from sqlalchemy.orm import Session

from attempts import auditing
from attempts.drafting import Author
from attempts.errors import (
    ExamNotFound,
    SafeBrowserKeyExists,
    SafeBrowserKeyNotFound,
    SafeBrowserRequired,
)
from attempts.safe_browser import KeyKind, Policy, Shown, config_key, seb_file, settings_of
from attempts.store import exams, safe_browsers
from attempts.store.safe_browsers import Key

_SECONDS = 1.0
_MEMORY = 50_000
_LOGIN_LIFE = timedelta(days=90)
"""No login can be renewed without a sign-in for longer (auth's REFRESH_SECONDS)."""
_FORGET_SECONDS = 600.0
_FORGET_BATCH = 5_000


@dataclass(frozen=True)
class Door:
    """What an administrator sees of an exam's check."""

    exam_id: int
    is_required: bool
    keys: tuple[Key, ...]


class SafeBrowsing:
    """Keeps the doors of exams that are sat in Safe Exam Browser only."""

    def __init__(self, database: Database, public_url: str) -> None:
        """`public_url` is where browsers reach the platform: scheme, host and port."""
        self._database = database
        self.public_url = public_url
        self._policies: Mapping[int, Policy] | None = None
        self._exams: dict[int, int] = {}
        self._passed: set[tuple[int, int, str]] = set()

    async def keep(self, database: Database) -> None:
        """Read every second what exams accept, over `database`; runs until it is cancelled."""
        next_forget = 0.0
        while True:
            await database.run(self.load, database)
            if time.monotonic() >= next_forget:
                next_forget = time.monotonic() + _FORGET_SECONDS
                while await database.run(self.forget, database) == _FORGET_BATCH:
                    pass
            await asyncio.sleep(_SECONDS)

    def forget(self, database: Database) -> int:
        """Drop what is noted of logins that have ended long ago, a batch; return how many."""
        with database.transaction() as session:
            return safe_browsers.forget_logins(session, _LOGIN_LIFE, _FORGET_BATCH)

    def load(self, database: Database) -> None:
        """Read what exams accept."""
        with database.transaction() as session:
            self._policies = safe_browsers.required(session)

    def is_idle(self) -> bool:
        """Say whether it is known that no exam asks for Safe Exam Browser."""
        return self._policies is not None and not self._policies

    def requires(self, exam_id: int) -> bool:
        """Say whether an exam asks for it; yes as long as that is not known. Never blocks."""
        return self._policies is None or exam_id in self._policies

    def check_attempt(self, attempt_id: int, caller: Caller, *shown: Shown) -> None:
        """Let a student's request to an attempt pass, or raise `SafeBrowserRequired`."""
        exam_id = self._exam_of(attempt_id)
        if exam_id is not None:
            self.check_exam(exam_id, caller, *shown)

    def check_exam(self, exam_id: int, caller: Caller, *shown: Shown) -> None:
        """Let a student's request to an exam pass, or raise `SafeBrowserRequired`."""
        policy = self._policy(exam_id)
        if policy is None:
            return
        if not any(policy.admits(each) for each in shown):
            raise SafeBrowserRequired
        mark = (policy.exam_id, policy.edition, caller.login_id)
        if mark not in self._passed:
            with self._database.transaction() as session:
                safe_browsers.note_login(session, policy, caller.user_id, caller.login_id)
            _limit(self._passed)
            self._passed.add(mark)

    def has_passed(self, attempt_id: int, login_id: str) -> bool:
        """Say whether a login may open a socket: no check, or one that it has passed."""
        exam_id = self._exam_of(attempt_id)
        policy = None if exam_id is None else self._policy(exam_id)
        if policy is None:
            return True
        with self._database.transaction() as session:
            return safe_browsers.has_passed(session, policy, login_id)

    def door(self, exam_id: int) -> Door:
        """Return what an exam accepts. Raises `ExamNotFound`."""
        with self._database.transaction() as session:
            _ensure_exam(session, exam_id)
            return self._door(session, exam_id)

    def switch(self, exam_id: int, author: Author, *, is_required: bool) -> Door:
        """Turn the check on or off. Raises `ExamNotFound`."""
        with self._database.transaction() as session:
            _ensure_exam(session, exam_id)
            safe_browsers.change(session, exam_id, is_required=is_required)
            _tell(session, author, exam_id, "switched", is_required=is_required)
            door = self._door(session, exam_id)
        self.load(self._database)
        return door

    def add_key(
        self, exam_id: int, kind: KeyKind, key: str | None, note: str, author: Author
    ) -> Door:
        """Accept one more key; None = the Config Key of the configuration that is handed out.

        Raises `ExamNotFound`, `SafeBrowserKeyExists`.
        """
        with self._database.transaction() as session:
            _ensure_exam(session, exam_id)
            safe_browsers.change(session, exam_id)
            value = self.own_key() if key is None else key
            by_id = author.user_id or 0
            key_id = safe_browsers.add_key(session, exam_id, kind, value, note, by_id)
            if key_id is None:
                raise SafeBrowserKeyExists
            _tell(session, author, exam_id, "key_added", key_id=key_id, kind=kind)
            door = self._door(session, exam_id)
        self.load(self._database)
        return door

    def remove_key(self, exam_id: int, key_id: int, author: Author) -> None:
        """Accept a key no more. Raises `SafeBrowserKeyNotFound`."""
        with self._database.transaction() as session:
            kind = safe_browsers.remove_key(session, exam_id, key_id)
            if kind is None:
                raise SafeBrowserKeyNotFound
            safe_browsers.change(session, exam_id)
            _tell(session, author, exam_id, "key_removed", key_id=key_id, kind=kind)
        self.load(self._database)

    def file(self, exam_id: int) -> bytes:
        """Return the `.seb` file of an exam. Raises `ExamNotFound`."""
        with self._database.transaction() as session:
            _ensure_exam(session, exam_id)
        return seb_file(settings_of(f"{self.public_url}/"))

    def own_key(self) -> str:
        """Return the Config Key of the file that is handed out."""
        return config_key(settings_of(f"{self.public_url}/"))

    def _door(self, session: Session, exam_id: int) -> Door:
        is_required = safe_browsers.is_required(session, exam_id)
        return Door(exam_id, is_required, tuple(safe_browsers.keys(session, exam_id)))

    def _policy(self, exam_id: int) -> Policy | None:
        if self._policies is None:
            self.load(self._database)
        return (self._policies or {}).get(exam_id)

    def _exam_of(self, attempt_id: int) -> int | None:
        found = self._exams.get(attempt_id)
        if found is None:
            with self._database.transaction() as session:
                found = safe_browsers.exam_of(session, attempt_id)
            if found is not None:
                _limit(self._exams)
                self._exams[attempt_id] = found
        return found


def _limit(memory: dict[int, int] | set[tuple[int, int, str]]) -> None:
    if len(memory) >= _MEMORY:
        memory.clear()


def _ensure_exam(session: Session, exam_id: int) -> None:
    if exams.exam(session, exam_id) is None:
        raise ExamNotFound


def _tell(session: Session, author: Author, exam_id: int, what: str, **details: object) -> None:
    words = f"Safe Exam Browser: {what.replace('_', ' ')}"
    auditing.add(session, author.entry(f"safe_browser_{what}", words, exam_id, **details))
