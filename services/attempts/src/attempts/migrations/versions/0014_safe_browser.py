"""An exam may be for Safe Exam Browser only: its keys, and which logins have shown them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

EXAM = "attempts.exams.id"
NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "safe_browsers",
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("is_required", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("edition", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["exam_id"], [EXAM], name="fk_safe_browsers_exam_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("exam_id", name="pk_safe_browsers"),
        schema="attempts",
    )
    op.create_table(
        "safe_browser_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("kind IN ('config', 'browser')", name="ck_safe_browser_keys_kind"),
        sa.ForeignKeyConstraint(
            ["exam_id"], [EXAM], name="fk_safe_browser_keys_exam_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_safe_browser_keys"),
        sa.UniqueConstraint("exam_id", "kind", "key", name="uq_safe_browser_keys_exam_id_kind_key"),
        schema="attempts",
    )
    op.create_table(
        "safe_browser_logins",
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("login_id", sa.String(100), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("passed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["exam_id"], [EXAM], name="fk_safe_browser_logins_exam_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("exam_id", "login_id", name="pk_safe_browser_logins"),
        schema="attempts",
    )
    op.create_index(
        "ix_safe_browser_logins_user_id", "safe_browser_logins", ["user_id"], schema="attempts"
    )
    op.create_index(
        "ix_safe_browser_logins_passed_at", "safe_browser_logins", ["passed_at"], schema="attempts"
    )


def downgrade() -> None:
    for table in ("safe_browser_logins", "safe_browser_keys", "safe_browsers"):
        op.drop_table(table, schema="attempts")
