"""Statements on allowances: giving many at once, inheriting, listing, acknowledging."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, cast, column, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from attempts.allowance import Allowance, Grant
from attempts.attempt import EXTENDABLE, Attempt
from attempts.store.attempts import returned
from attempts.store.rows import attempt_from
from attempts.tables import AllowanceRow, AttemptRow, ExamAllowanceRow

_ALLOWANCE = AllowanceRow.__table__


def extend(
    session: Session, chosen: Sequence[Attempt], seconds: Mapping[int, int]
) -> list[Attempt]:
    """Move deadlines in the statement that stores the seconds; attempts changed since are missing.

    The deadline that expiry reads is the one written here: there is no second one to fall behind.
    """
    values = [
        ("id", [attempt.id for attempt in chosen]),
        ("version", [attempt.version for attempt in chosen]),
        ("seconds", [seconds[attempt.id] for attempt in chosen]),
    ]
    arrays = [cast(listed, ARRAY(BigInteger)) for _, listed in values]
    named = [column(name, BigInteger) for name, _ in values]
    new = func.unnest(*arrays).table_valued(*named, name="new").render_derived()
    statement = (
        update(AttemptRow)
        .where(
            AttemptRow.id == new.c.id,
            AttemptRow.version == new.c.version,
            AttemptRow.status.in_(EXTENDABLE),
        )
        .values(
            allowance_seconds=AttemptRow.allowance_seconds + new.c.seconds,
            deadline_at=AttemptRow.deadline_at + new.c.seconds * timedelta(seconds=1),
            version=AttemptRow.version + 1,
            updated_at=func.now(),
        )
        .returning(*returned())
    )
    return [attempt_from(row) for row in session.execute(statement).mappings()]


def store(
    session: Session, seconds: Mapping[int, int], grant: Grant, exam_allowance_id: int | None
) -> list[Allowance]:
    """Store what each attempt was given."""
    if not seconds:
        return []
    rows = [
        {
            "attempt_id": attempt_id,
            "exam_allowance_id": exam_allowance_id,
            "seconds": given,
            "factor": grant.factor,
            "reason": grant.reason,
            "granted_by_id": grant.granted_by_id,
            "outage_id": grant.outage_id,
            "evidence": grant.evidence,
        }
        for attempt_id, given in sorted(seconds.items())
    ]
    result = session.execute(insert(AllowanceRow).values(rows).returning(*_ALLOWANCE.c))
    return [Allowance(**row) for row in result.mappings()]


def hold_exam(session: Session, exam_id: int, *, is_shared: bool) -> None:
    """Keep grants to the whole exam apart from the begins that inherit them (`is_shared`).

    To be called before any attempt is locked. Not the exam's row: a second UPDATE of an attempt in
    one transaction checks its foreign keys again and would wait for the exam behind the attempt.
    """
    lock = func.pg_advisory_xact_lock_shared if is_shared else func.pg_advisory_xact_lock
    key = func.hashtextextended(f"attempts.exam_allowances:{exam_id}", 0)
    session.execute(select(lock(key)))


def extendable_ids(session: Session, exam_id: int) -> list[int]:
    query = select(AttemptRow.id).where(
        AttemptRow.exam_id == exam_id, AttemptRow.status.in_(EXTENDABLE)
    )
    return list(session.execute(query).scalars())


def store_for_exam(session: Session, exam_id: int, grant: Grant) -> int:
    values = {
        "exam_id": exam_id,
        "seconds": grant.seconds,
        "factor": grant.factor,
        "reason": grant.reason,
        "granted_by_id": grant.granted_by_id,
    }
    statement = insert(ExamAllowanceRow).values(values).returning(ExamAllowanceRow.id)
    return session.execute(statement).scalar_one()


def not_inherited(session: Session, attempt: Attempt) -> list[tuple[int, Grant]]:
    """Return what the attempt's exam was given before the attempt existed."""
    has_it = exists().where(
        AllowanceRow.attempt_id == attempt.id,
        AllowanceRow.exam_allowance_id == ExamAllowanceRow.id,
    )
    query = (
        select(ExamAllowanceRow.__table__)
        .where(ExamAllowanceRow.exam_id == attempt.exam_id, ~has_it)
        .order_by(ExamAllowanceRow.id)
    )
    return [
        (row["id"], Grant(row["seconds"], row["factor"], row["reason"], row["granted_by_id"]))
        for row in session.execute(query).mappings()
    ]


def of_attempt(session: Session, attempt_id: int) -> list[Allowance]:
    return _listed(session, AllowanceRow.attempt_id == attempt_id)


def of_exam(session: Session, exam_id: int, *, unseen_only: bool) -> list[Allowance]:
    """Return the allowances of all attempts of an exam, oldest first."""
    members = select(AttemptRow.id).where(AttemptRow.exam_id == exam_id)
    conditions = [AllowanceRow.attempt_id.in_(members)]
    if unseen_only:
        conditions.append(AllowanceRow.acknowledged_at.is_(None))
    return _listed(session, *conditions)


def acknowledge(session: Session, attempt_id: int, allowance_id: int) -> Allowance | None:
    """Note that the student's client has shown it; the first time stands."""
    statement = (
        update(AllowanceRow)
        .where(AllowanceRow.id == allowance_id, AllowanceRow.attempt_id == attempt_id)
        .values(acknowledged_at=func.coalesce(AllowanceRow.acknowledged_at, func.now()))
        .returning(*_ALLOWANCE.c)
    )
    row = session.execute(statement).mappings().one_or_none()
    return Allowance(**row) if row is not None else None


def given_for_outages(session: Session, attempt_id: int) -> int:
    """Return the seconds that an attempt got for outages without a person's decision."""
    query = select(func.coalesce(func.sum(AllowanceRow.seconds), 0)).where(
        AllowanceRow.attempt_id == attempt_id,
        AllowanceRow.outage_id.is_not(None),
        AllowanceRow.granted_by_id.is_(None),
    )
    return int(session.execute(query).scalar_one())


def copy(session: Session, old_id: int, new_id: int) -> None:
    """Give a reopened attempt the allowances of the one that it goes on with."""
    names = [c.name for c in _ALLOWANCE.c if c.name not in {"id", "attempt_id"}]
    source = select(cast(new_id, BigInteger), *(_ALLOWANCE.c[name] for name in names)).where(
        AllowanceRow.attempt_id == old_id
    )
    session.execute(insert(AllowanceRow).from_select(["attempt_id", *names], source))


def _listed(session: Session, *conditions: Any) -> list[Allowance]:
    query = select(*_ALLOWANCE.c).where(*conditions).order_by(AllowanceRow.id)
    return [Allowance(**row) for row in session.execute(query).mappings()]
