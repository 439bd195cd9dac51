"""The tables of actions, claims, hands and chat; what may be changed in them the database grants.

The service's role may insert rows and update only the columns that the migration names; it deletes
nothing.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)

from proctoring.tables import METADATA

IS_OPEN = text("ended_at IS NULL")
IS_RAISED = text("lowered_at IS NULL")
IS_ASKED = text("settled_at IS NULL")
IS_LIVE = text("refusal IS NULL AND acknowledged_at IS NULL AND expired_at IS NULL")


def _instant(name: str, *, nullable: bool = True, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable, **options)


def _row(name: str, *items: Any) -> Table:
    return Table(
        name,
        METADATA,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("attempt_id", BigInteger, nullable=False),
        Column("exam_id", BigInteger, nullable=False),
        *items,
    )


ORDERS = Table(
    "action_orders",
    METADATA,
    Column("action_id", Uuid, primary_key=True),
    Column("exam_id", BigInteger, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    _instant("asked_at", nullable=False, server_default=func.now()),
)

ACTIONS = _row(
    "actions",
    Column(
        "action_id",
        Uuid,
        ForeignKey(ORDERS.c.action_id, name="fk_actions_action_id"),
        nullable=False,
    ),
    Column("kind", String(20), nullable=False),
    Column("text", Text),
    Column("warning_code", String(50)),
    Column("seconds", Integer),
    Column("reason_code", String(50)),
    Column("actor_id", BigInteger, nullable=False),
    Column("actor_name", Text),
    Column("ip_address", String(45)),
    Column("user_agent", Text),
    _instant("asked_at", nullable=False),
    Column("refusal", JSON(none_as_null=True)),
    _instant("settled_at"),
    _instant("acknowledged_at"),
    _instant("expired_at"),
    UniqueConstraint("action_id", "attempt_id"),
    CheckConstraint(
        "kind IN ('message', 'warn', 'pause', 'resume', 'extend', 'authorise', 'terminate')",
        "kind",
    ),
    CheckConstraint("acknowledged_at IS NULL OR expired_at IS NULL", "one_end"),
    Index(None, "attempt_id", "id"),
    Index(None, "exam_id", "id"),
    Index("ix_actions_asked", "asked_at", postgresql_where=IS_ASKED),
    Index("ix_actions_live", "attempt_id", postgresql_where=IS_LIVE),
)

CLAIMS = _row(
    "claims",
    Column("user_id", BigInteger, nullable=False),
    Column("user_name", Text),
    Column("began", String(20), nullable=False),
    Column("by_id", BigInteger, nullable=False),
    Column("reason", Text),
    _instant("claimed_at", nullable=False),
    Column("ended", String(20)),
    Column("ended_by_id", BigInteger),
    _instant("ended_at"),
    Index("uq_claims_open", "attempt_id", unique=True, postgresql_where=IS_OPEN),
    Index(None, "exam_id", "id"),
    Index(None, "attempt_id", "id"),
)

HANDS = _row(
    "hands",
    _instant("raised_at", nullable=False),
    _instant("lowered_at"),
    Column("lowered_by_id", BigInteger),
    Index("uq_hands_raised", "attempt_id", unique=True, postgresql_where=IS_RAISED),
    Index(None, "attempt_id", "id"),
)

MESSAGES = _row(
    "chat_messages",
    Column("message_id", Uuid, nullable=False),
    Column("sender_id", BigInteger, nullable=False),
    Column("sender_name", Text),
    Column("is_from_student", Boolean, nullable=False),
    Column("text", Text),
    _instant("sent_at", nullable=False),
    _instant("read_at"),
    Column("read_by_id", BigInteger),
    UniqueConstraint("attempt_id", "message_id"),
    Index(None, "attempt_id", "id"),
    Index(
        "ix_chat_messages_unread",
        "exam_id",
        postgresql_where=text("is_from_student AND read_at IS NULL"),
    ),
)
