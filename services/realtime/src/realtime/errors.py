"""What can go wrong here, each with the words of contract §7.1; the kind decides the close code."""

from chassis.errors import (
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    TooMany,
    Unauthenticated,
    Unavailable,
)


class HandshakeInvalid(Invalid):
    slug = "handshake-invalid"
    detail = "Invalid handshake"


class ForeignOrigin(Forbidden):
    slug = "foreign-origin"
    detail = "Origin not allowed"


class NoSuchSocket(NotFound):
    slug = "no-such-socket"


class AuthenticationFailed(Unauthenticated):
    slug = "authentication-failed"
    detail = "Authentication failed"


class AttemptNotFound(NotFound):
    slug = "attempt-not-found"
    detail = "Attempt not found"


class ExamNotFound(NotFound):
    slug = "exam-not-found"
    detail = "Exam not found"


class NotAllowed(Forbidden):
    slug = "not-allowed"
    detail = "Unauthorized"


class OtherDevice(Forbidden):
    slug = "other-device"
    detail = "Attempt is open on another device"


class SafeBrowserRequired(Forbidden):
    slug = "safe-exam-browser-required"
    detail = "This exam opens only in Safe Exam Browser, with the configuration of this exam"


class AttemptClosed(Refused):
    slug = "attempt-closed"
    detail = "Attempt is closed"


class TooManySockets(TooMany):
    slug = "too-many-sockets"
    detail = "Connection limit exceeded"


class NeighbourAway(Unavailable):
    slug = "neighbour-away"
    detail = "Service temporarily unavailable"


class NotRecorded(Unavailable):
    slug = "not-recorded"
    detail = "Broadcast was not sent: it could not be recorded. Please try again."


class NotSaid(Unavailable):
    slug = "not-said"
    detail = "Broadcast may have reached nobody: the message bus does not answer. Please try again."


class GoingAway(Unavailable):
    slug = "going-away"
    detail = "Server going away"


class Overloaded(Unavailable):
    slug = "overloaded"
    detail = "Too much is waiting already"


class HistoryGone(Exception):  # not a Failure: the client reloads
    """What a client missed can no longer be told message by message; it must resync."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
