"""Every SQL statement about assignments; runs inside the caller's transaction."""

from collections.abc import Iterable

from sqlalchemy import Row, and_, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth import store
from auth.people import REACHES_ALL, AssignableRole, Assignment, Colleague
from auth.tables import AssignmentRow, RoleRow, UserRow, user_roles

_KEY = (AssignmentRow.exam_id, AssignmentRow.role, AssignmentRow.user_id)


def save(session: Session, wanted: Assignment, by: int) -> bool:
    """Keep an assignment; False when it was there already and stays as it is."""
    added = session.scalars(
        insert(AssignmentRow)
        .values(exam_id=wanted.exam_id, role=wanted.role, user_id=wanted.user_id, assigned_by_id=by)
        .on_conflict_do_nothing()
        .returning(AssignmentRow.user_id)
    )
    return added.first() is not None


def remove(session: Session, unwanted: Assignment) -> bool:
    """Delete an assignment; False when there was none."""
    removed = session.scalars(
        delete(AssignmentRow)
        .where(
            AssignmentRow.exam_id == unwanted.exam_id,
            AssignmentRow.role == unwanted.role,
            AssignmentRow.user_id == unwanted.user_id,
        )
        .returning(AssignmentRow.user_id)
    )
    return removed.first() is not None


def find(
    session: Session, exam_id: int | None, user_id: int | None, skip: int, limit: int
) -> list[Assignment]:
    """List assignments by exam, role and user."""
    query = select(*_KEY).order_by(*_KEY).offset(skip).limit(limit)
    if exam_id is not None:
        query = query.where(AssignmentRow.exam_id == exam_id)
    if user_id is not None:
        query = query.where(AssignmentRow.user_id == user_id)
    return _assignments(session.execute(query))


def that_count(session: Session, user_id: int) -> list[Assignment]:
    """List a user's assignments in roles that he holds."""
    if not 0 < user_id <= store.LARGEST_USER_ID:
        return []
    query = (
        select(*_KEY)
        .join(RoleRow, RoleRow.name == AssignmentRow.role)
        .join(
            user_roles,
            (user_roles.c.role_id == RoleRow.id) & (user_roles.c.user_id == AssignmentRow.user_id),
        )
        .where(AssignmentRow.user_id == user_id)
        .order_by(*_KEY)
    )
    return _assignments(session.execute(query))


def colleagues(session: Session, exam_id: int, skip: int, limit: int) -> list[Colleague]:
    """List by name who may come in and has to do with an exam, in roles that he holds."""
    here = and_(
        AssignmentRow.user_id == UserRow.id,
        AssignmentRow.role == RoleRow.name,
        AssignmentRow.exam_id == exam_id,
    )
    query = (
        select(UserRow.id, UserRow.full_name, func.array_agg(RoleRow.name))
        .join(user_roles, user_roles.c.user_id == UserRow.id)
        .join(RoleRow, RoleRow.id == user_roles.c.role_id)
        .outerjoin(AssignmentRow, here)
        .where(UserRow.is_active)
        .where(or_(AssignmentRow.user_id.is_not(None), RoleRow.name.in_(REACHES_ALL)))
        .group_by(UserRow.id)
        .order_by(UserRow.full_name, UserRow.id)
        .offset(skip)
        .limit(limit)
    )
    rows = session.execute(query)
    return [Colleague(user_id, name, tuple(sorted(roles))) for user_id, name, roles in rows]


def _assignments(rows: Iterable[Row[int, str, int]]) -> list[Assignment]:
    return [Assignment(exam_id, AssignableRole(role), user) for exam_id, role, user in rows]
