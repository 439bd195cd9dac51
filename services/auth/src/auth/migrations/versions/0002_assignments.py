"""Who watches or marks which exam."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assignments",
        sa.Column("exam_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("assigned_by_id", sa.Integer(), nullable=False),
        sa.Column(
            "assigned_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("role IN ('proctor', 'grader')", name=op.f("ck_assignments_role")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth.users.id"], name=op.f("fk_assignments_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("exam_id", "role", "user_id", name=op.f("pk_assignments")),
        schema="auth",
    )
    op.create_index(
        op.f("ix_assignments_user_id"), "assignments", ["user_id"], unique=False, schema="auth"
    )


def downgrade() -> None:
    op.drop_table("assignments", schema="auth")
