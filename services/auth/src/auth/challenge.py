"""Somebody between two steps of signing in: he holds a random token, we keep its hash. Pure.

A token is good once, for minutes, and for the one step that it was given for.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from secrets import token_urlsafe

from auth.accounts import Method

_TOKEN_BYTES = 32


class Purpose(StrEnum):
    """The step that a challenge waits for."""

    EXCHANGE = "exchange"
    """The page fetches its tokens after the identity provider sent the browser back."""
    CODE = "code"
    """A code of the second factor."""
    ENROLMENT = "enrolment"
    """A second factor is set up, because a role needs one."""


LIFE_SECONDS = {Purpose.EXCHANGE: 60, Purpose.CODE: 300, Purpose.ENROLMENT: 900}


@dataclass(frozen=True)
class Challenge:
    """Whose step it is, and how he came to it."""

    user_id: int
    purpose: Purpose
    method: Method


def new_token() -> str:
    """Return 256 random bits as text that may stand in an address."""
    return token_urlsafe(_TOKEN_BYTES)


def hash_of(token: str) -> str:
    """Return the 64 hex digits that are kept of a token: it is random, so once is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
