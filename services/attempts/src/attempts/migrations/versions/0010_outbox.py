"""The outbox holds texts that are passed on, and is read in the order of its numbers alone."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE attempts.outbox ALTER COLUMN payload TYPE json")
    op.execute("DROP INDEX attempts.ix_outbox_order_key_id")


def downgrade() -> None:
    op.execute("CREATE INDEX ix_outbox_order_key_id ON attempts.outbox (order_key, id)")
    op.execute("ALTER TABLE attempts.outbox ALTER COLUMN payload TYPE jsonb")
