"""How many devices may use an attempt at a time, and what becomes of the next one (ADR 0016).

Pure. A device is a signed-in stay, named by the claim `login_id` of its tokens: whoever signs in
anew is another device, wherever he sits.
"""

from enum import StrEnum


class DevicePolicy(StrEnum):
    """What an exam says of a second device."""

    ALLOW = "allow"
    FLAG = "flag"
    REFUSE = "refuse"


class Verdict(StrEnum):
    """What follows when a stay wants to use an attempt."""

    SAME = "same"
    """Nothing is to be noted: it uses the attempt already, or nobody knows who asks."""
    BIND = "bind"
    """Nobody uses the attempt: it does from now on."""
    SWITCH = "switch"
    """It takes over, and nobody is told."""
    FLAG = "flag"
    """It takes over; the audit and the proctors are told."""
    REFUSE = "refuse"


CHANGES = frozenset({Verdict.SWITCH, Verdict.FLAG})
"""One stay has followed another: counted in `device_changes`."""


def verdict(
    policy: DevicePolicy, active_login_id: str | None, login_id: str | None, *, has_ended: bool
) -> Verdict:
    """Judge `login_id`, which wants to use what `active_login_id` uses, if anybody does.

    `has_ended` says that the active stay was signed out or revoked: it holds nobody up any more.
    """
    if login_id is None or login_id == active_login_id:
        return Verdict.SAME
    if active_login_id is None:
        return Verdict.BIND
    if policy is DevicePolicy.FLAG:
        return Verdict.FLAG
    if policy is DevicePolicy.REFUSE and not has_ended:
        return Verdict.REFUSE
    return Verdict.SWITCH


def verdict_in_passing(
    policy: DevicePolicy, active_login_id: str | None, login_id: str | None, *, has_ended: bool
) -> Verdict:
    """Judge a save or a socket: what a page does by itself, without anybody sitting down at it.

    Where any device may it notes nothing, so that a save writes nothing more. And it binds nobody
    to an attempt that was freed: the page that was left behind would take it again with its next
    autosave, before the student has signed in at his new place.
    """
    found = verdict(policy, active_login_id, login_id, has_ended=has_ended)
    is_silent = found is Verdict.BIND or policy is DevicePolicy.ALLOW
    return Verdict.SAME if is_silent else found
