"""Statements on rubrics: with their criteria and levels, where they are used, what they rate."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from attempts.grade_tables import CriterionRow, HandMarkRow, LevelRow, RubricRow
from attempts.rubric import Criterion, Level, Rubric
from attempts.tables import AttemptRow, ExamQuestionRow, ExamRow

Columns = Mapping[Any, Any]
_RUBRIC = RubricRow.__table__


def add(session: Session, values: Columns, criteria: Sequence[Columns]) -> Rubric:
    statement = insert(RubricRow).values(**values).returning(RubricRow.id)
    rubric_id = session.execute(statement).scalar_one()
    _put_criteria(session, rubric_id, criteria)
    return load(session, [rubric_id])[rubric_id]


def replace(
    session: Session, rubric_id: int, values: Columns, criteria: Sequence[Columns]
) -> Rubric:
    """Write a locked rubric anew; its criteria and levels get new ids."""
    of_rubric = select(CriterionRow.id).where(CriterionRow.rubric_id == rubric_id)
    session.execute(delete(LevelRow).where(LevelRow.criterion_id.in_(of_rubric)))
    session.execute(delete(CriterionRow).where(CriterionRow.rubric_id == rubric_id))
    session.execute(
        update(RubricRow)
        .where(RubricRow.id == rubric_id)
        .values(**values, version=RubricRow.version + 1, updated_at=func.now())
    )
    _put_criteria(session, rubric_id, criteria)
    return load(session, [rubric_id])[rubric_id]


def load(session: Session, rubric_ids: Iterable[int]) -> dict[int, Rubric]:
    query = select(_RUBRIC).where(RubricRow.id.in_(set(rubric_ids))).order_by(RubricRow.id)
    return _rubrics(session, session.execute(query).mappings().all())


def listed(session: Session, skip: int, limit: int) -> list[Rubric]:
    query = select(_RUBRIC).order_by(RubricRow.id).offset(skip).limit(limit)
    return list(_rubrics(session, session.execute(query).mappings().all()).values())


def lock(session: Session, rubric_id: int) -> bool:
    """Say whether a rubric exists; nobody attaches it or marks by it meanwhile."""
    query = select(RubricRow.id).where(RubricRow.id == rubric_id).with_for_update()
    return session.scalar(query) is not None


def lock_exams_using(session: Session, rubric_id: int) -> None:
    """Lock the exams that use a rubric, in id order: no attempt at them is made meanwhile."""
    uses = exists().where(
        ExamQuestionRow.exam_id == ExamRow.id, ExamQuestionRow.rubric_id == rubric_id
    )
    session.execute(select(ExamRow.id).where(uses).order_by(ExamRow.id).with_for_update())


def is_in_use(session: Session, rubric_id: int) -> bool:
    """Say whether an exam that has attempts uses it, or somebody has marked by it."""
    is_sat = exists().where(
        ExamQuestionRow.rubric_id == rubric_id, AttemptRow.exam_id == ExamQuestionRow.exam_id
    )
    has_rated = exists().where(HandMarkRow.rubric_id == rubric_id)
    return bool(session.scalar(select(is_sat | has_rated)))


def attach(session: Session, exam_id: int, question_id: int, rubric_id: int | None) -> None:
    session.execute(
        update(ExamQuestionRow)
        .where(ExamQuestionRow.exam_id == exam_id, ExamQuestionRow.question_id == question_id)
        .values(rubric_id=rubric_id)
    )


def has_rated(session: Session, exam_id: int, question_id: int) -> bool:
    """Say whether an answer to this question of this exam was marked by a rubric."""
    rated = exists().where(
        HandMarkRow.question_id == question_id,
        HandMarkRow.rubric_id.is_not(None),
        AttemptRow.id == HandMarkRow.attempt_id,
        AttemptRow.exam_id == exam_id,
    )
    return bool(session.scalar(select(rated)))


def _put_criteria(session: Session, rubric_id: int, criteria: Sequence[Columns]) -> None:
    for order, criterion in enumerate(criteria, start=1):
        levels = criterion["levels"]
        limit = criterion["max_marks"]
        values = {
            "rubric_id": rubric_id,
            "order_number": order,
            "title": criterion["title"],
            "description": criterion["description"],
            "max_marks": max(level["marks"] for level in levels) if limit is None else limit,
            "weight": criterion["weight"],
        }
        made = insert(CriterionRow).values(values).returning(CriterionRow.id)
        criterion_id = session.execute(made).scalar_one()
        rows = [
            dict(level) | {"criterion_id": criterion_id, "order_number": place}
            for place, level in enumerate(levels, start=1)
        ]
        session.execute(insert(LevelRow), rows)


def _rubrics(session: Session, rows: Sequence[Columns]) -> dict[int, Rubric]:
    criteria = _criteria(session, [row["id"] for row in rows])
    return {row["id"]: Rubric(**row, criteria=tuple(criteria[row["id"]])) for row in rows}


def _criteria(session: Session, rubric_ids: Sequence[int]) -> Mapping[int, list[Criterion]]:
    """Return the criteria by rubric, each with its levels, all in order."""
    query = (
        select(CriterionRow.__table__)
        .where(CriterionRow.rubric_id.in_(rubric_ids))
        .order_by(CriterionRow.order_number, CriterionRow.id)
    )
    rows = session.execute(query).mappings().all()
    levels = _levels(session, [row["id"] for row in rows])
    found: dict[int, list[Criterion]] = defaultdict(list)
    for row in rows:
        fields = {n: row[n] for n in ("id", "title", "description", "max_marks", "weight")}
        found[row["rubric_id"]].append(Criterion(**fields, levels=tuple(levels[row["id"]])))
    return found


def _levels(session: Session, criterion_ids: Sequence[int]) -> Mapping[int, list[Level]]:
    query = (
        select(LevelRow.__table__)
        .where(LevelRow.criterion_id.in_(criterion_ids))
        .order_by(LevelRow.order_number, LevelRow.id)
    )
    found: dict[int, list[Level]] = defaultdict(list)
    for row in session.execute(query).mappings():
        found[row["criterion_id"]].append(
            Level(row["id"], row["title"], row["description"], row["marks"])
        )
    return found
