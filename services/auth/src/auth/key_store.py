"""Every SQL statement about signing keys; runs inside the caller's transaction."""

from datetime import datetime

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session

from auth.keys import KeyState, NewKey, StoredKey
from auth.tables import SigningKeyRow

_PLACES = {KeyState.ACTIVE: 0, KeyState.NEXT: 1, KeyState.RETIRED: 2}


def lock_all(session: Session) -> None:
    """Keep everybody else from changing keys until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("auth.keys", 0))))


def now(session: Session) -> datetime:
    """Tell the time after all waiting, by the database's clock."""
    at: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return at


def living(session: Session) -> list[StoredKey]:
    """Load the keys whose signatures count: the active one, the next one, retired ones by age."""
    rows = session.scalars(
        select(SigningKeyRow)
        .where(
            or_(SigningKeyRow.forget_at.is_(None), SigningKeyRow.forget_at > func.clock_timestamp())
        )
        .order_by(SigningKeyRow.created_at)
        .execution_options(populate_existing=True)
    )
    return sorted((_stored(row) for row in rows), key=lambda key: _PLACES[key.state])


def add(session: Session, key: NewKey, state: KeyState, at: datetime) -> None:
    session.execute(
        insert(SigningKeyRow).values(
            kid=key.kid,
            state=state,
            public_key=key.public_key,
            sealed_private_key=key.sealed_private_key,
            created_at=at,
            activated_at=at if state is KeyState.ACTIVE else None,
        )
    )


def activate(session: Session, kid: str, at: datetime) -> None:
    session.execute(
        update(SigningKeyRow)
        .where(SigningKeyRow.kid == kid)
        .values(state=KeyState.ACTIVE, activated_at=at)
    )


def retire(session: Session, kid: str, forget_at: datetime) -> None:
    """Let a key count until `forget_at` and sign never again: its private half is deleted."""
    session.execute(
        update(SigningKeyRow)
        .where(SigningKeyRow.kid == kid)
        .values(state=KeyState.RETIRED, forget_at=forget_at, sealed_private_key=b"")
    )


def _stored(row: SigningKeyRow) -> StoredKey:
    return StoredKey(
        kid=row.kid,
        state=KeyState(row.state),
        public_key=row.public_key,
        sealed_private_key=row.sealed_private_key,
        created_at=row.created_at,
        activated_at=row.activated_at,
        forget_at=row.forget_at,
    )
