"""Part of deeds that a student's device does: may it use the attempt, and note that it does.

The rule is in `device`. Part of somebody else's transaction; a change of devices that the exam
wants to be told about is audited and announced here. Blocking: for worker threads.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from chassis.origins import NOWHERE, Origin
from chassis.tokens import Ended
from sqlalchemy.orm import Session

from attempts import auditing, notices
from attempts.attempt import Attempt
from attempts.audit import Entry
from attempts.device import CHANGES, Verdict, verdict
from attempts.errors import OtherDevice
from attempts.store import devices

EndedOf = Callable[[Collection[int]], Ended]
"""(user_ids): which stays of these users were signed out or revoked."""

Rule = Callable[..., Verdict]
"""One of the verdicts of `device`."""


def nobody_left(_user_ids: Collection[int]) -> Ended:
    """Stand in where nothing is known of revocations."""
    return Ended()


@dataclass(frozen=True)
class Device:
    """The signed-in stay that asks, and where it asks from; None when that is not known."""

    login_id: str | None = None
    origin: Origin = NOWHERE


UNKNOWN = Device()


def has_ended(attempt: Attempt, ended_of: EndedOf) -> bool:
    """Say whether the stay that uses the attempt holds nobody up any more."""
    login_id, student_id = attempt.active_login_id, attempt.student_id
    if login_id is None:
        return False
    since = attempt.active_since or attempt.created_at
    return ended_of([student_id]).has(login_id, student_id, since)


def judged(attempt: Attempt, device: Device, ended_of: EndedOf, judge: Rule = verdict) -> Verdict:
    """Return what follows when a device wants to use an attempt."""
    return judge(
        attempt.device_policy,
        attempt.active_login_id,
        device.login_id,
        has_ended=has_ended(attempt, ended_of),
    )


def used_by(
    session: Session, attempt: Attempt, device: Device, ended_of: EndedOf, judge: Rule = verdict
) -> Attempt | None:
    """Note who uses a running attempt; None when others have changed it since it was read.

    Raises `OtherDevice`. Writes only when another stay than before asks.
    """
    found = judged(attempt, device, ended_of, judge)
    if found is Verdict.REFUSE:
        raise OtherDevice
    return noted(session, attempt, device, found)


def noted(session: Session, attempt: Attempt, device: Device, found: Verdict) -> Attempt | None:
    """Do what a verdict says that is not `REFUSE`; None when the attempt has been changed."""
    if found is Verdict.SAME or device.login_id is None:
        return attempt
    used = devices.bind(session, attempt, device.login_id, is_change=found in CHANGES)
    if used is not None and found is Verdict.FLAG:
        notices.announce(session, [notices.device_changed(used)])
        auditing.add(session, changed(attempt, used, device.origin))
    return used


def audit_submit(session: Session, attempt: Attempt, device: Device) -> None:
    """Tell the audit when another device submits than the one that uses the attempt."""
    if None in {device.login_id, attempt.active_login_id}:
        return
    if device.login_id != attempt.active_login_id:
        entry = auditing.about(
            attempt,
            "submitted_elsewhere",
            "Attempt submitted by another device",
            user_id=attempt.student_id,
            origin=device.origin,
            details={"active_login_id": attempt.active_login_id, "login_id": device.login_id},
        )
        auditing.add(session, entry)


def changed(before: Attempt, after: Attempt, origin: Origin) -> Entry:
    """Return what the audit holds of a change of devices that the exam has flagged."""
    return auditing.about(
        after,
        devices.CHANGED,
        devices.CHANGED_TEXT,
        user_id=after.student_id,
        origin=origin,
        details={
            "previous_login_id": before.active_login_id,
            "login_id": after.active_login_id,
            "device_changes": after.device_changes,
        },
    )
