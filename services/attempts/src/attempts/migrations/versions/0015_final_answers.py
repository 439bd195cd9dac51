"""Encrypted final answers are opened: what became of each, and grades that follow from it.

Blobs that are stored already wait from now on, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_REASONS = (
    "'submit', 'deadline', 'pause', 'import', 'mark', 'regrade', 'key_corrected', 'moderation'"
)


def upgrade() -> None:
    op.add_column(
        "attempts",
        sa.Column("blob_settled_at", sa.DateTime(timezone=True), nullable=True),
        schema="attempts",
    )
    op.create_index(
        "ix_attempts_blob_unsettled",
        "attempts",
        ["id"],
        schema="attempts",
        postgresql_where=sa.text("encrypted_final_answers IS NOT NULL AND blob_settled_at IS NULL"),
    )
    op.create_table(
        "openings",
        sa.Column("attempt_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("finding", sa.String(length=50), nullable=True),
        sa.Column("key_timestamp", sa.String(length=30), nullable=True),
        sa.Column("grade_version", sa.BigInteger(), nullable=True),
        sa.Column(
            "foreign_question_ids",
            sa.ARRAY(sa.BigInteger()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("differences", sa.JSON(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "outcome IN ('merged', 'unchanged', 'evidence', 'unreadable')",
            name=op.f("ck_openings_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.attempts.id"], name=op.f("fk_openings_attempt_id")
        ),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_openings")),
        schema="attempts",
    )
    op.execute("REVOKE DELETE, TRUNCATE ON attempts.openings FROM attempts_app")
    _allow(f"{_REASONS}, 'final_answers'")


def downgrade() -> None:
    op.execute("UPDATE attempts.grades SET reason = 'regrade' WHERE reason = 'final_answers'")
    _allow(_REASONS)
    op.drop_table("openings", schema="attempts")
    op.drop_index("ix_attempts_blob_unsettled", "attempts", schema="attempts")
    op.drop_column("attempts", "blob_settled_at", schema="attempts")


def _allow(reasons: str) -> None:
    name = op.f("ck_grades_reason")
    op.drop_constraint(name, "grades", schema="attempts", type_="check")
    op.create_check_constraint(name, "grades", f"reason IN ({reasons})", schema="attempts")
