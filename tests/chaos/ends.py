"""When attempts end, set by the superuser as if they had begun so long ago, and their states.

Blocking.
"""

from collections.abc import Sequence

import psycopg2

from chaos.run import Run

_SET_END = "UPDATE attempts.attempts SET deadline_at = to_timestamp(%s) WHERE id = ANY(%s)"
_STATES = "SELECT id, status FROM attempts.attempts WHERE id = ANY(%s)"


def set_end(run: Run, end: float, attempt_ids: Sequence[int]) -> None:
    """Let attempts end at an instant, in seconds since 1970."""
    connection = psycopg2.connect(run.platform.database.url("postgres"))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(_SET_END, (end, list(attempt_ids)))
    finally:
        connection.close()


def states(run: Run, attempt_ids: Sequence[int]) -> dict[int, str]:
    """Return the status of each attempt."""
    rows = run.reader.rows(_STATES, list(attempt_ids))
    return {row["id"]: row["status"] for row in rows}
