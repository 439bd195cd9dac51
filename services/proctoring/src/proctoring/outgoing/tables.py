"""The tables of what leaves: who wants to be told, and what is, was or could not be told."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

from proctoring.tables import METADATA, SCHEMA


def _instant(name: str, *, nullable: bool = False, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable, **options)


ENDPOINTS = Table(
    "webhook_endpoints",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=text("''")),
    Column("topics", ARRAY(Text), nullable=False),
    Column("exam_id", Integer),
    Column("state", Text, nullable=False, server_default=text("'active'")),
    Column("salt", LargeBinary, nullable=False),
    Column("previous_salt", LargeBinary),
    _instant("previous_until", nullable=True),
    _instant("created_at", server_default=func.clock_timestamp()),
    Column("created_by_id", BigInteger, nullable=False),
    _instant("changed_at", server_default=func.clock_timestamp()),
    Column("changed_by_id", BigInteger, nullable=False),
    _instant("heard_from", server_default=func.clock_timestamp()),
    _instant("held_until", nullable=True),
    _instant("failing_since", nullable=True),
    _instant("delivered_at", nullable=True),
    Column("last_error", Text),
    Column("last_status", Integer),
    CheckConstraint("state IN ('active', 'failing', 'disabled')", "state"),
    CheckConstraint("octet_length(salt) = 32", "salt"),
    CheckConstraint("(previous_salt IS NULL) = (previous_until IS NULL)", "previous"),
    schema=SCHEMA,
)
"""`failing`: nothing is sent, what happens waits; `disabled`: nothing waits either. What was said
before `heard_from` is not told. Secrets are derived from the salts."""

DELIVERIES = Table(
    "outgoing",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("endpoint_id", BigInteger, ForeignKey(ENDPOINTS.c.id, ondelete="CASCADE")),
    Column("message_id", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("exam_id", Integer),
    Column("attempt_id", Integer),
    Column("student_id", BigInteger),
    _instant("occurred_at"),
    Column("body", Text),
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    _instant("next_at", server_default=func.clock_timestamp()),
    _instant("created_at", server_default=func.clock_timestamp()),
    _instant("first_failed_at", nullable=True),
    _instant("done_at", nullable=True),
    Column("last_status", Integer),
    Column("last_error", Text),
    UniqueConstraint(
        "endpoint_id",
        "message_id",
        name="uq_outgoing_endpoint_id_message_id",
        postgresql_nulls_not_distinct=True,
    ),
    CheckConstraint("state IN ('waiting', 'delivered', 'failed', 'erased')", "state"),
    CheckConstraint("(body IS NULL) = (state = 'erased')", "body"),
    Index("ix_outgoing_due", "endpoint_id", "next_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_outgoing_created_at", "created_at"),
    Index(
        "ix_outgoing_attempt_id",
        "attempt_id",
        postgresql_where=text("body IS NOT NULL AND attempt_id IS NOT NULL"),
    ),
    schema=SCHEMA,
)
"""One row for each message and receiver; no endpoint = a mail to the attempt's student. Who takes a
row moves its `next_at` on and counts a try: should he die, it is due again then."""
