"""Statements about second factors and recovery codes."""

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.second_factor import Factor
from auth.tables import RecoveryCodeRow, SecondFactorRow


def load(session: Session, user_id: int) -> Factor | None:
    return _factor(session.get(SecondFactorRow, user_id, populate_existing=True))


def lock(session: Session, user_id: int) -> Factor | None:
    """Load a factor whose row stays locked, so that of two codes at once one comes second."""
    row = session.scalars(
        select(SecondFactorRow)
        .where(SecondFactorRow.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    return _factor(row)


def confirmed_at(session: Session, user_id: int) -> datetime | None:
    return session.scalar(
        select(SecondFactorRow.confirmed_at).where(SecondFactorRow.user_id == user_id)
    )


def begin(session: Session, user_id: int, sealed_secret: bytes) -> bool:
    """Keep a secret that is not confirmed yet, instead of another such; False beside a good one."""
    statement = insert(SecondFactorRow).values(user_id=user_id, sealed_secret=sealed_secret)
    kept = session.execute(
        statement.on_conflict_do_update(
            index_elements=[SecondFactorRow.user_id],
            set_={"sealed_secret": sealed_secret, "created_at": func.now(), "last_step": None},
            where=SecondFactorRow.confirmed_at.is_(None),
        ).returning(SecondFactorRow.user_id)
    ).first()
    return kept is not None


def confirm(session: Session, user_id: int) -> None:
    session.execute(
        update(SecondFactorRow)
        .where(SecondFactorRow.user_id == user_id)
        .values(confirmed_at=func.now())
    )


def note_step(session: Session, user_id: int, step: int) -> None:
    """Keep the step whose code was taken: none up to it is taken again."""
    session.execute(
        update(SecondFactorRow).where(SecondFactorRow.user_id == user_id).values(last_step=step)
    )


def remove(session: Session, user_id: int) -> bool:
    """Delete a factor and its recovery codes; say whether there was one."""
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
    gone = session.execute(
        delete(SecondFactorRow)
        .where(SecondFactorRow.user_id == user_id)
        .returning(SecondFactorRow.user_id)
    ).first()
    return gone is not None


def set_recovery_codes(session: Session, user_id: int, code_hashes: list[str]) -> None:
    """Let these be the user's recovery codes, and none of before."""
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
    rows = [{"user_id": user_id, "code_hash": each} for each in code_hashes]
    session.execute(insert(RecoveryCodeRow), rows)


def use_recovery_code(session: Session, user_id: int, code_hash: str) -> bool:
    """Use a code up; say whether there was such a one, unused."""
    used = session.execute(
        update(RecoveryCodeRow)
        .where(
            RecoveryCodeRow.user_id == user_id,
            RecoveryCodeRow.code_hash == code_hash,
            RecoveryCodeRow.used_at.is_(None),
        )
        .values(used_at=func.now())
        .returning(RecoveryCodeRow.code_hash)
    ).first()
    return used is not None


def recovery_codes_left(session: Session, user_id: int) -> int:
    unused = (RecoveryCodeRow.user_id == user_id) & RecoveryCodeRow.used_at.is_(None)
    return session.scalar(select(func.count()).where(unused)) or 0


def _factor(row: SecondFactorRow | None) -> Factor | None:
    if row is None:
        return None
    return Factor(row.sealed_secret, row.confirmed_at is not None, row.last_step)
