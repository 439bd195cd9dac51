"""Every statement about what leaves: written once, taken by one at a time, settled by who took it.

Blocking, inside the caller's transaction; decides nothing. No transaction lasts while something is
sent: a row that is taken is due again after `lease`, and whoever still holds it then settles in
vain, because its `next_at` is another one.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from proctoring.outgoing.letter import Letter
from proctoring.outgoing.queue import Delivery, DeliveryState, Taken
from proctoring.outgoing.schedule import Outcome
from proctoring.outgoing.topic import Message

_NEW = """
    unnest(CAST(:ids AS text[]), CAST(:topics AS text[]), CAST(:exam_ids AS int[]),
           CAST(:attempt_ids AS int[]), CAST(:instants AS timestamptz[]), CAST(:bodies AS text[]))
    AS m (message_id, topic, exam_id, attempt_id, occurred_at, body)
"""
_ADD = text(
    f"""
    INSERT INTO proctoring.outgoing
           (endpoint_id, message_id, topic, exam_id, attempt_id, occurred_at, body)
    SELECT e.id, m.message_id, m.topic, m.exam_id, m.attempt_id, m.occurred_at, m.body
    FROM {_NEW}
    JOIN proctoring.webhook_endpoints e
      ON m.topic = ANY(e.topics) AND e.state <> 'disabled' AND m.occurred_at >= e.heard_from
     AND (e.exam_id IS NULL OR e.exam_id = m.exam_id)
    WHERE m.occurred_at > clock_timestamp() - CAST(:kept AS interval)
    ON CONFLICT ON CONSTRAINT uq_outgoing_endpoint_id_message_id DO NOTHING
    RETURNING id
    """  # noqa: S608  # only constants of this module
)
_ADD_ONE = text(
    """
    INSERT INTO proctoring.outgoing (endpoint_id, message_id, topic, occurred_at, body)
    VALUES (:endpoint_id, :message_id, :topic, :occurred_at, :body) RETURNING id
    """
)
_ADD_LETTERS = text(
    """
    INSERT INTO proctoring.outgoing
           (message_id, topic, exam_id, attempt_id, student_id, occurred_at, body)
    SELECT m.message_id, m.topic, m.exam_id, m.attempt_id, m.student_id, m.occurred_at, ''
    FROM unnest(CAST(:ids AS text[]), CAST(:topics AS text[]), CAST(:exam_ids AS int[]),
                CAST(:attempt_ids AS int[]), CAST(:student_ids AS bigint[]),
                CAST(:instants AS timestamptz[]))
         AS m (message_id, topic, exam_id, attempt_id, student_id, occurred_at)
    WHERE m.occurred_at > clock_timestamp() - CAST(:oldest AS interval)
    ON CONFLICT ON CONSTRAINT uq_outgoing_endpoint_id_message_id DO NOTHING
    RETURNING id
    """
)
_APPEALED = text(
    """
    SELECT id FROM proctoring.reviews
    WHERE id = ANY(CAST(:ids AS bigint[])) AND appeal_decided_at IS NOT NULL
    """
)
_TAKE_LETTERS = text(
    """
    WITH due AS (
        SELECT id FROM proctoring.outgoing
        WHERE endpoint_id IS NULL AND state = 'waiting' AND next_at <= clock_timestamp()
        ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE proctoring.outgoing o
    SET tries = o.tries + 1, next_at = clock_timestamp() + CAST(:lease AS interval)
    FROM due WHERE o.id = due.id
    RETURNING o.id, o.message_id, o.topic, o.attempt_id, o.student_id, o.body, o.tries,
              o.next_at AS held_until, clock_timestamp() AS now
    """
)
_TAKE = text(
    """
    WITH due AS (
        SELECT d.id FROM proctoring.webhook_endpoints e
        LEFT JOIN unnest(CAST(:busy AS bigint[]), CAST(:counts AS int[])) AS b (id, count)
          ON b.id = e.id
        CROSS JOIN LATERAL (
            SELECT o.id FROM proctoring.outgoing o
            WHERE o.endpoint_id = e.id AND o.state = 'waiting' AND o.next_at <= clock_timestamp()
            ORDER BY o.next_at LIMIT greatest(0, CAST(:each AS int) - coalesce(b.count, 0))
            FOR UPDATE SKIP LOCKED
        ) d
        WHERE e.state = 'active' AND coalesce(e.held_until <= clock_timestamp(), true)
        LIMIT :limit
    )
    UPDATE proctoring.outgoing o
    SET tries = o.tries + 1, next_at = clock_timestamp() + CAST(:lease AS interval)
    FROM due, proctoring.webhook_endpoints e
    WHERE o.id = due.id AND e.id = o.endpoint_id
    RETURNING o.id, o.message_id, o.topic, o.attempt_id, o.student_id, o.body, o.tries,
              o.next_at AS held_until, clock_timestamp() AS now, e.id AS endpoint_id,
              e.url, e.salt, e.previous_salt, e.previous_until
    """
)
_SETTLE = text(
    """
    UPDATE proctoring.outgoing
    SET state = :state, last_status = :status, last_error = :error,
        next_at = clock_timestamp() + CAST(:pause AS interval),
        first_failed_at = CASE WHEN :is_delivered THEN first_failed_at
                          ELSE coalesce(first_failed_at, now()) END,
        done_at = CASE WHEN :state = 'waiting' THEN NULL ELSE clock_timestamp() END
    WHERE id = :id AND next_at = :held_until AND state = 'waiting'
    RETURNING coalesce(first_failed_at, now())
    """
)
_WELL = text(
    """
    UPDATE proctoring.webhook_endpoints
    SET delivered_at = clock_timestamp(), failing_since = NULL, last_error = NULL,
        last_status = :status
    WHERE id = :id
    """
)
# Nothing came through since the first failure of a message that is given up: nobody is there.
_ILL = text(
    """
    UPDATE proctoring.webhook_endpoints
    SET failing_since = coalesce(failing_since, now()), last_error = :error, last_status = :status,
        held_until = CASE WHEN :wait > CAST('0' AS interval)
                     THEN clock_timestamp() + CAST(:wait AS interval) ELSE held_until END,
        state = CASE WHEN state <> 'active' THEN state
                     WHEN :is_gone THEN 'disabled'
                     WHEN :is_last AND coalesce(failing_since, now()) <= :first_failed_at
                     THEN 'failing'
                     ELSE state END
    WHERE id = :id
    RETURNING state
    """
)
_PAGE = text(
    """
    SELECT id, message_id, topic, exam_id, attempt_id, state, tries, occurred_at, created_at,
           next_at, done_at, last_status, last_error
    FROM proctoring.outgoing
    WHERE endpoint_id = :endpoint_id AND id < :before
      AND (CAST(:state AS text) IS NULL OR state = :state)
    ORDER BY id DESC LIMIT :limit
    """
)
_AGAIN = """
    UPDATE proctoring.outgoing
    SET state = 'waiting', tries = 0, next_at = clock_timestamp(), done_at = NULL,
        first_failed_at = NULL
"""
_REPLAY_ONE = text(
    f"{_AGAIN} WHERE endpoint_id = :endpoint_id AND id = :id AND state <> 'erased' RETURNING id"
)
_REPLAY = text(
    f"""
    {_AGAIN}
    WHERE endpoint_id = :endpoint_id AND occurred_at >= :since AND state = ANY(:states)
    RETURNING id
    """
)
_FIND = text("SELECT state FROM proctoring.outgoing WHERE endpoint_id = :endpoint_id AND id = :id")
_FORGET = text(
    """
    DELETE FROM proctoring.outgoing WHERE id IN (
        SELECT id FROM proctoring.outgoing
        WHERE created_at < clock_timestamp() - CAST(:kept AS interval)
        ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    """
)
_OF_ATTEMPT = text(
    """
    SELECT o.topic, o.message_id, o.occurred_at, o.state, o.done_at, o.body, e.url
    FROM proctoring.outgoing o LEFT JOIN proctoring.webhook_endpoints e ON e.id = o.endpoint_id
    WHERE o.attempt_id = :attempt_id ORDER BY o.id
    """
)
_ERASE = text(
    """
    UPDATE proctoring.outgoing SET state = 'erased', body = NULL, done_at = clock_timestamp()
    WHERE attempt_id = :attempt_id AND body IS NOT NULL
    """
)
_COUNT_BODIES = text(
    """
    SELECT count(*) FROM proctoring.outgoing WHERE attempt_id = :attempt_id AND body IS NOT NULL
    """
)
LEFT = """
    SELECT CAST(attempt_id AS bigint), CAST(exam_id AS bigint), created_at
    FROM proctoring.outgoing WHERE body IS NOT NULL AND attempt_id IS NOT NULL
"""
"""What `erase` would change, and when it came."""


def add(session: Session, messages: Sequence[Message], kept: timedelta) -> int:
    """Write messages for each endpoint that wants them, those older than `kept` excepted.

    What is there already stays as it is. Returns how many rows are new.
    """
    if not messages:
        return 0
    new = {
        "ids": [m.id for m in messages],
        "topics": [m.topic.value for m in messages],
        "exam_ids": [m.exam_id for m in messages],
        "attempt_ids": [m.attempt_id for m in messages],
        "instants": [m.occurred_at for m in messages],
        "bodies": [m.body for m in messages],
        "kept": kept,
    }
    return len(session.execute(_ADD, new).scalars().all())


def add_letters(session: Session, letters: Sequence[Letter], oldest: timedelta) -> int:
    """Write letters, those older than `oldest` and known ones excepted; return how many are new.

    Of ends of reviews only those of appeals are worth one.
    """
    if not letters:
        return 0
    asked = [each.review_id for each in letters if each.review_id is not None]
    appealed = set(session.execute(_APPEALED, {"ids": asked}).scalars()) if asked else set()
    worth = [each for each in letters if each.review_id is None or each.review_id in appealed]
    new = {
        "ids": [each.id for each in worth],
        "topics": [each.about.value for each in worth],
        "exam_ids": [each.exam_id for each in worth],
        "attempt_ids": [each.attempt_id for each in worth],
        "student_ids": [each.student_id for each in worth],
        "instants": [each.occurred_at for each in worth],
        "oldest": oldest,
    }
    return len(session.execute(_ADD_LETTERS, new).scalars().all())


def take_letters(session: Session, *, limit: int, lease: timedelta) -> list[Taken]:
    """Take letters that are due, as `take` does."""
    wanted = {"limit": limit, "lease": lease}
    return [Taken(**row) for row in session.execute(_TAKE_LETTERS, wanted).mappings()]


def add_one(session: Session, endpoint_id: int, message: Message) -> int:
    """Write a message for one endpoint; return its delivery's id."""
    new = {
        "endpoint_id": endpoint_id,
        "message_id": message.id,
        "topic": message.topic.value,
        "occurred_at": message.occurred_at,
        "body": message.body,
    }
    return int(session.execute(_ADD_ONE, new).scalar_one())


def take(
    session: Session, busy: Mapping[int, int], *, limit: int, each: int, lease: timedelta
) -> list[Taken]:
    """Take what is due to active endpoints: `limit` in all, `each` at most of one.

    `busy` is how many of each endpoint are being sent already. A taker may hold it for `lease`.
    """
    wanted = {
        "busy": list(busy),
        "counts": list(busy.values()),
        "each": each,
        "limit": limit,
        "lease": lease,
    }
    return [_taken(row) for row in session.execute(_TAKE, wanted)]


def settle(
    session: Session, taken: Taken, state: DeliveryState, outcome: Outcome, pause: timedelta
) -> datetime | None:
    """Write what became of a try, and when the next one is.

    Returns since when the message has failed, or now; None when it is not the taker's any more.
    """
    said = {
        "id": taken.id,
        "held_until": taken.held_until,
        "state": state.value,
        "status": outcome.status,
        "error": outcome.error,
        "pause": pause,
        "is_delivered": state is DeliveryState.DELIVERED,
    }
    return session.execute(_SETTLE, said).scalar_one_or_none()


def note_well(session: Session, endpoint_id: int, status: int | None) -> None:
    """Note that an endpoint took something."""
    session.execute(_WELL, {"id": endpoint_id, "status": status})


def note_ill(
    session: Session,
    endpoint_id: int,
    outcome: Outcome,
    *,
    is_gone: bool,
    is_last: bool,
    first_failed_at: datetime,
) -> str | None:
    """Note that an endpoint did not; return its state from now on, None when it was removed."""
    said = {
        "id": endpoint_id,
        "error": outcome.error,
        "status": outcome.status,
        "wait": timedelta(seconds=outcome.wait_seconds),
        "is_gone": is_gone,
        "is_last": is_last,
        "first_failed_at": first_failed_at,
    }
    return session.execute(_ILL, said).scalar_one_or_none()


def page(
    session: Session, endpoint_id: int, *, state: DeliveryState | None, before: int, limit: int
) -> list[Delivery]:
    """Return deliveries to an endpoint, the newest first, below the id `before`."""
    wanted = {
        "endpoint_id": endpoint_id,
        "state": state and state.value,
        "before": before,
        "limit": limit,
    }
    rows = session.execute(_PAGE, wanted).mappings()
    return [Delivery(**dict(row) | {"state": DeliveryState(row["state"])}) for row in rows]


def state_of(session: Session, endpoint_id: int, delivery_id: int) -> DeliveryState | None:
    wanted = {"endpoint_id": endpoint_id, "id": delivery_id}
    found = session.execute(_FIND, wanted).scalar_one_or_none()
    return None if found is None else DeliveryState(found)


def replay_one(session: Session, endpoint_id: int, delivery_id: int) -> bool:
    """Let one be sent again from the beginning; False when there is none, or nothing of it."""
    wanted = {"endpoint_id": endpoint_id, "id": delivery_id}
    return session.execute(_REPLAY_ONE, wanted).scalar_one_or_none() is not None


def replay(
    session: Session, endpoint_id: int, since: datetime, states: Collection[DeliveryState]
) -> int:
    """Let all be sent again of what happened since then; return how many there are."""
    wanted = {"endpoint_id": endpoint_id, "since": since, "states": [s.value for s in states]}
    return len(session.execute(_REPLAY, wanted).scalars().all())


def forget(session: Session, kept: timedelta, limit: int) -> int:
    """Remove rows that are older; return how many."""
    done: Any = session.execute(_FORGET, {"kept": kept, "limit": limit})
    return int(done.rowcount)


def of_attempt(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    rows = session.execute(_OF_ATTEMPT, {"attempt_id": attempt_id})
    return [dict(row) for row in rows.mappings()]


def erase(session: Session, attempt_id: int) -> int:
    """Take what was said out of the rows of an attempt; they stay, so nothing is told anew."""
    done: Any = session.execute(_ERASE, {"attempt_id": attempt_id})
    return int(done.rowcount)


def count_bodies(session: Session, attempt_id: int) -> int:
    return int(session.execute(_COUNT_BODIES, {"attempt_id": attempt_id}).scalar_one())


def _taken(row: Any) -> Taken:
    values = dict(row._mapping)  # noqa: SLF001  # its public name
    for name in ("salt", "previous_salt"):
        values[name] = None if values[name] is None else bytes(values[name])
    return Taken(**values)
