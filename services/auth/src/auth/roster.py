"""The deeds of an administrator: to add and change people and centers.

Secrets are hashed before a transaction opens; what a change does to open logins is said by
`people`, saved with the change and announced after it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import structlog
from chassis.audit_store import Wanted as Filter
from chassis.database import Database
from chassis.outbox import add
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth import audit_store, challenge_store, people_store, store
from auth.accounts import Account, Center, EndReason, normalised_answer
from auth.audit import PEOPLE, Author, Entry, Logged, entry
from auth.errors import AlreadyTaken, CenterOrTradeUnknown, UserNotFound
from auth.hashing import Hashing
from auth.notices import login_revoked, user_deactivated
from auth.people import Change, Effect, NewPerson, Wanted, effect_of
from auth.tables import OUTBOX
from auth.tokens import SKEW_SECONDS, Lifetimes

log = structlog.get_logger()

_UNIQUE = {
    "uq_users_email": "e-mail address",
    "uq_users_username": "user name",
    "uq_users_hall_ticket_number": "hall ticket number",
    "uq_centers_code": "center code",
}


class Roster:
    """People and centers, as an administrator sees them."""

    def __init__(
        self,
        database: Database,
        hashing: Hashing,
        lifetimes: Lifetimes,
        announce: Callable[[], None],
    ) -> None:
        """`announce` is called after each commit that left something in the outbox."""
        self._database = database
        self._hashing = hashing
        self._longest = timedelta(seconds=lifetimes.longest_access_seconds + SKEW_SECONDS)
        self._announce = announce

    async def hashed(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the values with `password` and `security_answer` replaced by their hashes."""
        columns = dict(given)
        if "security_answer" in columns:
            columns["security_answer_hash"] = None
        for name, column in (
            ("password", "hashed_password"),
            ("security_answer", "security_answer_hash"),
        ):
            secret = columns.pop(name, None)
            if secret is not None:
                text = normalised_answer(secret) if name == "security_answer" else secret
                columns[column] = await self._hashing.hash(text)
        return columns

    async def users(self, wanted: Wanted) -> list[Account]:
        return await self._database.run(self._users, wanted)

    async def show(self, user_id: int) -> Account:
        return await self._database.run(self._show, user_id)

    async def add(self, person: NewPerson, *, by: Author) -> Account:
        account = await self._database.run(self._add, person, by)
        log.info("user.added", user_id=account.id, by=by.user_id)
        return account

    async def change(self, user_id: int, change: Change, *, by: Author) -> Account:
        """Change a user; raise `UserNotFound`, `OwnRightsTaken` or `AlreadyTaken`."""
        account, effect = await self._database.run(self._change, user_id, change, by)
        self._announce()
        log.info("user.changed", user_id=user_id, by=by.user_id, effect=effect)
        return account

    async def audit(self, wanted: Filter, user_id: int | None) -> list[Logged]:
        """List what was done and tried, newest first; of a user: by him and about him."""
        return await self._database.run(self._audit, wanted, user_id)

    async def centers(self, skip: int, limit: int) -> list[Center]:
        return await self._database.run(self._centers, skip, limit)

    async def add_center(self, columns: dict[str, Any], *, by: Author) -> Center:
        center = await self._database.run(self._add_center, columns, by)
        log.info("center.added", center_id=center.id, by=by.user_id)
        return center

    def _users(self, wanted: Wanted) -> list[Account]:
        with self._database.transaction() as session:
            return people_store.list_accounts(session, wanted)

    def _show(self, user_id: int) -> Account:
        with self._database.transaction() as session:
            return _found(people_store.load_account(session, user_id))

    def _add(self, person: NewPerson, by: Author) -> Account:
        with clashes_named(), self._database.transaction() as session:
            user_id = people_store.add_person(session, person)
            said: dict[str, Any] = {"roles": sorted(person.roles), "is_active": person.is_active}
            added = entry(by, "user_added", PEOPLE, "User added", subject_id=user_id, **said)
            audit_store.append(session, added)
            return _found(people_store.load_account(session, user_id))

    def _change(self, user_id: int, change: Change, by: Author) -> tuple[Account, Effect]:
        with clashes_named(), self._database.transaction() as session:
            before = _found(people_store.lock_account(session, user_id))
            effect = effect_of(before, change, by=by.user_id)
            if change.columns:
                people_store.change_person(session, user_id, change.columns)
            if change.roles is not None:
                people_store.set_roles(session, user_id, change.roles)
            self.take_effect(session, user_id, effect)
            audit_store.append(session, *_entries(before, change, effect, by))
            return _found(people_store.load_account(session, user_id)), effect

    def take_effect(self, session: Session, user_id: int, effect: Effect) -> None:
        """Do to a user's logins what a change means for them, behind the lock of his row.

        What he has proved on his way in does not count any more either. Announce it afterwards.
        """
        if effect is not Effect.NONE:
            challenge_store.forget_of(session, user_id)
        if effect is Effect.REVOKE_USER:
            ended_user = people_store.revoke_user(session, user_id, self._longest)
            add(session, OUTBOX, [user_deactivated(ended_user)])
        elif effect is Effect.END_LOGINS:
            for login_id in people_store.open_logins(session, user_id):
                ended = store.end_login(
                    session, login_id, user_id, EndReason.RIGHTS_CHANGED, self._longest
                )
                if ended is not None:
                    add(session, OUTBOX, [login_revoked(ended)])

    def _audit(self, wanted: Filter, user_id: int | None) -> list[Logged]:
        with self._database.transaction() as session:
            return audit_store.find(session, wanted, user_id)

    def _centers(self, skip: int, limit: int) -> list[Center]:
        with self._database.transaction() as session:
            return people_store.list_centers(session, skip, limit)

    def _add_center(self, columns: dict[str, Any], by: Author) -> Center:
        with clashes_named(), self._database.transaction() as session:
            center = people_store.add_center(session, columns)
            said: dict[str, Any] = {"center_id": center.id, "code": center.code}
            audit_store.append(session, entry(by, "center_added", PEOPLE, "Center added", **said))
            return center


def _entries(before: Account, change: Change, effect: Effect, by: Author) -> list[Entry]:
    """Say which fields were changed, never their values; roles are named before and after."""
    found = []
    if change.columns:
        what = "user_deactivated" if effect is Effect.REVOKE_USER else "user_changed"
        said: dict[str, Any] = {"fields": change.field_names, "logins": effect.value}
        found.append(entry(by, what, PEOPLE, "User changed", subject_id=before.id, **said))
    if change.roles is not None and change.roles != set(before.role_names):
        roles: dict[str, Any] = {
            "roles_before": before.role_names,
            "roles_after": sorted(change.roles),
            "logins": effect.value,
        }
        text = "Roles changed"
        found.append(entry(by, "roles_changed", PEOPLE, text, subject_id=before.id, **roles))
    return found


def _found(account: Account | None) -> Account:
    if account is None:
        raise UserNotFound
    return account


@contextmanager
def clashes_named() -> Iterator[None]:
    """Turn a name that is taken and a center that does not exist into failures that say so."""
    try:
        yield
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
        if constraint in _UNIQUE:
            message = f"This {_UNIQUE[constraint]} is already taken"
            raise AlreadyTaken(message) from None
        if constraint.startswith("fk_users_"):
            raise CenterOrTradeUnknown from None
        raise
