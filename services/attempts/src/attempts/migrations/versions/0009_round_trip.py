"""What every save in one round trip needs: a place for what a hash covers that only Python computes.

`attempts.lacks_allowance` of migration 0008 is left for the version that still calls it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("saved_messages", sa.Column("said", sa.JSON()), schema="attempts")


def downgrade() -> None:
    op.drop_column("saved_messages", "said", schema="attempts")
