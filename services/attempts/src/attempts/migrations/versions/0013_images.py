"""Questions have images: their bytes once by SHA-256, and which question shows which."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "images",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "media_type IN ('image/png', 'image/jpeg', 'image/webp', 'image/gif')",
            name=op.f("ck_images_media_type"),
        ),
        sa.CheckConstraint("octet_length(content) <= 524288", name=op.f("ck_images_size")),
        sa.CheckConstraint(
            "sha256 = encode(sha256(content), 'hex')", name=op.f("ck_images_sha256")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_images")),
        schema="attempts",
    )
    op.create_table(
        "question_images",
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("alternative", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["attempts.questions.id"],
            name=op.f("fk_question_images_question_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["attempts.images.sha256"], name=op.f("fk_question_images_sha256")
        ),
        sa.PrimaryKeyConstraint("question_id", "number", name=op.f("pk_question_images")),
        schema="attempts",
    )
    op.create_index(
        op.f("ix_question_images_sha256"), "question_images", ["sha256"], schema="attempts"
    )


def downgrade() -> None:
    op.drop_table("question_images", schema="attempts")
    op.drop_table("images", schema="attempts")
