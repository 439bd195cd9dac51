"""Authorised starts, and one active device per attempt by policy."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OF_EXAMS = ("requires_authorisation", "device_policy")
_OF_ATTEMPTS = (
    "authorised_at",
    "authorised_by_id",
    "active_login_id",
    "active_since",
    "device_changes",
)


def upgrade() -> None:
    for column in (
        sa.Column(
            "requires_authorisation", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column(
            "device_policy", sa.String(length=10), server_default=sa.text("'allow'"), nullable=False
        ),
    ):
        op.add_column("exams", column, schema="attempts")
    op.create_check_constraint(
        op.f("ck_exams_device_policy"),
        "exams",
        "device_policy IN ('allow', 'flag', 'refuse')",
        schema="attempts",
    )
    for column in (
        sa.Column("authorised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("authorised_by_id", sa.BigInteger(), nullable=True),
        sa.Column("active_login_id", sa.Text(), nullable=True),
        sa.Column("active_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device_changes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    ):
        op.add_column("attempts", column, schema="attempts")


def downgrade() -> None:
    for name in _OF_ATTEMPTS:
        op.drop_column("attempts", name, schema="attempts")
    op.drop_constraint(op.f("ck_exams_device_policy"), "exams", schema="attempts")
    for name in _OF_EXAMS:
        op.drop_column("exams", name, schema="attempts")
