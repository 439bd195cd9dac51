"""Sealed heads: signed words on how far an attempt's chain had grown. Rows are only ever added."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    func,
)

from proctoring.tables import METADATA

SEALED_HEADS = Table(
    "sealed_heads",
    METADATA,
    Column("attempt_id", BigInteger, nullable=False, autoincrement=False),
    Column("sequence", BigInteger, nullable=False, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("kid", String(43), nullable=False),
    Column("sealed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("attempt_id", "sequence"),
    CheckConstraint("sequence >= 0", "sequence"),
)
"""`body` is the text under the signature; one head is sealed once, whoever asks again."""
