"""What can go wrong in proctoring, in the contract's words (section 6); edges translate kinds."""

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Refused, TooMany, Unavailable


class PostedAttemptNotFound(NotFound):
    slug = "attempt-not-found"
    detail = "Exam attempt not found or access denied"


class AttemptNotFound(NotFound):
    slug = "attempt-not-found"
    detail = "Exam attempt not found"


class AttemptClosed(Refused):
    slug = "attempt-closed"
    detail = "Cannot log events for a completed exam"


class NothingSat(NotFound):
    slug = "nothing-sat"
    detail = "This student has no such attempt"


class ForeignQuestion(Refused):
    slug = "foreign-question"
    detail = "Question does not belong to this exam"


class AccessDenied(Forbidden):
    slug = "access-denied"
    detail = "Access denied"


class SummaryDenied(Forbidden):
    slug = "summary-denied"
    detail = "Only admins and graders can view violation summaries"


class TooManyEvents(TooMany):
    """More of one attempt than a stuck key can make; nothing was stored."""

    slug = "too-many-events"
    detail = "Too many events at once, nothing was stored. Keep them and try again in a moment."


class BadBody(Invalid):
    slug = "invalid-body"


class IntakeFull(Unavailable):
    """Too much waits already, or waited too long; nothing was stored."""

    slug = "intake-full"
    detail = "Too many events are waiting, nothing was stored. Please try again."


class IntakeStopping(Unavailable):
    slug = "intake-stopping"
    detail = "The service is stopping, nothing was stored. Please try again."


class AttemptsUnavailable(Unavailable):
    """attempts did not answer in time: without it nothing may be stored."""

    slug = "attempts-unavailable"
    detail = "The attempts service does not answer, nothing was stored. Please try again."


class AlreadyHeld(Conflict):
    slug = "already-held"
    detail = "The attempt is on hold already; lift that hold before placing another one"


class NotHeld(NotFound):
    slug = "not-held"
    detail = "The attempt is not on hold"


class ExportsBusy(Unavailable):
    """So many exports run that one more would make events wait."""

    slug = "exports-busy"
    detail = "Too many exports of evidence are running. Please try again in a few seconds."
