"""Exams and their questions, attempts, answers, remembered messages, outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_key", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        schema="attempts",
    )
    op.create_index(
        "ix_outbox_order_key_id", "outbox", ["order_key", "id"], unique=False, schema="attempts"
    )
    op.create_table(
        "trades",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trades")),
        sa.UniqueConstraint("code", name=op.f("uq_trades_code")),
        schema="attempts",
    )
    op.create_table(
        "exams",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("trade_id", sa.BigInteger(), nullable=False),
        sa.Column("exam_code", sa.String(length=100), nullable=False),
        sa.Column("duration_minutes", sa.BigInteger(), nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total_marks", sa.Float(), nullable=False),
        sa.Column("passing_marks", sa.Float(), nullable=False),
        sa.Column("total_questions", sa.BigInteger(), nullable=False),
        sa.Column(
            "shuffle_questions", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("shuffle_options", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "show_results_immediately",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
        ),
        sa.Column("allow_review", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'published', 'active', 'completed', 'archived')",
            name=op.f("ck_exams_status"),
        ),
        sa.CheckConstraint("duration_minutes > 0", name=op.f("ck_exams_duration_minutes")),
        sa.ForeignKeyConstraint(
            ["trade_id"], ["attempts.trades.id"], name=op.f("fk_exams_trade_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exams")),
        sa.UniqueConstraint("exam_code", name=op.f("uq_exams_exam_code")),
        schema="attempts",
    )
    op.create_index(op.f("ix_exams_status"), "exams", ["status"], unique=False, schema="attempts")
    op.create_index(
        op.f("ix_exams_trade_id"), "exams", ["trade_id"], unique=False, schema="attempts"
    )
    op.create_table(
        "question_banks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("trade_id", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["trade_id"], ["attempts.trades.id"], name=op.f("fk_question_banks_trade_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_banks")),
        schema="attempts",
    )
    op.create_index(
        op.f("ix_question_banks_trade_id"),
        "question_banks",
        ["trade_id"],
        unique=False,
        schema="attempts",
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("student_id", sa.BigInteger(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submit_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submit_reason", sa.String(length=20), nullable=True),
        sa.Column("duration_minutes", sa.BigInteger(), nullable=False),
        sa.Column("last_activity_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("workstation_id", sa.String(length=100), nullable=True),
        sa.Column("initial_workstation_id", sa.String(length=100), nullable=True),
        sa.Column("transfer_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("current_question_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "questions_answered", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "questions_flagged",
            postgresql.ARRAY(sa.BigInteger()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("total_marks", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("marks_obtained", sa.Float(), nullable=True),
        sa.Column("percentage", sa.Float(), nullable=True),
        sa.Column("is_passed", sa.Boolean(), nullable=True),
        sa.Column("correct_answers", sa.BigInteger(), nullable=True),
        sa.Column("incorrect_answers", sa.BigInteger(), nullable=True),
        sa.Column("unattempted", sa.BigInteger(), nullable=True),
        sa.Column("auto_graded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("graded_by", sa.BigInteger(), nullable=True),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("browser_info", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("ip_address", sa.String(length=45), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("encryption_salt", sa.String(length=24), nullable=False),
        sa.Column("encrypted_final_answers", sa.Text(), nullable=True),
        sa.Column("encryption_timestamp", sa.Text(), nullable=True),
        sa.Column("encryption_checksum", sa.Text(), nullable=True),
        sa.Column("encryption_flaw", sa.Text(), nullable=True),
        sa.Column("encryption_received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "status <> 'in_progress' OR (start_time IS NOT NULL AND deadline_at IS NOT NULL)",
            name=op.f("ck_attempts_running_has_deadline"),
        ),
        sa.CheckConstraint(
            "status IN ('not_started', 'in_progress', 'submitted', 'graded', 'expired', 'cancelled')",
            name=op.f("ck_attempts_status"),
        ),
        sa.CheckConstraint(
            "length(encryption_salt) = 24", name=op.f("ck_attempts_encryption_salt")
        ),
        sa.ForeignKeyConstraint(
            ["exam_id"], ["attempts.exams.id"], name=op.f("fk_attempts_exam_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        schema="attempts",
    )
    op.create_index(
        "ix_attempts_deadline_at_expired",
        "attempts",
        ["deadline_at"],
        unique=False,
        schema="attempts",
        postgresql_where=sa.text("status = 'expired'"),
    )
    op.create_index(
        "ix_attempts_deadline_at_in_progress",
        "attempts",
        ["deadline_at"],
        unique=False,
        schema="attempts",
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.create_index(
        op.f("ix_attempts_exam_id"), "attempts", ["exam_id"], unique=False, schema="attempts"
    )
    op.create_index(
        op.f("ix_attempts_student_id"), "attempts", ["student_id"], unique=False, schema="attempts"
    )
    op.create_index(
        "uq_attempts_one_in_progress",
        "attempts",
        ["student_id", "exam_id"],
        unique=True,
        schema="attempts",
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("question_bank_id", sa.BigInteger(), nullable=False),
        sa.Column("question_text", sa.Text(), nullable=False),
        sa.Column("question_type", sa.String(length=20), nullable=False),
        sa.Column("options", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("correct_answer", sa.JSON(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("difficulty", sa.String(length=20), nullable=False),
        sa.Column("marks", sa.Float(), nullable=False),
        sa.Column("negative_marks", sa.Float(), nullable=False),
        sa.Column("tags", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "difficulty IN ('easy', 'medium', 'hard')", name=op.f("ck_questions_difficulty")
        ),
        sa.CheckConstraint(
            "question_type IN ('multiple_choice', 'true_false', 'short_answer', 'essay')",
            name=op.f("ck_questions_question_type"),
        ),
        sa.CheckConstraint("negative_marks >= 0", name=op.f("ck_questions_negative_marks")),
        sa.ForeignKeyConstraint(
            ["question_bank_id"],
            ["attempts.question_banks.id"],
            name=op.f("fk_questions_question_bank_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        schema="attempts",
    )
    op.create_index(
        op.f("ix_questions_question_bank_id"),
        "questions",
        ["question_bank_id"],
        unique=False,
        schema="attempts",
    )
    op.create_table(
        "answers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("is_flagged", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "time_spent_seconds", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("answer_sequence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_correct", sa.Boolean(), nullable=True),
        sa.Column("marks_awarded", sa.Float(), nullable=True),
        sa.Column("auto_graded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("first_answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "last_updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.attempts.id"], name=op.f("fk_answers_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["attempts.questions.id"], name=op.f("fk_answers_question_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint(
            "attempt_id", "question_id", name=op.f("uq_answers_attempt_id_question_id")
        ),
        schema="attempts",
    )
    op.create_index(
        op.f("ix_answers_question_id"), "answers", ["question_id"], unique=False, schema="attempts"
    )
    op.create_table(
        "exam_questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("order_number", sa.BigInteger(), nullable=False),
        sa.Column("marks_override", sa.Float(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["exam_id"], ["attempts.exams.id"], name=op.f("fk_exam_questions_exam_id")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["attempts.questions.id"], name=op.f("fk_exam_questions_question_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_questions")),
        sa.UniqueConstraint(
            "exam_id", "question_id", name=op.f("uq_exam_questions_exam_id_question_id")
        ),
        schema="attempts",
    )
    op.create_index(
        op.f("ix_exam_questions_question_id"),
        "exam_questions",
        ["question_id"],
        unique=False,
        schema="attempts",
    )
    op.create_table(
        "saved_messages",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_remaining_seconds", sa.BigInteger(), nullable=False),
        sa.Column("questions_answered", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.attempts.id"], name=op.f("fk_saved_messages_attempt_id")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "message_id", name=op.f("pk_saved_messages")),
        schema="attempts",
    )
    op.create_index(
        op.f("ix_saved_messages_saved_at"),
        "saved_messages",
        ["saved_at"],
        unique=False,
        schema="attempts",
    )


def downgrade() -> None:
    op.drop_index(
        op.f("ix_saved_messages_saved_at"), table_name="saved_messages", schema="attempts"
    )
    op.drop_table("saved_messages", schema="attempts")
    op.drop_index(
        op.f("ix_exam_questions_question_id"), table_name="exam_questions", schema="attempts"
    )
    op.drop_table("exam_questions", schema="attempts")
    op.drop_index(op.f("ix_answers_question_id"), table_name="answers", schema="attempts")
    op.drop_table("answers", schema="attempts")
    op.drop_index(op.f("ix_questions_question_bank_id"), table_name="questions", schema="attempts")
    op.drop_table("questions", schema="attempts")
    op.drop_index(
        "uq_attempts_one_in_progress",
        table_name="attempts",
        schema="attempts",
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.drop_index(op.f("ix_attempts_student_id"), table_name="attempts", schema="attempts")
    op.drop_index(op.f("ix_attempts_exam_id"), table_name="attempts", schema="attempts")
    op.drop_index(
        "ix_attempts_deadline_at_in_progress",
        table_name="attempts",
        schema="attempts",
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.drop_index(
        "ix_attempts_deadline_at_expired",
        table_name="attempts",
        schema="attempts",
        postgresql_where=sa.text("status = 'expired'"),
    )
    op.drop_table("attempts", schema="attempts")
    op.drop_index(
        op.f("ix_question_banks_trade_id"), table_name="question_banks", schema="attempts"
    )
    op.drop_table("question_banks", schema="attempts")
    op.drop_index(op.f("ix_exams_trade_id"), table_name="exams", schema="attempts")
    op.drop_index(op.f("ix_exams_status"), table_name="exams", schema="attempts")
    op.drop_table("exams", schema="attempts")
    op.drop_table("trades", schema="attempts")
    op.drop_index("ix_outbox_order_key_id", table_name="outbox", schema="attempts")
    op.drop_table("outbox", schema="attempts")
