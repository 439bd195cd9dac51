"""What can go wrong with actions, claims, hands and chat, in words that say what to do."""

from typing import Any, Self

from chassis.errors import (
    Conflict,
    Failure,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    TooMany,
    Unavailable,
)

from proctoring.acting.action import Refusal
from proctoring.acting.claim import Claim


class ActionNotFound(NotFound):
    slug = "action-not-found"
    detail = "Action not found"


class NotForYourRole(Forbidden):
    slug = "not-for-your-role"

    def __init__(self, kind: str) -> None:
        super().__init__(f"Only administrators and proctors may {kind} attempts")


class ActionIdTaken(Conflict):
    slug = "action-id-taken"
    detail = "Something else was asked for under this action_id. Please take a new one."


class ActionUnfinished(Unavailable):
    """attempts did not answer; the order is kept and is finished, or found out, later."""

    slug = "action-unfinished"
    detail = (
        "The attempts service does not answer. The action is kept: ask again with the same"
        " action_id to learn what became of it."
    )
    retry_after_seconds = 5


class NobodyRunning(Refused):
    slug = "nobody-running"
    detail = "No attempt of this exam is in progress"


class TooManyAttempts(Invalid):
    slug = "too-many-attempts"

    def __init__(self, most: int) -> None:
        super().__init__(f"More than {most} attempts are in progress; please name them in parts")


class AttemptIsClosed(Refused):
    slug = "attempt-closed"

    def __init__(self, status: str) -> None:
        super().__init__(f"Attempt is {status}")


class _Held(Conflict):
    """Somebody else looks after the student."""

    @classmethod
    def of(cls, claim: Claim) -> Self:
        holder = claim.holder
        since = claim.claimed_at.isoformat().replace("+00:00", "Z")
        by = {"claimed_by_id": holder.user_id, "claimed_by": holder.name, "claimed_at": since}
        name = holder.name or f"user {holder.user_id}"
        return cls(f"Attempt is claimed by {name} since {since}", members=by)


class AlreadyClaimed(_Held):
    slug = "already-claimed"


class NotYourClaim(_Held):
    slug = "not-your-claim"


class NotClaimed(Conflict):
    slug = "not-claimed"
    detail = "Attempt is claimed by nobody; claim it"


class NotAssignedThere(Refused):
    slug = "colleague-not-assigned"

    def __init__(self, user_id: int) -> None:
        super().__init__(f"User {user_id} is not assigned to this exam as a proctor")


class MessageIdTaken(Conflict):
    slug = "message-id-taken"
    detail = "Another message was sent under this message_id. Please take a new one."


class TooManyMessages(TooMany):
    slug = "too-many-messages"
    detail = "Too many messages at once. Please wait a moment."


class TooManyHands(TooMany):
    slug = "too-many-hands"
    detail = "The hand was raised too often. Please wait a moment."


_BY_STATUS: dict[int, type[Failure]] = {
    cls.kind.value.http_status: cls for cls in (Refused, NotFound, Conflict, Invalid)
}


def failure(why: Refusal) -> Failure:
    """Return what became of one action as the problem that it is, with who was faster."""
    cls = _BY_STATUS.get(why.status, Conflict)
    named = type(cls.__name__, (cls,), {"slug": why.slug})
    members: dict[str, Any] = {} if why.by_id is None else {"by_id": why.by_id, "by": why.by}
    failed: Failure = named(why.detail, members=members)
    return failed
