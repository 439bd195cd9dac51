"""A newer token on an open socket, whoever's it is: `reauth` in, the answer out.

A token that expires ends no socket (contract §7.4), so nobody must do this. It serves who wants to
outlive a signing key, and staff whose rights are in the token: from now on the new one counts.
"""

from datetime import datetime

from chassis.errors import Failure

from realtime import frames
from realtime.admission import Admission
from realtime.connection import Connection
from realtime.errors import AuthenticationFailed, NotAllowed, OtherDevice
from realtime.frames import Frame

_CODES = {
    AuthenticationFailed.slug: "AUTHENTICATION_FAILED",
    NotAllowed.slug: "NOT_ALLOWED",
    OtherDevice.slug: "OTHER_DEVICE",
}


def renewed(admission: Admission, connection: Connection, token: str, now: datetime) -> Frame:
    """Return what to answer; a token that is refused changes nothing, and the socket stays."""
    try:
        caller = admission.renew(connection, token)
    except Failure as failure:
        return frames.error(failure.detail, _CODES.get(failure.slug, "WEBSOCKET_ERROR"), now)
    return frames.reauthenticated(caller.expires_at, now)
