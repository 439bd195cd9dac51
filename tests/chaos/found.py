"""What is there after a run: rows by plain SELECTs, messages from the stream. Never judges.

It knows the tables' columns and nothing of how they are written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import psycopg2
from chassis.bus import EVENTS, Bus, Delivery
from load.ledger import Key
from psycopg2.extras import RealDictCursor

_STREAM_LIMIT = 1_000_000
_EVENTS = """
SELECT id, attempt_id, event_id::text AS event_id, event_type, severity, event_timestamp,
       received_at, created_at, question_id, client_sequence, late, sequence, event_data,
       user_agent, ip_address, data_salt, data_hash, network_salt, network_hash, hash
FROM proctoring.proctoring_events WHERE attempt_id = ANY(%s) ORDER BY attempt_id, sequence, id
"""
_TALLIES = """
SELECT attempt_id, last_sequence, head_hash, info_count + warning_count + violation_count AS count
FROM proctoring.tallies WHERE attempt_id = ANY(%s)
"""
_TIMINGS = """
SELECT attempt_id, question_id, total_time_seconds, answer_count
FROM proctoring.question_timings WHERE attempt_id = ANY(%s)
"""
_OUTBOX = """
SELECT id FROM proctoring.outbox WHERE subject ~ '[.](event|timing)_recorded$' ORDER BY id
"""
_BOARD = """
SELECT a.id AS attempt_id, a.status, a.start_time, a.deadline_at, a.paused_at, a.workstation_id,
       a.questions_answered, t.info_count, t.warning_count, t.violation_count, t.last_event_type,
       t.last_severity, t.last_received_at, t.last_late
FROM attempts.attempts a LEFT JOIN proctoring.tallies t ON t.attempt_id = a.id
WHERE a.exam_id = %s
"""
_ANSWERS = """
SELECT attempt_id, question_id, coalesce(answer ->> 0, answer #>> '{}') AS text
FROM attempts.answers
WHERE attempt_id = ANY(%s)
"""
_CONFLICTS = "SELECT event_id FROM proctoring.event_conflicts WHERE attempt_id = ANY(%s)"

Row = dict[str, Any]


@dataclass(frozen=True)
class Heard:
    """One `event_recorded` as it lies in the stream."""

    place: int
    message_id: str
    attempt_id: int
    event_id: str
    sequence: int
    at: datetime
    is_rebuilt: bool = False
    """Put back by `oep replay`."""


@dataclass
class Found:
    """Everything that the platform holds of one run's attempts."""

    events: list[Row] = field(default_factory=list)
    tallies: dict[int, Row] = field(default_factory=dict)
    timings: dict[tuple[int, int], Row] = field(default_factory=dict)
    conflict_count: int = 0
    """Known ids that came with another content; a client that repeats itself makes none."""
    outbox_count: int = 0
    stream: list[Heard] = field(default_factory=list)


class Reader:
    """One superuser's connection, made anew when it was lost. Blocking."""

    def __init__(self, url: str) -> None:
        self._url = url

    def rows(self, query: str, *values: object) -> list[Row]:
        connection = psycopg2.connect(self._url, connect_timeout=3)
        try:
            with connection.cursor(cursor_factory=RealDictCursor) as cursor:
                cursor.execute(query, values)
                return [_plain(row) for row in cursor.fetchall()]
        finally:
            connection.close()

    def find(self, attempt_ids: Sequence[int]) -> Found:
        ids = list(attempt_ids)
        timings = self.rows(_TIMINGS, ids)
        return Found(
            events=self.rows(_EVENTS, ids),
            tallies={row["attempt_id"]: row for row in self.rows(_TALLIES, ids)},
            timings={(row["attempt_id"], row["question_id"]): row for row in timings},
            conflict_count=len(self.rows(_CONFLICTS, ids)),
            outbox_count=len(self.outbox_ids()),
        )

    def board(self, exam_id: int) -> list[Row]:
        """Return what a board of the exam should show of each attempt."""
        return self.rows(_BOARD, exam_id)

    def answers(self, attempt_ids: Sequence[int]) -> dict[Key, str]:
        """Return what is stored of each answer: its first text."""
        rows = self.rows(_ANSWERS, list(attempt_ids))
        return {(row["attempt_id"], row["question_id"]): row["text"] for row in rows}

    def outbox_ids(self) -> list[int]:
        """Return the notices of events and timings that wait; others come when nobody posts."""
        return [row["id"] for row in self.rows(_OUTBOX)]


async def stream_of(nats_url: str, exam_id: int) -> list[Heard]:
    """Return what was said of an exam's events, in the order of the stream."""
    found = await _said(nats_url, f"oep.v1.{exam_id}.*.event_recorded")
    return [_heard(delivery) for delivery in found]


async def saves_of(nats_url: str, exam_id: int) -> dict[int, list[int]]:
    """Return the places in the stream of answers that were saved, by attempt."""
    places: dict[int, list[int]] = {}
    for delivery in await _said(nats_url, f"oep.v1.{exam_id}.*.answer_saved"):
        attempt_id = int(delivery.subject.split(".")[3])
        places.setdefault(attempt_id, []).append(delivery.sequence)
    return places


async def _said(nats_url: str, subject: str) -> list[Delivery]:
    bus = Bus(nats_url, "chaos")
    await bus.start()
    try:
        await bus.wait_ready()
        head = await bus.head(EVENTS)
        return await bus.replay(EVENTS, [subject], 0, head.sequence, limit=_STREAM_LIMIT)
    finally:
        await bus.close()


def _heard(delivery: Delivery) -> Heard:
    notice = msgspec.json.decode(delivery.data)
    event = notice["data"]["event"]
    return Heard(
        delivery.sequence,
        notice["id"],
        notice["attempt_id"],
        event["event_id"],
        event["sequence"],
        delivery.at,
        delivery.is_rebuilt,
    )


def _plain(row: Row) -> Row:
    return {k: bytes(v) if isinstance(v, memoryview) else v for k, v in row.items()}
