"""Every statement about hands and chat, the erasure of chat included."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from proctoring.acting.talk import Draft, Hand, Message

_HAND = "id, attempt_id, exam_id, raised_at, lowered_at, lowered_by_id"
_MESSAGE = """
    id, attempt_id, exam_id, message_id, sender_id, sender_name, is_from_student, text, sent_at,
    read_at
"""
_HOLD = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_RAISE = text(
    f"""
    INSERT INTO proctoring.hands (attempt_id, exam_id, raised_at)
    VALUES (:attempt_id, :exam_id, :at)
    ON CONFLICT (attempt_id) WHERE lowered_at IS NULL DO NOTHING RETURNING {_HAND}
    """  # noqa: S608  # only constants of this module
)
_LOWER = text(
    f"""
    UPDATE proctoring.hands SET lowered_at = :at, lowered_by_id = :by_id
    WHERE attempt_id = ANY(CAST(:attempt_ids AS bigint[])) AND lowered_at IS NULL
    RETURNING {_HAND}
    """  # noqa: S608  # only constants of this module
)
_LAST_HAND = text(
    f"""
    SELECT {_HAND} FROM proctoring.hands WHERE attempt_id = :attempt_id ORDER BY id DESC LIMIT 1
    """  # noqa: S608  # only constants of this module
)
_RAISED = text(
    f"SELECT {_HAND} FROM proctoring.hands WHERE exam_id = :exam_id AND lowered_at IS NULL"  # noqa: S608  # ditto
)
_RAISED_SINCE = text(
    "SELECT raised_at FROM proctoring.hands WHERE attempt_id = :attempt_id AND raised_at > :since"
)
_SAY = text(
    f"""
    INSERT INTO proctoring.chat_messages
           (attempt_id, exam_id, message_id, sender_id, sender_name, is_from_student, text, sent_at)
    VALUES (:attempt_id, :exam_id, :message_id, :sender_id, :sender_name, :is_from_student, :text,
            :sent_at)
    RETURNING {_MESSAGE}
    """  # noqa: S608  # only constants of this module
)
_KNOWN = text(
    f"""
    SELECT {_MESSAGE} FROM proctoring.chat_messages
    WHERE attempt_id = :attempt_id AND message_id = :message_id
    """  # noqa: S608  # only constants of this module
)
_SENT_SINCE = text(
    """
    SELECT sent_at FROM proctoring.chat_messages
    WHERE attempt_id = :attempt_id AND sender_id = :sender_id AND sent_at > :since
    """
)
_PAGE = text(
    f"""
    SELECT {_MESSAGE} FROM proctoring.chat_messages
    WHERE attempt_id = :attempt_id AND id > :after ORDER BY id LIMIT :limit
    """  # noqa: S608  # only constants of this module
)
_READ = text(
    """
    UPDATE proctoring.chat_messages SET read_at = :at, read_by_id = :by_id
    WHERE attempt_id = :attempt_id AND id <= :up_to AND is_from_student = :of_student
      AND read_at IS NULL
    RETURNING id
    """
)
_UNREAD = text(
    """
    SELECT attempt_id, count(*) FROM proctoring.chat_messages
    WHERE exam_id = :exam_id AND is_from_student AND read_at IS NULL GROUP BY attempt_id
    """
)
_ERASE = text(
    """
    UPDATE proctoring.chat_messages SET text = NULL
    WHERE attempt_id = ANY(CAST(:attempt_ids AS bigint[])) AND text IS NOT NULL
    """
)
_ERASE_ACTIONS = text(
    """
    UPDATE proctoring.actions SET text = NULL
    WHERE attempt_id = ANY(CAST(:attempt_ids AS bigint[])) AND text IS NOT NULL
    """
)
WORDS_LEFT = """
    SELECT attempt_id, exam_id, sent_at FROM proctoring.chat_messages WHERE text IS NOT NULL
    UNION ALL
    SELECT attempt_id, exam_id, asked_at FROM proctoring.actions WHERE text IS NOT NULL
"""
"""What `erase_messages` would take the words out of, and when it was said."""
_COUNT_WORDS = text(
    """
    SELECT (SELECT count(*) FROM proctoring.chat_messages
            WHERE attempt_id = :attempt_id AND text IS NOT NULL)
         + (SELECT count(*) FROM proctoring.actions
            WHERE attempt_id = :attempt_id AND text IS NOT NULL)
    """
)


def hold(session: Session, attempt_id: int) -> None:
    """Let one at a time speak about an attempt: until the transaction ends the others wait."""
    session.execute(_HOLD, {"name": f"proctoring.talk:{attempt_id}"})


def raise_hand(session: Session, attempt_id: int, exam_id: int, at: datetime) -> Hand | None:
    """Raise the hand; None when it is raised already."""
    row = {"attempt_id": attempt_id, "exam_id": exam_id, "at": at}
    found = session.execute(_RAISE, row).one_or_none()
    return None if found is None else Hand(*found)


def lower_hands(
    session: Session, attempt_ids: Collection[int], by_id: int | None, at: datetime
) -> list[Hand]:
    """Lower the hands that are raised; no `by_id` = the server."""
    row = {"attempt_ids": list(attempt_ids), "by_id": by_id, "at": at}
    return [Hand(*found) for found in session.execute(_LOWER, row)]


def last_hand(session: Session, attempt_id: int) -> Hand | None:
    found = session.execute(_LAST_HAND, {"attempt_id": attempt_id}).one_or_none()
    return None if found is None else Hand(*found)


def raised(session: Session, exam_id: int) -> list[Hand]:
    return [Hand(*found) for found in session.execute(_RAISED, {"exam_id": exam_id})]


def raised_since(session: Session, attempt_id: int, since: datetime) -> list[datetime]:
    row = {"attempt_id": attempt_id, "since": since}
    return list(session.execute(_RAISED_SINCE, row).scalars())


def say(session: Session, draft: Draft, at: datetime) -> Message:
    """Store a message that is not known yet; the caller holds the attempt's talk."""
    row: dict[str, Any] = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    return Message(*session.execute(_SAY, row | {"sent_at": at}).one())


def known(session: Session, attempt_id: int, message_id: object) -> Message | None:
    row = {"attempt_id": attempt_id, "message_id": message_id}
    found = session.execute(_KNOWN, row).one_or_none()
    return None if found is None else Message(*found)


def sent_since(
    session: Session, attempt_id: int, sender_id: int, since: datetime
) -> list[datetime]:
    row = {"attempt_id": attempt_id, "sender_id": sender_id, "since": since}
    return list(session.execute(_SENT_SINCE, row).scalars())


def page(session: Session, attempt_id: int, after: int, limit: int) -> list[Message]:
    """Return messages behind number `after`, oldest first."""
    row = {"attempt_id": attempt_id, "after": after, "limit": limit}
    return [Message(*found) for found in session.execute(_PAGE, row)]


def mark_read(
    session: Session, attempt_id: int, up_to: int, by_id: int, at: datetime, *, of_student: bool
) -> int | None:
    """Mark one side's messages up to a number as read; return the last one that was not."""
    row = {"attempt_id": attempt_id, "up_to": up_to, "by_id": by_id, "at": at}
    found = session.execute(_READ, row | {"of_student": of_student}).scalars().all()
    return max(found, default=None)


def unread_counts(session: Session, exam_id: int) -> dict[int, int]:
    """Return how many messages of students no member of the staff has read, by attempt."""
    return {row[0]: row[1] for row in session.execute(_UNREAD, {"exam_id": exam_id})}


def erase_messages(session: Session, attempt_ids: Collection[int]) -> int:
    """Take the words out of attempts' chat and actions; return how many rows had some.

    That something was said, by whom and when, stays. Erasing again changes nothing.
    """
    row = {"attempt_ids": list(attempt_ids)}
    done = (session.execute(statement, row) for statement in (_ERASE, _ERASE_ACTIONS))
    return sum(int(getattr(result, "rowcount", 0)) for result in done)


def count_words(session: Session, attempt_id: int) -> int:
    """Return how many rows `erase_messages` would take the words out of."""
    return int(session.execute(_COUNT_WORDS, {"attempt_id": attempt_id}).scalar_one())
