"""Outages that were measured: an exam's policy, what is known of lines, what each led to.

An allowance may be given by that policy: then nobody has granted it, and it names its outage.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def _at(name: str, *, is_needed: bool = True, has_default: bool = False) -> sa.Column:
    default = sa.text("now()") if has_default else None
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=default, nullable=not is_needed
    )


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"attempts.{target}.id"], name=name)


def upgrade() -> None:
    _create_policies()
    _create_lines()
    _create_outages()
    op.create_table(
        "inbox_positions",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        _at("updated_at", has_default=True),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_inbox_positions")),
        schema="attempts",
    )
    op.add_column(
        "allowances", sa.Column("outage_id", sa.BigInteger(), nullable=True), schema="attempts"
    )
    op.add_column("allowances", sa.Column("evidence", sa.JSON(), nullable=True), schema="attempts")
    op.create_foreign_key(
        op.f("fk_allowances_outage_id"),
        "allowances",
        "outages",
        ["outage_id"],
        ["id"],
        source_schema="attempts",
        referent_schema="attempts",
    )
    op.create_unique_constraint(
        op.f("uq_allowances_attempt_id_outage_id"),
        "allowances",
        ["attempt_id", "outage_id"],
        schema="attempts",
    )
    op.alter_column("allowances", "granted_by_id", nullable=True, schema="attempts")
    op.create_check_constraint(
        op.f("ck_allowances_granted_by"),
        "allowances",
        "granted_by_id IS NOT NULL OR outage_id IS NOT NULL",
        schema="attempts",
    )


def _create_policies() -> None:
    op.create_table(
        "outage_policies",
        sa.Column("exam_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("policy", sa.String(length=10), nullable=False),
        sa.Column("cap_seconds", sa.BigInteger(), nullable=False),
        sa.Column("set_by_id", sa.BigInteger(), nullable=False),
        _at("set_at", has_default=True),
        sa.CheckConstraint(
            "policy IN ('off', 'propose', 'auto')", name=op.f("ck_outage_policies_policy")
        ),
        sa.CheckConstraint("cap_seconds >= 0", name=op.f("ck_outage_policies_cap_seconds")),
        sa.ForeignKeyConstraint(
            ["exam_id"],
            ["attempts.exams.id"],
            name=op.f("fk_outage_policies_exam_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exam_id", name=op.f("pk_outage_policies")),
        schema="attempts",
    )


def _create_lines() -> None:
    op.create_table(
        "lines",
        sa.Column("attempt_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_running", sa.Boolean(), nullable=False),
        _at("lost_at", is_needed=False),
        sa.Column("nodes", sa.JSON(), nullable=False),
        _reference("lines", "attempt_id", "attempts"),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_lines")),
        schema="attempts",
    )


def _create_outages() -> None:
    op.create_table(
        "outages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        _at("lost_at"),
        _at("back_at"),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.String(length=20), nullable=False),
        sa.Column("policy", sa.String(length=10), nullable=False),
        sa.Column("cap_seconds", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("granted_seconds", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        _at("decided_at", is_needed=False),
        sa.Column("reason", sa.Text(), nullable=True),
        _at("created_at", has_default=True),
        sa.CheckConstraint("seconds > 0", name=op.f("ck_outages_seconds")),
        sa.CheckConstraint(
            "closed_by IN ('connection', 'pause', 'end')", name=op.f("ck_outages_closed_by")
        ),
        sa.CheckConstraint(
            "policy IN ('off', 'propose', 'auto')", name=op.f("ck_outages_policy")
        ),
        sa.CheckConstraint(
            "state IN ('recorded', 'proposed', 'granted', 'declined', 'over_cap')",
            name=op.f("ck_outages_state"),
        ),
        _reference("outages", "attempt_id", "attempts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
        sa.UniqueConstraint(
            "attempt_id", "lost_at", name=op.f("uq_outages_attempt_id_lost_at")
        ),
        schema="attempts",
    )
    op.execute("REVOKE DELETE, TRUNCATE ON attempts.outages FROM attempts_app")


def downgrade() -> None:
    op.execute("UPDATE attempts.allowances SET granted_by_id = 0 WHERE granted_by_id IS NULL")
    op.drop_constraint(op.f("ck_allowances_granted_by"), "allowances", schema="attempts")
    op.alter_column("allowances", "granted_by_id", nullable=False, schema="attempts")
    op.drop_column("allowances", "evidence", schema="attempts")
    op.drop_column("allowances", "outage_id", schema="attempts")
    for table in ("inbox_positions", "outages", "lines", "outage_policies"):
        op.drop_table(table, schema="attempts")
