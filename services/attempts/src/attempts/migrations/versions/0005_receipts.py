"""Saves are numbered; a submit is answered with a signed receipt."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "answers",
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        schema="attempts",
    )
    op.add_column(
        "saved_messages", sa.Column("revision", sa.BigInteger(), nullable=True), schema="attempts"
    )
    op.add_column(
        "saved_messages",
        sa.Column("sha256", sa.String(length=64), nullable=True),
        schema="attempts",
    )
    op.add_column(
        "attempts", sa.Column("last_event_sequence", sa.BigInteger(), nullable=True),
        schema="attempts",
    )
    op.create_table(
        "receipts",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.attempts.id"], name=op.f("fk_receipts_attempt_id")
        ),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_receipts")),
        schema="attempts",
    )
    op.create_table(
        "receipt_keys",
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column(
            "first_used_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_receipt_keys")),
        schema="attempts",
    )
    op.execute(
        "REVOKE UPDATE, DELETE, TRUNCATE ON attempts.receipts, attempts.receipt_keys"
        " FROM attempts_app"
    )


def downgrade() -> None:
    op.drop_table("receipt_keys", schema="attempts")
    op.drop_table("receipts", schema="attempts")
    op.drop_column("attempts", "last_event_sequence", schema="attempts")
    op.drop_column("saved_messages", "sha256", schema="attempts")
    op.drop_column("saved_messages", "revision", schema="attempts")
    op.drop_column("answers", "revision", schema="attempts")
