"""Deeds of saving: answers and flags, durable before anybody is told (contract §9.1).

A wave of saves of many attempts is one statement and one round trip, whatever it meets (ADR 19).
Blocking: for worker threads.
"""

from collections.abc import Callable, Sequence

from chassis.database import Database
from chassis.errors import Failure

from attempts.answer import Answer, Save
from attempts.errors import (
    ActiveAttemptNotFound,
    AttemptPaused,
    AttemptTimeExpired,
    ForeignQuestion,
    OtherDevice,
    UnfitAnswer,
)
from attempts.progress import Outcome, Refusal, Refused, waves
from attempts.store import saving
from attempts.using import EndedOf, nobody_left

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
        self, database: Database, wake: Callable[[], None], ended_of: EndedOf = nobody_left
    ) -> None:
        """`wake` tells the relay of commits; `ended_of` knows which stays were signed out."""
        self._database = database
        self._wake = wake
        self._ended_of = ended_of

    def save_all(self, saves: Sequence[Save]) -> list[Outcome]:
        """Save what may be saved, in order; outcomes in the order of `saves`.

        A refused save does not sink the others. Raises `Unavailable`; a caller who then does not
        know what was stored repeats the saves, and each `message_id` counts once.
        """
        outcomes: dict[int, Outcome] = {}
        for wave in waves(saves):
            done = self._save_wave([saves[place] for place in wave])
            outcomes |= dict(zip(wave, done, strict=True))
        self._wake()
        return [outcomes[place] for place in range(len(saves))]

    def save(self, save: Save) -> Answer:
        """Save one answer and return the stored row; raise the contract's failures."""
        [outcome] = self.save_all([save])
        return told(outcome)

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

    def _save_wave(self, saves: Sequence[Save]) -> list[Outcome]:
        ended = self._ended_of({save.student_id for save in saves})
        with self._database.single() as connection:
            return saving.save(connection, saves, ended)


def told(outcome: Outcome) -> Answer:
    """Return the answer as it is stored now; raise the contract's failures."""
    if isinstance(outcome, Refused):
        raise FAILURES[outcome.reason]
    return outcome.answer
