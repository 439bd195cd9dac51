"""Deeds of saving: answers and flags, durable before anybody is told (contract §9.1).

A group of saves of many attempts is one statement and one round trip. Only when somebody else has
changed an attempt in that very moment, another device than before saves, or a group says two things
about one answer, the attempts are locked first and the same statement runs behind the lock.
"""

from collections.abc import Callable, Sequence

from chassis.database import Database
from chassis.errors import Failure
from sqlalchemy.orm import Session

from attempts import using
from attempts.answer import Answer, Save
from attempts.device import Verdict, verdict_in_passing
from attempts.errors import (
    ActiveAttemptNotFound,
    AttemptPaused,
    AttemptTimeExpired,
    ForeignQuestion,
    OtherDevice,
    UnfitAnswer,
)
from attempts.progress import Outcome, Refusal, Refused, waves
from attempts.store import attempts, saving
from attempts.store.saving import ToRepeat
from attempts.using import Device, HasEnded, nobody_left

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
        """Save what may be saved, in order; outcomes in the order of `saves`.

        A refused save does not sink the others. Raises `Unavailable`; a caller who then does not
        know what was stored repeats the saves, and each `message_id` counts once.
        """
        first = self._at_once(saves) if len(waves(saves)) == 1 else [ToRepeat()] * len(saves)
        again = [place for place, outcome in enumerate(first) if isinstance(outcome, ToRepeat)]
        behind = iter(self._behind_locks([saves[place] for place in again]) if again else ())
        self._wake()
        return [next(behind) if isinstance(each, ToRepeat) else each for each in first]

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

    def _at_once(self, saves: Sequence[Save]) -> list[Outcome | ToRepeat]:
        with self._database.single() as connection:
            return saving.save(connection, saves)

    def _behind_locks(self, saves: Sequence[Save]) -> list[Outcome]:
        """Save wave by wave in one transaction that holds the attempts."""
        outcomes: dict[int, Outcome] = {}
        with self._database.transaction() as session:
            saving.lock(session.connection(), {save.attempt_id for save in saves})
            for wave in waves(saves):
                done = self._save_wave(session, [saves[place] for place in wave])
                outcomes |= dict(zip(wave, done, strict=True))
        return [outcomes[place] for place in range(len(saves))]

    def _save_wave(self, session: Session, saves: Sequence[Save]) -> list[Outcome]:
        """Save a wave of locked attempts; what another device says is judged and saved after."""
        connection = session.connection()
        found = saving.save(connection, saves, saving.texts_kept(connection, saves))
        outcomes: dict[int, Outcome] = {}
        for place, outcome in enumerate(found):
            decided = self._decided(session, saves[place], outcome)
            if decided is not None:
                outcomes[place] = decided
        rest = [place for place in range(len(saves)) if place not in outcomes]
        if rest:
            taken = self._save_wave(session, [saves[place] for place in rest])
            outcomes |= dict(zip(rest, taken, strict=True))
        return [outcomes[place] for place in range(len(saves))]

    def _decided(self, session: Session, save: Save, outcome: Outcome | ToRepeat) -> Outcome | None:
        """Return what became of a save; None = its device has taken the attempt over just now."""
        if not isinstance(outcome, ToRepeat):
            return outcome
        return self._taken_over(session, save, is_member=outcome.is_member)

    def _taken_over(self, session: Session, save: Save, *, is_member: bool) -> Refused | None:
        """Let a save's device use the attempt that another one uses, or say why it may not."""
        attempt = attempts.lock(session, save.attempt_id)
        if attempt is None:
            return Refused(Refusal.ATTEMPT_NOT_FOUND)
        device = Device(save.login_id)
        found = using.judged(attempt, device, self._has_ended, verdict_in_passing)
        if found is Verdict.REFUSE:
            return Refused(Refusal.OTHER_DEVICE)
        if not is_member:
            return Refused(Refusal.INVALID_QUESTION)
        using.noted(session, attempt, device, found)
        return None
