"""Deeds of opened final answers: claim a blob, merge what was in it, regrade, keep the evidence.

A blob is opened outside of any transaction (`opener`) and settled in one, by who finds it unsettled
under the attempt's lock: whatever dies on the way, its answers count once (ADR 63). Nothing here
can make a submit fail: it was answered long before. Blocking: for worker threads.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from chassis.database import Database
from sqlalchemy.orm import Session

from attempts import auditing, finals, gradekeeping, unlocking
from attempts.answer import Answer
from attempts.attempt import Attempt
from attempts.blob import SHUT
from attempts.errors import AttemptNotFound, ExamNotFound, FinalAnswersNotFound
from attempts.finals import Comparison, Fate, Outcome
from attempts.gradekeeping import Occasion, Script
from attempts.store import answers, attempts, exams, grades, openings
from attempts.store.openings import Claimed, Opening, Settlement
from attempts.unlocking import Opened

UNKNOWN_USER = "unknown_user"
GIVEN_UP = "given_up"
MOST_TRIES = 5


class Openings:
    """Settles blobs and tells the staff what became of them."""

    def __init__(
        self, database: Database, wake: Callable[[], None], *, grace_seconds: int = 300
    ) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake
        self._grace = timedelta(seconds=grace_seconds)

    def claim(self, lease_seconds: float) -> Claimed | None:
        """Claim a blob for so long; None when nothing waits that nobody works on."""
        with self._database.transaction() as session:
            return openings.claim(session, timedelta(seconds=lease_seconds))

    def give_back(self, claimed: Claimed, wait_seconds: float, *, is_tried: bool) -> None:
        """Leave a blob to the next who claims; one that was not tried has not been claimed."""
        wait = timedelta(seconds=wait_seconds)
        with self._database.transaction() as session:
            openings.give_back(session, claimed.attempt_id, wait, is_tried=is_tried)

    def shut(self, claimed: Claimed, finding: str) -> Settlement | None:
        """Keep a blob that nobody can open, with the reason; None when it was settled already."""
        return self._settled(claimed, lambda *_: Settlement(Outcome.UNREADABLE, finding))

    def answered(self, claimed: Claimed, answer: bytes) -> Settlement | None:
        """Settle a blob by what its process has answered; None when it was settled already."""
        found = unlocking.read(answer)
        if not isinstance(found, Opened):
            return self.shut(claimed, found.value)
        return self._settled(claimed, partial(self._counted, found))

    def of_attempt(self, attempt_id: int) -> Opening:
        with self._database.transaction() as session:
            if attempts.load(session, attempt_id) is None:
                raise AttemptNotFound
            found = openings.of_attempt(session, attempt_id)
        if found is None:
            raise FinalAnswersNotFound
        return found

    def of_exam(
        self, exam_id: int, outcome: Outcome | None, skip: int, limit: int
    ) -> list[Opening]:
        with self._database.transaction() as session:
            if exams.exam(session, exam_id) is None:
                raise ExamNotFound
            return openings.of_exam(session, exam_id, outcome, skip, limit)

    def _settled(
        self,
        claimed: Claimed,
        judge: Callable[[Session, Attempt, datetime | None], Settlement],
    ) -> Settlement | None:
        with self._database.transaction() as session:
            attempt = attempts.lock(session, claimed.attempt_id)
            if attempt is None:
                return None
            is_open, received_at = openings.unsettled(session, attempt.id)
            if not is_open:
                return None
            settlement = judge(session, attempt, received_at)
            openings.settle(session, attempt.id, settlement)
            _log(session, attempt, settlement, claimed)
        self._wake()
        return settlement

    def _counted(
        self, found: Opened, session: Session, attempt: Attempt, received_at: datetime | None
    ) -> Settlement:
        [script] = gradekeeping.scripts(session, [attempt])
        comparison = _compared(script, found)
        opened = Settlement(Outcome.UNCHANGED, None, found.key_timestamp, comparison)
        reason = finals.why_not(attempt, received_at, self._grace)
        if reason is not None or received_at is None:
            return replace(opened, outcome=Outcome.EVIDENCE, finding=reason)
        if not comparison.changes:
            return opened
        openings.merge(session, attempt.id, comparison.changes, received_at)
        version = _regraded(session, attempt)
        return replace(opened, outcome=Outcome.MERGED, grade_version=version)


def is_hopeless(claimed: Claimed) -> str | None:
    """Return why a blob need not be tried: what its checksum says, or too many tries; else None."""
    if claimed.flaw in SHUT:
        return claimed.flaw
    return GIVEN_UP if claimed.tries > MOST_TRIES else None


def _compared(script: Script, found: Opened) -> Comparison:
    stored = {answer.question_id: answer for answer in script.answers}
    question_ids = {question.id for question in script.paper.questions}
    return finals.compared(found.answers, stored, question_ids, _marked(script))


def _marked(script: Script) -> Collection[int]:
    """Return the questions whose answers a person has marked."""
    by_hand = {a.question_id for a in script.answers if _is_marked_by_hand(a)}
    return by_hand | script.marks.keys()


def _is_marked_by_hand(answer: Answer) -> bool:
    return answer.marks_awarded is not None and not answer.is_auto_graded


def _regraded(session: Session, attempt: Attempt) -> int:
    """Grade a locked attempt by its answers as they are now; return the number of the grade."""
    [script] = gradekeeping.scripts(session, [attempt])
    found = gradekeeping.graded(script)
    answers.mark(session, {attempt.id: found[1].judgements})
    gradekeeping.rescore(session, [found], Occasion(gradekeeping.FINAL_ANSWERS))
    return grades.history(session, attempt.id)[-1].version


def _log(session: Session, attempt: Attempt, settlement: Settlement, claimed: Claimed) -> None:
    """Tell the audit; of a blob whose checksum is wrong it knows since the submit."""
    if settlement.outcome is Outcome.UNREADABLE and settlement.finding == claimed.flaw:
        return
    is_open = settlement.outcome is not Outcome.UNREADABLE
    fates: dict[str, list[int]] = {fate.value: [] for fate in Fate}
    for each in settlement.comparison.differences:
        fates[each.fate.value].append(each.question_id)
    entry = auditing.about(
        attempt,
        "blob_opened" if is_open else "blob_unreadable",
        "Encrypted answers opened" if is_open else "Encrypted answers cannot be opened",
        category="grading",
        details={
            "outcome": settlement.outcome.value,
            "finding": settlement.finding,
            "grade_version": settlement.grade_version,
            "question_ids": fates,
            "foreign_count": len(settlement.comparison.foreign),
        },
        error_message=None if is_open else settlement.finding,
    )
    auditing.add(session, entry)
