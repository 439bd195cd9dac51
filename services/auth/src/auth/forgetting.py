"""The deeds about one person's data: tell him everything, and forget who he is (ADR 21).

What stays of somebody who is forgotten is a number: attempts, grades and the audit name it. Only
who is nothing but a student can be forgotten: what staff decided has to stay somebody's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from chassis.database import Database
from chassis.outbox import add
from sqlalchemy.orm import Session

from auth import audit_store, people_store, person_store
from auth.accounts import Account
from auth.audit import PEOPLE, Author, entry
from auth.errors import PersonAmbiguous, StaffNotForgotten, UserNotFound
from auth.notices import user_deactivated
from auth.people import forgotten, is_forgotten, may_be_forgotten
from auth.tables import OUTBOX
from auth.tokens import SKEW_SECONDS, Lifetimes

log = structlog.get_logger()


@dataclass(frozen=True)
class Forgotten:
    """Somebody who was forgotten; `is_new` is False when he had been before."""

    account: Account
    is_new: bool


class Forgetting:
    """Exports and anonymises people."""

    def __init__(
        self, database: Database, lifetimes: Lifetimes, announce: Callable[[], None]
    ) -> None:
        """`announce` is called after each commit that left something in the outbox."""
        self._database = database
        self._longest = timedelta(seconds=lifetimes.longest_access_seconds + SKEW_SECONDS)
        self._announce = announce

    def find(self, name: str) -> Account:
        """Return whose user name, or id, this is; `id:7` is always an id. Blocking.

        Raises `UserNotFound`, and `PersonAmbiguous` where it could be two people.
        """
        with self._database.transaction() as session:
            named = person_store.id_of(session, name)
            number = name.removeprefix("id:")
            numbered = None
            if number.isdecimal():
                numbered = people_store.load_account(session, int(number))
            if named is not None and numbered is not None and named != numbered.id:
                raise PersonAmbiguous(name)
            if named is not None:
                numbered = people_store.load_account(session, named)
            return _found(numbered)

    def export(self, user_id: int) -> dict[str, Any]:
        """Return everything that auth holds on a person, but for hashes. Blocking."""
        with self._database.transaction() as session:
            _found(people_store.load_account(session, user_id))
            return person_store.everything(session, user_id)

    def forget(self, user_id: int, reason: str, *, by: Author) -> Forgotten:
        """Replace what tells who somebody is, end his logins, and say so in the audit. Blocking.

        Raises `UserNotFound`, `StaffNotForgotten`. Again it changes nothing.
        """
        with self._database.transaction() as session:
            before = _found(people_store.lock_account(session, user_id))
            if not may_be_forgotten(before):
                raise StaffNotForgotten
            if is_forgotten(before):
                return Forgotten(before, is_new=False)
            fields = forgotten(user_id)
            people_store.change_person(session, user_id, fields)
            person_store.forget_ways_in(session, user_id)
            ended = people_store.revoke_user(session, user_id, self._longest)
            add(session, OUTBOX, [user_deactivated(ended)])
            _log(session, user_id, sorted(fields), reason, by)
            after = _found(people_store.load_account(session, user_id))
        self._announce()
        log.info("user.forgotten", user_id=user_id, by=by.user_id)
        return Forgotten(after, is_new=True)


def _log(session: Session, user_id: int, fields: list[str], reason: str, by: Author) -> None:
    said: dict[str, Any] = {"fields": fields, "reason": reason}
    text = "Person erased on request"
    audit_store.append(
        session, entry(by, "person_erased", PEOPLE, text, subject_id=user_id, **said)
    )


def _found(account: Account | None) -> Account:
    if account is None:
        raise UserNotFound
    return account
