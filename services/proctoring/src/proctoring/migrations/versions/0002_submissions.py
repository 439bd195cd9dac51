"""What a student said to have sent, beside what came."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "proctoring"


def instant(name, *, nullable=False, default=None):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def upgrade() -> None:
    op.create_table(
        "submissions",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("last_event_sequence", sa.BigInteger(), nullable=True),
        instant("submitted_at", nullable=True),
        instant("recorded_at", default=sa.text("now()")),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_submissions"),
        schema=SCHEMA,
    )
    op.create_index("ix_submissions_exam_id", "submissions", ["exam_id"], schema=SCHEMA)
    op.create_table(
        "inbox_positions",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        instant("updated_at", default=sa.text("now()")),
        sa.PrimaryKeyConstraint("stream", name="pk_inbox_positions"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table("inbox_positions", schema=SCHEMA)
    op.drop_table("submissions", schema=SCHEMA)
