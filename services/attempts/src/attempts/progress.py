"""What becomes of a save: the reasons to refuse it, and how a group is cut (contract §9.1).

Pure. `store.saving` applies the saves of one wave in one statement and tells what it met; here that
is put into the words of the contract.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attempts.answer import Answer, Save
from attempts.attempt import Status

Key = tuple[int, int | str]
"""An answer (attempt_id, question_id) or a message (attempt_id, message_id)."""


class Refusal(StrEnum):
    """Why a save was refused, in the order in which the reasons are looked at."""

    ATTEMPT_NOT_FOUND = "attempt_not_found"
    ATTEMPT_NOT_ACTIVE = "attempt_not_active"
    TIME_EXPIRED = "time_expired"
    ATTEMPT_PAUSED = "attempt_paused"
    OTHER_DEVICE = "other_device"
    INVALID_QUESTION = "invalid_question"
    INVALID_ANSWER = "invalid_answer"


@dataclass(frozen=True)
class Refused:
    reason: Refusal
    status: Status | None = None


@dataclass(frozen=True)
class Receipt:
    """What a save is answered with; a repeated message gets the first one again."""

    saved_at: datetime
    time_remaining_seconds: int
    questions_answered: int
    revision: int
    sha256: str
    """Of the answer as it was stored; 0 and empty for messages from before they were counted."""


@dataclass(frozen=True)
class Saved:
    """A save that stands, with the answer as it is stored now."""

    receipt: Receipt
    answer: Answer
    questions_flagged: tuple[int, ...]


Outcome = Saved | Refused


@dataclass(frozen=True)
class Met:
    """What a save that was not stored has met: its attempt, under lock, and its question."""

    is_own: bool
    status: Status | None
    is_late: bool
    is_paused: bool
    is_member: bool
    """Whether the question belongs to the attempt's exam."""
    is_held: bool = False
    """Whether another device uses the attempt and this one may not take it over."""


def refusal(met: Met) -> Refused:
    """Return why nothing was saved: the first reason in the contract's order."""
    ladder = (
        (not met.is_own, Refused(Refusal.ATTEMPT_NOT_FOUND)),
        (met.status is Status.EXPIRED, Refused(Refusal.TIME_EXPIRED)),
        (met.status is not Status.IN_PROGRESS, Refused(Refusal.ATTEMPT_NOT_ACTIVE, met.status)),
        (met.is_late, Refused(Refusal.TIME_EXPIRED)),
        (met.is_paused, Refused(Refusal.ATTEMPT_PAUSED)),
        (met.is_held, Refused(Refusal.OTHER_DEVICE)),
    )
    return next((why for is_so, why in ladder if is_so), Refused(Refusal.INVALID_QUESTION))


def waves(saves: Iterable[Save]) -> list[list[int]]:
    """Cut saves, by their places: in a wave no answer or message twice, no attempt on two devices.

    The saves of one attempt stay in their order. Each wave is a statement of its own. A group is
    hardly ever more than one wave: a student would have to answer one question twice within
    milliseconds, or on two devices.
    """
    cut: list[list[int]] = [[]]
    current: dict[int, tuple[int, str | None]] = {}
    taken: set[tuple[int, Key]] = set()
    for place, save in enumerate(saves):
        wave, login_id = current.get(save.attempt_id, (0, save.login_id))
        is_repeat = not taken.isdisjoint((wave, key) for key in _keys(save))
        if is_repeat or login_id != save.login_id:
            wave += 1
        if wave == len(cut):
            cut.append([])
        cut[wave].append(place)
        current[save.attempt_id] = wave, save.login_id
        taken.update((wave, key) for key in _keys(save))
    return cut


def _keys(save: Save) -> Sequence[Key]:
    answer = (save.attempt_id, save.question_id)
    return [answer] if save.message_id is None else [answer, (save.attempt_id, save.message_id)]
