"""What an action is, and how it may go on from one state to the next (ADR 25).

Pure. An action is asked for; where it changes the attempt, the attempts service decides what
becomes of it. It is live until the student's client acknowledges it or the attempt is closed.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from chassis.origins import Origin

CARRY_OUT_WITHIN = timedelta(seconds=60)
FIND_OUT_AFTER = timedelta(seconds=90)
"""No call that began within the first can still be at work after the second."""

EVERYWHERE = ("admin", "hall_in_charge")
WARDENS = ("admin",)


class Kind(Enum):
    """What a proctor may do to an attempt, as on the wire."""

    MESSAGE = "message"
    WARN = "warn"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    AUTHORISE = "authorise"
    TERMINATE = "terminate"

    @property
    def is_said_only(self) -> bool:
        """Say whether the attempt stays as it is, so that nobody else has to be asked."""
        return self in {Kind.MESSAGE, Kind.WARN}

    @property
    def everywhere(self) -> tuple[str, ...]:
        """Return the roles that may do it in every exam; proctors may where they are assigned."""
        is_wardens = self in {Kind.PAUSE, Kind.RESUME, Kind.TERMINATE}
        return WARDENS if is_wardens else EVERYWHERE


class State(Enum):
    """Where an action stands."""

    ASKED = "asked"
    LIVE = "live"
    REFUSED = "refused"
    ACKNOWLEDGED = "acknowledged"
    EXPIRED = "expired"


MOVES = {
    State.ASKED: {State.LIVE, State.REFUSED, State.EXPIRED},
    State.LIVE: {State.ACKNOWLEDGED, State.EXPIRED},
    State.REFUSED: set(),
    State.ACKNOWLEDGED: set(),
    State.EXPIRED: set(),
}
"""The ladder; from asked to expired goes what was done to an attempt that is closed by now."""


class Step(Enum):
    """How an action that is still "asked" goes on, by its age."""

    CARRY_OUT = "attempts is asked to do it"
    WAIT = "it may be under way, and must not be begun any more"
    FIND_OUT = "attempts is only asked whether it was done"


def step(age: timedelta) -> Step:
    """Return how to go on: nobody expects any more what was asked for long ago."""
    if age < CARRY_OUT_WITHIN:
        return Step.CARRY_OUT
    return Step.WAIT if age < FIND_OUT_AFTER else Step.FIND_OUT


@dataclass(frozen=True)
class Wish:
    """What is to be done, the same for every attempt."""

    kind: Kind
    text: str
    """What the student is shown: the message, or the reason."""
    warning_code: str | None = None
    seconds: int | None = None
    """Extra time, or the longest pause."""
    reason_code: str | None = None


@dataclass(frozen=True)
class Order:
    """A wish with the caller's key, who has it, and from where."""

    action_id: UUID
    exam_id: int
    actor_id: int
    wish: Wish
    attempt_ids: tuple[int, ...] | None
    """None stands for all that are in progress when it is asked for."""
    origin: Origin

    @property
    def digest(self) -> bytes:
        """Return what tells the same order from another one under its key: who, where, what."""
        wish = self.wish
        said: list[Any] = [self.exam_id, self.actor_id, wish.kind.value, wish.text]
        said += [wish.warning_code, wish.seconds, wish.reason_code]
        said.append(None if self.attempt_ids is None else sorted(self.attempt_ids))
        return hashlib.sha256(json.dumps(said).encode()).digest()


@dataclass(frozen=True)
class Refusal:
    """Why nothing was done to an attempt; `by_id` and `by` name who was faster."""

    slug: str
    detail: str
    status: int
    by_id: int | None = None
    by: str | None = None

    def named(self, names: dict[int, str]) -> "Refusal":
        """Return the same, said with the colleague's user name where it is known."""
        name = None if self.by_id is None else names.get(self.by_id)
        if name is None:
            return self
        detail = self.detail.replace(f"by user {self.by_id}", f"by {name}")
        return replace(self, detail=detail, by=name)


NOT_FOUND = Refusal("attempt-not-found", "Exam attempt not found", 404)
LAPSED = Refusal(
    "not-carried-out",
    "The action was not carried out in time and is not any more. Please ask again.",
    409,
)


def closed(status: str) -> Refusal:
    return Refusal("attempt-closed", f"Attempt is {status}", 400)


@dataclass(frozen=True)
class Action:
    """One order for one attempt."""

    id: int
    action_id: UUID
    attempt_id: int
    exam_id: int
    wish: Wish
    actor_id: int
    actor_name: str | None
    origin: Origin
    asked_at: datetime
    refusal: Refusal | None = None
    settled_at: datetime | None = None
    acknowledged_at: datetime | None = None
    expired_at: datetime | None = None

    @property
    def state(self) -> State:
        if self.settled_at is None:
            return State.ASKED
        if self.refusal is not None:
            return State.REFUSED
        if self.acknowledged_at is not None:
            return State.ACKNOWLEDGED
        return State.LIVE if self.expired_at is None else State.EXPIRED

    def done(self, at: datetime, *, is_closed: bool) -> "Action":
        """Return it as carried out; on an attempt that is closed nobody is left to see it."""
        if self.state is not State.ASKED:
            return self
        return replace(self, settled_at=at, expired_at=at if is_closed else None)

    def refused(self, why: Refusal, at: datetime) -> "Action":
        if self.state is not State.ASKED:
            return self
        return replace(self, settled_at=at, refusal=why)

    def acknowledged(self, at: datetime) -> "Action":
        """Return it as seen; what is not live stays as it is."""
        return replace(self, acknowledged_at=at) if self.state is State.LIVE else self

    def expired(self, at: datetime) -> "Action":
        """Return it as over with its attempt; what is not live stays as it is."""
        return replace(self, expired_at=at) if self.state is State.LIVE else self


def moved(before: Iterable[Action], after: Iterable[Action]) -> list[Action]:
    """Return those of `after` that are not what they were."""
    return [new for old, new in zip(before, after, strict=True) if new != old]
