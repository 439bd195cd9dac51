"""The tables of schema attempts and the constraints that hold its promises.

At most one running attempt per student and exam, one answer row per attempt and question: the
database says so, not the code.
"""

from datetime import datetime
from typing import Any

from chassis.audit_store import AuditColumns
from chassis.outbox import outbox_table
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "attempts"
ONE_RUNNING_ATTEMPT = "uq_attempts_one_in_progress"

METADATA = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    },
)


class Row(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy's own form
        datetime: DateTime(timezone=True),
        int: BigInteger,
        float: Float,
    }


def _id() -> Mapped[int]:
    return mapped_column(BigInteger, Identity(), primary_key=True)


def _now() -> Mapped[datetime]:
    return mapped_column(server_default=func.now())


def _word(column: str, *words: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class TradeRow(Row):
    __tablename__ = "trades"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(String(255))
    code: Mapped[str] = mapped_column(String(50), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()


class QuestionBankRow(Row):
    __tablename__ = "question_banks"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    trade_id: Mapped[int] = mapped_column(ForeignKey(TradeRow.id), index=True)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()


class QuestionRow(Row):
    __tablename__ = "questions"
    __table_args__ = (
        _word("question_type", "multiple_choice", "true_false", "short_answer", "essay"),
        _word("difficulty", "easy", "medium", "hard"),
        CheckConstraint("negative_marks >= 0", name="negative_marks"),
    )

    id: Mapped[int] = _id()
    question_bank_id: Mapped[int] = mapped_column(ForeignKey(QuestionBankRow.id), index=True)
    question_text: Mapped[str] = mapped_column(Text)
    question_type: Mapped[str] = mapped_column(String(20))
    options: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    correct_answer: Mapped[list[Any]] = mapped_column(JSON)
    explanation: Mapped[str | None] = mapped_column(Text)
    difficulty: Mapped[str] = mapped_column(String(20))
    marks: Mapped[float]
    negative_marks: Mapped[float]
    tags: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()


class ImageRow(Row):
    """An image of questions, once however many show it; never changed."""

    __tablename__ = "images"
    __table_args__ = (
        _word("media_type", "image/png", "image/jpeg", "image/webp", "image/gif"),
        CheckConstraint("octet_length(content) <= 524288", name="size"),
        CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="sha256"),
    )

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(20))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = _now()


class QuestionImageRow(Row):
    """Which image a question shows under which number of its text."""

    __tablename__ = "question_images"

    question_id: Mapped[int] = mapped_column(
        ForeignKey(QuestionRow.id, ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey(ImageRow.sha256), index=True)
    alternative: Mapped[str] = mapped_column(Text)


class ExamRow(Row):
    __tablename__ = "exams"
    __table_args__ = (
        _word("status", "draft", "published", "active", "completed", "archived"),
        _word("device_policy", "allow", "flag", "refuse"),
        _word("second_marking", "none", "blind"),
        CheckConstraint("duration_minutes > 0", name="duration_minutes"),
    )

    id: Mapped[int] = _id()
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    trade_id: Mapped[int] = mapped_column(ForeignKey(TradeRow.id), index=True)
    exam_code: Mapped[str] = mapped_column(String(100), unique=True)
    duration_minutes: Mapped[int]
    start_time: Mapped[datetime | None]
    end_time: Mapped[datetime | None]
    total_marks: Mapped[float]
    passing_marks: Mapped[float]
    total_questions: Mapped[int]
    shuffle_questions: Mapped[bool] = mapped_column(server_default=text("false"))
    shuffle_options: Mapped[bool] = mapped_column(server_default=text("false"))
    show_results_immediately: Mapped[bool] = mapped_column(server_default=text("false"))
    allow_review: Mapped[bool] = mapped_column(server_default=text("true"))
    instructions: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20), index=True)
    max_attempts: Mapped[int | None]
    requires_authorisation: Mapped[bool] = mapped_column(server_default=text("false"))
    device_policy: Mapped[str] = mapped_column(String(10), server_default=text("'allow'"))
    camera_required: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_by: Mapped[int | None]
    second_marking: Mapped[str] = mapped_column(String(10), server_default=text("'none'"))
    second_marking_tolerance: Mapped[float] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()


class ExamQuestionRow(Row):
    """A question of one exam; a key that proved wrong is corrected here, for this exam only."""

    __tablename__ = "exam_questions"
    __table_args__ = (
        UniqueConstraint("exam_id", "question_id"),
        _word("void", "full_marks", "no_marks"),
    )

    id: Mapped[int] = _id()
    exam_id: Mapped[int] = mapped_column(ForeignKey(ExamRow.id))
    question_id: Mapped[int] = mapped_column(ForeignKey(QuestionRow.id), index=True)
    order_number: Mapped[int]
    marks_override: Mapped[float | None]
    rubric_id: Mapped[int | None] = mapped_column(ForeignKey("attempts.rubrics.id"), index=True)
    corrected_answer: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    void: Mapped[str | None] = mapped_column(String(20))
    correction_reason: Mapped[str | None] = mapped_column(Text)
    corrected_by_id: Mapped[int | None]
    corrected_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = _now()


class AttemptRow(Row):
    """`student_id` names a user of auth: no foreign key crosses a schema."""

    __tablename__ = "attempts"

    id: Mapped[int] = _id()
    student_id: Mapped[int] = mapped_column(index=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey(ExamRow.id), index=True)
    status: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    start_time: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    end_time: Mapped[datetime | None]
    submit_time: Mapped[datetime | None]
    submit_reason: Mapped[str | None] = mapped_column(String(20))
    duration_minutes: Mapped[int]
    last_activity_time: Mapped[datetime | None]
    workstation_id: Mapped[str | None] = mapped_column(String(100))
    initial_workstation_id: Mapped[str | None] = mapped_column(String(100))
    transfer_count: Mapped[int] = mapped_column(server_default=text("0"))
    current_question_id: Mapped[int | None]
    questions_answered: Mapped[int] = mapped_column(server_default=text("0"))
    questions_flagged: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), server_default=text("'{}'")
    )
    total_marks: Mapped[float] = mapped_column(server_default=text("0"))
    marks_obtained: Mapped[float | None]
    percentage: Mapped[float | None]
    is_passed: Mapped[bool | None]
    correct_answers: Mapped[int | None]
    incorrect_answers: Mapped[int | None]
    unattempted: Mapped[int | None]
    auto_graded: Mapped[bool] = mapped_column(server_default=text("false"))
    graded_by: Mapped[int | None]
    graded_at: Mapped[datetime | None]
    browser_info: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    ip_address: Mapped[str | None] = mapped_column(String(45))
    notes: Mapped[str | None] = mapped_column(Text)
    encryption_salt: Mapped[str] = mapped_column(String(24))
    encrypted_final_answers: Mapped[str | None] = mapped_column(Text)
    encryption_timestamp: Mapped[str | None] = mapped_column(Text)
    encryption_checksum: Mapped[str | None] = mapped_column(Text)
    encryption_flaw: Mapped[str | None] = mapped_column(Text)
    encryption_received_at: Mapped[datetime | None]
    blob_settled_at: Mapped[datetime | None]
    """When the encrypted final answers were opened, or found to stay shut."""
    allowance_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    spent_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    paused_at: Mapped[datetime | None]
    paused_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    pause_ends_at: Mapped[datetime | None]
    close_reason: Mapped[str | None] = mapped_column(String(50))
    close_note: Mapped[str | None] = mapped_column(Text)
    reopened_from_id: Mapped[int | None] = mapped_column(
        ForeignKey("attempts.attempts.id"), unique=True
    )
    layout_from_id: Mapped[int | None]
    last_event_sequence: Mapped[int | None]
    authorised_at: Mapped[datetime | None]
    authorised_by_id: Mapped[int | None]
    active_login_id: Mapped[str | None] = mapped_column(Text)
    active_since: Mapped[datetime | None]
    device_changes: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()

    __table_args__ = (
        CheckConstraint(
            "paused_at IS NULL OR status = 'in_progress'", name="only_running_is_paused"
        ),
        Index(
            "ix_attempts_pause_ends_at",
            "pause_ends_at",
            postgresql_where=text("pause_ends_at IS NOT NULL"),
        ),
        _word(
            "status", "not_started", "in_progress", "submitted", "graded", "expired", "cancelled"
        ),
        CheckConstraint(
            "status <> 'in_progress' OR (start_time IS NOT NULL AND deadline_at IS NOT NULL)",
            name="running_has_deadline",
        ),
        CheckConstraint("length(encryption_salt) = 24", name="encryption_salt"),
        Index(
            ONE_RUNNING_ATTEMPT,
            "student_id",
            "exam_id",
            unique=True,
            postgresql_where=text("status = 'in_progress'"),
        ),
        Index(
            "ix_attempts_blob_unsettled",
            "id",
            postgresql_where=text(
                "encrypted_final_answers IS NOT NULL AND blob_settled_at IS NULL"
            ),
        ),
        Index(
            "ix_attempts_deadline_at_in_progress",
            "deadline_at",
            postgresql_where=text("status = 'in_progress'"),
        ),
        Index(
            "ix_attempts_deadline_at_expired",
            "deadline_at",
            postgresql_where=text("status = 'expired'"),
        ),
    )


class AnswerRow(Row):
    """`answer` is of type json, not jsonb: it is given back exactly as received."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("attempt_id", "question_id"),)

    id: Mapped[int] = _id()
    attempt_id: Mapped[int] = mapped_column(ForeignKey(AttemptRow.id))
    question_id: Mapped[int] = mapped_column(ForeignKey(QuestionRow.id), index=True)
    answer: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    is_flagged: Mapped[bool] = mapped_column(server_default=text("false"))
    time_spent_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    answer_sequence: Mapped[int] = mapped_column(server_default=text("0"))
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    is_correct: Mapped[bool | None]
    marks_awarded: Mapped[float | None]
    auto_graded: Mapped[bool] = mapped_column(server_default=text("false"))
    first_answered_at: Mapped[datetime | None]
    last_updated_at: Mapped[datetime] = _now()
    created_at: Mapped[datetime] = _now()


class OpeningRow(Row):
    """What became of an attempt's encrypted final answers, and who works on them (ADR 63)."""

    __tablename__ = "openings"
    __table_args__ = (_word("outcome", "merged", "unchanged", "evidence", "unreadable"),)

    attempt_id: Mapped[int] = mapped_column(
        ForeignKey(AttemptRow.id), primary_key=True, autoincrement=False
    )
    claimed_until: Mapped[datetime]
    tries: Mapped[int]
    outcome: Mapped[str | None] = mapped_column(String(20))
    finding: Mapped[str | None] = mapped_column(String(50))
    key_timestamp: Mapped[str | None] = mapped_column(String(30))
    grade_version: Mapped[int | None]
    foreign_question_ids: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), server_default=text("'{}'")
    )
    differences: Mapped[list[dict[str, Any]]] = mapped_column(JSON, server_default=text("'[]'"))
    """What the blob says otherwise than was stored, with what was stored."""
    created_at: Mapped[datetime] = _now()


class SavedMessageRow(Row):
    """The first result of each message that was saved; a repeat is answered with it."""

    __tablename__ = "saved_messages"

    attempt_id: Mapped[int] = mapped_column(ForeignKey(AttemptRow.id), primary_key=True)
    message_id: Mapped[str] = mapped_column(Text, primary_key=True)
    saved_at: Mapped[datetime] = mapped_column(index=True)
    time_remaining_seconds: Mapped[int]
    questions_answered: Mapped[int]
    revision: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    said: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    """What the hash covers, where only Python can compute it: JSON that is not canonical."""


class ReceiptRow(Row):
    """The signed receipt of a submit: `body` is the text under the signature. Append-only."""

    __tablename__ = "receipts"

    attempt_id: Mapped[int] = mapped_column(
        ForeignKey(AttemptRow.id), primary_key=True, autoincrement=False
    )
    body: Mapped[str] = mapped_column(Text)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    kid: Mapped[str] = mapped_column(String(43))
    created_at: Mapped[datetime] = _now()


class ReceiptKeyRow(Row):
    """Each public key that ever signed a receipt: old receipts outlive the secret. Append-only."""

    __tablename__ = "receipt_keys"

    kid: Mapped[str] = mapped_column(String(43), primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    first_used_at: Mapped[datetime] = _now()


class ExamAllowanceRow(Row):
    """Extra time for a whole exam; attempts that come later inherit it when they begin."""

    __tablename__ = "exam_allowances"

    id: Mapped[int] = _id()
    exam_id: Mapped[int] = mapped_column(ForeignKey(ExamRow.id), index=True)
    seconds: Mapped[int | None]
    factor: Mapped[float | None]
    reason: Mapped[str] = mapped_column(Text)
    granted_by_id: Mapped[int]
    created_at: Mapped[datetime] = _now()

    __table_args__ = (
        CheckConstraint("(seconds IS NULL) <> (factor IS NULL)", name="seconds_or_factor"),
    )


class OutagePolicyRow(Row):
    """What an exam does about measured outages; no row = nothing (ADR 64)."""

    __tablename__ = "outage_policies"
    __table_args__ = (
        _word("policy", "off", "propose", "auto"),
        CheckConstraint("cap_seconds >= 0", name="cap_seconds"),
    )

    exam_id: Mapped[int] = mapped_column(
        ForeignKey(ExamRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    policy: Mapped[str] = mapped_column(String(10))
    cap_seconds: Mapped[int]
    set_by_id: Mapped[int]
    set_at: Mapped[datetime] = _now()


class LineRow(Row):
    """What the bus has said of an attempt's sockets so far; `lost_at` while it is without any."""

    __tablename__ = "lines"

    attempt_id: Mapped[int] = mapped_column(
        ForeignKey(AttemptRow.id), primary_key=True, autoincrement=False
    )
    is_running: Mapped[bool]
    lost_at: Mapped[datetime | None]
    nodes: Mapped[dict[str, Any]] = mapped_column(JSON)


class OutageRow(Row):
    """An attempt was without a line while its clock ran, by the bus's clock; what came of it."""

    __tablename__ = "outages"
    __table_args__ = (
        UniqueConstraint("attempt_id", "lost_at"),
        CheckConstraint("seconds > 0", name="seconds"),
        _word("closed_by", "connection", "pause", "end"),
        _word("policy", "off", "propose", "auto"),
        _word("state", "recorded", "proposed", "granted", "declined", "over_cap"),
    )

    id: Mapped[int] = _id()
    attempt_id: Mapped[int] = mapped_column(ForeignKey(AttemptRow.id))
    lost_at: Mapped[datetime]
    back_at: Mapped[datetime]
    seconds: Mapped[int]
    closed_by: Mapped[str] = mapped_column(String(20))
    policy: Mapped[str] = mapped_column(String(10))
    cap_seconds: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    granted_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    decided_by_id: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = _now()


class InboxPositionRow(Row):
    """Up to where a stream of the bus was heard."""

    __tablename__ = "inbox_positions"

    stream: Mapped[str] = mapped_column(Text, primary_key=True)
    epoch: Mapped[str] = mapped_column(Text)
    sequence: Mapped[int]
    updated_at: Mapped[datetime] = _now()


class AllowanceRow(Row):
    """Extra time of one attempt, in seconds, whatever it was given as.

    Nobody has granted what an exam's policy gives for an outage; then `evidence` is what it was
    given for.
    """

    __tablename__ = "allowances"
    __table_args__ = (
        UniqueConstraint("attempt_id", "exam_allowance_id"),
        UniqueConstraint("attempt_id", "outage_id"),
        CheckConstraint("seconds > 0", name="seconds"),
        CheckConstraint("granted_by_id IS NOT NULL OR outage_id IS NOT NULL", name="granted_by"),
    )

    id: Mapped[int] = _id()
    attempt_id: Mapped[int] = mapped_column(ForeignKey(AttemptRow.id))
    exam_allowance_id: Mapped[int | None] = mapped_column(ForeignKey(ExamAllowanceRow.id))
    seconds: Mapped[int]
    factor: Mapped[float | None]
    reason: Mapped[str] = mapped_column(Text)
    granted_by_id: Mapped[int | None]
    outage_id: Mapped[int | None] = mapped_column(ForeignKey(OutageRow.id))
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = _now()
    acknowledged_at: Mapped[datetime | None]


class TransferRow(Row):
    """A move of a running attempt to another workstation; at most one of an attempt is open."""

    __tablename__ = "transfers"

    id: Mapped[int] = _id()
    attempt_id: Mapped[int] = mapped_column(ForeignKey(AttemptRow.id), index=True)
    from_workstation: Mapped[str] = mapped_column(String(100))
    to_workstation: Mapped[str] = mapped_column(String(100))
    requested_by_id: Mapped[int]
    approved_by_id: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    migration_checksum: Mapped[str | None] = mapped_column(String(64))
    answers_transferred: Mapped[int] = mapped_column(server_default=text("0"))
    error_message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = _now()
    approved_at: Mapped[datetime | None]
    rejected_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]

    __table_args__ = (
        _word("status", "pending", "approved", "rejected", "completed", "failed"),
        Index(
            "uq_transfers_one_open",
            "attempt_id",
            unique=True,
            postgresql_where=text("status IN ('pending', 'approved')"),
        ),
    )


class SafeBrowserRow(Row):
    """Whether an exam is sat in Safe Exam Browser only; `edition` counts the changes (ADR 60)."""

    __tablename__ = "safe_browsers"

    exam_id: Mapped[int] = mapped_column(
        ForeignKey(ExamRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    is_required: Mapped[bool] = mapped_column(server_default=text("false"))
    edition: Mapped[int] = mapped_column(server_default=text("1"))


class SafeBrowserKeyRow(Row):
    """A key that an exam accepts, as Safe Exam Browser names it."""

    __tablename__ = "safe_browser_keys"
    __table_args__ = (
        UniqueConstraint("exam_id", "kind", "key"),
        _word("kind", "config", "browser"),
    )

    id: Mapped[int] = _id()
    exam_id: Mapped[int] = mapped_column(ForeignKey(ExamRow.id, ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(String(200))
    created_by_id: Mapped[int]
    created_at: Mapped[datetime] = _now()


class SafeBrowserLoginRow(Row):
    """A signed-in stay that has shown an exam's keys: what a socket is let in by."""

    __tablename__ = "safe_browser_logins"

    exam_id: Mapped[int] = mapped_column(
        ForeignKey(ExamRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    login_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    user_id: Mapped[int] = mapped_column(index=True)
    edition: Mapped[int]
    passed_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


class AuditLogRow(AuditColumns, Row):
    """Append-only: the service's role may insert and read. No foreign key: nothing may cascade."""

    __tablename__ = "audit_logs"
    __table_args__ = (UniqueConstraint("chain", "place"),)

    attempt_id: Mapped[int | None]
    exam_id: Mapped[int | None] = mapped_column(index=True)
    transfer_id: Mapped[int | None] = mapped_column(index=True)


OUTBOX = outbox_table(METADATA, SCHEMA)
