"""Every SQL statement that enrols whole sheets; runs inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.accounts import STUDENT
from auth.sheet import Student
from auth.tables import CenterRow, RoleRow, TradeRow, UserRow, user_roles


@dataclass(frozen=True)
class Known:
    """Somebody who is here already and whom a sheet may mean."""

    id: int
    username: str
    email: str
    full_name: str
    hall_ticket_number: str | None
    date_of_birth: date | None
    security_question: str | None
    center_id: int | None
    trade_id: int | None
    hashed_password: str
    security_answer_hash: str | None
    is_student: bool


def centers(session: Session) -> dict[str, int]:
    """Return the ids of all centers by their codes."""
    return {row.code: row.id for row in session.execute(select(CenterRow.code, CenterRow.id))}


def trades(session: Session) -> dict[str, int]:
    """Return the ids of all trades by their codes."""
    return {row.code: row.id for row in session.execute(select(TradeRow.code, TradeRow.id))}


def known(session: Session, students: Sequence[Student]) -> list[Known]:
    """Load whom the students of a sheet may mean, by any of their names."""
    is_student = (
        select(user_roles.c.user_id)
        .join(RoleRow, RoleRow.id == user_roles.c.role_id)
        .where(user_roles.c.user_id == UserRow.id, RoleRow.name == STUDENT)
        .exists()
    )
    columns = [getattr(UserRow, name) for name in Known.__annotations__ if name != "is_student"]
    rows = session.execute(
        select(*columns, is_student.label("is_student")).where(
            or_(
                UserRow.username.in_([s.username for s in students]),
                func.lower(UserRow.email).in_([s.email.lower() for s in students]),
                UserRow.hall_ticket_number.in_([s.hall_ticket_number for s in students]),
            )
        )
    )
    return [Known(**row._mapping) for row in rows]  # noqa: SLF001  # SQLAlchemy's public name


def add_students(session: Session, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Add students and return their ids by user name; whose name was taken meanwhile is missing."""
    if not rows:
        return {}
    added = session.execute(
        insert(UserRow).on_conflict_do_nothing().returning(UserRow.username, UserRow.id),
        [dict(row) for row in rows],
    )
    ids = {row.username: row.id for row in added}
    if ids:
        role = select(RoleRow.id).where(RoleRow.name == STUDENT).scalar_subquery()
        users = select(UserRow.id, role).where(UserRow.id.in_(list(ids.values())))
        session.execute(insert(user_roles).from_select(["user_id", "role_id"], users))
    return ids


def change_students(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change students by id; each row holds what is new."""
    for row in rows:
        columns = {name: value for name, value in row.items() if name != "id"}
        session.execute(
            update(UserRow).where(UserRow.id == row["id"]).values(**columns, updated_at=func.now())
        )


def lock_students(session: Session, user_ids: Sequence[int]) -> None:
    """Lock users in the order of their ids: they neither change nor log in meanwhile."""
    session.execute(
        select(UserRow.id).where(UserRow.id.in_(user_ids)).order_by(UserRow.id).with_for_update()
    )
