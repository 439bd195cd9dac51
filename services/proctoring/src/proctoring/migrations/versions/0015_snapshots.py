"""Snapshots: pictures as evidence, the files that hold them, and how long they are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SCHEMA = "proctoring"
KEPT = sa.text("sha256 IS NOT NULL")


def instant(name, *, nullable=False, default=None):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def needed(name, type_, default=None):
    return sa.Column(name, type_, nullable=False, server_default=default)


def upgrade() -> None:
    make_files()
    make_snapshots()
    # A pictures' erasure is signed like any other; a column without a default locks for a moment.
    op.add_column(
        "retention_policies", sa.Column("snapshots_days", sa.Integer()), schema=SCHEMA
    )
    op.create_check_constraint(
        "ck_retention_policies_snapshots_days",
        "retention_policies",
        "snapshots_days > 0",
        schema=SCHEMA,
    )
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {SCHEMA}.snapshots FROM proctoring_app")
    op.execute(f"GRANT UPDATE (sha256, erased_at) ON {SCHEMA}.snapshots TO proctoring_app")


def make_files() -> None:
    op.create_table(
        "snapshot_files",
        needed("sha256", sa.LargeBinary()),
        instant("noted_at", default=sa.text("clock_timestamp()")),
        needed("in_use", sa.Boolean(), sa.text("false")),
        instant("going_at", nullable=True),
        sa.PrimaryKeyConstraint("sha256", name="pk_snapshot_files"),
        sa.CheckConstraint("octet_length(sha256) = 32", name="ck_snapshot_files_sha256"),
        sa.CheckConstraint("NOT in_use OR going_at IS NULL", name="ck_snapshot_files_going"),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_snapshot_files_spare",
        "snapshot_files",
        ["noted_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("NOT in_use"),
    )


def make_snapshots() -> None:
    op.create_table(
        "snapshots",
        needed("attempt_id", sa.Integer()),
        needed("exam_id", sa.Integer()),
        needed("snapshot_id", sa.Uuid()),
        needed("source", sa.String(10)),
        instant("taken_at"),
        instant("received_at"),
        needed("late", sa.Boolean()),
        sa.Column("sha256", sa.LargeBinary()),
        needed("media_type", sa.String(20)),
        needed("size", sa.Integer()),
        needed("width", sa.Integer()),
        needed("height", sa.Integer()),
        needed("sequence", sa.BigInteger()),
        instant("erased_at", nullable=True),
        sa.PrimaryKeyConstraint("attempt_id", "snapshot_id", name="pk_snapshots"),
        sa.ForeignKeyConstraint(
            ["sha256"], [f"{SCHEMA}.snapshot_files.sha256"], name="fk_snapshots_sha256"
        ),
        sa.CheckConstraint("source IN ('camera', 'screen')", name="ck_snapshots_source"),
        sa.CheckConstraint(
            "media_type IN ('image/jpeg', 'image/webp')", name="ck_snapshots_media_type"
        ),
        sa.CheckConstraint(
            "(sha256 IS NULL) = (erased_at IS NOT NULL)", name="ck_snapshots_erased"
        ),
        schema=SCHEMA,
    )
    op.create_index(
        "uq_snapshots_attempt_id_sequence",
        "snapshots",
        ["attempt_id", "sequence"],
        schema=SCHEMA,
        unique=True,
    )
    op.create_index(
        "ix_snapshots_sha256", "snapshots", ["sha256"], schema=SCHEMA, postgresql_where=KEPT
    )
    op.create_index(
        "ix_snapshots_left", "snapshots", ["attempt_id"], schema=SCHEMA, postgresql_where=KEPT
    )


def downgrade() -> None:
    op.drop_column("retention_policies", "snapshots_days", schema=SCHEMA)
    op.drop_table("snapshots", schema=SCHEMA)
    op.drop_table("snapshot_files", schema=SCHEMA)
