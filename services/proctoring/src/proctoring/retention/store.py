"""Every statement of retention; returns the rules' objects, decides nothing.

All functions are blocking and run inside the caller's transaction. What changes an attempt's
evidence, or what holds it, first locks its tally: the attempt's mutex.
"""

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from proctoring import chain
from proctoring.retention.due import OF_EVENTS, Part, Policy, Sitting
from proctoring.retention.record import Kind, Record

_POLICY_NOW = """
    SELECT DISTINCT ON (exam_id) exam_id, events_days, network_days, snapshots_days
    FROM proctoring.retention_policies ORDER BY exam_id, id DESC
"""
_MARKED = """
    LEFT JOIN proctoring.submissions s ON s.attempt_id = {0}.attempt_id
    LEFT JOIN proctoring.retention_marks m ON m.attempt_id = {0}.attempt_id
    LEFT JOIN proctoring.retention_forgotten f ON f.attempt_id = {0}.attempt_id
"""
# Attempts with a tally, then those of which there are words alone; a picture comes with an event.
_SITTINGS = f"""
    SELECT t.attempt_id, coalesce(t.exam_id, s.exam_id, w.exam_id) AS exam_id,
           coalesce(greatest(t.last_received_at, s.submitted_at), t.updated_at) AS ended_at,
           t.last_sequence, m.payload_through, m.network_through,
           f.attempt_id IS NOT NULL AS is_forgotten, w.at AS words_at, i.at AS pictures_at
    FROM proctoring.tallies t LEFT JOIN words w ON w.attempt_id = t.attempt_id
    LEFT JOIN pictures i ON i.attempt_id = t.attempt_id
    {_MARKED.format("t")}
    UNION ALL
    SELECT w.attempt_id, coalesce(s.exam_id, w.exam_id), s.submitted_at, 0, m.payload_through,
           m.network_through, f.attempt_id IS NOT NULL, w.at, NULL
    FROM words w {_MARKED.format("w")}
    WHERE NOT EXISTS (SELECT FROM proctoring.tallies t WHERE t.attempt_id = w.attempt_id)
"""  # noqa: S608  # only constants of this module
NOTHING = """
    SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), CAST(NULL AS timestamptz) WHERE false
"""
"""What concepts that keep nothing answer; see `Holding.left`."""


class Left(NamedTuple):
    """What concepts keep of attempts beside events and an erasure would take, as SQL."""

    words: str = NOTHING
    pictures: str = NOTHING

    def newest(self, among: str) -> str:
        """Return the newest of what is left of each attempt, as the holdings say."""
        parts = [
            f"""{name} AS MATERIALIZED (
                SELECT attempt_id, max(exam_id) AS exam_id, max(at) AS at
                FROM ({left}) AS one (attempt_id, exam_id, at) WHERE {among} GROUP BY attempt_id
            )"""  # noqa: S608  # only constants of the holdings
            for name, left in self._asdict().items()
        ]
        return f"WITH {', '.join(parts)}"


_NOTHING_BESIDE = Left()


@cache
def _sitting_statement(left: Left) -> TextClause:
    beside = left.newest("attempt_id = :attempt_id")
    return text(
        f"{beside} SELECT * FROM ({_SITTINGS}) sat WHERE attempt_id = :attempt_id"  # noqa: S608  # only constants of this module
    )


# The rule `due.expired` in SQL, so that only what has to go is looked at; a test holds both equal.
@cache
def _expired_statement(left: Left) -> TextClause:
    return text(
        f"""
        {left.newest("attempt_id > :after")}
        SELECT sat.*, coalesce(p.events_days, CAST(:events_days AS int)) AS events_days,
               coalesce(p.network_days, CAST(:network_days AS int)) AS network_days,
               coalesce(p.snapshots_days, CAST(:snapshots_days AS int)) AS snapshots_days
        FROM ({_SITTINGS}) sat
        LEFT JOIN ({_POLICY_NOW}) p ON p.exam_id = sat.exam_id
        CROSS JOIN LATERAL (SELECT
            CAST(:now AS timestamptz)
                - make_interval(days => coalesce(p.events_days, :events_days)) AS payload,
            CAST(:now AS timestamptz)
                - make_interval(days => coalesce(p.network_days, :network_days)) AS network,
            CAST(:now AS timestamptz)
                - make_interval(days => coalesce(p.snapshots_days, :snapshots_days)) AS pictures
        ) AS over
        WHERE sat.attempt_id > :after AND (CAST(:exam_id AS int) IS NULL OR sat.exam_id = :exam_id)
          AND (
            (coalesce(sat.payload_through, -1) < sat.last_sequence
             AND (sat.is_forgotten OR sat.ended_at <= over.payload))
            OR
            (coalesce(sat.network_through, -1) < sat.last_sequence
             AND (sat.is_forgotten OR sat.ended_at <= over.network))
            OR
            (sat.words_at IS NOT NULL
             AND (sat.is_forgotten OR greatest(sat.words_at, sat.ended_at) <= over.payload))
            OR
            (sat.pictures_at IS NOT NULL
             AND (sat.is_forgotten OR greatest(sat.pictures_at, sat.ended_at) <= over.pictures))
          )
        ORDER BY sat.attempt_id LIMIT :limit
        """  # noqa: S608  # only constants of this module and of the holdings
    )


_POLICY = text(
    """
    SELECT events_days, network_days, snapshots_days FROM proctoring.retention_policies
    WHERE exam_id = :exam_id ORDER BY id DESC LIMIT 1
    """
)
_POLICY_HISTORY = text(
    """
    SELECT events_days, network_days, snapshots_days, reason, author_id, created_at
    FROM proctoring.retention_policies WHERE exam_id = :exam_id ORDER BY id DESC LIMIT :limit
    """
)
_ADD_POLICY = text(
    """
    INSERT INTO proctoring.retention_policies
           (exam_id, events_days, network_days, snapshots_days, reason, author_id)
    VALUES (:exam_id, :events_days, :network_days, :snapshots_days, :reason, :author_id)
    """
)
# Of long ago: that it is made says nothing of when the sitting was.
_MAKE_TALLY = text(
    """
    INSERT INTO proctoring.tallies (attempt_id, head_hash, updated_at)
    VALUES (:attempt_id, :genesis, 'epoch')
    ON CONFLICT (attempt_id) DO NOTHING
    """
)
_TRY_LOCK_TALLY = text(
    """
    SELECT attempt_id FROM proctoring.tallies WHERE attempt_id = :attempt_id
    FOR UPDATE SKIP LOCKED
    """
)
_HOLD_COLUMNS = """
    attempt_id, reason, placed_by_id, placed_at, lift_reason, lifted_by_id, lifted_at
"""
_HELD = text(
    """
    SELECT attempt_id FROM proctoring.retention_holds
    WHERE attempt_id = ANY(CAST(:attempt_ids AS int[])) AND lifted_at IS NULL
    """
)
_HOLDS = text(
    f"""
    SELECT {_HOLD_COLUMNS} FROM proctoring.retention_holds
    WHERE attempt_id = :attempt_id ORDER BY id DESC
    """  # noqa: S608  # only constants of this module
)
_PLACE = text(
    f"""
    INSERT INTO proctoring.retention_holds (attempt_id, reason, placed_by_id)
    VALUES (:attempt_id, :reason, :by_id)
    ON CONFLICT (attempt_id) WHERE lifted_at IS NULL DO NOTHING
    RETURNING {_HOLD_COLUMNS}
    """  # noqa: S608  # only constants of this module
)
_LIFT = text(
    f"""
    UPDATE proctoring.retention_holds
    SET lifted_at = clock_timestamp(), lifted_by_id = :by_id, lift_reason = :reason
    WHERE attempt_id = :attempt_id AND lifted_at IS NULL
    RETURNING {_HOLD_COLUMNS}
    """  # noqa: S608  # only constants of this module
)
_HAS = {
    Part.PAYLOAD: "(event_data IS NOT NULL OR data_salt IS NOT NULL)",
    Part.NETWORK: "(ip_address IS NOT NULL OR user_agent IS NOT NULL OR network_salt IS NOT NULL)",
}
_EMPTIED = {
    Part.PAYLOAD: "event_data = NULL, data_salt = NULL",
    Part.NETWORK: "ip_address = NULL, user_agent = NULL, network_salt = NULL",
}
# All events of an attempt lie in one partition, to which its tally leads.
_OF_ATTEMPT = """
    attempt_id = :attempt_id
    AND exam_day = (SELECT exam_day FROM proctoring.tallies WHERE attempt_id = :attempt_id)
"""
_ERASE = {
    part: text(
        f"""
        UPDATE proctoring.proctoring_events SET {_EMPTIED[part]}
        WHERE {_OF_ATTEMPT} AND {_HAS[part]} RETURNING sequence
        """  # noqa: S608  # only constants of this module
    )
    for part in OF_EVENTS
}
_COUNT = {
    part: text(
        f"""
        SELECT count(*) FROM proctoring.proctoring_events
        WHERE {_OF_ATTEMPT} AND {_HAS[part]}
        """  # noqa: S608  # only constants of this module
    )
    for part in OF_EVENTS
}
_MARK = {
    part: text(
        f"""
        INSERT INTO proctoring.retention_marks (attempt_id, {part}_through, {part}_at)
        VALUES (:attempt_id, :through, :at)
        ON CONFLICT (attempt_id) DO UPDATE
        SET {part}_through = excluded.{part}_through, {part}_at = excluded.{part}_at
        """  # noqa: S608  # only constants of this module
    )
    for part in OF_EVENTS
}
_MARKS = text(
    """
    SELECT payload_at, network_at FROM proctoring.retention_marks WHERE attempt_id = :attempt_id
    """
)
_FORGET = text(
    """
    INSERT INTO proctoring.retention_forgotten (attempt_id, user_id, actor, reason)
    SELECT attempt_id, :user_id, :actor, :reason
    FROM unnest(CAST(:attempt_ids AS int[])) AS wanted (attempt_id)
    ON CONFLICT (attempt_id) DO NOTHING
    """
)
_FORGOTTEN = text(
    """
    SELECT actor, reason, requested_at FROM proctoring.retention_forgotten
    WHERE attempt_id = :attempt_id
    """
)
_RECORD_COLUMNS = "attempt_id, place, kind, body, signature, kid"
_LAST_RECORD = text(
    f"""
    SELECT {_RECORD_COLUMNS} FROM proctoring.deletion_records
    WHERE attempt_id = :attempt_id ORDER BY place DESC LIMIT 1
    """  # noqa: S608  # only constants of this module
)
_RECORDS = text(
    f"""
    SELECT {_RECORD_COLUMNS} FROM proctoring.deletion_records
    WHERE attempt_id = :attempt_id ORDER BY place
    """  # noqa: S608  # only constants of this module
)
_ADD_RECORD = text(
    f"""
    INSERT INTO proctoring.deletion_records ({_RECORD_COLUMNS})
    VALUES (:attempt_id, :place, :kind, :body, :signature, :kid)
    """  # noqa: S608  # only constants of this module
)
_EVENTS = text(
    f"""
    SELECT id, sequence, event_type, severity, event_timestamp, received_at, created_at, late,
           question_id, CAST(event_data AS text) AS event_data, ip_address, user_agent, event_id,
           client_sequence
    FROM proctoring.proctoring_events
    WHERE {_OF_ATTEMPT} AND sequence > :after ORDER BY sequence LIMIT :limit
    """  # noqa: S608  # only constants of this module
)


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What an administrator decided about an exam; None = as the installation has it."""

    events_days: int | None
    network_days: int | None
    snapshots_days: int | None
    reason: str
    author_id: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """An administrator's word that an attempt's evidence stays, and how it ended."""

    attempt_id: int
    reason: str
    placed_by_id: int
    placed_at: datetime
    lift_reason: str | None
    lifted_by_id: int | None
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Forgetting:
    """The order to erase an attempt's evidence because its student asked."""

    actor: str
    reason: str
    requested_at: datetime


def policy(session: Session, exam_id: int | None, defaults: Policy) -> Policy:
    """Return what holds for an exam now."""
    row = session.execute(_POLICY, {"exam_id": exam_id}).one_or_none()
    if row is None:
        return defaults
    usual = (defaults.events_days, defaults.network_days, defaults.snapshots_days)
    return Policy(*(mine if own is None else own for own, mine in zip(row, usual, strict=True)))


def policy_history(session: Session, exam_id: int, limit: int) -> list[PolicyChange]:
    """Return what was decided about an exam, the newest first."""
    rows = session.execute(_POLICY_HISTORY, {"exam_id": exam_id, "limit": limit})
    return [PolicyChange(*row) for row in rows]


def add_policy(session: Session, exam_id: int, change: dict[str, Any]) -> None:
    session.execute(_ADD_POLICY, {"exam_id": exam_id, "snapshots_days": None, **change})


def expired(
    session: Session,
    defaults: Policy,
    now: datetime,
    *,
    after: int,
    limit: int,
    exam_id: int | None,
    left: Left = _NOTHING_BESIDE,
) -> list[tuple[Sitting, Policy]]:
    """Return attempts with evidence whose time is over, held or not, by id behind `after`.

    `left` is what concepts keep of attempts and an erasure would take, as `Holding.left` says.
    """
    wanted = {
        "events_days": defaults.events_days,
        "network_days": defaults.network_days,
        "snapshots_days": defaults.snapshots_days,
        "now": now,
        "after": after,
        "limit": limit,
        "exam_id": exam_id,
    }
    return [
        (Sitting(*row[:9]), Policy(row.events_days, row.network_days, row.snapshots_days))
        for row in session.execute(_expired_statement(left), wanted)
    ]


def sitting(session: Session, attempt_id: int, left: Left = _NOTHING_BESIDE) -> Sitting | None:
    """Return what is known of an attempt that has a tally, or words."""
    row = session.execute(_sitting_statement(left), {"attempt_id": attempt_id}).one_or_none()
    return None if row is None else Sitting(*row)


def try_lock(session: Session, attempt_id: int) -> bool:
    """Lock the attempt's tally, made if it is missing, unless somebody has it at this moment."""
    session.execute(_MAKE_TALLY, {"attempt_id": attempt_id, "genesis": chain.GENESIS})
    found = session.execute(_TRY_LOCK_TALLY, {"attempt_id": attempt_id}).one_or_none()
    return found is not None


def held(session: Session, attempt_ids: Collection[int]) -> set[int]:
    """Return those of the attempts that an administrator holds."""
    return set(session.execute(_HELD, {"attempt_ids": list(attempt_ids)}).scalars())


def holds(session: Session, attempt_id: int) -> list[Hold]:
    """Return all holds of an attempt, the newest first."""
    return [Hold(*row) for row in session.execute(_HOLDS, {"attempt_id": attempt_id})]


def place_hold(session: Session, attempt_id: int, reason: str, by_id: int) -> Hold | None:
    """Hold an attempt; None when it is held already."""
    values = {"attempt_id": attempt_id, "reason": reason, "by_id": by_id}
    row = session.execute(_PLACE, values).one_or_none()
    return None if row is None else Hold(*row)


def lift_hold(session: Session, attempt_id: int, reason: str | None, by_id: int) -> Hold | None:
    """End the attempt's hold; None when there is none."""
    values = {"attempt_id": attempt_id, "reason": reason, "by_id": by_id}
    row = session.execute(_LIFT, values).one_or_none()
    return None if row is None else Hold(*row)


def erase(session: Session, attempt_id: int, part: Part) -> list[int]:
    """Remove a part of all events of a locked attempt; return the sequences that had it."""
    return list(session.execute(_ERASE[part], {"attempt_id": attempt_id}).scalars())


def count(session: Session, attempt_id: int, part: Part) -> int:
    """Return how many events still have the part."""
    return int(session.execute(_COUNT[part], {"attempt_id": attempt_id}).scalar_one())


def mark(session: Session, attempt_id: int, part: Part, through: int, at: datetime) -> None:
    """Remember up to which event the part was removed."""
    session.execute(_MARK[part], {"attempt_id": attempt_id, "through": through, "at": at})


def erased_at(session: Session, attempt_id: int) -> dict[Part, datetime | None]:
    """Return when each part was last removed."""
    row = session.execute(_MARKS, {"attempt_id": attempt_id}).one_or_none()
    payload, network = row or (None, None)
    return {Part.PAYLOAD: payload, Part.NETWORK: network}


def forget(
    session: Session, attempt_ids: Sequence[int], user_id: int, actor: str, reason: str
) -> None:
    """Order that the evidence of these attempts is erased; an order given before stands."""
    values = {"user_id": user_id, "actor": actor, "reason": reason}
    session.execute(_FORGET, {"attempt_ids": sorted(attempt_ids), **values})


def forgetting(session: Session, attempt_id: int) -> Forgetting | None:
    row = session.execute(_FORGOTTEN, {"attempt_id": attempt_id}).one_or_none()
    return None if row is None else Forgetting(*row)


def events(session: Session, attempt_id: int, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Return a page of an attempt's events with all that tells something about a person."""
    wanted = {"attempt_id": attempt_id, "after": after, "limit": limit}
    return [_shown(dict(row)) for row in session.execute(_EVENTS, wanted).mappings()]


def last_record(session: Session, attempt_id: int) -> Record | None:
    """Return the record behind which a locked attempt's next one stands."""
    row = session.execute(_LAST_RECORD, {"attempt_id": attempt_id}).one_or_none()
    return None if row is None else _record(row)


def add_record(session: Session, record: Record) -> None:
    session.execute(
        _ADD_RECORD,
        {
            "attempt_id": record.attempt_id,
            "place": record.place,
            "kind": record.kind.value,
            "body": record.body,
            "signature": record.signature,
            "kid": record.kid,
        },
    )


def records(session: Session, attempt_id: int) -> list[Record]:
    """Return the deletion records of an attempt in the order of their chain."""
    return [_record(row) for row in session.execute(_RECORDS, {"attempt_id": attempt_id})]


def records_of(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    """Return the deletion records of an attempt as they travel in its evidence bundle, in order.

    Each is `{"body", "signature", "kid"}`: `body` is the text that was signed (JSON), `signature`
    is Ed25519 over its UTF-8 bytes, in base64, `kid` names the key. The body's object has `type`
    ("oep-deletion-1"), `attempt_id`, `exam_id`, `kind` ("payload" = `event_data` and its salt,
    "network" = address, user agent and their salt, "person" = both), `place` (1, 2, …),
    `sequences` (ranges [first, last], both ends included, of the events that lost something),
    `event_count`, `others` (rows that other tables lost, by name), `policy` ({events_days,
    network_days}), `ended_at`, `actor` ("clock", "command", "user:<id>"), `reason`, `run_id`,
    `at`, `previous_sha256` (hex, over the body before; 64 zeros in the first) and `kid`.

    An event whose salt is gone is accounted for when its sequence lies in a range of a record whose
    kind covers that part. The body says the attempt: compare it.
    """
    return [
        {
            "body": record.body,
            "signature": base64.b64encode(record.signature).decode("ascii"),
            "kid": record.kid,
        }
        for record in records(session, attempt_id)
    ]


def _shown(event: dict[str, Any]) -> dict[str, Any]:
    """Let stored JSON stand as it is."""
    data = event["event_data"]
    return event | {"event_data": None if data is None else msgspec.Raw(data.encode())}


def _record(row: Any) -> Record:
    return Record(row[0], row[1], Kind(row[2]), row[3], bytes(row[4]), row[5])
