"""The importer: legacy events and timings enter the schema as if they had been taken in (ADR 7).

Repeatable: an event is known again by an id made from its old row number, a timing by its attempt
and question. Old row numbers are kept where no living row has them. Exams are not named by these
rows, so a tally learns its exam with the next live event.
"""

import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chassis.importing import ImportRefused, Progress, Report, Rows
from chassis.origins import Origin
from sqlalchemy import Table
from sqlalchemy.orm import Session

from proctoring import chain, numbering, store, timing_store
from proctoring.event import Event, EventDraft, Reception, Severity, record
from proctoring.tables import EVENTS, TIMINGS
from proctoring.timing import MAX_TOTAL_SECONDS, Timing

Row = Mapping[str, Any]

_TABLES = {"proctoring_events", "question_timings"}
_EVENTS_NAMESPACE = uuid.UUID("7c0d9a3e-5f0b-4d0a-9d3c-3f6a0b8e21d4")


def load(session: Session, rows: Rows, report: Report, progress: Progress) -> None:
    """Write the rows that are proctoring's; the caller's transaction makes it all or nothing."""
    events = rows.get("proctoring_events", [])
    timings = rows.get("question_timings", [])
    total = len(events) + len(timings)
    report.left += [f"{t}: not proctoring's" for t in rows if t not in _TABLES]
    try:
        report.imported["proctoring_events"] = _load_events(session, events, report)
        progress(len(events), total)
        report.imported["question_timings"] = _load_timings(session, timings, report)
        progress(total, total)
    except (KeyError, TypeError, ValueError) as error:
        raise ImportRefused(f"A row is not of the known form: {error!r}") from error


def _load_events(session: Session, rows: list[dict[str, Any]], report: Report) -> int:
    old = {(int(r["attempt_id"]), _event_id(r)): r for r in rows}
    known = store.find_events(session, list(old))
    new = [row for key, row in old.items() if key not in known]
    if not new:
        return len(rows)
    ids = _row_numbers(session, EVENTS, [int(row["id"]) for row in new], report)
    tallies = store.lock_tallies(session, {int(row["attempt_id"]) for row in new})
    events: list[Event] = []
    for row in sorted(new, key=lambda r: (_at(r["created_at"]), int(r["id"]))):
        attempt_id = int(row["attempt_id"])
        event, tallies[attempt_id] = record(tallies[attempt_id], _draft(row), _reception(row))
        events.append(replace(event, id=ids[int(row["id"])]))
    store.insert_events(session, events)
    numbering.move_behind(session, EVENTS)
    store.save_tallies(session, tallies.values())
    unknown = sum(tally.exam_id is None for tally in tallies.values())
    if unknown:
        report.left.append(
            f"proctoring_events: the exam of {unknown} attempts is learnt with their next event"
        )
    return len(rows)


def _row_numbers(
    session: Session, table: Table, wanted: Sequence[int], report: Report
) -> dict[int, int]:
    numbers = numbering.keep_or_renew(session, table, wanted)
    renewed = sum(old != new for old, new in numbers.items())
    if renewed:
        report.changed.append(f"{table.name}: {renewed} row numbers were taken, new ones given")
    return numbers


def _draft(row: Row) -> EventDraft:
    data = row.get("event_data")
    return EventDraft(
        attempt_id=int(row["attempt_id"]),
        event_type=str(row["event_type"]),
        severity=Severity(str(row.get("severity") or "info").lower()),
        event_timestamp=_at(row["event_timestamp"]),
        question_id=row.get("question_id"),
        event_data=None if data is None else chain.canonical(data),
        event_id=_event_id(row),
        origin=Origin(row.get("ip_address"), row.get("user_agent")),
    )


def _reception(row: Row) -> Reception:
    at = _at(row["created_at"])
    salts = os.urandom(chain.SALT_BYTES), os.urandom(chain.SALT_BYTES)
    return Reception(at, at, late=False, data_salt=salts[0], network_salt=salts[1])


def _event_id(row: Row) -> uuid.UUID:
    return uuid.uuid5(_EVENTS_NAMESPACE, f"proctoring_events/{int(row['id'])}")


def _load_timings(session: Session, rows: list[dict[str, Any]], report: Report) -> int:
    merged: dict[tuple[int, int], Timing] = {}
    for row in sorted(rows, key=lambda r: int(r["id"])):
        timing = _timing(row)
        pair = (timing.attempt_id, timing.question_id)
        merged[pair] = _merged(merged[pair], timing) if pair in merged else timing
    if len(merged) < len(rows):
        report.changed.append(f"question_timings: {len(rows) - len(merged)} repeated pairs merged")
    if merged:
        store.lock_tallies(session, {attempt_id for attempt_id, _ in merged})
    living = timing_store.find_timings(session, list(merged))
    kept = sum(t != replace(merged[pair], id=t.id) for pair, t in living.items())
    if kept:
        report.left.append(f"question_timings: {kept} have moved on since and were kept")
    new = [timing for pair, timing in merged.items() if pair not in living]
    if new:
        ids = _row_numbers(session, TIMINGS, [timing.id for timing in new], report)
        timing_store.insert_numbered(session, [replace(t, id=ids[t.id]) for t in new])
        numbering.move_behind(session, TIMINGS)
    return len(merged)


def _timing(row: Row) -> Timing:
    # The old table allowed it to be missing; the row was made at the first view.
    first = _maybe_at(row.get("first_viewed_at")) or _at(row["created_at"])
    return Timing(
        id=int(row["id"]),
        attempt_id=int(row["attempt_id"]),
        question_id=int(row["question_id"]),
        first_viewed_at=first,
        last_viewed_at=_maybe_at(row.get("last_viewed_at")) or first,
        total_time_seconds=int(row.get("total_time_seconds") or 0),
        answer_count=int(row.get("answer_count") or 0),
        first_answered_at=_maybe_at(row.get("first_answered_at")),
        last_answered_at=_maybe_at(row.get("last_answered_at")),
        created_at=_maybe_at(row.get("created_at")) or first,
        updated_at=_maybe_at(row.get("updated_at")) or first,
    )


def _merged(one: Timing, other: Timing) -> Timing:
    """Return the sum of two rows of one question: the old system made two when posts met."""
    return replace(
        one,
        first_viewed_at=min(one.first_viewed_at, other.first_viewed_at),
        last_viewed_at=max(one.last_viewed_at, other.last_viewed_at),
        total_time_seconds=min(
            one.total_time_seconds + other.total_time_seconds, MAX_TOTAL_SECONDS
        ),
        answer_count=one.answer_count + other.answer_count,
        first_answered_at=min(_given(one.first_answered_at, other.first_answered_at), default=None),
        last_answered_at=max(_given(one.last_answered_at, other.last_answered_at), default=None),
        created_at=min(one.created_at, other.created_at),
        updated_at=max(one.updated_at, other.updated_at),
    )


def _given(*instants: datetime | None) -> Iterable[datetime]:
    return [instant for instant in instants if instant is not None]


def _at(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _maybe_at(text: str | None) -> datetime | None:
    return _at(text) if text else None
