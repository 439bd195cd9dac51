"""Every SQL statement that changes people and centers; runs inside the caller's transaction."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from auth import store
from auth.accounts import Account, Center, EndedUser, EndReason
from auth.people import NewPerson, Wanted
from auth.tables import CenterRow, LoginRow, RevocationRow, RoleRow, UserRow, user_roles


def list_accounts(session: Session, wanted: Wanted) -> list[Account]:
    """List users by id."""
    query = select(UserRow.id).order_by(UserRow.id).offset(wanted.skip).limit(wanted.limit)
    if wanted.center_id is not None:
        query = query.where(UserRow.center_id == wanted.center_id)
    if wanted.role is not None:
        query = query.where(UserRow.roles.any(RoleRow.name == wanted.role))
    if wanted.text is not None:
        query = query.where(_is_called(wanted.text))
    return store.load_accounts(session, session.scalars(query))


def _is_called(text: str) -> ColumnElement[bool]:
    names = (UserRow.full_name, UserRow.username, UserRow.email, UserRow.hall_ticket_number)
    return or_(*(name.icontains(text, autoescape=True) for name in names))


def lock_account(session: Session, user_id: int) -> Account | None:
    """Load a user whose row stays locked: he neither changes nor logs in meanwhile."""
    session.execute(select(UserRow.id).where(UserRow.id == user_id).with_for_update())
    return load_account(session, user_id)


def load_account(session: Session, user_id: int) -> Account | None:
    session.expire_all()
    found = store.load_accounts(session, [user_id])
    return found[0] if found else None


def add_person(session: Session, person: NewPerson) -> int:
    columns = asdict(person)
    roles = columns.pop("roles")
    user_id = session.execute(insert(UserRow).values(**columns).returning(UserRow.id)).scalar_one()
    set_roles(session, user_id, roles)
    return user_id


def change_person(session: Session, user_id: int, columns: dict[str, Any]) -> None:
    session.execute(
        update(UserRow).where(UserRow.id == user_id).values(**columns, updated_at=func.now())
    )


def set_roles(session: Session, user_id: int, roles: Iterable[str]) -> None:
    """Make these the user's roles, all of them."""
    session.execute(delete(user_roles).where(user_roles.c.user_id == user_id))
    wanted = select(literal(user_id), RoleRow.id).where(RoleRow.name.in_(list(roles)))
    session.execute(insert(user_roles).from_select(["user_id", "role_id"], wanted))


def open_logins(session: Session, user_id: int) -> list[UUID]:
    """List the user's logins that still stand."""
    found = session.scalars(
        select(LoginRow.id)
        .where(LoginRow.user_id == user_id, LoginRow.ended_at.is_(None))
        .order_by(LoginRow.id)
    )
    return list(found)


def revoke_user(session: Session, user_id: int, longest: timedelta) -> EndedUser:
    """End all logins of a user whose row is locked, and list him as revoked for `longest`."""
    session.execute(
        update(LoginRow)
        .where(LoginRow.user_id == user_id, LoginRow.ended_at.is_(None))
        .values(ended_at=func.now(), end_reason=EndReason.DEACTIVATED)
    )
    # Asked after the locks are held: a refresh that came first has signed for an earlier instant.
    revoked_at: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    ended = EndedUser(user_id, revoked_at, revoked_at + longest)
    session.execute(
        insert(RevocationRow).values(
            user_id=user_id, revoked_at=ended.revoked_at, forget_at=ended.forget_at
        )
    )
    return ended


def list_centers(session: Session, skip: int, limit: int) -> list[Center]:
    rows = session.scalars(select(CenterRow).order_by(CenterRow.id).offset(skip).limit(limit))
    return [store.center(row) for row in rows]


def add_center(session: Session, columns: dict[str, Any]) -> Center:
    row = session.scalars(insert(CenterRow).values(**columns).returning(CenterRow)).one()
    return store.center(row)
