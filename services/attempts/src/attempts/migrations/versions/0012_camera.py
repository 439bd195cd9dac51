"""An exam may ask for the student's camera."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "exams",
        sa.Column("camera_required", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="attempts",
    )


def downgrade() -> None:
    op.drop_column("exams", "camera_required", schema="attempts")
