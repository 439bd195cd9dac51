"""Statements about identities of elsewhere: browsers on their way, and whose account one is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.identity import Link
from auth.tables import OidcFlowRow, OidcLinkRow, UserRow

FLOW_SECONDS = 600


@dataclass(frozen=True)
class Flow:
    """A browser on its way to the provider and back; the hashes are of what it carries."""

    state_hash: str
    browser_hash: str
    nonce: str
    code_verifier: str
    return_path: str


def add_flow(session: Session, flow: Flow) -> None:
    session.execute(
        insert(OidcFlowRow).values(
            state_hash=flow.state_hash,
            browser_hash=flow.browser_hash,
            nonce=flow.nonce,
            code_verifier=flow.code_verifier,
            return_path=flow.return_path,
            expires_at=func.now() + timedelta(seconds=FLOW_SECONDS),
        )
    )


def take_flow(session: Session, state_hash: str) -> Flow | None:
    """Return the flow of a state and delete it, so that it is good once; None when it is over."""
    row = session.scalars(
        delete(OidcFlowRow)
        .where(OidcFlowRow.state_hash == state_hash, OidcFlowRow.expires_at > func.now())
        .returning(OidcFlowRow)
    ).one_or_none()
    if row is None:
        return None
    return Flow(row.state_hash, row.browser_hash, row.nonce, row.code_verifier, row.return_path)


def find_link(session: Session, issuer: str, subject: str) -> Link | None:
    row = session.scalars(
        select(OidcLinkRow).where(OidcLinkRow.issuer == issuer, OidcLinkRow.subject == subject)
    ).one_or_none()
    return Link(row.user_id, frozenset(row.granted_roles)) if row else None


def has_link(session: Session, user_id: int, issuer: str) -> bool:
    is_his = (OidcLinkRow.user_id == user_id) & (OidcLinkRow.issuer == issuer)
    return session.scalars(select(OidcLinkRow.subject).where(is_his)).first() is not None


def ids_by_email(session: Session, email: str) -> list[int]:
    """Return whose address this is, in any letter case: two at most."""
    is_his = func.lower(UserRow.email) == func.lower(email)
    return list(session.scalars(select(UserRow.id).where(is_his).limit(2)))


def add_link(session: Session, issuer: str, subject: str, user_id: int) -> bool:
    """Link an identity with an account; False when either has such a link already."""
    statement = insert(OidcLinkRow).values(issuer=issuer, subject=subject, user_id=user_id)
    added = session.execute(
        statement.on_conflict_do_nothing().returning(OidcLinkRow.user_id)
    ).first()
    return added is not None


def note_use(session: Session, issuer: str, subject: str, granted: Iterable[str]) -> None:
    """Keep that an identity was used just now, and which roles its account has by it."""
    session.execute(
        update(OidcLinkRow)
        .where(OidcLinkRow.issuer == issuer, OidcLinkRow.subject == subject)
        .values(last_used_at=func.now(), granted_roles=sorted(granted))
    )


def remove_link(session: Session, user_id: int, issuer: str) -> frozenset[str] | None:
    """Delete an account's link; return the roles that came by it, None when there was none."""
    granted = session.scalars(
        delete(OidcLinkRow)
        .where(OidcLinkRow.user_id == user_id, OidcLinkRow.issuer == issuer)
        .returning(OidcLinkRow.granted_roles)
    ).one_or_none()
    return None if granted is None else frozenset(granted)
