"""Parts of every deed that grades: the paper held, the grade worked out, a version of it kept.

Each is part of somebody else's transaction, which holds the attempts' rows. The newest version and
the attempt's own columns are written together or not at all (ADR 0017).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chassis.origins import NOWHERE, Origin
from chassis.outbox import Note
from sqlalchemy.orm import Session

from attempts import auditing, mark, notices
from attempts.answer import Answer
from attempts.attempt import Attempt, Status, SubmitReason
from attempts.audit import Entry
from attempts.errors import Overtaken
from attempts.exam import ExamPaper
from attempts.grading import Grade, Source, grade
from attempts.mark import HandMark
from attempts.shuffling import laid_out, own_letters
from attempts.store import answers, attempts, exams, grades, hand_marks
from attempts.store.attempts import Ending
from attempts.store.grades import NewVersion

MARKED, MODERATED, REGRADED, KEY_CORRECTED = "mark", "moderation", "regrade", "key_corrected"
FINAL_ANSWERS = "final_answers"
"""Encrypted final answers were opened and say otherwise than what was graded."""
_GIVEN_BY_A_PERSON = frozenset({MARKED, MODERATED})


@dataclass(frozen=True)
class Occasion:
    """Why attempts get a grade, and who gave the occasion; no person = the student or the clock."""

    reason: str
    by_id: int | None = None
    origin: Origin = NOWHERE


@dataclass(frozen=True)
class Script:
    """A locked attempt with all that its grade depends on; `shown` is the paper as it was sat."""

    attempt: Attempt
    paper: ExamPaper
    shown: ExamPaper
    answers: Sequence[Answer]
    marks: Mapping[int, Sequence[HandMark]]
    """What people gave, by question, oldest first."""


Graded = tuple[Script, Grade]


def scripts(session: Session, locked: Sequence[Attempt]) -> list[Script]:
    """Return what locked attempts are graded by; their keys stand until the transaction ends."""
    papers = exams.papers(session, {attempt.exam_id for attempt in locked}, are_held=True)
    ids = [attempt.id for attempt in locked]
    stored = answers.of_attempts(session, ids)
    given = hand_marks.of_attempts(session, ids)
    return [
        Script(
            attempt,
            papers[attempt.exam_id],
            laid_out(papers[attempt.exam_id], attempt.layout_id),
            stored.get(attempt.id, ()),
            given.get(attempt.id, {}),
        )
        for attempt in locked
    ]


def graded(script: Script) -> Graded:
    """Return what the answers are worth, options by the letters of the question itself."""
    values: Mapping[int, Any] = {answer.question_id: answer.value for answer in script.answers}
    marked, sources = _by_hand(script)
    passing = script.paper.exam.passing_marks
    found = grade(script.shown.questions, values, passing, marked, sources)
    if not script.paper.exam.shuffle_options:
        return script, found
    moved = tuple(
        replace(j, chosen=_own(script, j.question_id, j.chosen)) for j in found.judgements
    )
    return script, replace(found, judgements=moved)


def keep(session: Session, found: Sequence[Graded], occasion: Occasion) -> dict[int, int]:
    """Keep a version of each grade; return its number by attempt."""
    new = [
        NewVersion(
            script.attempt.id,
            its_grade,
            occasion.reason,
            script.paper.exam.version,
            occasion.by_id,
        )
        for script, its_grade in found
    ]
    return grades.keep(session, new)


def rescore(session: Session, found: Sequence[Graded], occasion: Occasion) -> list[Attempt]:
    """Write other grades of finished attempts, keep versions, announce and log what they change."""
    by_id = occasion.by_id if occasion.reason in _GIVEN_BY_A_PERSON else None
    endings = [
        Ending(
            script.attempt,
            script.attempt.submit_reason or SubmitReason.STUDENT,
            its_grade,
            graded_by=by_id,
        )
        for script, its_grade in found
    ]
    changed = {attempt.id: attempt for attempt in attempts.finish(session, endings)}
    if len(changed) < len(endings):
        raise Overtaken
    versions = keep(session, found, occasion)
    pairs = [(script.attempt, changed[script.attempt.id]) for script, _ in found]
    for old, new in pairs:
        notices.announce(session, _news(old, new, versions[old.id], occasion))
    auditing.add(session, *(e for pair in pairs for e in _entries(*pair, versions, occasion)))
    return [new for _, new in pairs]


def entries_of_grade(attempt: Attempt, occasion: Occasion) -> list[Entry]:
    """Return the entry of a grade that is complete; without a person the machine gave it."""
    if attempt.status is not Status.GRADED:
        return []
    entry = auditing.about(
        attempt,
        "attempt_graded",
        "Attempt graded",
        category="grading",
        user_id=occasion.by_id,
        origin=occasion.origin,
        details={
            "marks_obtained": attempt.score.marks_obtained,
            "is_passed": attempt.score.is_passed,
        },
    )
    return [entry]


def _by_hand(script: Script) -> tuple[dict[int, float], dict[int, Source]]:
    """Return the marks that count; those that nobody is known for count as they are stored."""
    marked = {
        a.question_id: a.marks_awarded
        for a in script.answers
        if a.marks_awarded is not None and not a.is_auto_graded
    }
    sources: dict[int, Source] = {}
    for question_id, given in script.marks.items():
        settled = mark.settled(script.paper.exam, given)
        if settled is not None:
            marked[question_id] = settled.marks
            sources[question_id] = settled.source
    return marked, sources


def _own(script: Script, question_id: int, chosen: tuple[str, ...]) -> tuple[str, ...]:
    if not chosen:
        return chosen
    letters = own_letters(script.paper, script.attempt.layout_id, question_id)
    return tuple(letters.get(key, key) for key in chosen)


def _news(old: Attempt, new: Attempt, version: int, occasion: Occasion) -> list[Note]:
    news = []
    if new.status is not old.status:
        news.append(notices.status_changed(new, old.status))
    if old.status is Status.GRADED or occasion.reason not in _GIVEN_BY_A_PERSON:
        news.append(notices.grade_changed(new, version, occasion.reason))
    return news


def _entries(
    old: Attempt, new: Attempt, versions: Mapping[int, int], occasion: Occasion
) -> list[Entry]:
    if occasion.reason in _GIVEN_BY_A_PERSON and old.status is not Status.GRADED:
        return entries_of_grade(new, occasion)
    entry = auditing.about(
        new,
        "attempt_regraded",
        "Attempt regraded",
        category="grading",
        user_id=occasion.by_id,
        origin=occasion.origin,
        details={
            "reason": occasion.reason,
            "grade_version": versions[new.id],
            "previous_marks_obtained": old.score.marks_obtained,
            "marks_obtained": new.score.marks_obtained,
            "is_passed": new.score.is_passed,
        },
    )
    return [entry]
