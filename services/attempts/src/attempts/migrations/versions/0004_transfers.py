"""Transfers to another workstation, and the audit that can only grow."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _instant(name: str, *, has_default: bool = False, nullable: bool = True) -> sa.Column:
    default = sa.text("now()") if has_default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("from_workstation", sa.String(length=100), nullable=False),
        sa.Column("to_workstation", sa.String(length=100), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=False),
        sa.Column("approved_by_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("migration_checksum", sa.String(length=64), nullable=True),
        sa.Column(
            "answers_transferred", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("error_message", sa.Text(), nullable=True),
        _instant("created_at", has_default=True, nullable=False),
        _instant("approved_at"),
        _instant("rejected_at"),
        _instant("completed_at"),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected', 'completed', 'failed')",
            name=op.f("ck_transfers_status"),
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.attempts.id"], name=op.f("fk_transfers_attempt_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        schema="attempts",
    )
    op.create_index(op.f("ix_transfers_attempt_id"), "transfers", ["attempt_id"], schema="attempts")
    op.create_index(
        "uq_transfers_one_open",
        "transfers",
        ["attempt_id"],
        unique=True,
        schema="attempts",
        postgresql_where=sa.text("status IN ('pending', 'approved')"),
    )
    _create_audit()


def _create_audit() -> None:
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_category", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("attempt_id", sa.BigInteger(), nullable=True),
        sa.Column("exam_id", sa.BigInteger(), nullable=True),
        sa.Column("transfer_id", sa.BigInteger(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("ip_address", sa.String(length=45), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=True),
        _instant("created_at", nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_logs")),
        sa.UniqueConstraint("chain", "place", name=op.f("uq_audit_logs_chain_place")),
        schema="attempts",
    )
    for column in ("event_type", "user_id", "exam_id", "transfer_id"):
        op.create_index(op.f(f"ix_audit_logs_{column}"), "audit_logs", [column], schema="attempts")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON attempts.audit_logs FROM attempts_app")


def downgrade() -> None:
    op.drop_table("audit_logs", schema="attempts")
    op.drop_table("transfers", schema="attempts")
