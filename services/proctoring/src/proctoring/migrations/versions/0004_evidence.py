"""Sealed heads, and the public keys of all that proctoring signs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SCHEMA = "proctoring"


def _now(name: str) -> sa.Column:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "evidence_keys",
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        _now("first_used_at"),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_evidence_keys")),
        schema=_SCHEMA,
    )
    op.create_table(
        "sealed_heads",
        sa.Column("attempt_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("kid", sa.String(length=43), nullable=False),
        _now("sealed_at"),
        sa.CheckConstraint("sequence >= 0", name=op.f("ck_sealed_heads_sequence")),
        sa.PrimaryKeyConstraint("attempt_id", "sequence", name=op.f("pk_sealed_heads")),
        schema=_SCHEMA,
    )
    op.execute(
        "REVOKE UPDATE, DELETE, TRUNCATE ON proctoring.evidence_keys, proctoring.sealed_heads"
        " FROM proctoring_app"
    )


def downgrade() -> None:
    op.drop_table("sealed_heads", schema=_SCHEMA)
    op.drop_table("evidence_keys", schema=_SCHEMA)
