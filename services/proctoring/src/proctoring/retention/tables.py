"""The tables of retention: policies, holds, how far erasures went, and what was signed about them.

The service's role may only add policies and records; of a hold it may write how it ended.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

from proctoring.tables import METADATA


def _instant(name: str, *, nullable: bool = False, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable, **options)


POLICIES = Table(
    "retention_policies",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("exam_id", Integer, nullable=False),
    Column("events_days", Integer),
    Column("network_days", Integer),
    Column("snapshots_days", Integer),
    Column("reason", Text, nullable=False),
    Column("author_id", BigInteger, nullable=False),
    _instant("created_at", server_default=func.now()),
    CheckConstraint("events_days > 0 AND network_days > 0", "days"),
    CheckConstraint("snapshots_days > 0", "snapshots_days"),
    Index(None, "exam_id", "id"),
)

HOLDS = Table(
    "retention_holds",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("attempt_id", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("placed_by_id", BigInteger, nullable=False),
    _instant("placed_at", server_default=func.now()),
    Column("lift_reason", Text),
    Column("lifted_by_id", BigInteger),
    _instant("lifted_at", nullable=True),
    CheckConstraint("(lifted_at IS NULL) = (lifted_by_id IS NULL)", "lifted"),
    Index(None, "attempt_id"),
    Index(
        "uq_retention_holds_open",
        "attempt_id",
        unique=True,
        postgresql_where=text("lifted_at IS NULL"),
    ),
)

MARKS = Table(
    "retention_marks",
    METADATA,
    Column("attempt_id", Integer, primary_key=True, autoincrement=False),
    Column("payload_through", BigInteger),
    _instant("payload_at", nullable=True),
    Column("network_through", BigInteger),
    _instant("network_at", nullable=True),
)

FORGOTTEN = Table(
    "retention_forgotten",
    METADATA,
    Column("attempt_id", Integer, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False, index=True),
    Column("actor", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    _instant("requested_at", server_default=func.now()),
)

RECORDS = Table(
    "deletion_records",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("attempt_id", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("body", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("kid", String(43), nullable=False),
    _instant("created_at", server_default=func.now()),
    UniqueConstraint("attempt_id", "place"),
    CheckConstraint("kind IN ('payload', 'network', 'person')", "kind"),
)
