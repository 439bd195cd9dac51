"""What is announced of actions, claims, hands and chat; see docs/notices.md.

The words of actions and messages travel, because the student's and the proctors' pages show them;
people are named by number and, where they are staff, by user name.
"""

from datetime import datetime
from typing import Any

from chassis.outbox import Note

from proctoring.acting.action import Action
from proctoring.acting.claim import Change, Claim
from proctoring.acting.talk import Hand, Message


def action_requested(action: Action) -> Note:
    """Announce an action that is live, or that ended the attempt."""
    wish = action.wish
    data = _named(action) | {
        "text": wish.text,
        "warning_code": wish.warning_code,
        "seconds": wish.seconds,
        "requested_by_id": action.actor_id,
        "requested_by": action.actor_name,
        "requested_at": z(action.asked_at),
    }
    return _note("action_requested", action.exam_id, action.attempt_id, data)


def action_acknowledged(action: Action) -> Note:
    data = _named(action) | {"acknowledged_at": z(action.acknowledged_at)}
    return _note("action_acknowledged", action.exam_id, action.attempt_id, data)


def action_expired(action: Action) -> Note:
    data = _named(action) | {"expired_at": z(action.expired_at)}
    return _note("action_expired", action.exam_id, action.attempt_id, data)


def claim_changed(claim: Claim, change: Change, by_id: int | None, at: datetime) -> Note:
    """Announce who looks after a student from now on: the claim's holder, or nobody if it ended."""
    is_open = claim.is_open
    data = {
        "change": change.value,
        "claimed_by_id": claim.holder.user_id if is_open else None,
        "claimed_by": claim.holder.name if is_open else None,
        "claimed_at": z(claim.claimed_at) if is_open else None,
        "changed_by_id": by_id,
        "changed_at": z(at),
    }
    return _note("claim_changed", claim.exam_id, claim.attempt_id, data)


def hand_changed(hand: Hand) -> Note:
    data = {
        "is_raised": hand.is_raised,
        "raised_at": z(hand.raised_at),
        "lowered_at": z(hand.lowered_at),
        "lowered_by_id": hand.lowered_by_id,
    }
    return _note("hand_changed", hand.exam_id, hand.attempt_id, data)


def message_sent(message: Message) -> Note:
    data = {
        "id": message.id,
        "message_id": str(message.message_id),
        "is_from_student": message.is_from_student,
        "sender_id": message.sender_id,
        "sender": message.sender_name,
        "text": message.text,
        "sent_at": z(message.sent_at),
    }
    return _note("message_sent", message.exam_id, message.attempt_id, data)


def messages_read(
    exam_id: int, attempt_id: int, up_to_id: int, at: datetime, *, is_by_student: bool
) -> Note:
    data = {"up_to_id": up_to_id, "is_by_student": is_by_student, "read_at": z(at)}
    return _note("messages_read", exam_id, attempt_id, data)


def z(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _named(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "action_id": str(action.action_id),
        "action": action.wish.kind.value,
    }


def _note(fact: str, exam_id: int, attempt_id: int, data: dict[str, Any]) -> Note:
    subject = f"oep.v1.{exam_id}.{attempt_id}.{fact}"
    return Note(subject, fact, data, order_key=attempt_id, exam_id=exam_id, attempt_id=attempt_id)
