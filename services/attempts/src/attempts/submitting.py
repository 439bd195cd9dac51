"""The deed of submitting: what came with it is kept, the attempt ends, its receipt is signed.

At the bell all submit at once, so it is a deed for many: one transaction whose statements are for
all of them. Part of somebody else's transaction.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chassis.errors import Failure
from chassis.origins import Origin
from chassis.signing import SigningKey
from sqlalchemy.orm import Session

from attempts import auditing, clockwork, marking, notices, receipting, using
from attempts.attempt import FINISHED, Attempt, Status, SubmitReason
from attempts.audit import Entry
from attempts.blob import Blob
from attempts.errors import AttemptNotFound, CannotSubmit, Overtaken
from attempts.receipt import NO_CLAIM, Claim, Receipt
from attempts.store import attempts
from attempts.using import UNKNOWN, Device

_MAY_SUBMIT = {*FINISHED, Status.IN_PROGRESS, Status.EXPIRED}


@dataclass(frozen=True)
class Wish:
    """One student's submit; `traceparent` is that of his request."""

    attempt_id: int
    student_id: int
    blob: Blob | None = None
    device: Device = UNKNOWN
    claim: Claim = NO_CLAIM
    traceparent: str | None = None


@dataclass(frozen=True)
class Submission:
    """What a submit is answered with; a repeated one gets the same receipt again."""

    attempt: Attempt
    receipt: Receipt


Outcome = Submission | Failure


def told(outcome: Outcome) -> Submission:
    """Return the submission; raise the contract's failures."""
    if isinstance(outcome, Failure):
        raise outcome
    return outcome


def waves(wishes: Sequence[Wish]) -> list[list[int]]:
    """Cut wishes, by their places, so that no attempt is twice in a wave and all keep their order.

    Who presses twice within milliseconds gets the first one's receipt.
    """
    cut: list[list[int]] = []
    seen: Counter[int] = Counter()
    for place, wish in enumerate(wishes):
        turn = seen[wish.attempt_id]
        seen[wish.attempt_id] += 1
        if turn == len(cut):
            cut.append([])
        cut[turn].append(place)
    return cut


def submit(session: Session, key: SigningKey, wishes: Sequence[Wish]) -> list[Outcome]:
    """Submit each attempt once; outcomes in the order of `wishes`."""
    locked = attempts.lock_many(session, [wish.attempt_id for wish in wishes])
    outcomes: dict[int, Outcome] = {}
    ending: list[Attempt] = []
    for wish in wishes:
        attempt = locked.get(wish.attempt_id)
        if attempt is None or attempt.student_id != wish.student_id:
            outcomes[wish.attempt_id] = AttemptNotFound()
        elif attempt.status not in _MAY_SUBMIT:
            outcomes[wish.attempt_id] = CannotSubmit(attempt.status)
        elif attempt.status in FINISHED:
            outcomes[wish.attempt_id] = _again(session, key, _received(session, attempt, wish))
        else:
            ending.append(_ready(session, attempt, wish))
    ended = _end(session, ending, wishes)
    receipts = receipting.issue(session, key, ended)
    for attempt, receipt in zip(ended, receipts, strict=True):
        outcomes[attempt.id] = Submission(attempt, receipt)
    return [outcomes[wish.attempt_id] for wish in wishes]


def _again(session: Session, key: SigningKey, attempt: Attempt) -> Submission:
    return Submission(attempt, receipting.kept(session, key, attempt))


def _ready(session: Session, attempt: Attempt, wish: Wish) -> Attempt:
    attempt = clockwork.unpaused(session, _received(session, attempt, wish))
    using.audit_submit(session, attempt, wish.device)
    return attempt


def _end(session: Session, ending: Sequence[Attempt], wishes: Sequence[Wish]) -> list[Attempt]:
    if not ending:
        return []
    origins = {wish.attempt_id: wish.device.origin for wish in wishes}
    traces = {wish.attempt_id: wish.traceparent for wish in wishes if wish.traceparent}
    ended = marking.finish(session, ending, SubmitReason.STUDENT, origins, traces)
    if len(ended) < len(ending):
        raise Overtaken
    return ended


def _received(session: Session, attempt: Attempt, wish: Wish) -> Attempt:
    """Keep what came with the submit, the first of each."""
    if wish.blob is not None:
        _keep_blob(session, attempt, wish.blob, wish.device.origin)
    return _keep_claim(session, attempt, wish.claim, wish.device.origin)


def _keep_blob(session: Session, attempt: Attempt, blob: Blob, origin: Origin) -> None:
    """Keep the first blob; one that cannot be right is told to the audit."""
    attempts.keep_blob(session, attempt.id, blob)
    if blob.flaw is None or attempt.has_blob:
        return
    entry = auditing.about(
        attempt,
        "blob_unreadable",
        "Encrypted answers cannot be read",
        user_id=attempt.student_id,
        origin=origin,
        error_message=blob.flaw,
    )
    auditing.add(session, entry)


def _keep_claim(session: Session, attempt: Attempt, claim: Claim, origin: Origin) -> Attempt:
    """Keep the first claim of what was sent, and say it although the attempt may have ended."""
    is_over = attempt.status in FINISHED
    if claim.flaw is not None and not is_over:
        auditing.add(session, _unreadable(attempt, claim.flaw, origin))
    if claim.sequence is None or attempt.last_event_sequence is not None:
        return attempt
    attempts.keep_claim(session, attempt.id, claim.sequence)
    attempt = replace(attempt, last_event_sequence=claim.sequence)
    if is_over:
        notices.announce(session, [notices.status_changed(attempt, attempt.status)])
    return attempt


def _unreadable(attempt: Attempt, flaw: str, origin: Origin) -> Entry:
    return auditing.about(
        attempt,
        "event_sequence_unreadable",
        "Last event sequence cannot be read",
        user_id=attempt.student_id,
        origin=origin,
        error_message=flaw,
    )
