"""Decides who an outside identity is here, and which roles it brings.

Pure: claims whose signature was checked come in. Nobody is let in by default: an identity counts
by issuer and subject, an e-mail address only where an installation says so, and no role is ever
given that its map does not name.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from auth.accounts import ADMIN, Account
from auth.errors import OidcAnswerInvalid, ReturnPathForeign

_MOST_VALUES = 1_000
_LONGEST_SUBJECT = 255
_LONGEST_PATH = 500
PAGES = "/app"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}

RoleMap = Mapping[str, AbstractSet[str]]


@dataclass(frozen=True)
class Client:
    """Who we are to the provider, and how long it may take."""

    issuer: str
    client_id: str
    client_secret: SecretStr | None
    redirect_uri: str
    scopes: str
    seconds: float


@dataclass(frozen=True)
class Identity:
    """Somebody as the provider vouches for him."""

    issuer: str
    subject: str
    verified_email: str | None
    """Only an address that the provider says it has verified."""
    role_values: frozenset[str]
    """What the claim for roles says, in the provider's own words."""


@dataclass(frozen=True)
class Link:
    """Which account an identity belongs to, and the roles that came by it."""

    user_id: int
    granted: frozenset[str]


@dataclass(frozen=True)
class Roles:
    """Somebody's roles after a sign-in, and those of them that the provider gave."""

    all: frozenset[str]
    granted: frozenset[str]


def identity_of(issuer: str, claims: Mapping[str, Any], role_claim: str) -> Identity:
    """Return what the claims say. Raises `OidcAnswerInvalid` without a usable subject."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not is_subject(subject):
        raise OidcAnswerInvalid
    email = claims.get("email")
    is_verified = claims.get("email_verified") is True and isinstance(email, str) and email
    return Identity(
        issuer,
        subject,
        email if is_verified else None,
        _values(_claim(claims, role_claim)),
    )


def is_subject(text: str) -> bool:
    """Say whether this can be a subject: up to 255 ASCII characters (OpenID Connect Core §2)."""
    return 0 < len(text) <= _LONGEST_SUBJECT and text.isascii() and text.isprintable()


def named_roles(identity: Identity, role_map: RoleMap) -> frozenset[str]:
    """Return the roles that the map names for what the provider says, and none besides."""
    found = (role_map.get(value, frozenset()) for value in identity.role_values)
    return frozenset[str]().union(*found)


def roles_after(
    held: AbstractSet[str], granted: AbstractSet[str], named: AbstractSet[str]
) -> Roles:
    """Return the roles after a sign-in: what the provider gave it takes, nothing else.

    A role that an administrator gave by hand stays, whatever the provider says of it.
    """
    by_hand = set(held) - set(granted)
    return Roles(frozenset(by_hand | named), frozenset(named - by_hand))


def may_link_by_email(account: Account, *, has_link: bool) -> bool:
    """Say whether an account may be found by its address, the first time.

    Not one that another identity has already, and no administrator's: a right that reaches
    everything needs more than an address.
    """
    return account.is_active and not has_link and ADMIN not in account.role_names


def is_safe_address(address: str) -> bool:
    """Say whether what is sent there stays between us: TLS, or this very machine."""
    parts = urlsplit(address)
    is_here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or is_here)


def local_path(path: str) -> str:
    """Return a path of the pages that the browser may be sent back to, or `ReturnPathForeign`."""
    is_printable = path.isascii() and path.isprintable() and "\\" not in path
    if not is_printable or len(path) > _LONGEST_PATH or "#" in path:
        raise ReturnPathForeign
    parts = urlsplit(path)
    is_ours = parts.path == PAGES or parts.path.startswith(f"{PAGES}/")
    if parts.scheme or parts.netloc or not is_ours or ".." in parts.path.split("/"):
        raise ReturnPathForeign
    return path


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, or by a way through objects: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _values(claim: Any) -> frozenset[str]:
    values = [claim] if isinstance(claim, str) else claim
    if not isinstance(values, list):
        return frozenset()
    return frozenset(value for value in values[:_MOST_VALUES] if isinstance(value, str))
