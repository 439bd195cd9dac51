"""Deeds of raised hands and chat, between one student and the staff who watch his exam.

A repeated message is answered with the first one, also after closing. Blocking: for worker threads.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from chassis import outbox
from chassis.database import Database
from sqlalchemy.orm import Session

from proctoring.acting import notices, store, talk_store
from proctoring.acting.errors import AttemptIsClosed, MessageIdTaken, TooManyHands, TooManyMessages
from proctoring.acting.talk import (
    MOST_HANDS,
    MOST_MESSAGES,
    WINDOW_SECONDS,
    Draft,
    Hand,
    Message,
    wait_seconds,
)
from proctoring.attempt import Attempt
from proctoring.tables import OUTBOX

_WINDOW = timedelta(seconds=WINDOW_SECONDS)


class Talking:
    """Takes hands and messages, and announces them."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake

    def raise_hand(self, attempt: Attempt) -> Hand:
        """Raise the student's hand; a raised one stays as it is. Raises `TooManyHands`."""
        _ensure_open(attempt)
        key = attempt.attempt_id
        with self._database.transaction() as session:
            talk_store.hold(session, key)
            hand = talk_store.last_hand(session, key)
            if hand is not None and hand.is_raised:
                return hand
            at = store.clock(session)
            earlier = talk_store.raised_since(session, key, at - _WINDOW)
            if wait := wait_seconds(earlier, at, MOST_HANDS):
                raise TooManyHands(retry_after_seconds=wait)
            raised = talk_store.raise_hand(session, key, attempt.exam_id, at)
            assert raised is not None  # noqa: S101  # nobody else may speak meanwhile
            outbox.add(session, OUTBOX, [notices.hand_changed(raised)])
        self._wake()
        return raised

    def lower_hand(self, attempt_id: int, user_id: int) -> None:
        """Lower the hand: the student himself, or who has answered; a lowered one is fine."""
        with self._database.transaction() as session:
            talk_store.hold(session, attempt_id)
            at = store.clock(session)
            lowered = talk_store.lower_hands(session, [attempt_id], user_id, at)
            outbox.add(session, OUTBOX, [notices.hand_changed(hand) for hand in lowered])
        self._wake()

    def say(self, attempt: Attempt, draft: Draft) -> Message:
        """Store a message once. Raises `MessageIdTaken`, `AttemptIsClosed`, `TooManyMessages`."""
        with self._database.transaction() as session:
            talk_store.hold(session, draft.attempt_id)
            known = talk_store.known(session, draft.attempt_id, draft.message_id)
            if known is not None:
                if not known.repeats(draft):
                    raise MessageIdTaken
                return known
            _ensure_open(attempt)
            at = store.clock(session)
            _ensure_calm(session, draft, at)
            said = talk_store.say(session, draft, at)
            outbox.add(session, OUTBOX, [notices.message_sent(said)])
        self._wake()
        return said

    def page(self, attempt_id: int, *, after: int, limit: int) -> list[Message]:
        with self._database.transaction() as session:
            return talk_store.page(session, attempt_id, after, limit)

    def read(self, attempt: Attempt, up_to: int, user_id: int, *, is_by_student: bool) -> int:
        """Mark the other side's messages up to a number as read; return how far that changed it."""
        key = attempt.attempt_id
        with self._database.transaction() as session:
            at = store.clock(session)
            last = talk_store.mark_read(
                session, key, up_to, user_id, at, of_student=not is_by_student
            )
            if last is not None:
                note = notices.messages_read(
                    attempt.exam_id, key, last, at, is_by_student=is_by_student
                )
                outbox.add(session, OUTBOX, [note])
        self._wake()
        return last or 0


def _ensure_open(attempt: Attempt) -> None:
    if attempt.status.is_closed:
        raise AttemptIsClosed(attempt.status.value)


def _ensure_calm(session: Session, draft: Draft, at: datetime) -> None:
    since = at - _WINDOW
    earlier = talk_store.sent_since(session, draft.attempt_id, draft.sender_id, since)
    if wait := wait_seconds(earlier, at, MOST_MESSAGES):
        raise TooManyMessages(retry_after_seconds=wait)
