"""The tables of schema proctoring: what may stand in them; what it means is decided by the rules.

`exam_user`, the read-only login of people with psql, sees all of them by default privileges.
"""

from typing import Any

from chassis.outbox import outbox_table
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)

SCHEMA = "proctoring"
_TODAY = "CAST(now() AT TIME ZONE 'UTC' AS date)"
METADATA = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    },
)


def _instant(name: str, *, nullable: bool = False, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable, **options)


def _count(name: str) -> Column[Any]:
    return Column(name, Integer, nullable=False, server_default=text("0"))


EVENTS = Table(
    "proctoring_events",
    METADATA,
    Column("id", BigInteger, Identity(), nullable=False),
    Column("attempt_id", Integer, nullable=False),
    Column("event_type", String(50), nullable=False),
    _instant("event_timestamp"),
    Column("question_id", Integer),
    Column("event_data", JSON(none_as_null=True)),
    Column("user_agent", Text),
    Column("ip_address", String(45)),
    Column("severity", String(20), nullable=False, server_default=text("'info'")),
    _instant("created_at", server_default=func.now()),
    Column("event_id", Uuid),
    Column("client_sequence", BigInteger),
    _instant("received_at", server_default=func.now()),
    Column("late", Boolean, nullable=False, server_default=text("false")),
    Column("sequence", BigInteger, nullable=False),
    Column("data_salt", LargeBinary),
    Column("data_hash", LargeBinary),
    Column("network_salt", LargeBinary),
    Column("network_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("exam_day", Date, nullable=False),
    Column("notice_id", BigInteger),
    PrimaryKeyConstraint("id", "exam_day"),
    UniqueConstraint("event_id", "attempt_id", "exam_day"),
    UniqueConstraint("attempt_id", "sequence", "exam_day"),
    CheckConstraint("severity IN ('info', 'warning', 'violation')", "severity"),
    CheckConstraint("sequence > 0", "sequence"),
    CheckConstraint("octet_length(hash) = 32", "hash"),
    Index(None, "severity", "attempt_id"),
    Index(None, "event_type"),
    Index(None, "event_timestamp"),
    postgresql_partition_by="LIST (exam_day)",
)
"""Kept by day (ADR 27): `exam_day` is a constant of the attempt, so that an event is unique within
its attempt exactly. `proctoring.keep_day` makes the partitions. `notice_id` is the outbox row that
announced it (ADR 34); null: imported, or announced before that was kept."""

CONFLICTS = Table(
    "event_conflicts",
    METADATA,
    Column("attempt_id", Integer, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("differs", ARRAY(Text), nullable=False),
    _instant("received_at", server_default=func.now()),
    PrimaryKeyConstraint("attempt_id", "event_id", "differs"),
)
"""Posts that were kept out: their id was known, and what they said was something else."""

TIMINGS = Table(
    "question_timings",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("attempt_id", Integer, nullable=False),
    Column("question_id", Integer, nullable=False),
    _instant("first_viewed_at"),
    _instant("last_viewed_at", nullable=True),
    _count("total_time_seconds"),
    _count("answer_count"),
    _instant("first_answered_at", nullable=True),
    _instant("last_answered_at", nullable=True),
    _instant("created_at", server_default=func.now()),
    _instant("updated_at", server_default=func.now()),
    Column("last_value", Integer),
    _instant("last_post_at", nullable=True),
    UniqueConstraint("attempt_id", "question_id"),
    CheckConstraint("total_time_seconds >= 0 AND answer_count >= 0", "counts"),
)

VISITS = Table(
    "timing_visits",
    METADATA,
    Column("attempt_id", Integer, nullable=False),
    Column("question_id", Integer, nullable=False),
    Column("visit_id", String(64), nullable=False),
    Column("highest_seconds", Integer, nullable=False),
    PrimaryKeyConstraint("attempt_id", "question_id", "visit_id"),
)

TIMING_ANSWERS = Table(
    "timing_answers",
    METADATA,
    Column("attempt_id", Integer, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("answer", JSON, nullable=False),
    _instant("created_at", server_default=func.now()),
    PrimaryKeyConstraint("attempt_id", "event_id"),
)

TALLIES = Table(
    "tallies",
    METADATA,
    Column("attempt_id", Integer, primary_key=True, autoincrement=False),
    Column("exam_id", Integer, index=True),
    _count("info_count"),
    _count("warning_count"),
    _count("violation_count"),
    Column("last_event_type", String(50)),
    Column("last_severity", String(20)),
    _instant("last_received_at", nullable=True),
    Column("last_late", Boolean),
    Column("last_sequence", BigInteger, nullable=False, server_default=text("0")),
    Column("head_hash", LargeBinary, nullable=False),
    _instant("updated_at", server_default=func.now()),
    Column("exam_day", Date, nullable=False, server_default=text(_TODAY)),
)

SUBMISSIONS = Table(
    "submissions",
    METADATA,
    Column("attempt_id", BigInteger, primary_key=True, autoincrement=False),
    Column("exam_id", BigInteger, nullable=False, index=True),
    Column("last_event_sequence", BigInteger),
    _instant("submitted_at", nullable=True),
    _instant("recorded_at", server_default=func.now()),
)

INBOX_POSITIONS = Table(
    "inbox_positions",
    METADATA,
    Column("stream", Text, primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    _instant("updated_at", server_default=func.now()),
)

OUTBOX = outbox_table(METADATA, SCHEMA)
