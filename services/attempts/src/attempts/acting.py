"""ActOnAttempts and AdmitDevice in the words of the deeds; bounds as REST has them.

Translates one request into a deed on one attempt; `rpc` runs it for each. Never decides who may:
the caller has.
"""

from collections.abc import Callable
from typing import get_args
from uuid import UUID

from chassis.origins import Origin, origin
from oep.attempts.v1 import attempts_pb2 as pb

from attempts.allowance import Grant, ensure_sound
from attempts.allowing import Allowing
from attempts.attempt import Attempt
from attempts.authorising import Authorising
from attempts.broadcasting import Broadcast, Broadcasting
from attempts.errors import InvalidAction
from attempts.order import Order
from attempts.releasing import Releasing
from attempts.repeating import DoneBefore
from attempts.schemas.actions import MAX_PAUSE_SECONDS, ReasonCode
from attempts.steering import Steering
from attempts.using import Device

MAX_REASON = 1_000
MAX_FRAME_BYTES = 16 * 1024
MAX_KEY = 64
_REASON_CODES = frozenset(get_args(ReasonCode))

Deed = Callable[[int], Attempt]
"""Does what was asked to one attempt. Blocking; raises what REST would answer."""


class Acting:
    """Finds the deed that a request asks for."""

    def __init__(
        self,
        steering: Steering,
        allowing: Allowing,
        authorising: Authorising,
        releasing: Releasing,
        broadcasting: Broadcasting,
    ) -> None:
        """Share the deeds with REST."""
        self._steering = steering
        self._allowing = allowing
        self._authorising = authorising
        self._releasing = releasing
        self._broadcasting = broadcasting

    def deed(self, request: pb.ActOnAttemptsRequest) -> Deed:
        """Return what is to be done to each attempt. Raises `InvalidAction`, `InvalidAllowance`."""
        if request.HasField("action_id") and not _is_text(request.action_id, MAX_KEY):
            raise InvalidAction(f"action_id must have 1 to {MAX_KEY} characters")
        if not request.is_question:
            return _once(self._wanted(request))
        if not request.HasField("action_id"):
            raise InvalidAction("a question needs the action_id that it is about")
        return _once(lambda attempt_id: self._steering.recall(_order(request, attempt_id)))

    def _wanted(self, request: pb.ActOnAttemptsRequest) -> Deed:
        if not _is_text(request.reason, MAX_REASON):
            raise InvalidAction("reason must have 1 to 1000 characters and no null character")
        match request.WhichOneof("action"):
            case "pause":
                return self._pause(request)
            case "unpause":
                return lambda attempt_id: self._steering.unpause(_order(request, attempt_id))
            case "extend":
                return self._extend(request)
            case "authorise":
                return lambda attempt_id: self._authorising.authorise(_order(request, attempt_id))
            case "cancel":
                return self._cancel(request)
            case "release_device":
                return lambda attempt_id: self._releasing.release(_order(request, attempt_id))
            case _:
                raise InvalidAction("no action is named")

    def admit(self, request: pb.AdmitDeviceRequest) -> bool:
        """Say whether a device may open a socket. Blocking; raises `AttemptNotFound`."""
        device = Device(request.login_id or None, _origin(request))
        return self._releasing.admit(request.attempt_id, request.student_id, device)

    def record(self, request: pb.RecordBroadcastRequest) -> None:
        """Tell the audit of a broadcast. Blocking; raises `AttemptNotFound`, `InvalidAction`."""
        failure = request.failure if request.HasField("failure") else None
        if not (_is_uuid(request.broadcast_id) and _is_frame(request.frame_json)):
            raise InvalidAction("broadcast_id must be a UUID, frame_json at most 16 KiB of JSON")
        if failure is not None and not _is_text(failure, MAX_REASON):
            raise InvalidAction("failure must have 1 to 1000 characters and no null character")
        self._broadcasting.record(
            Broadcast(
                request.broadcast_id,
                request.attempt_id,
                request.actor_id,
                request.frame_json,
                _origin(request),
                failure,
            )
        )

    def _pause(self, request: pb.ActOnAttemptsRequest) -> Deed:
        wish = request.pause
        seconds = wish.max_seconds if wish.HasField("max_seconds") else None
        if seconds is not None and not 1 <= seconds <= MAX_PAUSE_SECONDS:
            raise InvalidAction(f"max_seconds must lie between 1 and {MAX_PAUSE_SECONDS}")
        return lambda attempt_id: self._steering.pause(_order(request, attempt_id), seconds)

    def _extend(self, request: pb.ActOnAttemptsRequest) -> Deed:
        grant = Grant(request.extend.seconds, None, request.reason, request.actor_id)
        ensure_sound(grant)
        came_from = _origin(request)
        key = _key(request)
        return lambda attempt_id: self._allowing.extend(attempt_id, grant, came_from, key)[0]

    def _cancel(self, request: pb.ActOnAttemptsRequest) -> Deed:
        code = request.cancel.reason_code or "other"
        if code not in _REASON_CODES:
            raise InvalidAction(f"reason_code must be one of {', '.join(sorted(_REASON_CODES))}")
        return lambda attempt_id: self._steering.cancel(_order(request, attempt_id, code))


def _order(
    request: pb.ActOnAttemptsRequest, attempt_id: int, reason_code: str | None = None
) -> Order:
    came_from, key = _origin(request), _key(request)
    return Order(attempt_id, request.actor_id, request.reason, came_from, reason_code, key)


def _key(request: pb.ActOnAttemptsRequest) -> str | None:
    return request.action_id if request.HasField("action_id") else None


def _once(deed: Deed) -> Deed:
    """Return the same deed that counts one as done that was done under its key before."""

    def run(attempt_id: int) -> Attempt:
        try:
            return deed(attempt_id)
        except DoneBefore as before:
            return before.attempt

    return run


def _origin(
    request: pb.ActOnAttemptsRequest | pb.AdmitDeviceRequest | pb.RecordBroadcastRequest,
) -> Origin:
    address = request.ip_address if request.HasField("ip_address") else None
    agent = request.user_agent if request.HasField("user_agent") else None
    return origin(address, None, agent, ())


def _is_text(text: str, longest: int) -> bool:
    return 1 <= len(text) <= longest and "\0" not in text


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _is_frame(text: str) -> bool:
    return 2 <= len(text.encode()) <= MAX_FRAME_BYTES and "\0" not in text
