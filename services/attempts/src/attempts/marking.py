"""The deed of ending attempts: what stored answers are worth, with the status that it brings.

Part of somebody else's transaction. People's marks are given in `hand_marking`.
"""

import itertools
from collections.abc import Mapping, Sequence

from chassis.origins import NOWHERE, Origin
from sqlalchemy.orm import Session

from attempts import auditing, gradekeeping, notices
from attempts.attempt import Attempt, SubmitReason
from attempts.audit import Entry
from attempts.gradekeeping import Occasion
from attempts.store import answers, attempts
from attempts.store.attempts import Ending

_ENDINGS = {
    SubmitReason.STUDENT: "Attempt submitted",
    SubmitReason.DEADLINE: "Attempt collected after its grace period",
    SubmitReason.PAUSE: "Attempt ended because its pause lasted too long",
}
_REASONS = {
    SubmitReason.STUDENT: "submit",
    SubmitReason.DEADLINE: "deadline",
    SubmitReason.PAUSE: "pause",
}


def finish(
    session: Session,
    locked: Sequence[Attempt],
    reason: SubmitReason,
    origins: Mapping[int, Origin] | None = None,
    traces: Mapping[int, str | None] | None = None,
) -> list[Attempt]:
    """Grade locked attempts by their stored answers, end them, keep the grade and announce it.

    `origins` says by attempt where it was ended, `traces` by which request.
    """
    found = [gradekeeping.graded(script) for script in gradekeeping.scripts(session, locked)]
    grades = {script.attempt.id: its_grade for script, its_grade in found}
    answers.mark(session, {attempt_id: g.judgements for attempt_id, g in grades.items()})
    ended = attempts.finish(session, [Ending(a, reason, grades[a.id]) for a in locked])
    are_ended = {attempt.id for attempt in ended}
    kept = [pair for pair in found if pair[0].attempt.id in are_ended]
    gradekeeping.keep(session, kept, Occasion(_REASONS[reason]))
    previous = {attempt.id: attempt.status for attempt in locked}
    notices.announce(
        session,
        [notices.status_changed(attempt, previous[attempt.id]) for attempt in ended],
        traces,
    )
    where = origins or {}
    entries = (_ended(a, reason, where.get(a.id, NOWHERE)) for a in ended)
    auditing.add(session, *itertools.chain.from_iterable(entries))
    return ended


def _ended(attempt: Attempt, reason: SubmitReason, origin: Origin) -> list[Entry]:
    by_student = reason is SubmitReason.STUDENT
    submitted = auditing.about(
        attempt,
        "attempt_submitted",
        _ENDINGS[reason],
        user_id=attempt.student_id if by_student else None,
        origin=origin,
        details={"reason": reason.value, "questions_answered": attempt.questions_answered},
    )
    return [submitted, *gradekeeping.entries_of_grade(attempt, Occasion(_REASONS[reason]))]
