"""An event keeps the number of the notice that announced it, so that it can be said again."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SCHEMA = "proctoring"


def upgrade() -> None:
    # Nullable and without a default: no row is touched, and a replica of the version before goes
    # on, whose events are put back under ids of their own (ADR 34).
    column = sa.Column("notice_id", sa.BigInteger(), nullable=True)
    op.add_column("proctoring_events", column, schema=SCHEMA)


def downgrade() -> None:
    op.drop_column("proctoring_events", "notice_id", schema=SCHEMA)
