"""Every statement about events and tallies; returns the rules' objects, decides nothing.

All functions are blocking and run inside the caller's transaction. Writes take a whole group at
once (`unnest`), so that the number of statements does not grow with the number of events.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.origins import Origin
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from proctoring import chain
from proctoring.event import Event, EventDraft, LastEvent, Severity, Tally

EventKey = tuple[int, UUID]

_ADD_TALLIES = text(
    """
    INSERT INTO proctoring.tallies (attempt_id, head_hash)
    SELECT attempt_id, :genesis
    FROM unnest(CAST(:ids AS int[])) AS wanted (attempt_id)
    ORDER BY attempt_id
    ON CONFLICT (attempt_id) DO NOTHING
    """
)
_TALLY_COLUMNS = """
    attempt_id, exam_id, info_count, warning_count, violation_count, last_event_type,
    last_severity, last_received_at, last_late, last_sequence, head_hash
"""
_LOCK_TALLIES = text(
    f"""
    SELECT {_TALLY_COLUMNS} FROM proctoring.tallies
    WHERE attempt_id = ANY(CAST(:ids AS int[])) ORDER BY attempt_id FOR UPDATE
    """  # noqa: S608  # only constants of this module
)
_BOARD = text(
    f"""
    SELECT {_TALLY_COLUMNS} FROM proctoring.tallies
    WHERE exam_id = :exam_id AND last_sequence > 0 ORDER BY attempt_id
    """  # noqa: S608  # only constants of this module
)
_SAVE_TALLIES = text(
    """
    UPDATE proctoring.tallies AS tally
    SET exam_id = coalesce(new.exam_id, tally.exam_id), info_count = new.info_count,
        warning_count = new.warning_count, violation_count = new.violation_count,
        last_event_type = new.last_event_type, last_severity = new.last_severity,
        last_received_at = new.last_received_at, last_late = new.last_late,
        last_sequence = new.last_sequence, head_hash = new.head_hash, updated_at = now()
    FROM unnest(
        CAST(:attempt_id AS int[]), CAST(:exam_id AS int[]), CAST(:info_count AS int[]),
        CAST(:warning_count AS int[]), CAST(:violation_count AS int[]),
        CAST(:last_event_type AS text[]), CAST(:last_severity AS text[]),
        CAST(:last_received_at AS timestamptz[]), CAST(:last_late AS bool[]),
        CAST(:last_sequence AS bigint[]), CAST(:head_hash AS bytea[])
    ) AS new (
        attempt_id, exam_id, info_count, warning_count, violation_count, last_event_type,
        last_severity, last_received_at, last_late, last_sequence, head_hash
    )
    WHERE tally.attempt_id = new.attempt_id
    """
)
_NOTE_EXAMS = text(
    """
    UPDATE proctoring.tallies AS tally SET exam_id = new.exam_id, updated_at = now()
    FROM unnest(CAST(:attempt_ids AS int[]), CAST(:exam_ids AS int[])) AS new (attempt_id, exam_id)
    WHERE tally.attempt_id = new.attempt_id AND tally.exam_id IS NULL
    """
)
_EVENT_COLUMNS = """
    id, attempt_id, event_type, event_timestamp, question_id, CAST(event_data AS text),
    user_agent, ip_address, severity, created_at, event_id, client_sequence, received_at, late,
    sequence, data_salt, data_hash, network_salt, network_hash, hash
"""
_FIND_EVENTS = text(
    f"""
    SELECT {_EVENT_COLUMNS} FROM proctoring.proctoring_events
    WHERE (exam_day, attempt_id + 0, event_id) IN (  -- by the id's index, see `intake_store`
        SELECT t.exam_day, wanted.*
        FROM unnest(CAST(:attempt_ids AS int[]), CAST(:event_ids AS uuid[]))
          AS wanted (attempt_id, event_id)
        JOIN proctoring.tallies t ON t.attempt_id = wanted.attempt_id
    )
    """  # noqa: S608  # only constants of this module
)
_ITS_DAY = """exam_day = (SELECT exam_day FROM proctoring.tallies
                           WHERE attempt_id = :attempt_id)"""
"""With it an attempt's events are looked for in one partition, without it in each there is."""
_LIST_EVENTS = text(
    f"""
    SELECT {_EVENT_COLUMNS} FROM proctoring.proctoring_events
    WHERE {_ITS_DAY} AND attempt_id = :attempt_id
      AND (CAST(:event_type AS text) IS NULL OR event_type = :event_type)
      AND (CAST(:severity AS text) IS NULL OR severity = :severity)
    ORDER BY sequence DESC LIMIT :limit OFFSET :skip
    """  # noqa: S608  # only constants of this module
)
_CHAIN = text(
    f"""
    SELECT {_EVENT_COLUMNS} FROM proctoring.proctoring_events
    WHERE {_ITS_DAY} AND attempt_id = :attempt_id ORDER BY sequence
    """  # noqa: S608  # only constants of this module
)
_EVENT_TYPES = {
    "attempt_id": "int",
    "event_type": "text",
    "event_timestamp": "timestamptz",
    "question_id": "int",
    "event_data": "json",
    "user_agent": "text",
    "ip_address": "text",
    "severity": "text",
    "created_at": "timestamptz",
    "event_id": "uuid",
    "client_sequence": "bigint",
    "received_at": "timestamptz",
    "late": "bool",
    "sequence": "bigint",
    "data_salt": "bytea",
    "data_hash": "bytea",
    "network_salt": "bytea",
    "network_hash": "bytea",
    "hash": "bytea",
}


def _insert_events(types: Mapping[str, str]) -> TextClause:
    arrays = ", ".join(f"CAST(:{name} AS {sql_type}[])" for name, sql_type in types.items())
    return text(
        f"""
        INSERT INTO proctoring.proctoring_events ({", ".join(types)}, exam_day)
        SELECT new.*, t.exam_day FROM unnest({arrays}) AS new ({", ".join(types)})
        JOIN proctoring.tallies t ON t.attempt_id = new.attempt_id
        RETURNING id, attempt_id, sequence
        """  # noqa: S608  # only constants of this module
    )


_INSERT_EVENTS = _insert_events(_EVENT_TYPES)
_INSERT_NUMBERED_EVENTS = _insert_events({"id": "bigint"} | _EVENT_TYPES)
_TYPE_COUNTS = text(
    f"""
    SELECT event_type, count(*) FROM proctoring.proctoring_events
    WHERE {_ITS_DAY} AND attempt_id = :attempt_id AND severity IN ('warning', 'violation')
    GROUP BY event_type ORDER BY event_type
    """  # noqa: S608  # only constants of this module
)
_NEWEST_VIOLATION = text(
    f"""
    SELECT received_at, event_type FROM proctoring.proctoring_events
    WHERE {_ITS_DAY} AND attempt_id = :attempt_id AND severity IN ('warning', 'violation')
    ORDER BY sequence DESC LIMIT 1
    """  # noqa: S608  # only constants of this module
)
_FIND_TALLY = text(
    f"SELECT {_TALLY_COLUMNS} FROM proctoring.tallies WHERE attempt_id = :attempt_id"  # noqa: S608  # a constant
)

_KEEP_DAYS = text(
    """
    SELECT count(*) FILTER (WHERE proctoring.keep_day(
        CAST(now() AT TIME ZONE 'UTC' AS date) + n))
    FROM generate_series(-1, :ahead) AS n
    """
)
_UNPLACED = text("SELECT EXISTS (SELECT FROM ONLY proctoring.events_of_no_day)")
_CONFLICTS = text(
    """
    SELECT event_id, differs, received_at FROM proctoring.event_conflicts
    WHERE attempt_id = :attempt_id ORDER BY received_at, event_id
    """
)


@dataclass(frozen=True)
class Conflict:
    """A post that was kept out: its id was known, and these of its fields said something else."""

    event_id: UUID
    differs: tuple[str, ...]
    received_at: datetime


@dataclass(frozen=True)
class Summary:
    """What happened in one attempt, counted."""

    tally: Tally
    type_counts: dict[str, int]
    newest_at: datetime | None
    newest_type: str | None


def clock(session: Session) -> datetime:
    """Return the database's clock: it decides in which order and when things were received."""
    return session.execute(text("SELECT clock_timestamp()")).scalar_one()  # type: ignore[no-any-return]


def lock_tallies(session: Session, attempt_ids: Collection[int]) -> dict[int, Tally]:
    """Lock the tallies of all `attempt_ids`, made where missing, in id order: no deadlock.

    The lock is the attempt's mutex: who holds it may append to its chain and move its timings.
    """
    ids = sorted(attempt_ids)
    session.execute(_ADD_TALLIES, {"ids": ids, "genesis": chain.GENESIS})
    return {row[0]: _tally(row) for row in session.execute(_LOCK_TALLIES, {"ids": ids})}


def note_exams(session: Session, exams: Mapping[int, int]) -> None:
    """Let tallies know their exam, by attempt: timings alone make a tally, too."""
    ids = {"attempt_ids": list(exams), "exam_ids": list(exams.values())}
    session.execute(_NOTE_EXAMS, ids)


def save_tallies(session: Session, tallies: Iterable[Tally]) -> None:
    rows = [_tally_row(tally) for tally in tallies]
    if rows:
        session.execute(_SAVE_TALLIES, _columns(rows))


def find_events(session: Session, keys: Collection[EventKey]) -> dict[EventKey, Event]:
    """Return the events that are stored under `keys`."""
    if not keys:
        return {}
    ids = {"attempt_ids": [k[0] for k in keys], "event_ids": [str(k[1]) for k in keys]}
    found = [_event(row) for row in session.execute(_FIND_EVENTS, ids)]
    return {(e.draft.attempt_id, e.draft.event_id): e for e in found if e.draft.event_id}


def insert_events(session: Session, events: Sequence[Event]) -> list[Event]:
    """Insert all events in one statement; return them with their row numbers.

    The database numbers them, unless they are numbered already (by the importer).
    """
    if not events:
        return []
    statement = _INSERT_NUMBERED_EVENTS if events[0].id else _INSERT_EVENTS
    rows = session.execute(statement, _columns([_event_row(event) for event in events]))
    ids = {(attempt_id, sequence): row_id for row_id, attempt_id, sequence in rows}
    return [replace(e, id=ids[e.draft.attempt_id, e.sequence]) for e in events]


def list_events(
    session: Session,
    attempt_id: int,
    *,
    event_type: str | None = None,
    severity: Severity | None = None,
    skip: int = 0,
    limit: int = 100,
) -> list[Event]:
    """Return a page of an attempt's events, newest first."""
    wanted = {
        "attempt_id": attempt_id,
        "event_type": event_type,
        "severity": severity.value if severity else None,
        "skip": skip,
        "limit": limit,
    }
    return [_event(row) for row in session.execute(_LIST_EVENTS, wanted)]


def chained_events(session: Session, attempt_id: int) -> list[Event]:
    """Return all events of an attempt in the order of its chain."""
    return [_event(row) for row in session.execute(_CHAIN, {"attempt_id": attempt_id})]


def summary(session: Session, attempt_id: int) -> Summary:
    """Return the counts of one attempt; zeros when nothing happened."""
    key = {"attempt_id": attempt_id}
    row = session.execute(_FIND_TALLY, key).one_or_none()
    counts = {str(name): int(count) for name, count in session.execute(_TYPE_COUNTS, key)}
    newest = session.execute(_NEWEST_VIOLATION, key).one_or_none()
    return Summary(
        tally=Tally(attempt_id, None) if row is None else _tally(row),
        type_counts=counts,
        newest_at=newest[0] if newest else None,
        newest_type=newest[1] if newest else None,
    )


def keep_days(session: Session, ahead: int) -> int:
    """Make the partitions of yesterday to `ahead` days from now; return how many were missing."""
    return int(session.execute(_KEEP_DAYS, {"ahead": ahead}).scalar_one())


def has_unplaced_events(session: Session) -> bool:
    """Say whether an event fell where no day was: nothing is lost, but somebody must look."""
    return bool(session.execute(_UNPLACED).scalar_one())


def conflicts(session: Session, attempt_id: int) -> list[Conflict]:
    """Return what was kept out because its id was known and its body another one."""
    rows = session.execute(_CONFLICTS, {"attempt_id": attempt_id})
    return [Conflict(row.event_id, tuple(row.differs), row.received_at) for row in rows]


def board(session: Session, exam_id: int) -> list[Tally]:
    """Return the tallies of an exam's attempts that have at least one event."""
    return [_tally(row) for row in session.execute(_BOARD, {"exam_id": exam_id})]


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _tally(row: Any) -> Tally:
    last = LastEvent(row[5], Severity(row[6]), row[7], row[8]) if row[5] else None
    return Tally(row[0], row[1], row[2], row[3], row[4], last, row[9], bytes(row[10]))


def _tally_row(tally: Tally) -> dict[str, Any]:
    last = tally.last_event
    return {
        "attempt_id": tally.attempt_id,
        "exam_id": tally.exam_id,
        "info_count": tally.info_count,
        "warning_count": tally.warning_count,
        "violation_count": tally.violation_count,
        "last_event_type": last.event_type if last else None,
        "last_severity": last.severity.value if last else None,
        "last_received_at": last.received_at if last else None,
        "last_late": last.late if last else None,
        "last_sequence": tally.sequence,
        "head_hash": tally.head_hash,
    }


def _event(row: Any) -> Event:
    draft = EventDraft(
        attempt_id=row[1],
        event_type=row[2],
        severity=Severity(row[8]),
        event_timestamp=row[3],
        question_id=row[4],
        event_data=row[5],
        event_id=row[10],
        client_sequence=row[11],
        origin=Origin(row[7], row[6]),
    )
    return Event(
        id=row[0],
        draft=draft,
        event_timestamp=row[3],
        received_at=row[12],
        created_at=row[9],
        late=row[13],
        sequence=row[14],
        data_salt=_bytes(row[15]),
        data_hash=_bytes(row[16]),
        network_salt=_bytes(row[17]) or b"",
        network_hash=bytes(row[18]),
        hash=bytes(row[19]),
    )


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def _event_row(event: Event) -> dict[str, Any]:
    draft = event.draft
    return {
        "id": event.id,
        "attempt_id": draft.attempt_id,
        "event_type": draft.event_type,
        "event_timestamp": event.event_timestamp,
        "question_id": draft.question_id,
        "event_data": draft.event_data,
        "user_agent": draft.origin.user_agent,
        "ip_address": draft.origin.ip_address,
        "severity": draft.severity.value,
        "created_at": event.created_at,
        "event_id": None if draft.event_id is None else str(draft.event_id),
        "client_sequence": draft.client_sequence,
        "received_at": event.received_at,
        "late": event.late,
        "sequence": event.sequence,
        "data_salt": event.data_salt,
        "data_hash": event.data_hash,
        "network_salt": event.network_salt,
        "network_hash": event.network_hash,
        "hash": event.hash,
    }
