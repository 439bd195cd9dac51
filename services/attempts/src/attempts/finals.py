"""What opened final answers change: which of them count, beside which stored answers.

Pure. The blob is the only complete copy of the final answers (contract §9.4): what it says replaces
what is stored, but null never does, and no answer is exchanged under a mark that a person gave.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from attempts.answer import Answer, encoded, is_empty
from attempts.attempt import FINISHED, Attempt
from attempts.errors import UnfitAnswer
from attempts.unlocking import Said


class Outcome(StrEnum):
    """What became of a blob."""

    WAITING = "waiting"
    MERGED = "merged"
    UNCHANGED = "unchanged"
    """Opened; it says nothing else than what was stored already, or nothing that counts."""
    EVIDENCE = "evidence"
    """Opened, but it does not count; why says its finding."""
    UNREADABLE = "unreadable"


class NotCounted(StrEnum):
    """Why an opened blob is evidence only."""

    NOT_FINISHED = "not_finished"
    IMPORTED = "imported"
    """Nobody knows when it came."""
    AFTER_THE_SUBMIT = "after_the_submit"
    AFTER_THE_GRACE_PERIOD = "after_the_grace_period"


class Fate(StrEnum):
    """What becomes of an answer that differs from the stored one."""

    COUNTS = "counts"
    MARKED = "marked"
    """A person has marked the stored answer; it stays."""
    UNFIT = "unfit"
    """It is JSON that no answer may be: too long, too deep, no number."""


@dataclass(frozen=True)
class Difference:
    """An answer that the blob says otherwise than it was stored; `before` None = not answered."""

    question_id: int
    before: Any
    after: Any
    revision: int
    """Of the stored answer, 0 where there was none."""
    fate: Fate


@dataclass(frozen=True)
class Comparison:
    """All that a blob says otherwise, and the questions of other exams among it."""

    differences: tuple[Difference, ...] = ()
    foreign: tuple[int, ...] = ()

    @property
    def changes(self) -> tuple[Difference, ...]:
        return tuple(each for each in self.differences if each.fate is Fate.COUNTS)


NOTHING = Comparison()


def why_not(attempt: Attempt, received_at: datetime | None, grace: timedelta) -> NotCounted | None:
    """Return why a blob does not count, None when it does.

    It counts when it came with the submit that ended the attempt, at most `grace` after the
    deadline. One that comes with a later submit never does: its sender may have seen the result.
    """
    if attempt.status not in FINISHED:
        return NotCounted.NOT_FINISHED
    if received_at is None:
        return NotCounted.IMPORTED
    if attempt.submit_time is None or received_at > attempt.submit_time:
        return NotCounted.AFTER_THE_SUBMIT
    if attempt.deadline_at is None or received_at > attempt.deadline_at + grace:
        return NotCounted.AFTER_THE_GRACE_PERIOD
    return None


def compared(
    said: Iterable[Said],
    stored: Mapping[int, Answer],
    question_ids: Collection[int],
    marked: Collection[int],
) -> Comparison:
    """Compare what a blob says with the stored answers, by question.

    `marked` are questions whose stored answer a person has marked.
    """
    newest: dict[int, Said] = {}
    for each in said:
        known = newest.get(each.question_id)
        if known is None or each.sequence >= known.sequence:
            newest[each.question_id] = each
    found = []
    for question_id in sorted(newest.keys() & set(question_ids)):
        before = stored.get(question_id) or Answer(0, question_id)
        after = newest[question_id].answer
        if _says_otherwise(before.value, after):
            fate = _fate(after, is_marked=question_id in marked)
            found.append(Difference(question_id, before.value, after, before.revision, fate))
    return Comparison(tuple(found), tuple(sorted(newest.keys() - set(question_ids))))


def _says_otherwise(before: Any, after: Any) -> bool:
    if after is None or (is_empty(before) and is_empty(after)):
        return False
    return _text(before) != _text(after)


def _fate(after: Any, *, is_marked: bool) -> Fate:
    if _text(after) is None:
        return Fate.UNFIT
    return Fate.MARKED if is_marked else Fate.COUNTS


def _text(value: Any) -> str | None:
    """Return the text that tells values apart: 1 is not true, and not 1.0; None = unfit."""
    try:
        return encoded(value)
    except (UnfitAnswer, RecursionError):
        return None
