"""Statements on the audit: append and read; nothing else is granted to this service."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from chassis.origins import Origin
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from attempts.audit import FIRST, Entry, Logged, record
from attempts.tables import AuditLogRow

_APPEND = text("""
INSERT INTO attempts.audit_logs
       (chain, place, event_type, event_category, description, user_id, attempt_id, exam_id,
        transfer_id, details, ip_address, user_agent, success, error_message, created_at,
        previous_hash, hash)
SELECT n.chain, coalesce(p.place, 0) + 1, n.event_type, n.event_category, n.description,
       n.user_id, n.attempt_id, n.exam_id, n.transfer_id, n.details, n.ip_address, n.user_agent,
       n.error_message IS NULL, n.error_message, :created_at, coalesce(p.hash, :first),
       encode(sha256(convert_to(coalesce(p.hash, :first) || n.record, 'UTF8')), 'hex')
FROM unnest(CAST(:chain AS text[]), CAST(:event_type AS text[]), CAST(:event_category AS text[]),
            CAST(:description AS text[]), CAST(:user_id AS bigint[]), CAST(:attempt_id AS bigint[]),
            CAST(:exam_id AS bigint[]), CAST(:transfer_id AS bigint[]), CAST(:details AS json[]),
            CAST(:ip_address AS text[]), CAST(:user_agent AS text[]),
            CAST(:error_message AS text[]), CAST(:record AS text[]))
     AS n (chain, event_type, event_category, description, user_id, attempt_id, exam_id,
           transfer_id, details, ip_address, user_agent, error_message, record)
LEFT JOIN LATERAL (
  SELECT a.place, a.hash FROM attempts.audit_logs a
  WHERE a.chain = n.chain ORDER BY a.place DESC LIMIT 1
) p ON true
""")

_HOLD = text("""
SELECT pg_advisory_xact_lock(hashtextextended(c, 0)) FROM unnest(CAST(:chains AS text[])) AS t (c)
""")

_PLAIN = (
    "event_type",
    "event_category",
    "description",
    "user_id",
    "attempt_id",
    "exam_id",
    "transfer_id",
    "error_message",
)


def append(session: Session, entries: Sequence[Entry]) -> None:
    """Append entries, each behind the last one of its chain: one statement, however many chains."""
    unlocked = sorted({entry.chain for entry in entries if entry.attempt_id is None})
    if unlocked:
        session.execute(_HOLD, {"chains": unlocked})
    for turn in _turns(entries):
        session.execute(_APPEND, _values(turn, datetime.now(UTC)))


def of_transfer(session: Session, transfer_id: int) -> list[Logged]:
    """Return what was logged about a transfer, oldest first."""
    query = select(AuditLogRow).where(AuditLogRow.transfer_id == transfer_id)
    return [_logged(row) for row in session.scalars(query.order_by(AuditLogRow.id))]


def chain(session: Session, name: str) -> list[Logged]:
    """Return a whole chain, oldest first."""
    query = select(AuditLogRow).where(AuditLogRow.chain == name)
    return [_logged(row) for row in session.scalars(query.order_by(AuditLogRow.place))]


def _turns(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Split entries so that no chain occurs twice in a turn: a place is taken only once."""
    seen: Counter[str] = Counter()
    turns: list[list[Entry]] = []
    for entry in entries:
        number = seen[entry.chain]
        seen[entry.chain] += 1
        if number == len(turns):
            turns.append([])
        turns[number].append(entry)
    return turns


def _values(entries: Sequence[Entry], at: datetime) -> dict[str, Any]:
    columns: dict[str, Any] = {n: [getattr(entry, n) for entry in entries] for n in _PLAIN}
    return columns | {
        "chain": [entry.chain for entry in entries],
        "details": [json.dumps(entry.details) for entry in entries],
        "ip_address": [entry.origin.ip_address for entry in entries],
        "user_agent": [entry.origin.user_agent for entry in entries],
        "record": [record(entry, at) for entry in entries],
        "created_at": at,
        "first": FIRST,
    }


def _logged(row: AuditLogRow) -> Logged:
    entry = Entry(
        **{name: getattr(row, name) for name in _PLAIN},
        details=row.details,
        origin=Origin(row.ip_address, row.user_agent),
    )
    return Logged(row.id, row.place, row.created_at, row.previous_hash, row.hash, entry)
