"""What a student's look at an exam needs from the database: may he see it, and which one is it now.

One message each way, planned once (ADR 19, 58).
"""

from dataclasses import dataclass

from chassis.prepared import Prepared
from sqlalchemy import Connection

from attempts.exam import OPEN, Sight

# Whoever changes what an exam shows writes its row: so `xmin`, which Postgres gives each version of
# a row, tells one edition from the next. The attempt shown is the running one, else the next, else
# the newest.
_LOOK = Prepared(
    "look_at_exam",
    """
SELECT concat_ws('/', x.xmin, t.xmin) AS edition,
       (SELECT coalesce(a.layout_from_id, a.id) FROM attempts.attempts a
        WHERE a.exam_id = x.id AND a.student_id = :user_id
        ORDER BY a.status = 'in_progress' DESC, a.status = 'not_started' DESC, a.id DESC
        LIMIT 1) AS layout_id
FROM attempts.exams x LEFT JOIN attempts.trades t ON t.id = x.trade_id
WHERE x.id = :exam_id
  AND (x.id = ANY (:assigned) OR (:sees_open AND x.status = ANY (:open))
       OR EXISTS (SELECT FROM attempts.attempts a
                  WHERE a.exam_id = x.id AND a.student_id = :user_id))
""",
    {
        "exam_id": "bigint",
        "user_id": "bigint",
        "assigned": "bigint[]",
        "sees_open": "boolean",
        "open": "text[]",
    },
)


@dataclass(frozen=True)
class Look:
    """Which edition of an exam somebody sees, and by which attempt it is laid out for him."""

    edition: str
    layout_id: int | None
    """None = he has no attempt: the exam's own order."""


def look(connection: Connection, exam_id: int, sight: Sight) -> Look | None:
    """Return what somebody sees of an exam; None when there is none, or he may not see it."""
    values = {
        "exam_id": exam_id,
        "user_id": sight.user_id,
        "assigned": sorted(sight.assigned),
        "sees_open": sight.sees_open,
        "open": sorted(OPEN),
    }
    for row in _LOOK.run(connection, values):
        return Look(row["edition"], row["layout_id"])
    return None
