"""What retention erases of what left, and what a person's export says of it."""

from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from proctoring.outgoing import store
from proctoring.retention.holdings import Holding


def _export(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    """Return what was told about an attempt, to which host; what an address holds may be secret."""
    return [
        {
            "message_id": row["message_id"],
            "topic": row["topic"],
            "told_to": urlsplit(row["url"]).hostname if row["url"] else "the student, by e-mail",
            "occurred_at": row["occurred_at"],
            "state": row["state"],
            "done_at": row["done_at"],
            "said": row["body"],
        }
        for row in store.of_attempt(session, attempt_id)
    ]


OUTGOING = Holding("outgoing", _export, store.erase, store.count_bodies, store.LEFT)
"""Messages to other systems: what they said goes, and what was not sent yet is not sent."""
