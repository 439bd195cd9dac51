"""The last step of every way in: a login with its tokens, or a challenge for a second factor.

Used inside the transactions of the deeds around it; nothing is signed before they have committed.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from chassis.origins import Origin
from sqlalchemy.orm import Session

from auth import accounts, audit, challenge_store, factor_store, login_store, store
from auth.accounts import Account, Method
from auth.challenge import LIFE_SECONDS, Challenge, Purpose, new_token
from auth.errors import SecondFactorDue, SecondFactorRequired
from auth.keyring import Keyring
from auth.login_store import Opening
from auth.second_factor import Need, need_of
from auth.tokens import Claims, Lifetimes, sign

_PURPOSES = {Need.CODE: Purpose.CODE, Need.ENROLMENT: Purpose.ENROLMENT}


@dataclass(frozen=True)
class Pair:
    """The two tokens that a login holds at a time."""

    access_token: str
    refresh_token: str


@dataclass(frozen=True)
class SignedIn:
    pair: Pair
    account: Account


@dataclass(frozen=True)
class Issue:
    """What a pair of tokens is made from; saved before anything is signed."""

    account: Account
    login_id: UUID
    refresh_id: UUID
    at: datetime


@dataclass(frozen=True)
class Asked:
    """Somebody whose first step was right, and who is asked for a second one."""

    account: Account
    token: str
    purpose: Purpose


class Entering:
    """Opens logins; shared by all ways in."""

    def __init__(
        self, keyring: Keyring, lifetimes: Lifetimes, issuer: str, demanding: frozenset[str]
    ) -> None:
        """`demanding` are the roles whose holders must have a second factor."""
        self._keyring = keyring
        self._lifetimes = lifetimes
        self._issuer = issuer
        self._demanding = demanding

    @property
    def demanding(self) -> frozenset[str]:
        return self._demanding

    @property
    def _refresh_life(self) -> timedelta:
        return timedelta(seconds=self._lifetimes.refresh_seconds)

    def ensure_keys(self) -> None:
        """Raise `KeysUnavailable` while nothing could be signed: then nothing is used up either."""
        self._keyring.active  # noqa: B018  # it raises

    def enter(self, session: Session, account: Account, method: Method, slot: int) -> Issue | Asked:
        """Open a login, unless a second factor is due; then keep a challenge.

        One message when none is (ADR 68). `slot` is where tries of the first step are counted: they
        are forgotten. Raises what somebody is told whose account is inactive by now.
        """
        if not self._demanding & set(account.role_names):
            issue = self._opened(session, account, method, slot, is_proven=False)
            if issue is not None:
                return issue
        need = need_of(factor_store.load(session, account.id), account, self._demanding)
        if need is Need.NOTHING:
            raise accounts.inactive(method)
        login_store.forget_tries(session, method, slot)
        purpose, token = _PURPOSES[need], new_token()
        challenge_store.add(session, token, Challenge(account.id, purpose, method))
        return Asked(account, token, purpose)

    def open(self, session: Session, account: Account, method: Method) -> Issue:
        """Open a login for who has taken every step. Raises as `enter`."""
        issue = self._opened(session, account, method, account.id, is_proven=True)
        if issue is None:
            raise accounts.inactive(method)
        return issue

    def renew(self, session: Session, account: Account, login_id: UUID, spent: UUID) -> Issue:
        """Spend a refresh token of a login for the next one."""
        issue = Issue(account, login_id, uuid4(), store.now(session))
        until = issue.at + self._refresh_life
        store.spend(session, spent, issue.refresh_id, issue.at)
        store.add_refresh_token(session, issue.refresh_id, login_id, issue.at, until)
        store.extend_login(session, login_id, until)
        return issue

    def signed(self, issue: Issue) -> Pair:
        account = issue.account
        access_seconds = self._lifetimes.access_seconds(is_student=account.is_student)
        return Pair(
            self._sign(issue, "access", uuid4(), access_seconds),
            self._sign(issue, "refresh", issue.refresh_id, self._lifetimes.refresh_seconds),
        )

    def answer(self, outcome: Issue | Asked) -> SignedIn:
        """Return tokens, or raise the challenge as `SecondFactorRequired`."""
        if isinstance(outcome, Asked):
            raise _challenge(outcome)
        return SignedIn(self.signed(outcome), outcome.account)

    def _opened(
        self, session: Session, account: Account, method: Method, slot: int, *, is_proven: bool
    ) -> Issue | None:
        opening = Opening(
            account.id, slot, method, uuid4(), uuid4(), self._refresh_life, is_proven=is_proven
        )
        at = login_store.open_login(session, opening)
        if at is None:
            return None
        seen = replace(account, last_login=at)
        return Issue(seen, opening.login_id, opening.refresh_id, at)

    def _sign(self, issue: Issue, typ: str, token_id: UUID, seconds: int) -> str:
        claims = Claims(
            typ=typ,
            user_id=issue.account.id,
            roles=tuple(issue.account.role_names),
            login_id=issue.login_id,
            token_id=token_id,
            issued_at=issue.at,
            expires_at=issue.at + timedelta(seconds=seconds),
        )
        return sign(self._keyring.active, claims, self._issuer)


def entry_of(found: Issue | Asked, method: Method, origin: Origin) -> audit.Entry:
    """Return what the audit keeps of it; to be appended last in the same transaction."""
    user_id = found.account.id
    if isinstance(found, Issue):
        return audit.login_opened(user_id, found.login_id, method, origin)
    return audit.second_step_asked(user_id, method, found.purpose, origin)


def _challenge(asked: Asked) -> SecondFactorRequired:
    told = {"challenge": asked.token, "expires_in_seconds": LIFE_SECONDS[asked.purpose]}
    is_due = asked.purpose is Purpose.ENROLMENT
    return (SecondFactorDue if is_due else SecondFactorRequired)(members=told)
