"""Decides on second factors: who needs one, which code is right now, what is good only once.

Pure, with the time passed in. Codes are TOTP (RFC 6238): six digits, 30 s, SHA-1, the steps before
and after the present one too, because clocks differ; no step counts twice. Recovery codes are 80
random bits each, so a plain hash keeps them.
"""

import base64
import hashlib
import hmac
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from secrets import token_bytes

import pyotp

from auth.accounts import STUDENT, Account

STEP_SECONDS = 30
RECOVERY_CODES = 10
_DIGITS = 6
_DRIFT_STEPS = 1
_SECRET_BYTES = 20
_RECOVERY_BYTES = 10
_GROUP = 4


class Need(StrEnum):
    """What somebody owes whose first step was right."""

    NOTHING = "nothing"
    CODE = "code"
    ENROLMENT = "enrolment"


@dataclass(frozen=True)
class Factor:
    """What is kept of somebody's second factor."""

    sealed_secret: bytes
    is_on: bool
    """Whether he has shown a code of it; until then it guards nothing."""
    last_step: int | None
    """The latest step whose code was taken."""


def need_of(factor: Factor | None, account: Account, demanding: AbstractSet[str]) -> Need:
    """Say what is owed: a code by whoever has a factor, a factor by who has a demanding role."""
    if factor is not None and factor.is_on:
        return Need.CODE
    return Need.ENROLMENT if demanding & set(account.role_names) else Need.NOTHING


def may_have(account: Account) -> bool:
    """Say whether he is staff, of whatever role: the students' page knows no second step."""
    return bool(set(account.role_names) - {STUDENT})


def new_secret() -> str:
    """Return 160 random bits (RFC 4226 §4, R6) in base32, as authenticators take them."""
    return base64.b32encode(token_bytes(_SECRET_BYTES)).decode()


def otpauth_uri(secret: str, username: str, issuer: str) -> str:
    """Return the address that an authenticator reads the secret from, often as a picture."""
    return _totp(secret).provisioning_uri(name=username, issuer_name=issuer)


def is_totp(code: str) -> bool:
    return len(code) == _DIGITS and code.isascii() and code.isdigit()


def bare(code: str) -> str:
    """Return a code without the blanks and dashes that people type, in small letters."""
    return "".join(code.split()).replace("-", "").lower()


def matching_step(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """Return the step whose code this is, if it may still be used.

    Every step is compared in full, so that time tells nothing; a step that is not behind the last
    one that was taken is not looked for (RFC 6238 §5.2).
    """
    if not is_totp(code):
        return None
    present = int(now.timestamp()) // STEP_SECONDS
    steps = range(present - _DRIFT_STEPS, present + _DRIFT_STEPS + 1)
    totp = _totp(secret)
    right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)]
    usable = [step for step in right if last_step is None or step > last_step]
    return usable[0] if usable else None


def new_recovery_codes() -> list[str]:
    """Return ten codes, each of 80 random bits in four groups."""
    return [_grouped(token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]


def recovery_hash(user_id: int, code: str) -> str:
    """Return what is kept of a recovery code, however it is typed: 64 hex digits."""
    said = f"{user_id}:{bare(code)}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(said).hexdigest()


def _totp(secret: str) -> pyotp.TOTP:
    return pyotp.TOTP(secret, digits=_DIGITS, interval=STEP_SECONDS)


def _grouped(random: bytes) -> str:
    text = base64.b32encode(random).decode().lower()
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))
