"""Deeds that grade again: one attempt at once, or all of an exam whose key was corrected.

An exam's work is done by the clock in batches. What is left to do is read from the versions of the
grades themselves, so nothing is lost with a replica and nothing has to be remembered (ADR 0017).
Blocking: for worker threads.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from chassis.database import Database
from chassis.origins import Origin
from sqlalchemy.orm import Session

from attempts import auditing, gradekeeping
from attempts.attempt import FINISHED, Attempt
from attempts.audit import Entry
from attempts.drafting import question_flaws
from attempts.errors import (
    AttemptNotFound,
    CannotRegrade,
    ExamNotFound,
    InvalidCorrection,
    NotSatYet,
    QuestionNotFound,
)
from attempts.exam import ExamPaper
from attempts.gradekeeping import Occasion
from attempts.question import Question
from attempts.store import answers, attempts, content, exams, grades
from attempts.store.grades import Correction, Regrade


class Regrading:
    """Corrects keys and gives the grades that follow from it."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake

    def correct_key(self, exam_id: int, correction: Correction, origin: Origin) -> Regrade:
        """Replace the key of a question in one exam; the clock regrades what is finished.

        Grading that is under way keeps the exam's row: this waits for it to commit, and whoever
        grades afterwards sees the new key.
        """
        with self._database.transaction() as session:
            exam = content.lock_exam(session, exam_id)
            if exam is None:
                raise ExamNotFound
            _ensure_fits(_question(exams.paper(session, exam), correction), correction)
            if not content.has_attempts(session, exam_id):
                raise NotSatYet
            grades.correct(session, exam_id, correction)
            content.change_exam(session, exam_id, {}, is_content=True)
            regrade = grades.add_regrade(session, exam_id, exam.version + 1, correction)
            auditing.add(session, _corrected(exam_id, correction, regrade, origin))
            return replace(regrade, pending_count=grades.count_outdated(session, regrade))

    def regrade(self, attempt_id: int, by_id: int, origin: Origin) -> Attempt:
        """Grade one finished attempt again, by the keys and marks as they are now."""
        with self._database.transaction() as session:
            attempt = attempts.lock(session, attempt_id)
            if attempt is None:
                raise AttemptNotFound
            if attempt.status not in FINISHED:
                raise CannotRegrade(attempt.status)
            occasion = Occasion(gradekeeping.REGRADED, by_id, origin)
            [attempt] = _again(session, [attempt], occasion)
        self._wake()
        return attempt

    def regrade_due(self, limit: int = 50) -> int:
        """Regrade a batch of attempts whose key was corrected; return how many.

        Several replicas may do it at once: each works for an exam that no other works for, and
        passes over attempts that somebody holds; those are taken the next time.
        """
        with self._database.transaction() as session:
            work = grades.lock_next_regrade(session)
            if work is None:
                return 0
            locked = grades.lock_outdated(session, work, limit)
            occasion = Occasion(gradekeeping.KEY_CORRECTED, work.requested_by_id)
            done = len(_again(session, locked, occasion)) if locked else 0
            is_done = done < limit and grades.count_outdated(session, work) == 0
            if done or is_done:
                grades.progress(session, work, done, is_done=is_done)
        if done:
            self._wake()
        return done


def _again(session: Session, locked: Sequence[Attempt], occasion: Occasion) -> list[Attempt]:
    found = [gradekeeping.graded(script) for script in gradekeeping.scripts(session, locked)]
    judgements = {script.attempt.id: its_grade.judgements for script, its_grade in found}
    answers.mark(session, judgements)
    return gradekeeping.rescore(session, found, occasion)


def _question(paper: ExamPaper, correction: Correction) -> Question:
    for question in paper.questions:
        if question.id == correction.question_id:
            return question
    raise QuestionNotFound


def _ensure_fits(question: Question, correction: Correction) -> None:
    """Raise `InvalidCorrection` for a key that the question cannot have."""
    if correction.answer is None:
        return
    flaws = question_flaws(asdict(question) | {"correct_answer": list(correction.answer)})
    if flaws:
        raise InvalidCorrection("; ".join(flaw.message for flaw in flaws), errors=flaws)


def _corrected(exam_id: int, correction: Correction, regrade: Regrade, origin: Origin) -> Entry:
    """Return the audit's entry; the key itself stands in the exam, never in the audit."""
    return Entry(
        "key_corrected",
        "grading",
        f"Key of question {correction.question_id} corrected",
        user_id=correction.by_id,
        exam_id=exam_id,
        origin=origin,
        details={
            "question_id": correction.question_id,
            "void": correction.void and correction.void.value,
            "reason": correction.reason,
            "exam_version": regrade.exam_version,
            "regrade_id": regrade.id,
        },
    )
