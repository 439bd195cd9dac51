"""What retention erases and a person's export shows of actions and chat: the words."""

from typing import Any

from sqlalchemy.orm import Session

from proctoring.acting import store, talk_store
from proctoring.retention.holdings import Holding


def _erase(session: Session, attempt_id: int) -> int:
    return talk_store.erase_messages(session, [attempt_id])


def _export_chat(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    """Return what was said; of the staff not who said it."""
    names = ("id", "message_id", "is_from_student", "text", "sent_at", "read_at")
    found = talk_store.page(session, attempt_id, 0, 1_000_000)
    return [{name: getattr(each, name) for name in names} for each in found]


def _export_actions(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    found = store.of_attempt(session, attempt_id, live=None)
    return [
        {
            "action": each.wish.kind.value,
            "text": each.wish.text,
            "state": each.state.value,
            "asked_at": each.asked_at,
            "acknowledged_at": each.acknowledged_at,
        }
        for each in found
    ]


CHAT = Holding(
    "chat_and_action_words", _export_chat, _erase, talk_store.count_words, talk_store.WORDS_LEFT
)
"""The words of chat and of actions: erased together; that they were said stays."""

ACTIONS = Holding("actions", _export_actions)
"""What was done to the student's attempt: kept as the record of how he was treated."""
