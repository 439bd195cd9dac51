"""Deeds about the device that uses an attempt: the staff frees it, a socket asks to come in.

The rule is in `device`, what a student's own deeds do with it in `using`. Blocking: for worker
threads.
"""

from collections.abc import Callable

from chassis.database import Database

from attempts import auditing, notices, using
from attempts.attempt import Attempt, Status
from attempts.device import verdict_in_passing
from attempts.errors import AttemptNotFound, CannotSteer, NoDevice, OtherDevice, Overtaken
from attempts.order import Order
from attempts.repeating import ensure_new
from attempts.store import attempts, devices
from attempts.using import Device, EndedOf, nobody_left


class Releasing:
    """Frees attempts from their device, and admits devices."""

    def __init__(
        self, database: Database, wake: Callable[[], None], ended_of: EndedOf = nobody_left
    ) -> None:
        """`wake` tells the relay of commits; `ended_of` knows which stays were signed out."""
        self._database = database
        self._wake = wake
        self._ended_of = ended_of

    def release(self, order: Order) -> Attempt:
        """Let the next device in, whichever it is; the one before may also come back."""
        with self._database.transaction() as session:
            attempt = attempts.lock(session, order.attempt_id)
            if attempt is None:
                raise AttemptNotFound
            ensure_new(session, attempt, order.action_id)
            if attempt.status is not Status.IN_PROGRESS:
                raise CannotSteer("release device of", attempt.status)
            if attempt.active_login_id is None:
                raise NoDevice
            free = devices.release(session, attempt)
            if free is None:
                raise Overtaken
            notices.announce(session, [notices.device_released(free)])
            entry = auditing.about(
                free,
                "device_released",
                "Device released",
                user_id=order.by_id,
                origin=order.origin,
                details={"reason": order.reason, "login_id": attempt.active_login_id} | order.mark,
            )
            auditing.add(session, entry)
        self._wake()
        return free

    def admit(self, attempt_id: int, student_id: int, device: Device) -> bool:
        """Say whether a device may open a socket; note that it took the attempt from another one.

        Nobody is bound before the start: whoever begins first uses the attempt.
        """
        with self._database.transaction() as session:
            attempt = attempts.lock(session, attempt_id)
            if attempt is None or attempt.student_id != student_id:
                raise AttemptNotFound
            if attempt.status is not Status.IN_PROGRESS:
                return True
            try:
                using.used_by(session, attempt, device, self._ended_of, verdict_in_passing)
            except OtherDevice:
                return False
        self._wake()
        return True
