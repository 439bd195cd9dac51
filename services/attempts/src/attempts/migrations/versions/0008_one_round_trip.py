"""What begins in one round trip need: a look at the allowances behind the lock that keeps them."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Volatile: what it reads is as new as its call, not as the statement that calls it.
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


def downgrade() -> None:
    op.execute("DROP FUNCTION attempts.lacks_allowance(bigint, bigint)")
