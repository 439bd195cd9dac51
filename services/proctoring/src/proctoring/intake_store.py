"""The statement that takes events in: look, number, link, count, write and announce in one message.

One round trip for a group of posts of any number of attempts (ADR 27). The attempts' tallies are
locked first, in the same message: who holds them may append to their chains, over all replicas, and
what follows sees what the last holder wrote. `event.record` says the same in Python; a test holds
both together.
"""

import os
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from chassis import arrays, tracing
from chassis.prepared import Prepared
from sqlalchemy import Connection

from proctoring import chain, recorded
from proctoring.event import EventDraft, Taken, network_text

AT_ONCE = nullcontext()
"""No turn to be waited for."""
_TOO_LARGE = 2**31
_NO_QUESTION = -1
_TYPES = {
    "attempt_ids": "int[]",
    "exam_ids": "int[]",
    "event_types": "text[]",
    "severities": "text[]",
    "event_timestamps": "timestamptz[]",
    "question_ids": "int[]",
    "event_datas": "text[]",
    "event_ids": "uuid[]",
    "client_sequences": "bigint[]",
    "ip_addresses": "text[]",
    "user_agents": "text[]",
    "networks": "text[]",
    "lates": "bool[]",
    "ages": "float8[]",
    "may_store": "bool[]",
    "traceparents": "text[]",
    "salts": "bytea",
    "day": "date",
    "day_before": "date",
}

# Made where missing and locked in id order: no two groups wait for each other in a circle.
_MAKE_TALLIES = Prepared(
    "make_tallies",
    f"""
INSERT INTO proctoring.tallies (attempt_id, head_hash)
SELECT wanted, '\\x{chain.GENESIS.hex()}'
FROM unnest(:to_lock) AS wanted
ON CONFLICT (attempt_id) DO NOTHING
""",  # noqa: S608  # only constants of this module
    {"to_lock": "int[]"},
)
_LOCK_TALLIES = Prepared(
    "lock_tallies",
    """
SELECT FROM proctoring.tallies WHERE attempt_id = ANY (:to_lock) ORDER BY attempt_id FOR UPDATE
""",
    {"to_lock": "int[]"},
    behind=_MAKE_TALLIES,
)
_TAKE = Prepared(
    "take_events",
    """
WITH wish AS (
  SELECT *
  FROM unnest(:attempt_ids, :exam_ids, :event_types, :severities, :event_timestamps,
              :question_ids, :event_datas, :event_ids, :client_sequences, :ip_addresses,
              :user_agents, :networks, :lates, :ages, :may_store, :traceparents) WITH ORDINALITY
    AS w (attempt_id, exam_id, event_type, severity, said_at, question_id, event_data, event_id,
          client_sequence, ip_address, user_agent, network, late, age, may_store, traceparent, n)
),
-- An event arrived as long before this message as it had waited then, by the database's clock.
moment AS MATERIALIZED (
  SELECT *, """  # noqa: S608  # only constants of ours
    + recorded.CREATED
    + """
  FROM (SELECT statement_timestamp() AS sent_at, clock_timestamp() AS created_at OFFSET 0) AS now
),
-- The day leads to the one partition in which all events of the attempt are. Nearly always it is
-- one of two, so the others need not be opened; who sits on another day is to be repeated for it.
met AS (
  SELECT w.*, t.exam_day, t.head_hash, t.info_count, t.warning_count, t.violation_count,
         t.last_sequence, k.id AS known_id, k.differs,
         t.exam_day NOT IN (:day, :day_before) AS is_elsewhere,
         k.id IS NULL AND w.may_store AND t.exam_day IN (:day, :day_before) AS is_fresh
  FROM wish w
  LEFT JOIN LATERAL (
    SELECT * FROM proctoring.tallies t WHERE t.attempt_id = w.attempt_id LIMIT 1
  ) AS t ON true
  LEFT JOIN LATERAL (
    SELECT e.id, array_remove(ARRAY[
             CASE WHEN e.event_type <> w.event_type THEN 'event_type' END,
             CASE WHEN e.severity <> w.severity THEN 'severity' END,
             CASE WHEN e.event_timestamp <> w.said_at THEN 'event_timestamp' END,
             CASE WHEN e.question_id IS DISTINCT FROM w.question_id THEN 'question_id' END,
             CASE WHEN e.client_sequence IS DISTINCT FROM w.client_sequence
                  THEN 'client_sequence' END,
             CASE WHEN (e.data_hash IS NULL) <> (w.event_data IS NULL) THEN 'event_data'
                  -- Where the payload was removed, nobody can say.
                  WHEN sha256(e.data_salt || convert_to(w.event_data, 'UTF8')) <> e.data_hash
                  THEN 'event_data' END
           ], NULL) AS differs
    FROM proctoring.proctoring_events e
    WHERE e.exam_day IN (:day, :day_before) AND e.exam_day = t.exam_day
      -- By the id's index and no other: one that begins with the attempt would read all its events,
      -- and of a day that was empty when this was planned Postgres cannot know which is better.
      AND e.event_id = w.event_id AND e.attempt_id + 0 = w.attempt_id
    LIMIT 1
  ) AS k ON true
),
fresh AS (
  SELECT m.*, at.created_at, at.created_z, at.sent_at - make_interval(secs => age) AS received_at,
         CASE WHEN event_data IS NOT NULL
              THEN substr(:salts, CAST(n AS int) * 32 - 31, 16) END AS data_salt,
         substr(:salts, CAST(n AS int) * 32 - 15, 16) AS network_salt
  FROM met m CROSS JOIN moment at
  OFFSET 0
),
counted AS (
  SELECT f.*, coalesce(said_at, received_at) AS event_timestamp,
         sha256(data_salt || convert_to(event_data, 'UTF8')) AS data_hash,
         sha256(network_salt || convert_to(network, 'UTF8')) AS network_hash,
         last_sequence + row_number() OVER so_far AS sequence,
         info_count + count(*) FILTER (WHERE severity = 'info') OVER so_far AS infos,
         warning_count + count(*) FILTER (WHERE severity = 'warning') OVER so_far AS warnings,
         violation_count + count(*) FILTER (WHERE severity = 'violation') OVER so_far
           AS violations,
         lead(n) OVER so_far IS NULL AS is_last
  FROM fresh f
  WINDOW so_far AS (PARTITION BY attempt_id, is_fresh ORDER BY n)
),
said AS (
  SELECT c.*,
"""
    + recorded.TEXTS
    + """
  FROM counted c
  OFFSET 0
),
-- The chain: what `event.chained` holds, as `chain.canonical` writes it.
linked AS MATERIALIZED (
  SELECT s.*, proctoring.linked(head_hash,
           '{"attempt_id":' || attempt_id || ',"client_sequence":' || client_text
           || ',"created_at":"' || created_z || '","event_data_sha256":'
           || coalesce('"' || encode(data_hash, 'hex') || '"', 'null')
           || ',"event_id":' || event_id_text || ',"event_timestamp":"' || event_z
           || '","event_type":"' || event_type || '","late":' || late_text
           || ',"network_sha256":"' || encode(network_hash, 'hex')
           || '","question_id":' || question_text || ',"received_at":"' || received_z
           || '","sequence":' || sequence || ',"severity":"' || severity || '"}'
         ) OVER (PARTITION BY attempt_id, is_fresh ORDER BY n) AS hash,
         CASE WHEN is_fresh THEN nextval('proctoring.proctoring_events_id_seq') END AS id,
         CASE WHEN is_fresh THEN nextval('proctoring.outbox_id_seq') END AS notice_id
  FROM said s
),
stored AS (
  INSERT INTO proctoring.proctoring_events
         (id, exam_day, attempt_id, event_type, event_timestamp, question_id, event_data,
          user_agent, ip_address, severity, created_at, event_id, client_sequence, received_at,
          late, sequence, data_salt, data_hash, network_salt, network_hash, hash, notice_id)
  OVERRIDING SYSTEM VALUE
  SELECT id, exam_day, attempt_id, event_type, event_timestamp, question_id,
         CAST(event_data AS json), user_agent, ip_address, severity, created_at, event_id,
         client_sequence, received_at, late, sequence, data_salt, data_hash, network_salt,
         network_hash, hash, notice_id
  FROM linked
  WHERE is_fresh
),
tallied AS (
  UPDATE proctoring.tallies t
  SET exam_id = l.exam_id, info_count = l.infos, warning_count = l.warnings,
      violation_count = l.violations, last_event_type = l.event_type,
      last_severity = l.severity, last_received_at = l.received_at, last_late = l.late,
      last_sequence = l.sequence, head_hash = l.hash, updated_at = l.created_at
  FROM linked l
  WHERE l.is_fresh AND l.is_last AND t.attempt_id = l.attempt_id
),
flagged AS (
  INSERT INTO proctoring.event_conflicts (attempt_id, event_id, differs)
  SELECT attempt_id, event_id, differs FROM linked WHERE differs <> '{}'
  ON CONFLICT DO NOTHING
),
-- The event keeps the number of its notice, so that the notice can be made again (ADR 34).
announced AS (
  INSERT INTO proctoring.outbox (id, order_key, subject, payload, traceparent)
  SELECT notice_id, attempt_id, """
    + f"{recorded.SUBJECT}, CAST({recorded.PAYLOAD} AS json), traceparent"
    + """
  FROM linked
  WHERE is_fresh
)
SELECT id, sequence, received_at, created_at, known_id IS NOT NULL AS is_known,
       differs <> '{}' AS is_conflict, CASE WHEN is_elsewhere THEN exam_day END AS elsewhere
FROM linked
ORDER BY n
""",
    _TYPES,
    behind=_LOCK_TALLIES,
)


class Wish(NamedTuple):
    """A draft and what is known of its attempt."""

    draft: EventDraft
    exam_id: int
    late: bool
    may_store: bool
    """Otherwise it is only looked up: what was taken in before stays answered."""
    arrived: float
    """By `time.monotonic`."""
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The id of the draft is stored already."""

    is_conflict: bool


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Nothing was done: the events of its attempt lie on another day."""

    day: date


def take(
    connection: Connection,
    wishes: Sequence[Wish],
    day: date | None = None,
    turn: AbstractContextManager[object] = AT_ONCE,
) -> list[Taken | Known | Elsewhere | None]:
    """Write what may be written; return what became of each, in order.

    None: it may not be stored, and is not known. No two wishes of one call have the same id. Only
    attempts whose events lie on `day` are served or, when it is not said, on today or the day
    before. `turn` is entered when everything is ready to be sent.
    """
    today = datetime.now(UTC).date()
    days = (day, day) if day else (today, today - timedelta(days=1))
    values = _values(wishes, *days)
    with turn:
        rows = _TAKE.tuples(connection, values | _ages(wishes))
    return [_outcome(wish, *row) for wish, row in zip(wishes, rows, strict=True)]


def _values(wishes: Sequence[Wish], day: date, day_before: date) -> dict[str, Any]:
    drafts = [wish.draft for wish in wishes]
    return {
        "to_lock": arrays.numbers(sorted({w.draft.attempt_id for w in wishes if w.may_store})),
        "attempt_ids": arrays.numbers([d.attempt_id for d in drafts]),
        "exam_ids": arrays.numbers([w.exam_id for w in wishes]),
        "event_types": arrays.texts([d.event_type for d in drafts]),
        "severities": arrays.words([d.severity.value for d in drafts]),
        "event_timestamps": arrays.instants([d.event_timestamp for d in drafts]),
        "question_ids": arrays.numbers([_possible(d.question_id) for d in drafts]),
        "event_datas": arrays.texts([d.event_data for d in drafts]),
        "event_ids": arrays.words([d.event_id for d in drafts]),
        "client_sequences": arrays.numbers([d.client_sequence for d in drafts]),
        "ip_addresses": arrays.texts([d.origin.ip_address for d in drafts]),
        "user_agents": arrays.texts([d.origin.user_agent for d in drafts]),
        "networks": arrays.texts([network_text(d.origin) for d in drafts]),
        "lates": arrays.flags([w.late for w in wishes]),
        "may_store": arrays.flags([w.may_store for w in wishes]),
        "traceparents": _traces(wishes) if tracing.is_on() else None,
        # At once for all: to ask the system for randomness costs more than an event's row.
        "salts": f"\\x{os.urandom(2 * chain.SALT_BYTES * len(wishes)).hex()}",
        "day": day,
        "day_before": day_before,
    }


def _traces(wishes: Sequence[Wish]) -> str:
    return arrays.words([w.traceparent for w in wishes])


def _ages(wishes: Sequence[Wish]) -> dict[str, str]:
    """Return how long each has waited by now, which is the last thing to be known."""
    now = time.monotonic()
    return {"ages": arrays.numbers([max(0.0, now - w.arrived) for w in wishes])}


def _possible(question_id: int | None) -> int | None:
    """Return a number that the column can hold; a question that cannot exist is only compared."""
    return question_id if question_id is None or abs(question_id) < _TOO_LARGE else _NO_QUESTION


def _outcome(
    wish: Wish,
    row_id: int | None,
    sequence: int,
    received_at: datetime,
    created_at: datetime,
    is_known: bool,
    is_conflict: bool,
    elsewhere: date | None,
) -> Taken | Known | Elsewhere | None:
    if elsewhere is not None:
        return Elsewhere(elsewhere)
    if is_known:
        return Known(is_conflict)
    if row_id is None:
        return None
    said_at = wish.draft.event_timestamp or received_at
    return Taken(row_id, wish.draft, said_at, received_at, created_at, wish.late, sequence)
