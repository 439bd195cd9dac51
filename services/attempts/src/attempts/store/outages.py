"""Statements on measured outages: how far the bus was heard, what is known of lines, what came.

Whoever folds in what was said holds the position's row: several replicas hear the same, and each
thing is folded in once.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.bus import Position
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from attempts.outage import ClosedBy, Gap, Known, Line, Policy, State, Verdict, Word
from attempts.tables import AttemptRow, InboxPositionRow, LineRow, OutagePolicyRow, OutageRow

_OUTAGE = OutageRow.__table__
_POSITION = InboxPositionRow
_KEEP = text("""
INSERT INTO attempts.lines AS old (attempt_id, is_running, lost_at, nodes)
SELECT n.attempt_id, n.is_running, n.lost_at, CAST(n.nodes AS json)
FROM unnest(CAST(:attempt_ids AS bigint[]), CAST(:running AS boolean[]),
            CAST(:lost AS timestamptz[]), CAST(:nodes AS text[]))
     AS n (attempt_id, is_running, lost_at, nodes)
ON CONFLICT (attempt_id) DO UPDATE
SET is_running = excluded.is_running, lost_at = excluded.lost_at, nodes = excluded.nodes
""")


@dataclass(frozen=True)
class Terms:
    """What an exam does about outages; all that its policy gives an attempt stays below the cap."""

    exam_id: int
    policy: Policy = Policy.OFF
    cap_seconds: int = 0
    set_by_id: int | None = None
    set_at: datetime | None = None


@dataclass(frozen=True)
class Outage:
    """An outage as it is stored, with the exam's policy of that moment and what came of it."""

    id: int
    attempt_id: int
    lost_at: datetime
    back_at: datetime
    seconds: int
    closed_by: ClosedBy
    policy: Policy
    cap_seconds: int
    state: State
    granted_seconds: int
    decided_by_id: int | None
    decided_at: datetime | None
    reason: str | None
    created_at: datetime


# how far the bus was heard


def position(session: Session, stream: str) -> Position | None:
    row = session.get(_POSITION, stream)
    return None if row is None else Position(row.sequence, row.epoch)


def lock_position(session: Session, stream: str, start: Position) -> Position:
    """Return how far a stream was heard, and keep others from going on; `start` if never."""
    row = {"stream": stream, "epoch": start.epoch, "sequence": start.sequence}
    session.execute(insert(_POSITION).values(row).on_conflict_do_nothing())
    query = (
        select(_POSITION.sequence, _POSITION.epoch)
        .where(_POSITION.stream == stream)
        .with_for_update()
    )
    return Position(*session.execute(query).one())


def move_to(session: Session, stream: str, here: Position) -> None:
    session.execute(
        update(_POSITION)
        .where(_POSITION.stream == stream)
        .values(epoch=here.epoch, sequence=here.sequence, updated_at=func.now())
    )


# lines


def lines(session: Session, attempt_ids: Iterable[int]) -> dict[int, Line]:
    query = select(LineRow.__table__).where(LineRow.attempt_id.in_(set(attempt_ids)))
    return {row["attempt_id"]: _line(row) for row in session.execute(query).mappings()}


def keep_lines(session: Session, known: Mapping[int, Line]) -> None:
    """Store lines, by attempt; those of attempts that are not there are passed over."""
    there = select(AttemptRow.id).where(AttemptRow.id.in_(set(known)))
    ids = list(session.scalars(there))
    if not ids:
        return
    kept = [known[attempt_id] for attempt_id in ids]
    session.execute(
        _KEEP,
        {
            "attempt_ids": ids,
            "running": [line.is_running for line in kept],
            "lost": [line.lost_at for line in kept],
            "nodes": [_nodes(line) for line in kept],
        },
    )


def forget_lines(session: Session) -> None:
    """Forget all lines: something that was said of them is lost."""
    session.execute(delete(LineRow))


# outages


def add(
    session: Session, attempt_id: int, gap: Gap, terms: Terms, verdict: Verdict
) -> Outage | None:
    """Store an outage; None when the same was stored before."""
    values = {
        "attempt_id": attempt_id,
        "lost_at": gap.lost_at,
        "back_at": gap.back_at,
        "seconds": gap.seconds,
        "closed_by": gap.closed_by,
        "policy": terms.policy,
        "cap_seconds": terms.cap_seconds,
        "state": verdict.state,
        "granted_seconds": verdict.seconds,
    }
    statement = insert(OutageRow).values(values).on_conflict_do_nothing().returning(*_OUTAGE.c)
    row = session.execute(statement).mappings().one_or_none()
    return None if row is None else _outage(row)


def decide(
    session: Session, outage_id: int, state: State, seconds: int, by_id: int, reason: str | None
) -> Outage:
    """Store what a person decided about an outage of a locked attempt."""
    statement = (
        update(OutageRow)
        .where(OutageRow.id == outage_id)
        .values(
            state=state,
            granted_seconds=seconds,
            decided_by_id=by_id,
            decided_at=func.now(),
            reason=reason,
        )
        .returning(*_OUTAGE.c)
    )
    return _outage(session.execute(statement).mappings().one())


def of_attempt(session: Session, attempt_id: int) -> list[Outage]:
    """Return an attempt's outages, oldest first."""
    return _listed(session, OutageRow.attempt_id == attempt_id)


def of_exam(
    session: Session, exam_id: int, state: State | None, skip: int, limit: int
) -> list[Outage]:
    members = select(AttemptRow.id).where(AttemptRow.exam_id == exam_id)
    conditions: list[Any] = [OutageRow.attempt_id.in_(members)]
    if state is not None:
        conditions.append(OutageRow.state == state)
    return _listed(session, *conditions, skip=skip, limit=limit)


# policies


def terms(session: Session, exam_id: int) -> Terms:
    query = select(OutagePolicyRow.__table__).where(OutagePolicyRow.exam_id == exam_id)
    row = session.execute(query).mappings().one_or_none()
    if row is None:
        return Terms(exam_id)
    return Terms(**{**row, "policy": Policy(row["policy"])})


def set_terms(
    session: Session, exam_id: int, policy: Policy, cap_seconds: int, by_id: int
) -> Terms:
    values = {"policy": policy, "cap_seconds": cap_seconds, "set_by_id": by_id}
    statement = (
        insert(OutagePolicyRow)
        .values(exam_id=exam_id, **values)
        .on_conflict_do_update(index_elements=["exam_id"], set_=values | {"set_at": func.now()})
    )
    session.execute(statement)
    return terms(session, exam_id)


def _listed(
    session: Session, *conditions: Any, skip: int = 0, limit: int | None = None
) -> list[Outage]:
    query = select(*_OUTAGE.c).where(*conditions).order_by(OutageRow.id).offset(skip).limit(limit)
    return [_outage(row) for row in session.execute(query).mappings()]


def _outage(row: Mapping[Any, Any]) -> Outage:
    words = {
        "closed_by": ClosedBy(row["closed_by"]),
        "policy": Policy(row["policy"]),
        "state": State(row["state"]),
    }
    return Outage(**{**row, **words})


def _line(row: Mapping[Any, Any]) -> Line:
    nodes = {
        node: Known(Word(node, number, is_connected, is_lost), datetime.fromisoformat(at))
        for node, (number, is_connected, is_lost, at) in row["nodes"].items()
    }
    return Line(row["is_running"], row["lost_at"], nodes)


def _nodes(line: Line) -> str:
    said: dict[str, Sequence[Any]] = {
        node: (known.word.number, known.word.is_connected, known.word.is_lost, _at(known))
        for node, known in line.nodes.items()
    }
    return json.dumps(said)


def _at(known: Known) -> str:
    return known.at.isoformat()
