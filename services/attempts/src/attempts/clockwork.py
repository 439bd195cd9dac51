"""Parts of deeds that touch an attempt's clock: start it, let it go on, give it more time.

Each is part of somebody else's transaction and announces what it did. None decides who may.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from attempts import notices
from attempts.allowance import Allowance, Grant
from attempts.attempt import Attempt
from attempts.errors import ExamClosed, ExamNotFound, Overtaken, WaitingForAuthorisation
from attempts.store import actions, allowances, attempts, exams


def start(session: Session, attempt: Attempt, login_id: str | None = None) -> Attempt | None:
    """Start the clock of an attempt that has not begun; None when somebody was faster.

    `login_id` is the signed-in stay that starts it and uses it from then on.

    Who has locked the attempt must have held its exam's allowances before.
    """
    exam = exams.exam(session, attempt.exam_id)
    if exam is None:
        raise ExamNotFound
    if not exam.is_open(attempt.as_of):
        raise ExamClosed
    if attempt.is_waiting_for_authorisation:
        raise WaitingForAuthorisation(attempt.id)
    previous = attempt.status
    allowances.hold_exam(session, attempt.exam_id, is_shared=True)
    for exam_allowance_id, grant in allowances.not_inherited(session, attempt):
        given = give(session, [attempt], grant, exam_allowance_id, is_said=False)
        [attempt] = given or [attempt]
    begun = attempts.start_clock(session, attempt, login_id)
    if begun is not None:
        notices.announce(
            session, [notices.status_changed(begun, previous), notices.deadline_changed(begun)]
        )
    return begun


def unpaused(session: Session, attempt: Attempt) -> Attempt:
    """Let the clock of a locked attempt go on, its deadline moved by the pause."""
    if not attempt.is_paused:
        return attempt
    going = actions.unpause(session, attempt)
    if going is None:
        raise Overtaken
    notices.announce(session, [notices.resumed(going), notices.deadline_changed(going)])
    return going


def give(
    session: Session,
    chosen: Sequence[Attempt],
    grant: Grant,
    exam_allowance_id: int | None = None,
    *,
    is_said: bool = True,
) -> list[Attempt]:
    """Store the grant for each attempt and move its deadline; only attempts unchanged so far."""
    seconds = {attempt.id: grant.seconds_for(attempt) for attempt in chosen}
    extended = allowances.extend(session, chosen, seconds)
    stored = allowances.store(
        session, {a.id: seconds[a.id] for a in extended}, grant, exam_allowance_id
    )
    if is_said:
        _say(session, extended, stored)
    return extended


def _say(session: Session, extended: Sequence[Attempt], stored: Sequence[Allowance]) -> None:
    by_attempt = {allowance.attempt_id: allowance for allowance in stored}
    for attempt in extended:
        granted = notices.allowance_granted(attempt, by_attempt[attempt.id])
        notices.announce(session, [granted, notices.deadline_changed(attempt)])
