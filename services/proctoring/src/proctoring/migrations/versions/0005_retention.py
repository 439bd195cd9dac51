"""What was removed, by whom, and what must stay."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SCHEMA = "proctoring"
NOW = sa.text("now()")
TABLES = (
    "retention_policies", "retention_holds", "retention_marks", "retention_forgotten",
    "deletion_records",
)


def instant(name, *, nullable=False, default=None):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def number():
    return sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False)


def create_policies():
    op.create_table(
        "retention_policies",
        number(),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("events_days", sa.Integer()),
        sa.Column("network_days", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        instant("created_at", default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_retention_policies"),
        sa.CheckConstraint(
            "events_days > 0 AND network_days > 0", name="ck_retention_policies_days"
        ),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_retention_policies_exam_id_id", "retention_policies", ["exam_id", "id"], schema=SCHEMA
    )


def create_holds():
    op.create_table(
        "retention_holds",
        number(),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by_id", sa.BigInteger(), nullable=False),
        instant("placed_at", default=NOW),
        sa.Column("lift_reason", sa.Text()),
        sa.Column("lifted_by_id", sa.BigInteger()),
        instant("lifted_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_retention_holds"),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by_id IS NULL)", name="ck_retention_holds_lifted"
        ),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_retention_holds_attempt_id", "retention_holds", ["attempt_id"], schema=SCHEMA
    )
    op.create_index(
        "uq_retention_holds_open", "retention_holds", ["attempt_id"], schema=SCHEMA,
        unique=True, postgresql_where=sa.text("lifted_at IS NULL"),
    )


def create_marks():
    op.create_table(
        "retention_marks",
        sa.Column("attempt_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("payload_through", sa.BigInteger()),
        instant("payload_at", nullable=True),
        sa.Column("network_through", sa.BigInteger()),
        instant("network_at", nullable=True),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_retention_marks"),
        schema=SCHEMA,
    )
    op.create_table(
        "retention_forgotten",
        sa.Column("attempt_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        instant("requested_at", default=NOW),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_retention_forgotten"),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_retention_forgotten_user_id", "retention_forgotten", ["user_id"], schema=SCHEMA
    )


def create_records():
    op.create_table(
        "deletion_records",
        number(),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("kid", sa.String(43), nullable=False),
        instant("created_at", default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_deletion_records"),
        sa.UniqueConstraint("attempt_id", "place", name="uq_deletion_records_attempt_id_place"),
        sa.CheckConstraint(
            "kind IN ('payload', 'network', 'person')", name="ck_deletion_records_kind"
        ),
        schema=SCHEMA,
    )


def upgrade() -> None:
    create_policies()
    create_holds()
    create_marks()
    create_records()
    op.execute(
        "REVOKE UPDATE, DELETE, TRUNCATE ON proctoring.retention_policies,"
        " proctoring.retention_holds, proctoring.retention_forgotten, proctoring.deletion_records"
        " FROM proctoring_app"
    )
    op.execute("REVOKE DELETE, TRUNCATE ON proctoring.retention_marks FROM proctoring_app")
    op.execute(
        "GRANT UPDATE (lift_reason, lifted_by_id, lifted_at) ON proctoring.retention_holds"
        " TO proctoring_app"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table, schema=SCHEMA)
