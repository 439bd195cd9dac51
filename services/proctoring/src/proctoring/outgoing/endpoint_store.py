"""Every statement about webhook endpoints; decides nothing.

Blocking, inside the caller's transaction.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from proctoring.outgoing.endpoint import Endpoint, State, Wish
from proctoring.outgoing.topic import Topic

_SELECT = """
    SELECT e.id, e.url, e.description, e.topics, e.exam_id, e.state, e.salt, e.previous_salt,
           e.previous_until, e.created_at, e.created_by_id, e.changed_at, e.changed_by_id,
           e.failing_since, e.delivered_at, e.last_error, e.last_status,
           (SELECT count(*) FROM proctoring.outgoing o
            WHERE o.endpoint_id = e.id AND o.state = 'waiting') AS waiting_count,
           (SELECT count(*) FROM proctoring.outgoing o
            WHERE o.endpoint_id = e.id AND o.state = 'failed') AS failed_count
    FROM proctoring.webhook_endpoints e
"""
_ALL = text(f"{_SELECT} ORDER BY e.id")
_FIND = text(f"{_SELECT} WHERE e.id = :id")
_LOCK = text("SELECT FROM proctoring.webhook_endpoints WHERE id = :id FOR UPDATE")
_LOCK_ALL = text("LOCK TABLE proctoring.webhook_endpoints IN SHARE ROW EXCLUSIVE MODE")
_COUNT = text("SELECT count(*) FROM proctoring.webhook_endpoints")
_ADD = text(
    """
    INSERT INTO proctoring.webhook_endpoints
           (url, description, topics, exam_id, state, salt, created_by_id, changed_by_id)
    VALUES (:url, :description, :topics, :exam_id, :state, :salt, :by_id, :by_id)
    RETURNING id
    """
)
# Who switches an endpoint on again that heard nothing meanwhile is told what happens from now on.
_CHANGE = text(
    """
    UPDATE proctoring.webhook_endpoints
    SET url = :url, description = :description, topics = :topics, exam_id = :exam_id,
        heard_from = CASE WHEN state = 'disabled' THEN clock_timestamp() ELSE heard_from END,
        failing_since = NULL, held_until = NULL, state = :state,
        changed_at = clock_timestamp(), changed_by_id = :by_id
    WHERE id = :id
    """
)
_ROTATE = text(
    """
    UPDATE proctoring.webhook_endpoints
    SET previous_salt = salt, previous_until = clock_timestamp() + :overlap, salt = :salt,
        changed_at = clock_timestamp(), changed_by_id = :by_id
    WHERE id = :id
    """
)
_REMOVE = text("DELETE FROM proctoring.webhook_endpoints WHERE id = :id")
_LISTENERS = text("SELECT count(*) FROM proctoring.webhook_endpoints WHERE state <> 'disabled'")
_FAILING = text("SELECT count(*) FROM proctoring.webhook_endpoints WHERE state = 'failing'")


def every(session: Session) -> list[Endpoint]:
    return [_endpoint(row) for row in session.execute(_ALL)]


def find(session: Session, endpoint_id: int) -> Endpoint | None:
    row = session.execute(_FIND, {"id": endpoint_id}).one_or_none()
    return None if row is None else _endpoint(row)


def lock(session: Session, endpoint_id: int) -> bool:
    """Keep others from changing it until the transaction ends; False when there is none."""
    return session.execute(_LOCK, {"id": endpoint_id}).one_or_none() is not None


def lock_and_count(session: Session) -> int:
    """Let nobody else add an endpoint until the transaction ends; return how many there are."""
    session.execute(_LOCK_ALL)
    return int(session.execute(_COUNT).scalar_one())


def add(session: Session, wish: Wish, salt: bytes, by_id: int) -> int:
    return int(session.execute(_ADD, _values(wish, by_id) | {"salt": salt}).scalar_one())


def change(session: Session, endpoint_id: int, wish: Wish, by_id: int) -> None:
    session.execute(_CHANGE, _values(wish, by_id) | {"id": endpoint_id})


def rotate(session: Session, endpoint_id: int, salt: bytes, overlap: timedelta, by_id: int) -> None:
    """Sign by another secret from now on, and for so long by the one before, too."""
    said = {"id": endpoint_id, "salt": salt, "overlap": overlap, "by_id": by_id}
    session.execute(_ROTATE, said)


def remove(session: Session, endpoint_id: int) -> bool:
    """Remove an endpoint with all that was to be told to it; say whether it was there."""
    done: Any = session.execute(_REMOVE, {"id": endpoint_id})
    return bool(done.rowcount)


def has_listeners(session: Session) -> bool:
    """Say whether what happens is to be written down for anybody."""
    return bool(session.execute(_LISTENERS).scalar_one())


def failing_count(session: Session) -> int:
    return int(session.execute(_FAILING).scalar_one())


def _values(wish: Wish, by_id: int) -> dict[str, Any]:
    return {
        "url": wish.url,
        "description": wish.description,
        "topics": [topic.value for topic in wish.topics],
        "exam_id": wish.exam_id,
        "state": (State.ACTIVE if wish.is_active else State.DISABLED).value,
        "by_id": by_id,
    }


def _endpoint(row: Any) -> Endpoint:
    values = dict(row._mapping)  # noqa: SLF001  # its public name
    values["topics"] = tuple(map(Topic, row.topics))
    values["state"] = State(row.state)
    values["salt"] = bytes(row.salt)
    values["previous_salt"] = None if row.previous_salt is None else bytes(row.previous_salt)
    return Endpoint(**values)
