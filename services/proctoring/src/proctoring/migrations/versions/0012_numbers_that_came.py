"""Which of its client's numbers have come of an attempt, kept with its score."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SCHEMA = "proctoring"


def upgrade() -> None:
    # Rows begin at event 0 and are brought up to date in the background (`risk.keeping`); until
    # then events are read as before. A replica of the version before may go on.
    op.add_column(
        "risks",
        sa.Column("came", postgresql.INT8MULTIRANGE(), server_default=sa.text("'{}'")),
        schema=SCHEMA,
    )
    op.add_column(
        "risks",
        sa.Column("came_as_of", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_column("risks", "came_as_of", schema=SCHEMA)
    op.drop_column("risks", "came", schema=SCHEMA)
