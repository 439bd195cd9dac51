"""The deeds around second factors: set one up, sign in by it, renew codes, remove, reset.

A code is counted as a try in a transaction of its own before it is looked at, as secrets are; what
it proves is saved under the lock of the factor's row, so that no code counts twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from chassis.database import Database
from chassis.errors import Failure
from chassis.origins import Origin
from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from auth import (
    audit,
    audit_store,
    challenge_store,
    factor_store,
    login_store,
    people_store,
    second_factor,
    store,
)
from auth.accounts import Account, Method
from auth.audit import LOGIN, PEOPLE, Author, entry
from auth.challenge import Challenge, Purpose
from auth.entering import Entering, Issue, SignedIn, entry_of
from auth.errors import (
    ChallengeInvalid,
    CodeWrong,
    SecondFactorForStaff,
    SecondFactorOff,
    SecondFactorOn,
    SecondFactorRefused,
    SecondFactorSealedOtherwise,
    UserNotFound,
)
from auth.sealing import Seal
from auth.second_factor import Factor
from auth.sign_in import note
from auth.throttle import Policy, count_try

log = structlog.get_logger()

PURPOSE = b"oep auth second factors 1"

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Secret:
    """What an authenticator needs; shown once, to its owner."""

    secret: str
    otpauth_uri: str


@dataclass(frozen=True)
class Standing:
    """What somebody has, and whether he must."""

    is_on: bool
    is_demanded: bool
    confirmed_at: datetime | None
    recovery_codes_left: int


@dataclass(frozen=True)
class Enrolled:
    """Somebody who has come in by setting a factor up, and his recovery codes."""

    signed_in: SignedIn
    recovery_codes: list[str]


class Proving:
    """Second factors, for REST and the command line."""

    def __init__(
        self,
        *,
        database: Database,
        entering: Entering,
        seal: Seal,
        policy: Policy,
        name: str,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        """`name` is what authenticators show beside the user name."""
        self._database = database
        self._entering = entering
        self._seal = seal
        self._policy = policy
        self._name = name
        self._clock = clock

    async def standing(self, user_id: int) -> Standing:
        """Say what a user has. Raises `UserNotFound`."""
        return await self._database.run(self._standing, user_id)

    async def begin(self, user_id: int) -> Secret:
        """Make a secret that guards nothing until it is confirmed; the one before is forgotten.

        Raises `SecondFactorForStaff`, `SecondFactorOn`.
        """
        return await self._database.run(self._begin, user_id)

    async def confirm(self, user_id: int, code: str, origin: Origin) -> list[str]:
        """Turn the factor on by a first code of it and return ten recovery codes.

        Raises `CodeWrong`, `SecondFactorOff`, `SecondFactorOn`, `TooManyTries`.
        """
        await self._count(user_id)
        return await self._database.run(self._confirm, user_id, code, origin)

    async def renew_codes(self, user_id: int, code: str, origin: Origin) -> list[str]:
        """Return ten new recovery codes instead of all earlier ones. Raises as `confirm`."""
        await self._count(user_id)
        return await self._database.run(self._renew_codes, user_id, code, origin)

    async def remove(self, user_id: int, code: str, origin: Origin) -> None:
        """Remove a user's own factor; a code of it, or a recovery code, says that it is his.

        Raises `CodeWrong`, `SecondFactorOff`, `TooManyTries`.
        """
        await self._count(user_id)
        await self._database.run(self._remove, user_id, code, origin)

    async def sign_in(self, token: str, code: str, origin: Origin) -> SignedIn:
        """Open the login that a challenge waits for by a code, or by a recovery code.

        Raises `ChallengeInvalid`, `SecondFactorRefused`, `TooManyTries`.
        """
        challenge = await self._tried(token, Purpose.CODE)
        try:
            issue = await self._database.run(self._open, token, code, origin)
        except SecondFactorRefused as failure:
            await self._refused(challenge, failure, origin)
            raise
        note(issue, challenge.method)
        return self._entering.answer(issue)

    async def begin_by_challenge(self, token: str) -> Secret:
        """As `begin`, for who may not come in before he has a factor. Raises `ChallengeInvalid`."""
        challenge = await self._database.run(self._find, token, Purpose.ENROLMENT)
        return await self.begin(challenge.user_id)

    async def sign_in_by_enrolment(self, token: str, code: str, origin: Origin) -> Enrolled:
        """Turn the factor on and open the login that waits for it. Raises as `sign_in`."""
        challenge = await self._tried(token, Purpose.ENROLMENT)
        try:
            issue, codes = await self._database.run(self._enrol, token, code, origin)
        except SecondFactorRefused as failure:
            await self._refused(challenge, failure, origin)
            raise
        note(issue, challenge.method)
        return Enrolled(self._entering.answer(issue), codes)

    async def _tried(self, token: str, purpose: Purpose) -> Challenge:
        self._entering.ensure_keys()
        challenge = await self._database.run(self._find, token, purpose)
        await self._count(challenge.user_id)
        return challenge

    async def _refused(self, challenge: Challenge, failure: Failure, origin: Origin) -> None:
        user_id = challenge.user_id
        log.info("login.refused", method=challenge.method, reason=failure.slug, user_id=user_id)
        await self._database.run(self._log_refusal, user_id, failure, origin)

    async def _count(self, user_id: int) -> None:
        await self._database.run(self._count_try, user_id)

    # On database threads

    def _standing(self, user_id: int) -> Standing:
        with self._database.transaction() as session:
            account = _account(session, user_id)
            confirmed_at = factor_store.confirmed_at(session, user_id)
            return Standing(
                is_on=confirmed_at is not None,
                is_demanded=bool(self._entering.demanding & set(account.role_names)),
                confirmed_at=confirmed_at,
                recovery_codes_left=factor_store.recovery_codes_left(session, user_id),
            )

    def _find(self, token: str, purpose: Purpose) -> Challenge:
        with self._database.transaction() as session:
            return _valid(challenge_store.find(session, token, purpose))

    def _count_try(self, user_id: int) -> None:
        with self._database.transaction() as session:
            tries, now = login_store.lock_tries(session, Method.SECOND_FACTOR, user_id)
            counted = count_try(tries, now, self._policy)
            login_store.count(session, Method.SECOND_FACTOR, user_id, counted)

    def _log_refusal(self, user_id: int, failure: Failure, origin: Origin) -> None:
        method = Method.SECOND_FACTOR
        refused = audit.login_refused(user_id, user_id, method, failure.slug, origin)
        with self._database.transaction() as session:
            audit_store.append(session, refused)

    def _begin(self, user_id: int) -> Secret:
        secret = second_factor.new_secret()
        with self._database.transaction() as session:
            account = _account(session, user_id)
            if not second_factor.may_have(account):
                raise SecondFactorForStaff
            sealed = self._seal.close(secret.encode(), _about(user_id))
            if not factor_store.begin(session, user_id, sealed):
                raise SecondFactorOn
        uri = second_factor.otpauth_uri(secret, account.username, self._name)
        return Secret(secret, uri)

    def _confirm(self, user_id: int, code: str, origin: Origin) -> list[str]:
        with self._database.transaction() as session:
            return self._turn_on(session, user_id, code, origin, CodeWrong)

    def _renew_codes(self, user_id: int, code: str, origin: Origin) -> list[str]:
        with self._database.transaction() as session:
            factor = _on(factor_store.lock(session, user_id))
            self._use_totp(session, user_id, factor, code, CodeWrong)
            text = "Recovery codes renewed"
            _log(session, Author(user_id, origin), user_id, "recovery_codes_renewed", text, LOGIN)
            return _new_codes(session, user_id)

    def _remove(self, user_id: int, code: str, origin: Origin) -> None:
        with self._database.transaction() as session:
            factor = _on(factor_store.lock(session, user_id))
            self._use(session, user_id, factor, code, CodeWrong, origin)
            factor_store.remove(session, user_id)
            text = "Second factor removed"
            _log(session, Author(user_id, origin), user_id, "second_factor_removed", text, LOGIN)

    def _open(self, token: str, code: str, origin: Origin) -> Issue:
        with self._database.transaction() as session:
            challenge, account = _taken(session, token, Purpose.CODE)
            factor = factor_store.lock(session, account.id)
            if factor is None or not factor.is_on:
                raise ChallengeInvalid
            self._use(session, account.id, factor, code, SecondFactorRefused, origin)
            return self._opened(session, challenge, account, origin)

    def _enrol(self, token: str, code: str, origin: Origin) -> tuple[Issue, list[str]]:
        with self._database.transaction() as session:
            challenge, account = _taken(session, token, Purpose.ENROLMENT)
            codes = self._turn_on(session, account.id, code, origin, SecondFactorRefused)
            return self._opened(session, challenge, account, origin), codes

    def _opened(
        self, session: Session, challenge: Challenge, account: Account, origin: Origin
    ) -> Issue:
        issue = self._entering.open(session, account, challenge.method)
        audit_store.append(session, entry_of(issue, challenge.method, origin))
        return issue

    def _turn_on(
        self, session: Session, user_id: int, code: str, origin: Origin, wrong: type[Failure]
    ) -> list[str]:
        factor = factor_store.lock(session, user_id)
        if factor is None:
            raise SecondFactorOff
        if factor.is_on:
            raise SecondFactorOn
        self._use_totp(session, user_id, factor, code, wrong)
        factor_store.confirm(session, user_id)
        text = "Second factor set up"
        _log(session, Author(user_id, origin), user_id, "second_factor_set_up", text, LOGIN)
        return _new_codes(session, user_id)

    def _use(
        self,
        session: Session,
        user_id: int,
        factor: Factor,
        code: str,
        wrong: type[Failure],
        origin: Origin,
    ) -> None:
        """Use up a code of the device or a recovery code, or raise `wrong`."""
        if second_factor.is_totp(second_factor.bare(code)):
            self._use_totp(session, user_id, factor, code, wrong)
            return
        code_hash = second_factor.recovery_hash(user_id, code)
        if not factor_store.use_recovery_code(session, user_id, code_hash):
            raise wrong
        login_store.forget_tries(session, Method.SECOND_FACTOR, user_id)
        text = "A recovery code was used"
        _log(session, Author(user_id, origin), user_id, "recovery_code_used", text, LOGIN)

    def _use_totp(
        self, session: Session, user_id: int, factor: Factor, code: str, wrong: type[Failure]
    ) -> None:
        secret, bare = self._unsealed(user_id, factor), second_factor.bare(code)
        step = second_factor.matching_step(secret, bare, self._clock(), factor.last_step)
        if step is None:
            raise wrong
        factor_store.note_step(session, user_id, step)
        login_store.forget_tries(session, Method.SECOND_FACTOR, user_id)

    def _unsealed(self, user_id: int, factor: Factor) -> str:
        try:
            return self._seal.open(factor.sealed_secret, _about(user_id)).decode()
        except InvalidTag:
            raise SecondFactorSealedOtherwise from None


def reset(database: Database, user_id: int, *, by: Author) -> bool:
    """Remove somebody's factor who has lost it; say whether he had one. Blocking.

    Raises `UserNotFound`.
    """
    with database.transaction() as session:
        if people_store.lock_account(session, user_id) is None:
            raise UserNotFound
        challenge_store.forget_of(session, user_id)
        had_one = factor_store.remove(session, user_id)
        login_store.forget_tries(session, Method.SECOND_FACTOR, user_id)
        if had_one:
            _log(session, by, user_id, "second_factor_reset", "Second factor reset", PEOPLE)
    log.info("second_factor.reset", user_id=user_id, by=by.user_id, had_one=had_one)
    return had_one


def _about(user_id: int) -> bytes:
    """Bind a sealed secret to its owner: another's row opens nothing."""
    return b"user %d" % user_id


def _account(session: Session, user_id: int) -> Account:
    found = store.load_accounts(session, [user_id])
    if not found:
        raise UserNotFound
    return found[0]


def _valid(challenge: Challenge | None) -> Challenge:
    if challenge is None:
        raise ChallengeInvalid
    return challenge


def _taken(session: Session, token: str, purpose: Purpose) -> tuple[Challenge, Account]:
    """Use a challenge up; behind the lock of its user, as whoever changes him does."""
    user_id = _valid(challenge_store.find(session, token, purpose)).user_id
    account = people_store.lock_account(session, user_id)
    challenge = _valid(challenge_store.take(session, token, purpose))
    if account is None:
        raise ChallengeInvalid
    return challenge, account


def _on(factor: Factor | None) -> Factor:
    if factor is None or not factor.is_on:
        raise SecondFactorOff
    return factor


def _new_codes(session: Session, user_id: int) -> list[str]:
    codes = second_factor.new_recovery_codes()
    hashes = [second_factor.recovery_hash(user_id, code) for code in codes]
    factor_store.set_recovery_codes(session, user_id, hashes)
    return codes


def _log(
    session: Session, by: Author, user_id: int, what: str, text: str, category: str, **said: Any
) -> None:
    audit_store.append(session, entry(by, what, category, text, subject_id=user_id, **said))
