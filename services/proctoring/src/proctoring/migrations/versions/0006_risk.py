"""Risks and accommodations."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCHEMA = "proctoring"

BLANKING = """
CREATE FUNCTION proctoring.accommodation_reasons_only_vanish() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reason IS NOT NULL THEN
        RAISE EXCEPTION 'the reason of an accommodation may be erased, never rewritten'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""
GUARD = """
CREATE TRIGGER reasons_only_vanish BEFORE UPDATE ON proctoring.accommodations
FOR EACH ROW EXECUTE FUNCTION proctoring.accommodation_reasons_only_vanish()
"""


def upgrade() -> None:
    op.create_table(
        "risks",
        sa.Column("attempt_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("exam_id", sa.Integer()),
        sa.Column("score", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("as_of_sequence", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("contributions", sa.JSON(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_risks"),
        sa.CheckConstraint("score BETWEEN 0 AND 1000", name="ck_risks_score"),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_risks_exam_id_rules_version", "risks", ["exam_id", "rules_version"], schema=SCHEMA
    )
    op.create_table(
        "accommodations",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rule_ids", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "version", name="pk_accommodations"),
        sa.CheckConstraint("version > 0", name="ck_accommodations_version"),
        schema=SCHEMA,
    )
    # exam_user reads the database for people with psql; reasons may be about somebody's health.
    op.execute("REVOKE ALL ON proctoring.accommodations FROM exam_user")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON proctoring.accommodations FROM proctoring_app")
    op.execute("GRANT UPDATE (reason) ON proctoring.accommodations TO proctoring_app")
    op.execute(BLANKING)
    op.execute(GUARD)
    op.create_index(
        "ix_tallies_updated_at", "tallies", ["updated_at"], schema=SCHEMA, postgresql_using="brin"
    )


def downgrade() -> None:
    op.drop_index("ix_tallies_updated_at", "tallies", schema=SCHEMA)
    op.drop_table("accommodations", schema=SCHEMA)
    op.execute("DROP FUNCTION proctoring.accommodation_reasons_only_vanish()")
    op.drop_table("risks", schema=SCHEMA)
