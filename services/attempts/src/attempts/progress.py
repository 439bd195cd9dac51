"""What a group of saves does to the attempts that it concerns (contract §9.1).

Pure: `Ledger` holds what the database showed under lock, takes saves in order and knows afterwards
what has to be written. A save refused leaves no trace; a group gives the same as its saves one by
one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from attempts.answer import Answer, Save, merged
from attempts.attempt import Attempt, Status
from attempts.device import CHANGES, Verdict, verdict_in_passing

AnswerKey = tuple[int, int]
"""(attempt_id, question_id)"""
MessageKey = tuple[int, str]
"""(attempt_id, message_id)"""


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
    """A save that stands: `is_news` when others have to be told."""

    receipt: Receipt
    answer: Answer
    attempt: Attempt
    is_news: bool


Outcome = Saved | Refused


@dataclass(frozen=True)
class Situation:
    """What the database showed while the attempts were locked."""

    attempts: Mapping[int, Attempt]
    members: frozenset[tuple[int, int]]
    """(exam_id, question_id) of the questions asked about that belong to their exam."""
    answers: Mapping[AnswerKey, Answer]
    receipts: Mapping[MessageKey, Receipt]
    left: frozenset[int] = frozenset()
    """The attempts whose device has signed out, or was revoked."""


def why_not(attempt: Attempt | None, student_id: int) -> Refused | None:
    """Return why `student_id` may not save anything in `attempt` now."""
    if attempt is None or attempt.student_id != student_id:
        return Refused(Refusal.ATTEMPT_NOT_FOUND)
    if attempt.status is Status.EXPIRED:
        return Refused(Refusal.TIME_EXPIRED)
    if attempt.status is not Status.IN_PROGRESS:
        return Refused(Refusal.ATTEMPT_NOT_ACTIVE, attempt.status)
    if attempt.is_past_deadline:
        return Refused(Refusal.TIME_EXPIRED)
    return Refused(Refusal.ATTEMPT_PAUSED) if attempt.is_paused else None


class Ledger:
    """The state of a group of saves while they are taken one after another."""

    def __init__(self, situation: Situation) -> None:
        """Begin with what is stored."""
        self._members = situation.members
        self.attempts = dict(situation.attempts)
        self.answers = dict(situation.answers)
        self.receipts = dict(situation.receipts)
        self.changed_answers: set[AnswerKey] = set()
        self.new_messages: list[MessageKey] = []
        self._left = set(situation.left)
        self.new_users: set[int] = set()
        """The attempts that another device than before uses."""
        self.flagged: list[tuple[Attempt, Attempt]] = []
        """What the proctors are to be told of that: the attempt before and after."""

    def take_all(self, saves: Iterable[Save]) -> list[Outcome]:
        return [self.take(save) for save in saves]

    def take(self, save: Save) -> Outcome:
        """Apply one save, or say why not."""
        attempt = self.attempts.get(save.attempt_id)
        if attempt is not None and attempt.student_id == save.student_id:
            known = self._known(save, attempt)
            if known is not None:
                return known
        refused = why_not(attempt, save.student_id)
        if refused is not None or attempt is None:
            return refused or Refused(Refusal.ATTEMPT_NOT_FOUND)
        found = self._verdict(save, attempt)
        if found is Verdict.REFUSE:
            return Refused(Refusal.OTHER_DEVICE)
        if (attempt.exam_id, save.question_id) not in self._members:
            return Refused(Refusal.INVALID_QUESTION)
        return self._apply(save, self._used(save, attempt, found))

    def _verdict(self, save: Save, attempt: Attempt) -> Verdict:
        return verdict_in_passing(
            attempt.device_policy,
            attempt.active_login_id,
            save.login_id,
            has_ended=attempt.id in self._left,
        )

    def _used(self, save: Save, attempt: Attempt, found: Verdict) -> Attempt:
        """Note that the save's device uses the attempt from now on, if another one did."""
        if found is Verdict.SAME:
            return attempt
        used = replace(
            attempt,
            active_login_id=save.login_id,
            active_since=attempt.as_of,
            device_changes=attempt.device_changes + (found in CHANGES),
            version=attempt.version + 1,
        )
        self.attempts[used.id] = used
        self.new_users.add(used.id)
        self._left.discard(used.id)
        if found is Verdict.FLAG:
            self.flagged.append((attempt, used))
        return used

    def _known(self, save: Save, attempt: Attempt) -> Saved | None:
        """Return the first result of a message that was taken before, even after closing."""
        receipt = self.receipts.get((save.attempt_id, save.message_id or ""))
        if receipt is None:
            return None
        key = (save.attempt_id, save.question_id)
        answer = self.answers.get(key) or Answer(save.attempt_id, save.question_id)
        return Saved(receipt, answer, attempt, is_news=False)

    def _apply(self, save: Save, attempt: Attempt) -> Saved:
        key = (save.attempt_id, save.question_id)
        old = self.answers.get(key)
        new = merged(old, save, attempt.as_of)
        if new is not old:
            attempt = _moved(attempt, old, new)
            self.attempts[attempt.id] = attempt
            self.answers[key] = new
            self.changed_answers.add(key)
        receipt = Receipt(
            attempt.as_of,
            attempt.time_remaining_seconds,
            attempt.questions_answered,
            new.revision,
            new.sha256,
        )
        if save.message_id is not None:
            self.receipts[save.attempt_id, save.message_id] = receipt
            self.new_messages.append((save.attempt_id, save.message_id))
        return Saved(receipt, new, attempt, is_news=new is not old or save.is_flag_only)


def _moved(attempt: Attempt, old: Answer | None, new: Answer) -> Attempt:
    """Return the attempt's counters after one of its answers went from `old` to `new`."""
    flags = [q for q in attempt.questions_flagged if q != new.question_id]
    if new.is_flagged:
        flags = sorted([*flags, new.question_id])
    was_answered = old is not None and old.is_answered
    return replace(
        attempt,
        questions_answered=attempt.questions_answered + new.is_answered - was_answered,
        questions_flagged=tuple(flags),
        current_question_id=new.question_id,
    )
