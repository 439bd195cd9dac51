"""Exams count the versions of their content."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "exams",
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        schema="attempts",
    )


def downgrade() -> None:
    op.drop_column("exams", "version", schema="attempts")
