"""What the audit of auth is about, and which entries form one chain.

Pure. All that concerns one user forms a chain, so that the logins of a whole hall do not wait for
each other; failures of names that are nobody's are spread over 64 chains. What a chain is says
`chassis.audit`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from chassis import audit
from chassis.origins import NOWHERE, Origin

UNKNOWN_CHAINS = 64


@dataclass(frozen=True)
class Author:
    """Who does something, and from where; None = somebody at the server's own command line."""

    user_id: int | None = None
    origin: Origin = NOWHERE


COMMAND = Author()


@dataclass(frozen=True)
class Entry(audit.Entry):
    """Something that was done, or tried: with a login, a user, a center or a key.

    Of a login, `user_id` is whose account it was, also of one that failed.
    """

    ABOUT: ClassVar[tuple[str, ...]] = ("subject_id", "slot")

    subject_id: int | None = None
    """The user whom it concerns."""
    slot: int | None = None
    """Where the tries of a name are counted that is nobody's; the name itself is not kept."""

    @property
    def chain(self) -> str:
        if self.subject_id is not None:
            return f"user:{self.subject_id}"
        if self.slot is not None:
            return f"unknown:{self.slot % UNKNOWN_CHAINS}"
        return self.event_category


Logged = audit.Logged[Entry]


def entry(
    author: Author,
    event_type: str,
    event_category: str,
    description: str,
    *,
    subject_id: int | None = None,
    **details: Any,
) -> Entry:
    """Return an entry about what `author` did; `details` name fields and ids, never secrets."""
    return Entry(
        event_type,
        event_category,
        description,
        user_id=author.user_id,
        subject_id=subject_id,
        origin=author.origin,
        details=details,
    )
