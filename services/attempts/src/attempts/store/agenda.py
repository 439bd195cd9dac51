"""What the clock would find to do, asked for in one message, planned once (ADR 19).

The conditions are those of `attempts.lock_due`, `attempts.lock_overslept` and
`grades.lock_next_regrade`; each is the head of an index that holds only what is still open.
"""

from dataclasses import dataclass
from datetime import timedelta

from chassis.prepared import Prepared
from sqlalchemy import Connection

_AGENDA = Prepared(
    "agenda",
    """
SELECT EXISTS (SELECT FROM attempts.attempts
               WHERE status = 'in_progress' AND paused_at IS NULL AND deadline_at < now())
         AS is_expiring,
       EXISTS (SELECT FROM attempts.attempts
               WHERE status = 'expired' AND paused_at IS NULL
                 AND deadline_at < now() - make_interval(secs => :grace_seconds))
         AS is_overdue,
       EXISTS (SELECT FROM attempts.attempts
               WHERE paused_at IS NOT NULL AND pause_ends_at < now())
         AS is_overslept,
       EXISTS (SELECT FROM attempts.regrades WHERE completed_at IS NULL)
         AS is_regrading
""",
    {"grace_seconds": "float8"},
)


@dataclass(frozen=True)
class Agenda:
    """Which of the clock's deeds have something to do, also something that somebody holds."""

    is_expiring: bool
    is_overdue: bool
    is_overslept: bool
    is_regrading: bool


def look(connection: Connection, grace: timedelta) -> Agenda:
    [row] = _AGENDA.run(connection, {"grace_seconds": grace.total_seconds()})
    return Agenda(**row)
