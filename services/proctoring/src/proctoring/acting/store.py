"""Every statement about orders and actions; returns the rules' objects, decides nothing.

Blocking, inside the caller's transaction; a whole hall takes as many statements as one attempt.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.origins import Origin
from sqlalchemy import text
from sqlalchemy.orm import Session

from proctoring.acting.action import Action, Kind, Order, Refusal, Wish

_LIVE = """settled_at IS NOT NULL AND refusal IS NULL AND acknowledged_at IS NULL
           AND expired_at IS NULL"""
_COLUMNS = """
    id, action_id, attempt_id, exam_id, kind, text, warning_code, seconds, reason_code, actor_id,
    actor_name, ip_address, user_agent, asked_at, CAST(refusal AS text) AS refusal, settled_at,
    acknowledged_at, expired_at
"""
_ADD_ORDER = text(
    """
    INSERT INTO proctoring.action_orders (action_id, exam_id, actor_id, digest)
    VALUES (:action_id, :exam_id, :actor_id, :digest)
    ON CONFLICT (action_id) DO NOTHING RETURNING action_id
    """
)
_DIGEST = text("SELECT digest FROM proctoring.action_orders WHERE action_id = :action_id")
_ADD = text(
    f"""
    INSERT INTO proctoring.actions (
        action_id, exam_id, kind, text, warning_code, seconds, reason_code, actor_id, actor_name,
        ip_address, user_agent, asked_at, attempt_id, refusal, settled_at, expired_at
    )
    SELECT :action_id, :exam_id, :kind, :text, :warning_code, :seconds, :reason_code, :actor_id,
           :actor_name, :ip_address, :user_agent, :asked_at, new.*
    FROM unnest(
        CAST(:attempt_ids AS bigint[]), CAST(:refusals AS json[]),
        CAST(:settled AS timestamptz[]), CAST(:expired AS timestamptz[])
    ) AS new
    RETURNING {_COLUMNS}
    """  # noqa: S608  # only constants of this module
)
_SAVE = text(
    """
    UPDATE proctoring.actions AS action
    SET refusal = new.refusal, settled_at = new.settled_at,
        acknowledged_at = new.acknowledged_at, expired_at = new.expired_at
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:refusals AS json[]), CAST(:settled AS timestamptz[]),
        CAST(:acknowledged AS timestamptz[]), CAST(:expired AS timestamptz[])
    ) AS new (id, refusal, settled_at, acknowledged_at, expired_at)
    WHERE action.id = new.id
    """
)
_COUNTS = text(
    f"""
    SELECT attempt_id, count(*) FROM proctoring.actions
    WHERE exam_id = :exam_id AND {_LIVE} GROUP BY attempt_id
    """  # noqa: S608  # only constants of this module
)
_OPEN = text(
    f"""
    SELECT attempt_id FROM (
        SELECT attempt_id FROM proctoring.actions WHERE {_LIVE}
        UNION SELECT attempt_id FROM proctoring.claims WHERE ended_at IS NULL
        UNION SELECT attempt_id FROM proctoring.hands WHERE lowered_at IS NULL
    ) AS anything
    WHERE attempt_id > :after ORDER BY attempt_id LIMIT :limit
    """  # noqa: S608  # only constants of this module
)


def clock(session: Session) -> datetime:
    """Return the database's clock: it says when things were done."""
    return session.execute(text("SELECT clock_timestamp()")).scalar_one()  # type: ignore[no-any-return]


def add_order(session: Session, order: Order) -> bool:
    """Store an order; False when there is one under its key, committed, already."""
    row = {
        "action_id": order.action_id,
        "exam_id": order.exam_id,
        "actor_id": order.actor_id,
        "digest": order.digest,
    }
    return session.execute(_ADD_ORDER, row).one_or_none() is not None


def digest(session: Session, action_id: UUID) -> bytes | None:
    """Return the digest of the order under a key."""
    found = session.execute(_DIGEST, {"action_id": action_id}).scalar_one_or_none()
    return None if found is None else bytes(found)


def add(session: Session, drafts: Sequence[Action]) -> list[Action]:
    """Insert one action for each attempt of one order; return them with their numbers, in order."""
    if not drafts:
        return []
    first = drafts[0]
    row = {
        **_wish_row(first.wish),
        **asdict(first.origin),
        "action_id": first.action_id,
        "exam_id": first.exam_id,
        "actor_id": first.actor_id,
        "actor_name": first.actor_name,
        "asked_at": first.asked_at,
        "attempt_ids": [draft.attempt_id for draft in drafts],
        "refusals": [_refusal_row(draft.refusal) for draft in drafts],
        "settled": [draft.settled_at for draft in drafts],
        "expired": [draft.expired_at for draft in drafts],
    }
    return sorted((_action(found) for found in session.execute(_ADD, row)), key=lambda a: a.id)


def save(session: Session, actions: Sequence[Action]) -> None:
    """Write where actions stand; the caller has locked them."""
    if actions:
        row = {
            "ids": [action.id for action in actions],
            "refusals": [_refusal_row(action.refusal) for action in actions],
            "settled": [action.settled_at for action in actions],
            "acknowledged": [action.acknowledged_at for action in actions],
            "expired": [action.expired_at for action in actions],
        }
        session.execute(_SAVE, row)


def of_order(session: Session, action_id: UUID) -> list[Action]:
    return _found(session, "action_id = :action_id", action_id=action_id)


def lock(session: Session, ids: Collection[int]) -> list[Action]:
    """Lock actions in the order of their numbers and return them as they stand then."""
    where = "id = ANY(CAST(:ids AS bigint[]))"
    return _found(session, where, "ORDER BY id FOR UPDATE", ids=sorted(ids))


def lock_live(session: Session, attempt_ids: Collection[int]) -> list[Action]:
    """Lock the live actions of attempts."""
    where = f"attempt_id = ANY(CAST(:ids AS bigint[])) AND {_LIVE}"
    return _found(session, where, "ORDER BY id FOR UPDATE", ids=list(attempt_ids))


def of_attempt(session: Session, attempt_id: int, *, live: bool | None) -> list[Action]:
    """Return an attempt's actions, oldest first; only those that are live, or are not, if said."""
    where = "attempt_id = :attempt_id AND (CAST(:live AS bool) IS NULL OR (" + _LIVE + ") = :live)"
    return _found(session, where, attempt_id=attempt_id, live=live)


def of_exam(
    session: Session, exam_id: int, *, live: bool | None, kind: Kind | None, skip: int, limit: int
) -> list[Action]:
    """Return a page of an exam's actions, newest first."""
    where = f"""
        exam_id = :exam_id AND (CAST(:live AS bool) IS NULL OR ({_LIVE}) = :live)
        AND (CAST(:kind AS text) IS NULL OR kind = :kind)
    """
    wanted: dict[str, Any] = {"exam_id": exam_id, "live": live, "skip": skip, "limit": limit}
    wanted["kind"] = kind.value if kind else None
    return _found(session, where, "ORDER BY id DESC LIMIT :limit OFFSET :skip", **wanted)


def asked_before(session: Session, at: datetime, limit: int) -> list[Action]:
    """Return actions that were asked for before `at` and of which nothing more is known."""
    where = "settled_at IS NULL AND asked_at < :at"
    return _found(session, where, "ORDER BY asked_at LIMIT :limit", at=at, limit=limit)


def live_counts(session: Session, exam_id: int) -> dict[int, int]:
    """Return how many actions of an exam are live, by attempt."""
    return {row[0]: row[1] for row in session.execute(_COUNTS, {"exam_id": exam_id})}


def open_attempts(session: Session, after: int, limit: int) -> list[int]:
    """Return attempts with a live action, a claim or a raised hand, by id, behind `after`."""
    return list(session.execute(_OPEN, {"after": after, "limit": limit}).scalars())


def _found(
    session: Session, where: str, rest: str = "ORDER BY id", **values: object
) -> list[Action]:
    query = f"SELECT {_COLUMNS} FROM proctoring.actions WHERE {where} {rest}"  # noqa: S608  # ditto
    return [_action(row) for row in session.execute(text(query), values)]


def _wish_row(wish: Wish) -> dict[str, Any]:
    return asdict(wish) | {"kind": wish.kind.value}


def _refusal_row(refusal: Refusal | None) -> str | None:
    return None if refusal is None else json.dumps(asdict(refusal))


def _action(row: Any) -> Action:
    found: Mapping[str, Any] = row._mapping  # noqa: SLF001  # SQLAlchemy's name for it
    refusal = found["refusal"]
    return Action(
        id=found["id"],
        action_id=found["action_id"],
        attempt_id=found["attempt_id"],
        exam_id=found["exam_id"],
        wish=Wish(
            Kind(found["kind"]),
            found["text"] or "",
            found["warning_code"],
            found["seconds"],
            found["reason_code"],
        ),
        actor_id=found["actor_id"],
        actor_name=found["actor_name"],
        origin=Origin(found["ip_address"], found["user_agent"]),
        asked_at=found["asked_at"],
        refusal=None if refusal is None else Refusal(**json.loads(refusal)),
        settled_at=found["settled_at"],
        acknowledged_at=found["acknowledged_at"],
        expired_at=found["expired_at"],
    )
