"""What an administrator may change about people, and what that means for their open logins.

Pure. Whoever loses a role or gets a new password has to log in again; a role that is added appears
with the next token. A deactivated user loses all his logins at once, for good.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from auth.accounts import ADMIN, Account
from auth.errors import OwnRightsTaken

NOBODYS_PASSWORD = "!"  # noqa: S105  # a hash that no password matches


class RoleName(StrEnum):
    ADMIN = "admin"
    HALL_IN_CHARGE = "hall_in_charge"
    HALL_AUTH = "hall_auth"
    TECHNICIAN = "technician"
    STUDENT = "student"
    PROCTOR = "proctor"
    GRADER = "grader"


class AssignableRole(StrEnum):
    """Roles that count for single exams only; administrators need no assignment."""

    PROCTOR = "proctor"
    GRADER = "grader"


@dataclass(frozen=True)
class Assignment:
    exam_id: int
    role: AssignableRole
    user_id: int


@dataclass(frozen=True)
class Colleague:
    """Who has to do with an exam, and in which of his roles."""

    id: int
    full_name: str
    roles: tuple[str, ...]


REACHES_ALL = (RoleName.ADMIN, RoleName.HALL_IN_CHARGE)
"""Roles that have to do with every exam, unassigned."""


_SECRET_NAMES = {"hashed_password": "password", "security_answer_hash": "security_answer"}


class Effect(StrEnum):
    """What a change does to the logins that are open."""

    NONE = "none"
    END_LOGINS = "end_logins"
    REVOKE_USER = "revoke_user"


@dataclass(frozen=True)
class Change:
    """New values by column; `roles` replaces all roles, None leaves them."""

    columns: dict[str, Any] = field(default_factory=dict)
    roles: frozenset[str] | None = None

    @property
    def field_names(self) -> list[str]:
        """Name what changes as people call it: a secret, not its hash."""
        return sorted(_SECRET_NAMES.get(name, name) for name in self.columns)

    @property
    def deactivates(self) -> bool:
        return self.columns.get("is_active") is False


@dataclass(frozen=True)
class NewPerson:
    """A user to be; the secrets are hashes already."""

    email: str
    username: str
    full_name: str
    hashed_password: str
    roles: frozenset[str] = frozenset()
    hall_ticket_number: str | None = None
    date_of_birth: date | None = None
    security_question: str | None = None
    security_answer_hash: str | None = None
    center_id: int | None = None
    trade_id: int | None = None
    is_active: bool = True
    is_verified: bool = False


@dataclass(frozen=True)
class Wanted:
    """Which users a list shows."""

    skip: int = 0
    limit: int = 100
    role: RoleName | None = None
    center_id: int | None = None
    text: str | None = None
    """Part of a name, address or hall ticket, in whatever case."""


def forgotten(user_id: int) -> dict[str, Any]:
    """Return what stands in a user's columns once he is forgotten: a number, and no way in.

    Center and trade stay: they tell where and what was examined, not who.
    """
    return {
        "email": f"erased-{user_id}@erased.invalid",
        "username": f"erased-{user_id}",
        "full_name": "Erased person",
        "hashed_password": NOBODYS_PASSWORD,
        "hall_ticket_number": None,
        "date_of_birth": None,
        "security_question": None,
        "security_answer_hash": None,
        "is_active": False,
        "last_login": None,
    }


def may_be_forgotten(account: Account) -> bool:
    """Say whether he is nothing but a student: what staff decided has to stay somebody's."""
    return set(account.role_names) <= {RoleName.STUDENT}


def is_forgotten(account: Account) -> bool:
    return account.username == f"erased-{account.id}" and not account.is_active


def effect_of(before: Account, change: Change, *, by: int | None) -> Effect:
    """Return what becomes of the open logins; nobody takes his own way in (`OwnRightsTaken`)."""
    lost = set() if change.roles is None else set(before.role_names) - change.roles
    if before.id == by and (change.deactivates or ADMIN in lost):
        raise OwnRightsTaken
    if change.deactivates:
        return Effect.REVOKE_USER if before.is_active else Effect.NONE
    if lost or "hashed_password" in change.columns or "security_answer_hash" in change.columns:
        return Effect.END_LOGINS
    return Effect.NONE
