"""What leaves the platform: webhook endpoints, and a row for each message and receiver."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SCHEMA = "proctoring"
NOW = sa.text("clock_timestamp()")


def instant(name, *, nullable=False, default=None):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def needed(name, type_, default=None):
    return sa.Column(name, type_, nullable=False, server_default=default)


def upgrade() -> None:
    make_endpoints()
    make_outgoing()


def make_endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        needed("url", sa.Text()),
        needed("description", sa.Text(), sa.text("''")),
        needed("topics", sa.ARRAY(sa.Text())),
        sa.Column("exam_id", sa.Integer()),
        needed("state", sa.Text(), sa.text("'active'")),
        needed("salt", sa.LargeBinary()),
        sa.Column("previous_salt", sa.LargeBinary()),
        instant("previous_until", nullable=True),
        instant("created_at", default=NOW),
        needed("created_by_id", sa.BigInteger()),
        instant("changed_at", default=NOW),
        needed("changed_by_id", sa.BigInteger()),
        instant("heard_from", default=NOW),
        instant("held_until", nullable=True),
        instant("failing_since", nullable=True),
        instant("delivered_at", nullable=True),
        sa.Column("last_error", sa.Text()),
        sa.Column("last_status", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
        sa.CheckConstraint(
            "state IN ('active', 'failing', 'disabled')", name="ck_webhook_endpoints_state"
        ),
        sa.CheckConstraint("octet_length(salt) = 32", name="ck_webhook_endpoints_salt"),
        sa.CheckConstraint(
            "(previous_salt IS NULL) = (previous_until IS NULL)",
            name="ck_webhook_endpoints_previous",
        ),
        schema=SCHEMA,
    )


def make_outgoing() -> None:
    op.create_table(
        "outgoing",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger()),
        needed("message_id", sa.Text()),
        needed("topic", sa.Text()),
        sa.Column("exam_id", sa.Integer()),
        sa.Column("attempt_id", sa.Integer()),
        sa.Column("student_id", sa.BigInteger()),
        instant("occurred_at"),
        sa.Column("body", sa.Text()),
        needed("state", sa.Text(), sa.text("'waiting'")),
        needed("tries", sa.Integer(), sa.text("0")),
        instant("next_at", default=NOW),
        instant("created_at", default=NOW),
        instant("first_failed_at", nullable=True),
        instant("done_at", nullable=True),
        sa.Column("last_status", sa.Integer()),
        sa.Column("last_error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            [f"{SCHEMA}.webhook_endpoints.id"],
            name="fk_outgoing_endpoint_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "endpoint_id",
            "message_id",
            name="uq_outgoing_endpoint_id_message_id",
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'failed', 'erased')", name="ck_outgoing_state"
        ),
        sa.CheckConstraint("(body IS NULL) = (state = 'erased')", name="ck_outgoing_body"),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_outgoing_due",
        "outgoing",
        ["endpoint_id", "next_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_outgoing_created_at", "outgoing", ["created_at"], schema=SCHEMA)
    op.create_index(
        "ix_outgoing_attempt_id",
        "outgoing",
        ["attempt_id"],
        schema=SCHEMA,
        postgresql_where=sa.text("body IS NOT NULL AND attempt_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("outgoing", schema=SCHEMA)
    op.drop_table("webhook_endpoints", schema=SCHEMA)
