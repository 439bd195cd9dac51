"""Actions of proctors, claims, raised hands, chat."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None

SCHEMA = "proctoring"
MAY_CHANGE = {
    "action_orders": (),
    # The text only to be erased; what was asked, by whom and when stays as it was written.
    "actions": ("text", "refusal", "settled_at", "acknowledged_at", "expired_at"),
    "claims": ("ended", "ended_by_id", "ended_at"),
    "hands": ("lowered_at", "lowered_by_id"),
    "chat_messages": ("text", "read_at", "read_by_id"),
}


def column(name, type_, *, nullable=False):
    return sa.Column(name, type_, nullable=nullable)


def number(name, *, nullable=False):
    return column(name, sa.BigInteger(), nullable=nullable)


def words(name, length=None, *, nullable=True):
    return column(name, sa.Text() if length is None else sa.String(length), nullable=nullable)


def instant(name, *, nullable=True, default=None):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def rows(name, *items):
    op.create_table(
        name,
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        number("attempt_id"),
        number("exam_id"),
        *items,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        schema=SCHEMA,
    )


def index(table, *columns, name=None, where=None, unique=False):
    op.create_index(
        name or f"ix_{table}_{'_'.join(columns)}",
        table,
        list(columns),
        schema=SCHEMA,
        unique=unique,
        postgresql_where=None if where is None else sa.text(where),
    )


def upgrade() -> None:
    make_actions()
    make_claims()
    make_talk()
    for table, columns in MAY_CHANGE.items():
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {SCHEMA}.{table} FROM proctoring_app")
        if columns:
            op.execute(
                f"GRANT UPDATE ({', '.join(columns)}) ON {SCHEMA}.{table} TO proctoring_app"
            )


def make_actions() -> None:
    op.create_table(
        "action_orders",
        column("action_id", sa.Uuid()),
        number("exam_id"),
        number("actor_id"),
        column("digest", sa.LargeBinary()),
        instant("asked_at", nullable=False, default=sa.text("now()")),
        sa.PrimaryKeyConstraint("action_id", name="pk_action_orders"),
        schema=SCHEMA,
    )
    rows(
        "actions",
        column("action_id", sa.Uuid()),
        words("kind", 20, nullable=False),
        words("text"),
        words("warning_code", 50),
        column("seconds", sa.Integer(), nullable=True),
        words("reason_code", 50),
        number("actor_id"),
        words("actor_name"),
        words("ip_address", 45),
        words("user_agent"),
        instant("asked_at", nullable=False),
        column("refusal", sa.JSON(), nullable=True),
        instant("settled_at"),
        instant("acknowledged_at"),
        instant("expired_at"),
        sa.ForeignKeyConstraint(
            ["action_id"], [f"{SCHEMA}.action_orders.action_id"], name="fk_actions_action_id"
        ),
        sa.UniqueConstraint(
            "action_id", "attempt_id", name="uq_actions_action_id_attempt_id"
        ),
        sa.CheckConstraint(
            "kind IN ('message', 'warn', 'pause', 'resume', 'extend', 'authorise', 'terminate')",
            name="ck_actions_kind",
        ),
        sa.CheckConstraint(
            "acknowledged_at IS NULL OR expired_at IS NULL", name="ck_actions_one_end"
        ),
    )
    index("actions", "attempt_id", "id")
    index("actions", "exam_id", "id")
    index("actions", "asked_at", name="ix_actions_asked", where="settled_at IS NULL")
    index(
        "actions",
        "attempt_id",
        name="ix_actions_live",
        where="refusal IS NULL AND acknowledged_at IS NULL AND expired_at IS NULL",
    )


def make_claims() -> None:
    rows(
        "claims",
        number("user_id"),
        words("user_name"),
        words("began", 20, nullable=False),
        number("by_id"),
        words("reason"),
        instant("claimed_at", nullable=False),
        words("ended", 20),
        number("ended_by_id", nullable=True),
        instant("ended_at"),
    )
    index("claims", "attempt_id", name="uq_claims_open", where="ended_at IS NULL", unique=True)
    index("claims", "exam_id", "id")
    index("claims", "attempt_id", "id")


def make_talk() -> None:
    rows(
        "hands",
        instant("raised_at", nullable=False),
        instant("lowered_at"),
        number("lowered_by_id", nullable=True),
    )
    index("hands", "attempt_id", name="uq_hands_raised", where="lowered_at IS NULL", unique=True)
    index("hands", "attempt_id", "id")
    rows(
        "chat_messages",
        column("message_id", sa.Uuid()),
        number("sender_id"),
        words("sender_name"),
        column("is_from_student", sa.Boolean()),
        words("text"),
        instant("sent_at", nullable=False),
        instant("read_at"),
        number("read_by_id", nullable=True),
        sa.UniqueConstraint(
            "attempt_id", "message_id", name="uq_chat_messages_attempt_id_message_id"
        ),
    )
    index("chat_messages", "attempt_id", "id")
    index(
        "chat_messages",
        "exam_id",
        name="ix_chat_messages_unread",
        where="is_from_student AND read_at IS NULL",
    )


def downgrade() -> None:
    for table in ("chat_messages", "hands", "claims", "actions", "action_orders"):
        op.drop_table(table, schema=SCHEMA)
