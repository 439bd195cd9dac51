"""Decides whether somebody who knows certain things may come in, in the contract's order of checks.

Pure: what is known about a user comes in, a failure or nothing comes out. Secrets are not compared
here; whoever asks has already found out whether the password or the answer was right.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.errors import Failure

from auth.errors import (
    AccountInactive,
    BadCredentials,
    BirthDateUnreadable,
    HolderGone,
    LoginEnded,
    RefreshTokenInvalid,
    StudentInactive,
    StudentsOnly,
    UnknownHallTicket,
    UserInactive,
    UserNotFound,
    WrongBirthDate,
    WrongSecurityAnswer,
)

STUDENT = "student"
ADMIN = "admin"
UNKNOWN_SLOTS = 1 << 16

EMAIL_PATTERN = r"^[^@\s]+@[^@\s]+$"
"""What an e-mail address must look like at least; whether it reaches anybody is not known here."""
_BIRTH_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})", re.ASCII)


class Method(StrEnum):
    """The ways to come in, and the step behind them; failures are counted for each by itself."""

    PASSWORD = "password"  # noqa: S105  # a word, not a password
    HALL_TICKET = "hall_ticket"
    OIDC = "oidc"
    SECOND_FACTOR = "second_factor"


class EndReason(StrEnum):
    LOGOUT = "logout"
    REUSE = "reuse"
    DEACTIVATED = "deactivated"
    RIGHTS_CHANGED = "rights_changed"


@dataclass(frozen=True)
class Role:
    id: int
    name: str
    description: str | None
    created_at: datetime


@dataclass(frozen=True)
class Center:
    id: int
    name: str
    code: str
    address: str | None
    city: str | None
    state: str | None
    pincode: str | None
    district: str | None
    is_active: bool
    created_at: datetime


@dataclass(frozen=True)
class Trade:
    id: int
    name: str
    code: str
    description: str | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Account:
    """A user as others may see him: no hash, no date of birth."""

    id: int
    email: str
    username: str
    full_name: str
    is_active: bool
    is_verified: bool
    created_at: datetime
    last_login: datetime | None
    hall_ticket_number: str | None
    roles: tuple[Role, ...]
    center: Center | None
    trade: Trade | None

    @property
    def role_names(self) -> list[str]:
        return sorted(role.name for role in self.roles)

    @property
    def is_student(self) -> bool:
        return any(role.name == STUDENT for role in self.roles)


@dataclass(frozen=True)
class Candidate:
    """Somebody at the door: the account that he names, if there is one, and what would prove it."""

    slot: int
    """Where his failures are counted; see `slot_of_unknown`."""
    account: Account | None = None
    secret_hash: str | None = None
    date_of_birth: date | None = None


@dataclass(frozen=True)
class Stay:
    """The holder of an access token and whether the login behind it still stands."""

    account: Account | None
    has_login: bool
    is_ended: bool


@dataclass(frozen=True)
class Link:
    """Where a refresh token stands in its login's chain."""

    login_id: UUID
    is_ended: bool
    spent_at: datetime | None = None
    successor: "Successor | None" = None

    @property
    def is_spent(self) -> bool:
        return self.spent_at is not None


@dataclass(frozen=True)
class Successor:
    """The token that a spent one was exchanged for."""

    token_id: UUID
    issued_at: datetime
    is_spent: bool


@dataclass(frozen=True)
class EndedLogin:
    """A login whose tokens must be refused everywhere until the last of them has expired."""

    login_id: UUID
    user_id: int
    revoked_at: datetime
    forget_at: datetime


@dataclass(frozen=True)
class EndedUser:
    """A user all of whose tokens up to now must be refused until the last has expired."""

    user_id: int
    revoked_at: datetime
    forget_at: datetime


@dataclass(frozen=True)
class Revocation:
    """An entry of the list for other services; exactly one of the first two ids is set."""

    login_id: UUID | None
    user_id: int | None
    revoked_at: datetime
    forget_at: datetime
    login_user_id: int | None
    """Whose login it was, while that is known."""


def slot_of_unknown(name: str) -> int:
    """Return a negative slot for a name that is nobody's, so that counting needs bounded room.

    Known accounts are counted under their own id; names that do not exist share 65,536 slots.
    """
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return -1 - int.from_bytes(digest[:2], "big")


def costs_like_imported(slot: int, imported_share: float) -> bool:
    """Say whose time a check without a hash takes: that of an imported hash or of our own.

    The answer is fixed for a slot and as frequent as imported hashes are among the known accounts,
    so that time tells nobody whether a name exists.
    """
    place = -1 - slot if slot < 0 else slot
    return place % UNKNOWN_SLOTS < imported_share * UNKNOWN_SLOTS


def normalised_answer(answer: str) -> str:
    """Return a security answer as it was hashed: without outer spaces, in lower case."""
    return answer.strip().lower()


def read_birth_date(text: str) -> date:
    """Return the calendar date that `DD/MM/YYYY` names, or raise `BirthDateUnreadable`."""
    match = _BIRTH_DATE.fullmatch(text.strip())
    if match is None:
        raise BirthDateUnreadable
    day, month, year = (int(part) for part in match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        raise BirthDateUnreadable from None


def admit_by_password(candidate: Candidate, *, is_secret_right: bool) -> Account:
    """Return the account, or raise what its owner is told."""
    if candidate.account is None or not is_secret_right:
        raise BadCredentials
    if not candidate.account.is_active:
        raise AccountInactive
    return candidate.account


def admit_by_hall_ticket(
    candidate: Candidate, birth_date: str, *, is_secret_right: bool
) -> Account:
    """Return the student's account, or raise the first check of contract §3 that fails.

    A stored date or hash that is missing fails its check: no factor is ever skipped.
    """
    if candidate.account is None:
        raise UnknownHallTicket
    if read_birth_date(birth_date) != candidate.date_of_birth:
        raise WrongBirthDate
    if candidate.secret_hash is None or not is_secret_right:
        raise WrongSecurityAnswer
    if not candidate.account.is_active:
        raise StudentInactive
    if not candidate.account.is_student:
        raise StudentsOnly
    return candidate.account


def inactive(method: Method) -> Failure:
    """Return what somebody is told whose account was closed while his secret was checked."""
    return StudentInactive() if method is Method.HALL_TICKET else AccountInactive()


def admit_holder(stay: Stay) -> Account:
    """Return the account behind a good token, or say why the token is of no use any more."""
    if stay.account is not None and not stay.account.is_active:
        raise UserInactive
    if stay.is_ended:
        raise LoginEnded
    if stay.account is None:
        raise UserNotFound
    if not stay.has_login:
        raise LoginEnded
    return stay.account


def repeats_lost_answer(link: Link, now: datetime, grace: timedelta) -> bool:
    """Say whether a second use may only mean that the first one's answer never arrived.

    Whoever has used the successor has seen the answer: then it is no repetition, but reuse.
    """
    if link.spent_at is None or link.successor is None or link.successor.is_spent:
        return False
    return now - link.spent_at <= grace


def admit_refresh(account: Account | None, link: Link | None) -> Account:
    """Return the account whose refresh token may be used, unless it has been used before."""
    if account is None or not account.is_active:
        raise HolderGone
    if link is None or link.is_ended:
        raise RefreshTokenInvalid
    return account
