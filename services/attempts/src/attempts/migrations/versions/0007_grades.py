"""Grades have versions; rubrics, second marking, corrected keys."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LINK_COLUMNS = (
    "rubric_id",
    "corrected_answer",
    "void",
    "correction_reason",
    "corrected_by_id",
    "corrected_at",
)

# What was marked and graded before there were versions becomes the first one.
_FIRST_MARKS = """
INSERT INTO attempts.hand_marks
       (attempt_id, question_id, stage, grader_id, source, marks, created_at)
SELECT n.attempt_id, n.question_id, 'first', t.graded_by, 'manual', n.marks_awarded,
       n.last_updated_at
FROM attempts.answers n JOIN attempts.attempts t ON t.id = n.attempt_id
WHERE n.marks_awarded IS NOT NULL AND NOT n.auto_graded AND t.status IN ('submitted', 'graded')
"""
_FIRST_GRADES = """
INSERT INTO attempts.grades
       (attempt_id, version, reason, graded_by, exam_version, total_marks, marks_obtained,
        percentage, is_passed, correct_answers, incorrect_answers, unattempted, missing,
        judgements, created_at)
SELECT t.id, 1, CASE t.submit_reason WHEN 'deadline' THEN 'deadline' WHEN 'pause' THEN 'pause'
                                     ELSE 'submit' END,
       t.graded_by, e.version, t.total_marks, t.marks_obtained, t.percentage, t.is_passed,
       t.correct_answers, t.incorrect_answers, t.unattempted,
       coalesce(found.missing, '{}'), coalesce(found.judgements, '[]'::json),
       coalesce(t.graded_at, t.submit_time, t.updated_at)
FROM attempts.attempts t
JOIN attempts.exams e ON e.id = t.exam_id
LEFT JOIN LATERAL (
  SELECT json_agg(json_build_object(
           'question_id', n.question_id, 'is_attempted', n.answer IS NOT NULL,
           'is_correct', n.is_correct, 'marks', n.marks_awarded, 'chosen', json_build_array(),
           'source', CASE WHEN n.auto_graded THEN 'auto' ELSE 'manual' END)
           ORDER BY n.question_id) AS judgements,
         array_agg(n.question_id) FILTER (WHERE n.marks_awarded IS NULL) AS missing
  FROM attempts.answers n
  JOIN attempts.exam_questions l ON l.exam_id = t.exam_id AND l.question_id = n.question_id
  WHERE n.attempt_id = t.id
) found ON true
WHERE t.status IN ('submitted', 'graded')
"""


def _id() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _at(name: str = "created_at") -> sa.Column:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"attempts.{target}.id"], name=name)


def upgrade() -> None:
    _create_rubrics()
    _extend_exams()
    _create_grades()
    _create_hand_marks()
    _create_regrades()
    op.execute(_FIRST_MARKS)
    op.execute(_FIRST_GRADES)
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON attempts.grades FROM attempts_app")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON attempts.hand_marks FROM attempts_app")


def _create_rubrics() -> None:
    op.create_table(
        "rubrics",
        _id(),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        _at(),
        _at("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubrics")),
        schema="attempts",
    )
    op.create_table(
        "rubric_criteria",
        _id(),
        sa.Column("rubric_id", sa.BigInteger(), nullable=False),
        sa.Column("order_number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("max_marks", sa.Float(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.CheckConstraint(
            "max_marks > 0 AND weight > 0", name=op.f("ck_rubric_criteria_counts_something")
        ),
        _reference("rubric_criteria", "rubric_id", "rubrics"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubric_criteria")),
        schema="attempts",
    )
    op.create_table(
        "rubric_levels",
        _id(),
        sa.Column("criterion_id", sa.BigInteger(), nullable=False),
        sa.Column("order_number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("marks", sa.Float(), nullable=False),
        sa.CheckConstraint("marks >= 0", name=op.f("ck_rubric_levels_marks")),
        _reference("rubric_levels", "criterion_id", "rubric_criteria"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubric_levels")),
        schema="attempts",
    )
    for table, column in (("rubric_criteria", "rubric_id"), ("rubric_levels", "criterion_id")):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], schema="attempts")


def _extend_exams() -> None:
    for column in (
        sa.Column(
            "second_marking",
            sa.String(length=10),
            server_default=sa.text("'none'"),
            nullable=False,
        ),
        sa.Column(
            "second_marking_tolerance", sa.Float(), server_default=sa.text("0"), nullable=False
        ),
    ):
        op.add_column("exams", column, schema="attempts")
    op.create_check_constraint(
        op.f("ck_exams_second_marking"),
        "exams",
        "second_marking IN ('none', 'blind')",
        schema="attempts",
    )
    for column in (
        sa.Column("rubric_id", sa.BigInteger(), nullable=True),
        sa.Column("corrected_answer", sa.JSON(), nullable=True),
        sa.Column("void", sa.String(length=20), nullable=True),
        sa.Column("correction_reason", sa.Text(), nullable=True),
        sa.Column("corrected_by_id", sa.BigInteger(), nullable=True),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("exam_questions", column, schema="attempts")
    op.create_check_constraint(
        op.f("ck_exam_questions_void"),
        "exam_questions",
        "void IN ('full_marks', 'no_marks')",
        schema="attempts",
    )
    op.create_foreign_key(
        op.f("fk_exam_questions_rubric_id"),
        "exam_questions",
        "rubrics",
        ["rubric_id"],
        ["id"],
        source_schema="attempts",
        referent_schema="attempts",
    )
    op.create_index(
        op.f("ix_exam_questions_rubric_id"), "exam_questions", ["rubric_id"], schema="attempts"
    )


def _create_grades() -> None:
    op.create_table(
        "grades",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("graded_by", sa.BigInteger(), nullable=True),
        sa.Column("exam_version", sa.BigInteger(), nullable=False),
        sa.Column("total_marks", sa.Float(), nullable=False),
        sa.Column("marks_obtained", sa.Float(), nullable=True),
        sa.Column("percentage", sa.Float(), nullable=True),
        sa.Column("is_passed", sa.Boolean(), nullable=True),
        sa.Column("correct_answers", sa.BigInteger(), nullable=True),
        sa.Column("incorrect_answers", sa.BigInteger(), nullable=True),
        sa.Column("unattempted", sa.BigInteger(), nullable=True),
        sa.Column(
            "missing",
            sa.ARRAY(sa.BigInteger()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("judgements", sa.JSON(), nullable=False),
        _at(),
        sa.CheckConstraint(
            "reason IN ('submit', 'deadline', 'pause', 'import', 'mark', 'regrade',"
            " 'key_corrected', 'moderation')",
            name=op.f("ck_grades_reason"),
        ),
        _reference("grades", "attempt_id", "attempts"),
        sa.PrimaryKeyConstraint("attempt_id", "version", name=op.f("pk_grades")),
        schema="attempts",
    )


def _create_hand_marks() -> None:
    op.create_table(
        "hand_marks",
        _id(),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("grader_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("marks", sa.Float(), nullable=False),
        sa.Column("rubric_id", sa.BigInteger(), nullable=True),
        sa.Column("criteria", sa.JSON(), nullable=True),
        sa.Column("feedback", sa.Text(), nullable=True),
        _at(),
        sa.CheckConstraint(
            "stage IN ('first', 'second', 'moderation')", name=op.f("ck_hand_marks_stage")
        ),
        sa.CheckConstraint("source IN ('manual', 'rubric')", name=op.f("ck_hand_marks_source")),
        _reference("hand_marks", "attempt_id", "attempts"),
        _reference("hand_marks", "question_id", "questions"),
        _reference("hand_marks", "rubric_id", "rubrics"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_marks")),
        schema="attempts",
    )
    op.create_index(
        "ix_hand_marks_answer", "hand_marks", ["attempt_id", "question_id"], schema="attempts"
    )
    op.create_index(
        op.f("ix_hand_marks_rubric_id"), "hand_marks", ["rubric_id"], schema="attempts"
    )


def _create_regrades() -> None:
    op.create_table(
        "regrades",
        _id(),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("exam_version", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "regraded_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        _at(),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        _reference("regrades", "exam_id", "exams"),
        _reference("regrades", "question_id", "questions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regrades")),
        schema="attempts",
    )
    op.create_index(op.f("ix_regrades_exam_id"), "regrades", ["exam_id"], schema="attempts")
    op.create_index(
        "ix_regrades_open",
        "regrades",
        ["id"],
        schema="attempts",
        postgresql_where=sa.text("completed_at IS NULL"),
    )


def downgrade() -> None:
    for table in ("regrades", "hand_marks", "grades"):
        op.drop_table(table, schema="attempts")
    for column in _LINK_COLUMNS:
        op.drop_column("exam_questions", column, schema="attempts")
    for column in ("second_marking", "second_marking_tolerance"):
        op.drop_column("exams", column, schema="attempts")
    for table in ("rubric_levels", "rubric_criteria", "rubrics"):
        op.drop_table(table, schema="attempts")
