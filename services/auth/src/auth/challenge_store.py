"""Statements about challenges: who stands between two steps of signing in."""

from datetime import timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from auth.accounts import Method
from auth.challenge import LIFE_SECONDS, Challenge, Purpose, hash_of
from auth.tables import ChallengeRow


def add(
    session: Session, token: str, challenge: Challenge, *, browser_hash: str | None = None
) -> None:
    """Keep a challenge for as long as its purpose lives."""
    life = timedelta(seconds=LIFE_SECONDS[challenge.purpose])
    session.execute(
        insert(ChallengeRow).values(
            token_hash=hash_of(token),
            purpose=challenge.purpose,
            user_id=challenge.user_id,
            method=challenge.method,
            browser_hash=browser_hash,
            expires_at=func.now() + life,
        )
    )


def find(session: Session, token: str, purpose: Purpose) -> Challenge | None:
    """Return the challenge that a token stands for, while it lives."""
    row = session.scalars(
        select(ChallengeRow).where(
            ChallengeRow.token_hash == hash_of(token),
            ChallengeRow.purpose == purpose,
            ChallengeRow.expires_at > func.now(),
        )
    ).one_or_none()
    return _challenge(row) if row else None


def take(
    session: Session, token: str, purpose: Purpose, *, browser_hash: str | None = None
) -> Challenge | None:
    """Return the challenge and delete it, so that of two at once one finds nothing.

    What is bound to a browser is found, and used up, with that browser's hash only.
    """
    row = session.scalars(
        delete(ChallengeRow)
        .where(
            ChallengeRow.token_hash == hash_of(token),
            ChallengeRow.purpose == purpose,
            ChallengeRow.browser_hash.is_not_distinct_from(browser_hash),
            ChallengeRow.expires_at > func.now(),
        )
        .returning(ChallengeRow)
    ).one_or_none()
    return _challenge(row) if row else None


def forget_of(session: Session, user_id: int) -> None:
    """Delete all that a user has under way: what he proved does not count any more."""
    session.execute(delete(ChallengeRow).where(ChallengeRow.user_id == user_id))


def _challenge(row: ChallengeRow) -> Challenge:
    return Challenge(row.user_id, Purpose(row.purpose), Method(row.method))
