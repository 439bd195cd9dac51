"""Reviews, decisions, appeals, and their history."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCHEMA = "proctoring"

_STATE = """
CASE state
  WHEN 'open' THEN decided_at IS NULL AND closed_at IS NULL
  WHEN 'decided' THEN decision = 'confirmed' AND appeal_until IS NOT NULL
    AND appealed_at IS NULL AND closed_at IS NULL
  WHEN 'appealed' THEN decision = 'confirmed' AND appealed_at IS NOT NULL
    AND appeal_due_at IS NOT NULL AND appeal_decided_at IS NULL AND closed_at IS NULL
  WHEN 'closed' THEN decided_at IS NOT NULL AND closed_at IS NOT NULL
    AND (appealed_at IS NULL) = (appeal_decided_at IS NULL)
  ELSE false
END
"""
_CHECKS = {
    "state": _STATE,
    "decision": "(decision IN ('cleared', 'confirmed') OR decision IS NULL)"
    " AND num_nulls(decision, reason_code, decided_by_id, decided_at) IN (0, 4)",
    "appeal": "(appeal_decision IN ('upheld', 'overturned') OR appeal_decision IS NULL)"
    " AND num_nulls(appeal_decision, appeal_decided_by_id, appeal_decided_at) IN (0, 3)",
    "outcome": "outcome IS NOT DISTINCT FROM"
    " CASE WHEN appeal_decision = 'overturned' THEN 'cleared' ELSE decision END",
    "other_person": "appeal_decided_by_id IS NULL OR (decided_by_id IS NOT NULL"
    " AND appeal_decided_by_id <> decided_by_id AND appeal_decided_by_id <> opened_by_id)",
    "not_self": "student_id <> opened_by_id AND student_id <> coalesce(decided_by_id, 0)"
    " AND student_id <> coalesce(appeal_decided_by_id, 0)",
}
# What a step writes, and what an erasure empties; who and what a review is about never changes.
_CHANGEABLE = (
    "state, version, is_newest, opening_reason, risk, salt, decided_by_id, decided_at, decision,"
    " reason_code, explanation, internal_note, appeal_until, appealed_at, appeal_text,"
    " appeal_due_at, appeal_decided_by_id, appeal_decided_at, appeal_decision,"
    " appeal_explanation, appeal_note, outcome, closed_at"
)


def upgrade() -> None:
    _create_reviews()
    _create_history()
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON proctoring.reviews FROM proctoring_app")
    op.execute(f"GRANT UPDATE ({_CHANGEABLE}) ON proctoring.reviews TO proctoring_app")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON proctoring.review_history FROM proctoring_app")


def downgrade() -> None:
    op.drop_table("review_history", schema=SCHEMA)
    op.drop_table("reviews", schema=SCHEMA)


def _instant(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _word(name: str, length: int = 20, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        _number("student_id", nullable=False),
        _word("state", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_newest", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        _number("opened_by_id", nullable=False),
        _instant("opened_at", nullable=False),
        sa.Column("opening_reason", sa.Text()),
        sa.Column("ground_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("risk", sa.JSON()),
        _instant("decision_due_at", nullable=False),
        sa.Column("salt", sa.LargeBinary()),
        _number("decided_by_id"),
        _instant("decided_at"),
        _word("decision"),
        _word("reason_code", 50),
        sa.Column("explanation", sa.Text()),
        sa.Column("internal_note", sa.Text()),
        _instant("appeal_until"),
        _instant("appealed_at"),
        sa.Column("appeal_text", sa.Text()),
        _instant("appeal_due_at"),
        _number("appeal_decided_by_id"),
        _instant("appeal_decided_at"),
        _word("appeal_decision"),
        sa.Column("appeal_explanation", sa.Text()),
        sa.Column("appeal_note", sa.Text()),
        _word("outcome"),
        _instant("closed_at"),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_reviews_{name}"))
            for name, rule in _CHECKS.items()
        ),
        schema=SCHEMA,
    )
    _index("uq_reviews_newest", ["attempt_id"], "is_newest", unique=True)
    _index("uq_reviews_unfinished", ["attempt_id"], "state <> 'closed'", unique=True)
    _index("ix_reviews_attempt_id", ["attempt_id"])
    _index("ix_reviews_student_id", ["student_id"])
    _index("ix_reviews_exam_id_state", ["exam_id", "state"])
    _index("ix_reviews_appeal_until", ["appeal_until"], "state = 'decided'")


def _index(
    name: str, columns: list[str], where: str | None = None, *, unique: bool = False
) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(
        name, "reviews", columns, unique=unique, schema=SCHEMA, postgresql_where=condition
    )


def _create_history() -> None:
    op.create_table(
        "review_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        _number("place", nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_category", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        _number("user_id"),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("ip_address", sa.String(45)),
        sa.Column("user_agent", sa.Text()),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("error_message", sa.Text()),
        _instant("created_at", nullable=False),
        _word("previous_hash", 64, nullable=False),
        _word("hash", 64, nullable=False),
        _number("review_id", nullable=False),
        _number("attempt_id", nullable=False),
        _number("exam_id", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_review_history"),
        sa.UniqueConstraint("chain", "place", name="uq_review_history_chain_place"),
        schema=SCHEMA,
    )
    for column in ("event_type", "user_id", "attempt_id"):
        name = f"ix_review_history_{column}"
        op.create_index(name, "review_history", [column], schema=SCHEMA)
