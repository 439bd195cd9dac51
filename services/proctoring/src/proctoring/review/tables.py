"""The tables of reviews: of one attempt any number, one of them unfinished at most.

`reviews` is joined by `attempt_id` and `is_newest`: one row for an attempt. What may never happen,
that somebody decides on the appeal against himself, is refused by the table, too.
"""

from typing import Any

from chassis.audit_store import AuditColumns
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from proctoring.tables import METADATA

OTHER_PERSON = (
    "appeal_decided_by_id IS NULL OR (decided_by_id IS NOT NULL"
    " AND appeal_decided_by_id <> decided_by_id AND appeal_decided_by_id <> opened_by_id)"
)
NOT_SELF = (
    "student_id <> opened_by_id AND student_id <> coalesce(decided_by_id, 0)"
    " AND student_id <> coalesce(appeal_decided_by_id, 0)"
)
STATE = (
    "CASE state"
    " WHEN 'open' THEN decided_at IS NULL AND closed_at IS NULL"
    " WHEN 'decided' THEN decision = 'confirmed' AND appeal_until IS NOT NULL"
    " AND appealed_at IS NULL AND closed_at IS NULL"
    " WHEN 'appealed' THEN decision = 'confirmed' AND appealed_at IS NOT NULL"
    " AND appeal_due_at IS NOT NULL AND appeal_decided_at IS NULL AND closed_at IS NULL"
    " WHEN 'closed' THEN decided_at IS NOT NULL AND closed_at IS NOT NULL"
    " AND (appealed_at IS NULL) = (appeal_decided_at IS NULL)"
    " ELSE false END"
)
DECISION = (
    "(decision IN ('cleared', 'confirmed') OR decision IS NULL)"
    " AND num_nulls(decision, reason_code, decided_by_id, decided_at) IN (0, 4)"
)
APPEAL = (
    "(appeal_decision IN ('upheld', 'overturned') OR appeal_decision IS NULL)"
    " AND num_nulls(appeal_decision, appeal_decided_by_id, appeal_decided_at) IN (0, 3)"
)
OUTCOME = (
    "outcome IS NOT DISTINCT FROM"
    " CASE WHEN appeal_decision = 'overturned' THEN 'cleared' ELSE decision END"
)


class _Row(DeclarativeBase):
    metadata = METADATA


def _instant(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


REVIEWS = Table(
    "reviews",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("attempt_id", Integer, nullable=False),
    Column("exam_id", Integer, nullable=False),
    Column("student_id", BigInteger, nullable=False, index=True),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("is_newest", Boolean, nullable=False, server_default=text("true")),
    Column("opened_by_id", BigInteger, nullable=False),
    _instant("opened_at", nullable=False),
    Column("opening_reason", Text),
    Column("ground_ids", ARRAY(BigInteger), nullable=False),
    Column("risk", JSON(none_as_null=True)),
    _instant("decision_due_at", nullable=False),
    Column("salt", LargeBinary),
    Column("decided_by_id", BigInteger),
    _instant("decided_at"),
    Column("decision", String(20)),
    Column("reason_code", String(50)),
    Column("explanation", Text),
    Column("internal_note", Text),
    _instant("appeal_until"),
    _instant("appealed_at"),
    Column("appeal_text", Text),
    _instant("appeal_due_at"),
    Column("appeal_decided_by_id", BigInteger),
    _instant("appeal_decided_at"),
    Column("appeal_decision", String(20)),
    Column("appeal_explanation", Text),
    Column("appeal_note", Text),
    Column("outcome", String(20)),
    _instant("closed_at"),
    CheckConstraint(STATE, "state"),
    CheckConstraint(DECISION, "decision"),
    CheckConstraint(APPEAL, "appeal"),
    CheckConstraint(OUTCOME, "outcome"),
    CheckConstraint(OTHER_PERSON, "other_person"),
    CheckConstraint(NOT_SELF, "not_self"),
    Index("uq_reviews_newest", "attempt_id", unique=True, postgresql_where=text("is_newest")),
    Index(
        "uq_reviews_unfinished",
        "attempt_id",
        unique=True,
        postgresql_where=text("state <> 'closed'"),
    ),
    Index("ix_reviews_attempt_id", "attempt_id"),
    Index("ix_reviews_exam_id_state", "exam_id", "state"),
    Index("ix_reviews_appeal_until", "appeal_until", postgresql_where=text("state = 'decided'")),
)


class ReviewHistoryRow(AuditColumns, _Row):
    """Append-only: the service's role may insert and read. No foreign key: nothing may cascade."""

    __tablename__ = "review_history"
    __table_args__ = (UniqueConstraint("chain", "place"),)

    review_id: Mapped[int] = mapped_column(BigInteger)
    attempt_id: Mapped[int] = mapped_column(BigInteger, index=True)
    exam_id: Mapped[int] = mapped_column(BigInteger)
