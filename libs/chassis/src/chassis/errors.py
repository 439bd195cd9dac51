"""The vocabulary of failure: each kind has one HTTP status, one gRPC status and one close code.

A service names its own failures as subclasses in its `errors.py`; the edges translate them by the
table in this module and never by hand. Nothing here does I/O.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, ClassVar, Self


@dataclass(frozen=True)
class Wire:
    """How one kind of failure looks from outside."""

    http_status: int
    grpc_status: str
    """A name of `grpc.StatusCode`: rules raise failures and must not import gRPC."""
    close_code: int
    title: str


class Kind(Enum):
    """What a caller can do about a failure; the close code's range says whether to come back."""

    INVALID = Wire(422, "INVALID_ARGUMENT", 4500, "Unprocessable Content")
    UNAUTHENTICATED = Wire(401, "UNAUTHENTICATED", 4501, "Unauthorized")
    FORBIDDEN = Wire(403, "PERMISSION_DENIED", 4503, "Forbidden")
    NOT_FOUND = Wire(404, "NOT_FOUND", 4504, "Not Found")
    REFUSED = Wire(400, "FAILED_PRECONDITION", 4509, "Bad Request")
    CONFLICT = Wire(409, "ABORTED", 4509, "Conflict")
    TOO_LARGE = Wire(413, "OUT_OF_RANGE", 4500, "Content Too Large")
    TOO_MANY = Wire(429, "RESOURCE_EXHAUSTED", 4029, "Too Many Requests")
    UNAVAILABLE = Wire(503, "UNAVAILABLE", 4013, "Service Unavailable")


@dataclass(frozen=True)
class FieldError:
    """One invalid field: a JSON pointer into the body, or `/query/<name>`, `/path/<name>`."""

    pointer: str
    message: str


class Failure(Exception):
    """Something went wrong that a caller can act on.

    `detail` is shown to people and is part of the contract; `slug` is its machine-readable
    identity; `retry_after_seconds` tells a caller when asking again makes sense.
    """

    kind: ClassVar[Kind]
    slug: ClassVar[str] = "failure"
    detail: str = "Request failed"
    retry_after_seconds: float | None = None

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        members: Mapping[str, Any] = MappingProxyType({}),
        retry_after_seconds: float | None = None,
    ) -> None:
        """Take the class's own words unless `detail` says it better.

        `members` are further members of the problem object (RFC 9457, 3.2).
        """
        self.detail = detail if detail is not None else type(self).detail
        self.errors = tuple(errors)
        self.members = dict(members)
        if retry_after_seconds is not None:
            self.retry_after_seconds = retry_after_seconds
        super().__init__(self.detail)

    def again(self) -> Self:
        """Return the same for somebody else: an exception carries the trace of who raised it."""
        return type(self)(
            self.detail,
            errors=self.errors,
            members=self.members,
            retry_after_seconds=self.retry_after_seconds,
        )


class Invalid(Failure):
    kind = Kind.INVALID
    slug = "invalid"
    detail = "Request is not valid"


class Unauthenticated(Failure):
    kind = Kind.UNAUTHENTICATED
    slug = "unauthenticated"
    detail = "Could not validate credentials"


class Forbidden(Failure):
    kind = Kind.FORBIDDEN
    slug = "forbidden"
    detail = "Access denied"


class NotFound(Failure):
    kind = Kind.NOT_FOUND
    slug = "not-found"
    detail = "Not Found"


class Refused(Failure):
    """Well formed and allowed, but not in this state (HTTP 400 by the contract)."""

    kind = Kind.REFUSED
    slug = "refused"


class Conflict(Failure):
    kind = Kind.CONFLICT
    slug = "conflict"
    detail = "Conflict"


class TooLarge(Failure):
    kind = Kind.TOO_LARGE
    slug = "too-large"
    detail = "Content Too Large"


class TooMany(Failure):
    kind = Kind.TOO_MANY
    slug = "too-many"
    detail = "Too many requests"
    retry_after_seconds = 1


class Unavailable(Failure):
    """A part that is needed does not answer; asking again, with the same ids, is right."""

    kind = Kind.UNAVAILABLE
    slug = "unavailable"
    detail = "Service temporarily unavailable"
    retry_after_seconds = 2


class OutcomeUnknown(Unavailable):
    """Storage went silent when it may have stored something already: neither yes nor no is true."""

    slug = "outcome-unknown"
    detail = (
        "Storage does not answer, and whether this was stored is not known yet."
        " Please send the same again."
    )


BY_GRPC_STATUS: dict[str, type[Failure]] = {
    cls.kind.value.grpc_status: cls
    for cls in (
        Invalid,
        Unauthenticated,
        Forbidden,
        NotFound,
        Refused,
        Conflict,
        TooLarge,
        TooMany,
        Unavailable,
    )
}
