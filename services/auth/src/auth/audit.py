"""What the audit of auth is about, and which entries form one chain.

Pure. All that concerns one user forms a chain, so that the logins of a whole hall do not wait for
each other; failures of names that are nobody's are spread over 64 chains. What a chain is says
`chassis.audit`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from chassis import audit
from chassis.origins import NOWHERE, Origin

UNKNOWN_CHAINS = 64
LOGIN, PEOPLE, KEYS = "login", "people", "keys"
"""The categories; what concerns no single user forms one chain for each."""


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


def login_opened(user_id: int, login_id: UUID, method: str, origin: Origin) -> Entry:
    """Return the entry of a login that succeeded."""
    author = Author(user_id, origin)
    return entry(
        author,
        "login_succeeded",
        LOGIN,
        "Logged in",
        subject_id=user_id,
        method=method,
        login_id=str(login_id),
    )


def second_step_asked(user_id: int, method: str, purpose: str, origin: Origin) -> Entry:
    """Return the entry of a first step that was right and was not enough."""
    author = Author(user_id, origin)
    return entry(
        author,
        "second_step_asked",
        LOGIN,
        "A second factor is needed to log in",
        subject_id=user_id,
        method=method,
        purpose=purpose,
    )


def login_refused(
    user_id: int | None, slot: int, method: str, reason: str, origin: Origin
) -> Entry:
    """Return the entry of a login that failed; of a name that is nobody's only the slot is kept."""
    return Entry(
        "login_failed",
        LOGIN,
        "Login refused",
        user_id=user_id,
        subject_id=user_id,
        slot=slot if user_id is None else None,
        origin=origin,
        details={"method": method},
        error_message=reason,
    )


def token_reused(user_id: int, login_id: UUID, origin: Origin) -> Entry:
    """Return the entry of a spent refresh token that came again."""
    return Entry(
        "token_reused",
        LOGIN,
        "A spent refresh token was used again; its login has ended",
        user_id=user_id,
        subject_id=user_id,
        origin=origin,
        details={"login_id": str(login_id)},
        error_message="reuse",
    )


def logged_out(user_id: int, login_id: UUID, origin: Origin) -> Entry:
    """Return the entry of a login that its holder has ended."""
    author = Author(user_id, origin)
    said = {"login_id": str(login_id)}
    return entry(author, "logout", LOGIN, "Logged out", subject_id=user_id, **said)
