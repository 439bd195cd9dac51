"""Allowances, pauses, cancellations with a reason, and reopened attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_COLUMNS = (
    "allowance_seconds",
    "spent_seconds",
    "paused_at",
    "paused_seconds",
    "pause_ends_at",
    "close_reason",
    "close_note",
    "reopened_from_id",
    "layout_from_id",
)


def _seconds(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def _instant(name: str, *, has_default: bool = False) -> sa.Column:
    default = sa.text("now()") if has_default else None
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=default, nullable=not has_default
    )


def upgrade() -> None:
    for column in (
        _seconds("allowance_seconds"),
        _seconds("spent_seconds"),
        _instant("paused_at"),
        _seconds("paused_seconds"),
        _instant("pause_ends_at"),
        sa.Column("close_reason", sa.String(length=50), nullable=True),
        sa.Column("close_note", sa.Text(), nullable=True),
        sa.Column("reopened_from_id", sa.BigInteger(), nullable=True),
        sa.Column("layout_from_id", sa.BigInteger(), nullable=True),
    ):
        op.add_column("attempts", column, schema="attempts")
    op.create_foreign_key(
        op.f("fk_attempts_reopened_from_id"),
        "attempts",
        "attempts",
        ["reopened_from_id"],
        ["id"],
        source_schema="attempts",
        referent_schema="attempts",
    )
    op.create_unique_constraint(
        op.f("uq_attempts_reopened_from_id"), "attempts", ["reopened_from_id"], schema="attempts"
    )
    op.create_check_constraint(
        op.f("ck_attempts_only_running_is_paused"),
        "attempts",
        "paused_at IS NULL OR status = 'in_progress'",
        schema="attempts",
    )
    op.create_index(
        "ix_attempts_pause_ends_at",
        "attempts",
        ["pause_ends_at"],
        schema="attempts",
        postgresql_where=sa.text("pause_ends_at IS NOT NULL"),
    )
    _create_exam_allowances()
    _create_allowances()


def _create_exam_allowances() -> None:
    op.create_table(
        "exam_allowances",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("factor", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by_id", sa.BigInteger(), nullable=False),
        _instant("created_at", has_default=True),
        sa.CheckConstraint(
            "(seconds IS NULL) <> (factor IS NULL)",
            name=op.f("ck_exam_allowances_seconds_or_factor"),
        ),
        sa.ForeignKeyConstraint(
            ["exam_id"], ["attempts.exams.id"], name=op.f("fk_exam_allowances_exam_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_allowances")),
        schema="attempts",
    )
    op.create_index(
        op.f("ix_exam_allowances_exam_id"), "exam_allowances", ["exam_id"], schema="attempts"
    )


def _create_allowances() -> None:
    op.create_table(
        "allowances",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("exam_allowance_id", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("factor", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by_id", sa.BigInteger(), nullable=False),
        _instant("created_at", has_default=True),
        _instant("acknowledged_at"),
        sa.CheckConstraint("seconds > 0", name=op.f("ck_allowances_seconds")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.attempts.id"], name=op.f("fk_allowances_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["exam_allowance_id"],
            ["attempts.exam_allowances.id"],
            name=op.f("fk_allowances_exam_allowance_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowances")),
        sa.UniqueConstraint(
            "attempt_id",
            "exam_allowance_id",
            name=op.f("uq_allowances_attempt_id_exam_allowance_id"),
        ),
        schema="attempts",
    )


def downgrade() -> None:
    op.drop_table("allowances", schema="attempts")
    op.drop_table("exam_allowances", schema="attempts")
    for column in _COLUMNS:
        op.drop_column("attempts", column, schema="attempts")
