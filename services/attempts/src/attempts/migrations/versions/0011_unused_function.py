"""The function of migration 0008 goes: no version since 0009 calls it."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP FUNCTION attempts.lacks_allowance(bigint, bigint)")


def downgrade() -> None:
    op.execute("""
        CREATE FUNCTION attempts.lacks_allowance(of_attempt bigint, of_exam bigint)
        RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
          RETURN EXISTS (
            SELECT FROM attempts.exam_allowances e
            WHERE e.exam_id = of_exam AND NOT EXISTS (
              SELECT FROM attempts.allowances a
              WHERE a.attempt_id = of_attempt AND a.exam_allowance_id = e.id));
        END $$
    """)
