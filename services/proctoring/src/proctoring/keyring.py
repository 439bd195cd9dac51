"""The key that signs what proctoring vouches for, and every public key that ever did (ADR 0020).

Whoever signs in a transaction calls `publish` in it: so no signature is stored whose key could be
forgotten when the secret changes. Rows are only ever added.
"""

from chassis.signing import SigningKey
from sqlalchemy import Column, DateTime, LargeBinary, String, Table, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from proctoring.settings import Settings
from proctoring.tables import METADATA

PURPOSE = "oep proctoring evidence 1"
"""What the signing key is derived for."""

EVIDENCE_KEYS = Table(
    "evidence_keys",
    METADATA,
    Column("kid", String(43), primary_key=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("first_used_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)


def signing_key(settings: Settings) -> SigningKey:
    """Return the key that signs now: the same for all replicas, until the secret changes."""
    secret = settings.evidence_signing_secret.get_secret_value()
    return SigningKey.derived(secret, PURPOSE)


def publish(session: Session, key: SigningKey) -> None:
    """Keep the public half of `key` for ever. In the transaction that stores what it signed."""
    row = {"kid": key.kid, "public_key": key.public}
    session.execute(insert(EVIDENCE_KEYS).values(row).on_conflict_do_nothing())


def public_keys(session: Session) -> list[bytes]:
    """Return every public key that has signed something, the newest first."""
    newest = EVIDENCE_KEYS.c.first_used_at.desc()
    found = session.execute(select(EVIDENCE_KEYS.c.public_key).order_by(newest))
    return [bytes(key) for key in found.scalars()]
