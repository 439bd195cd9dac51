"""Events with their chain, timings with their visits, tallies, outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "proctoring"
NOW = sa.text("now()")


def instant(name, *, nullable=False, default=None):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def count(name):
    return sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))


def upgrade() -> None:
    op.create_table(
        "proctoring_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("event_type", sa.String(50), nullable=False),
        instant("event_timestamp"),
        sa.Column("question_id", sa.Integer()),
        sa.Column("event_data", sa.JSON()),
        sa.Column("user_agent", sa.Text()),
        sa.Column("ip_address", sa.String(45)),
        sa.Column("severity", sa.String(20), nullable=False, server_default=sa.text("'info'")),
        instant("created_at", default=NOW),
        sa.Column("event_id", sa.Uuid()),
        sa.Column("client_sequence", sa.BigInteger()),
        instant("received_at", default=NOW),
        sa.Column("late", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("data_salt", sa.LargeBinary()),
        sa.Column("data_hash", sa.LargeBinary()),
        sa.Column("network_salt", sa.LargeBinary()),
        sa.Column("network_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_proctoring_events"),
        sa.UniqueConstraint(
            "attempt_id", "event_id", name="uq_proctoring_events_attempt_id_event_id"
        ),
        sa.UniqueConstraint(
            "attempt_id", "sequence", name="uq_proctoring_events_attempt_id_sequence"
        ),
        sa.CheckConstraint(
            "severity IN ('info', 'warning', 'violation')", name="ck_proctoring_events_severity"
        ),
        sa.CheckConstraint("sequence > 0", name="ck_proctoring_events_sequence"),
        sa.CheckConstraint("octet_length(hash) = 32", name="ck_proctoring_events_hash"),
        schema=SCHEMA,
    )
    for columns in (["attempt_id", "severity"], ["event_type"], ["event_timestamp"]):
        name = f"ix_proctoring_events_{'_'.join(columns)}"
        op.create_index(name, "proctoring_events", columns, schema=SCHEMA)

    op.create_table(
        "question_timings",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        instant("first_viewed_at"),
        instant("last_viewed_at", nullable=True),
        count("total_time_seconds"),
        count("answer_count"),
        instant("first_answered_at", nullable=True),
        instant("last_answered_at", nullable=True),
        instant("created_at", default=NOW),
        instant("updated_at", default=NOW),
        sa.Column("last_value", sa.Integer()),
        instant("last_post_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_question_timings"),
        sa.UniqueConstraint(
            "attempt_id", "question_id", name="uq_question_timings_attempt_id_question_id"
        ),
        sa.CheckConstraint(
            "total_time_seconds >= 0 AND answer_count >= 0", name="ck_question_timings_counts"
        ),
        schema=SCHEMA,
    )
    op.create_table(
        "timing_visits",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.String(64), nullable=False),
        sa.Column("highest_seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", "question_id", "visit_id", name="pk_timing_visits"),
        schema=SCHEMA,
    )
    op.create_table(
        "timing_answers",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        instant("created_at", default=NOW),
        sa.PrimaryKeyConstraint("attempt_id", "event_id", name="pk_timing_answers"),
        schema=SCHEMA,
    )
    op.create_table(
        "tallies",
        sa.Column("attempt_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("exam_id", sa.Integer()),
        count("info_count"),
        count("warning_count"),
        count("violation_count"),
        sa.Column("last_event_type", sa.String(50)),
        sa.Column("last_severity", sa.String(20)),
        instant("last_received_at", nullable=True),
        sa.Column("last_late", sa.Boolean()),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        instant("updated_at", default=NOW),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_tallies"),
        schema=SCHEMA,
    )
    op.create_index("ix_tallies_exam_id", "tallies", ["exam_id"], schema=SCHEMA)

    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("order_key", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("traceparent", sa.Text()),
        instant("created_at", default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        schema=SCHEMA,
    )
    op.create_index("ix_outbox_order_key_id", "outbox", ["order_key", "id"], schema=SCHEMA)


def downgrade() -> None:
    for table in (
        "outbox", "tallies", "timing_answers", "timing_visits", "question_timings",
        "proctoring_events",
    ):
        op.drop_table(table, schema=SCHEMA)
