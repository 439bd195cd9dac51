"""The tables of grading: versions of grades, marks that people gave, rubrics, regrades.

`grades` and `hand_marks` only grow: the service's role may insert and read.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from attempts.tables import AttemptRow, ExamRow, QuestionRow, Row


class RubricRow(Row):
    __tablename__ = "rubrics"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_by: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CriterionRow(Row):
    """What is looked at; `max_marks` is what its best level is measured against."""

    __tablename__ = "rubric_criteria"
    __table_args__ = (CheckConstraint("max_marks > 0 AND weight > 0", name="counts_something"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    rubric_id: Mapped[int] = mapped_column(ForeignKey(RubricRow.id), index=True)
    order_number: Mapped[int]
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    max_marks: Mapped[float]
    weight: Mapped[float]


class LevelRow(Row):
    __tablename__ = "rubric_levels"
    __table_args__ = (CheckConstraint("marks >= 0", name="marks"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    criterion_id: Mapped[int] = mapped_column(ForeignKey(CriterionRow.id), index=True)
    order_number: Mapped[int]
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    marks: Mapped[float]


class GradeRow(Row):
    """One version of what an attempt has earned; the attempt's own columns show the newest."""

    __tablename__ = "grades"
    __table_args__ = (
        CheckConstraint(
            "reason IN ('submit', 'deadline', 'pause', 'import', 'mark', 'regrade',"
            " 'key_corrected', 'moderation', 'final_answers')",
            name="reason",
        ),
    )

    attempt_id: Mapped[int] = mapped_column(ForeignKey(AttemptRow.id), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    graded_by: Mapped[int | None]
    exam_version: Mapped[int]
    total_marks: Mapped[float]
    marks_obtained: Mapped[float | None]
    percentage: Mapped[float | None]
    is_passed: Mapped[bool | None]
    correct_answers: Mapped[int | None]
    incorrect_answers: Mapped[int | None]
    unattempted: Mapped[int | None]
    missing: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    judgements: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class HandMarkRow(Row):
    """What a person gave one answer; of each stage the newest counts."""

    __tablename__ = "hand_marks"
    __table_args__ = (
        CheckConstraint("stage IN ('first', 'second', 'moderation')", name="stage"),
        CheckConstraint("source IN ('manual', 'rubric')", name="source"),
        Index("ix_hand_marks_answer", "attempt_id", "question_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey(AttemptRow.id))
    question_id: Mapped[int] = mapped_column(ForeignKey(QuestionRow.id))
    stage: Mapped[str] = mapped_column(String(12))
    grader_id: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(10))
    marks: Mapped[float]
    rubric_id: Mapped[int | None] = mapped_column(ForeignKey(RubricRow.id), index=True)
    criteria: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    feedback: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RegradeRow(Row):
    """Work for the clock: every finished attempt of the exam, up to this version of the exam."""

    __tablename__ = "regrades"
    __table_args__ = (
        Index("ix_regrades_open", "id", postgresql_where=text("completed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey(ExamRow.id), index=True)
    question_id: Mapped[int] = mapped_column(ForeignKey(QuestionRow.id))
    exam_version: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    requested_by_id: Mapped[int]
    regraded_count: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    completed_at: Mapped[datetime | None]
