"""Deeds of saving: answers and flags, durable before anybody is told (contract §9.1).

A group of saves of many attempts is one transaction of four statements: lock the attempts in id
order, look, write, announce.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from chassis.database import Database
from chassis.errors import Failure

from attempts import notices, using
from attempts.answer import Answer, Save
from attempts.errors import (
    ActiveAttemptNotFound,
    AttemptPaused,
    AttemptTimeExpired,
    ForeignQuestion,
    OtherDevice,
    UnfitAnswer,
)
from attempts.progress import AnswerKey, Ledger, Outcome, Refusal, Refused, Saved
from attempts.store import answers, attempts
from attempts.using import HasEnded, nobody_left

FAILURES: dict[Refusal, type[Failure]] = {
    Refusal.ATTEMPT_NOT_FOUND: ActiveAttemptNotFound,
    Refusal.ATTEMPT_NOT_ACTIVE: ActiveAttemptNotFound,
    Refusal.TIME_EXPIRED: AttemptTimeExpired,
    Refusal.ATTEMPT_PAUSED: AttemptPaused,
    Refusal.OTHER_DEVICE: OtherDevice,
    Refusal.INVALID_QUESTION: ForeignQuestion,
    Refusal.INVALID_ANSWER: UnfitAnswer,
}
"""What a refusal is called over REST."""


class Saving:
    """Saves answers and flags. Blocking: for worker threads."""

    def __init__(
        self, database: Database, wake: Callable[[], None], has_ended: HasEnded = nobody_left
    ) -> None:
        """`wake` tells the relay of commits; `has_ended` knows which stays were signed out."""
        self._database = database
        self._wake = wake
        self._has_ended = has_ended

    def save_all(self, saves: Sequence[Save]) -> list[Outcome]:
        """Save what may be saved, in order, in one transaction; outcomes in the order of `saves`.

        A refused save does not sink the others. Raises `Unavailable` with nothing stored.
        """
        with self._database.transaction() as session:
            locked = attempts.lock_many(session, {save.attempt_id for save in saves})
            left = frozenset(i for i, a in locked.items() if using.has_ended(a, self._has_ended))
            ledger = Ledger(replace(answers.situation(session, locked, saves), left=left))
            outcomes = ledger.take_all(saves)
            ids = answers.write(session, ledger)
            using.note(session, ledger)
            notices.announce(
                session,
                [
                    notices.answer_saved(o, s.connection_id, is_flag_only=s.is_flag_only)
                    for s, o in zip(saves, outcomes, strict=True)
                    if isinstance(o, Saved) and o.is_news
                ],
            )
        self._wake()
        return [_with_id(outcome, ids) for outcome in outcomes]

    def save(self, save: Save) -> Answer:
        """Save one answer and return the stored row; raise the contract's failures."""
        [outcome] = self.save_all([save])
        if isinstance(outcome, Refused):
            raise FAILURES[outcome.reason]
        return outcome.answer

    def set_flag(
        self,
        attempt_id: int,
        student_id: int,
        question_id: int,
        *,
        is_flagged: bool,
        login_id: str | None = None,
    ) -> Outcome:
        """Set or clear one flag; it is announced even when it was so already."""
        wish = Save(
            attempt_id,
            student_id,
            question_id,
            is_flagged=is_flagged,
            is_flag_only=True,
            login_id=login_id,
        )
        return self.save_all([wish])[0]


def _with_id(outcome: Outcome, ids: Mapping[AnswerKey, int]) -> Outcome:
    if not isinstance(outcome, Saved):
        return outcome
    answer = outcome.answer
    row_id = ids.get((answer.attempt_id, answer.question_id), answer.id)
    return replace(outcome, answer=replace(answer, id=row_id))
