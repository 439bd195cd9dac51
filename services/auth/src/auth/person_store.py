"""Statements that read everything about one person; inside the caller's transaction."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from auth import audit_store
from auth.tables import (
    AssignmentRow,
    AuditLogRow,
    CenterRow,
    ChallengeRow,
    LoginRow,
    OidcLinkRow,
    RecoveryCodeRow,
    RoleRow,
    SecondFactorRow,
    TradeRow,
    UserRow,
    user_roles,
)

_SECRET = {"hashed_password", "security_answer_hash"}
_USER = [column for column in UserRow.__table__.c if column.name not in _SECRET]
_FACTOR = (SecondFactorRow.created_at, SecondFactorRow.confirmed_at)
_LINK = [column for column in OidcLinkRow.__table__.c if column.name != "user_id"]
_LOGIN = [column for column in LoginRow.__table__.c if column.name != "user_id"]


def id_of(session: Session, username: str) -> int | None:
    """Return whose exact user name this is."""
    return session.scalars(select(UserRow.id).where(UserRow.username == username)).one_or_none()


def forget_ways_in(session: Session, user_id: int) -> None:
    """Delete what names or proves somebody besides his own columns."""
    for row in (OidcLinkRow, ChallengeRow, RecoveryCodeRow, SecondFactorRow):
        session.execute(delete(row).where(row.user_id == user_id))


def everything(session: Session, user_id: int) -> dict[str, Any]:
    """Return the user with his roles, logins and assignments, and his entries of the audit.

    And the identities that are his, and that he has a second factor, without its secret.
    """
    user = dict(session.execute(select(*_USER).where(UserRow.id == user_id)).mappings().one())
    roles = (
        select(RoleRow.name)
        .join(user_roles, user_roles.c.role_id == RoleRow.id)
        .where(user_roles.c.user_id == user_id)
        .order_by(RoleRow.id)
    )
    user["roles"] = list(session.scalars(roles))
    user["center"] = session.scalar(
        select(CenterRow.name).where(CenterRow.id == user.pop("center_id"))
    )
    user["trade"] = session.scalar(select(TradeRow.name).where(TradeRow.id == user.pop("trade_id")))
    logins = select(*_LOGIN).where(LoginRow.user_id == user_id).order_by(LoginRow.opened_at)
    assignments = select(AssignmentRow.exam_id, AssignmentRow.role, AssignmentRow.assigned_at)
    mine = assignments.where(AssignmentRow.user_id == user_id)
    links = select(*_LINK).where(OidcLinkRow.user_id == user_id).order_by(OidcLinkRow.linked_at)
    factor = select(*_FACTOR).where(SecondFactorRow.user_id == user_id)
    codes = select(RecoveryCodeRow.used_at).where(RecoveryCodeRow.user_id == user_id)
    return {
        "user": user,
        "logins": [dict(row) for row in session.execute(logins).mappings()],
        "assignments": [dict(row) for row in session.execute(mine).mappings()],
        "identities": [dict(row) for row in session.execute(links).mappings()],
        "second_factor": [dict(row) for row in session.execute(factor).mappings()],
        "recovery_codes_used_at": sorted(filter(None, session.scalars(codes))),
        "audit": _audit(session, user_id),
    }


def _audit(session: Session, user_id: int) -> list[dict[str, Any]]:
    """Return what he did and what concerns him, without what other people's machines were."""
    is_his = (AuditLogRow.user_id == user_id) | (AuditLogRow.subject_id == user_id)
    return [
        {
            "event_type": logged.entry.event_type,
            "description": logged.entry.description,
            "success": logged.entry.success,
            "details": logged.entry.details,
            "ip_address": logged.entry.origin.ip_address if _is_by(logged, user_id) else None,
            "user_agent": logged.entry.origin.user_agent if _is_by(logged, user_id) else None,
            "created_at": logged.created_at,
        }
        for logged in audit_store.AUDIT.where(session, is_his)
    ]


def _is_by(logged: Any, user_id: int) -> bool:
    return bool(logged.entry.user_id == user_id)
