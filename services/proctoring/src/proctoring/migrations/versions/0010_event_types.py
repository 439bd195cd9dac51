"""Which types of event an attempt has had, kept with its score."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SCHEMA = "proctoring"


def upgrade() -> None:
    # Rows begin at event 0 and are brought up to date in the background (`risk.keeping`), so this
    # holds no lock for longer than a moment, and a replica of the version before may go on.
    op.add_column(
        "risks",
        sa.Column(
            "event_types", sa.ARRAY(sa.Text()), nullable=False, server_default=sa.text("'{}'")
        ),
        schema=SCHEMA,
    )
    op.add_column(
        "risks",
        sa.Column("types_as_of", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_column("risks", "types_as_of", schema=SCHEMA)
    op.drop_column("risks", "event_types", schema=SCHEMA)
