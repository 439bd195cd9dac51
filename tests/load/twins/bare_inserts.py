"""The least that Postgres must do with events: insert rows into the same table, and commit.

On a copy with all its columns, constraints and indexes; every value is there before, one
`unnest` per commit. No look, no lock, no count, no chain, no notice, no HTTP.
"""

import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import psycopg2
from chassis import arrays
from chassis.settings import psycopg2_url

from load.client import Answer, Run, clock

SCHEMA = "load_twin_bare"
COPIES = (
    f"CREATE SCHEMA {SCHEMA}",
    f"CREATE TABLE {SCHEMA}.proctoring_events (LIKE proctoring.proctoring_events INCLUDING ALL)",
    f"GRANT USAGE ON SCHEMA {SCHEMA} TO proctoring_app",
    f"GRANT ALL ON ALL TABLES IN SCHEMA {SCHEMA} TO proctoring_app",
)
_INSERT = f"""
INSERT INTO {SCHEMA}.proctoring_events
       (attempt_id, event_type, severity, event_timestamp, event_data, event_id, client_sequence,
        user_agent, ip_address, sequence, data_salt, data_hash, network_salt, network_hash, hash,
        exam_day)
SELECT attempt_id, 'tab_switch', 'warning', now(), CAST(event_data AS json), event_id, n,
       'oep-load', '127.0.0.1', n,
       '\\x00', '\\x00', '\\x00', '\\x00', CAST(repeat('x', 32) AS bytea),
       current_date
FROM unnest(CAST(%s AS int[]), CAST(%s AS text[]), CAST(%s AS uuid[]), CAST(%s AS bigint[]))
  AS w (attempt_id, event_data, event_id, n)
"""  # noqa: S608  # only constants of this module


def play(url: str, attempt_ids: Sequence[int], batch: int, data: str, seconds: float) -> Run:
    """Insert from as many connections as there are attempts until the time is over. Blocking."""
    run = Run()
    began = clock()

    def one(attempt_id: int) -> None:
        sequence = count(time.time_ns() // 1_000)
        with psycopg2.connect(psycopg2_url(url).replace("+psycopg2", "")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                while clock() < began + seconds:
                    sent = clock()
                    cursor.execute(_INSERT, _values(attempt_id, batch, data, sequence))
                    run.note(Answer(200, b"", b"", clock() - sent))
        connection.close()

    with ThreadPoolExecutor(len(attempt_ids)) as threads:
        list(threads.map(one, attempt_ids))
    run.seconds = clock() - began
    return run


def _values(attempt_id: int, batch: int, data: str, sequence: "count[int]") -> tuple[str, ...]:
    return (
        arrays.numbers([attempt_id] * batch),
        arrays.texts([data] * batch),
        arrays.words([uuid.uuid4() for _ in range(batch)]),
        arrays.numbers([next(sequence) for _ in range(batch)]),
    )
