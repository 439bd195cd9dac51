"""Coming in, staying in, leaving: each deed loads, asks the rules, saves and announces.

Secrets are checked between two short transactions, in threads of their own: one counts the try, the
other opens the login. Results are logged by user id and reason, never with a name or a token.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import structlog
from chassis.database import Database
from chassis.errors import Failure, Unavailable
from chassis.origins import NOWHERE, Origin
from chassis.outbox import add
from sqlalchemy.orm import Session

from auth import accounts, audit, audit_store, login_store, store
from auth.accounts import Account, Candidate, EndReason, Link, Method, Revocation
from auth.errors import LoginEnded, RefreshTokenInvalid
from auth.hashing import Hashing, Verdict
from auth.keyring import Keyring
from auth.login_store import Opening
from auth.notices import login_revoked
from auth.tables import OUTBOX
from auth.throttle import Policy, count_try
from auth.tokens import SKEW_SECONDS, Claims, Lifetimes, RefreshClaims, read_refresh, sign

log = structlog.get_logger()

Admit = Callable[[Candidate, bool], Account]


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
class _Issue:
    """What a pair of tokens is made from; saved before anything is signed."""

    account: Account
    login_id: UUID
    refresh_id: UUID
    at: datetime


class SignIn:
    """The deeds around logins; shared by REST and gRPC."""

    def __init__(
        self,
        *,
        database: Database,
        hashing: Hashing,
        keyring: Keyring,
        lifetimes: Lifetimes,
        policy: Policy,
        issuer: str,
        grace_seconds: int,
        announce: Callable[[], None],
    ) -> None:
        """`announce` is called after each commit that left something in the outbox."""
        self._database = database
        self._hashing = hashing
        self._keyring = keyring
        self._lifetimes = lifetimes
        self._policy = policy
        self._issuer = issuer
        self._grace = timedelta(seconds=grace_seconds)
        self._announce = announce
        self.imported_shares: dict[Method, float] = dict.fromkeys(Method, 0.0)
        """Kept fresh by `clock`: which share of stored hashes is bcrypt."""

    async def with_password(self, name: str, password: str, origin: Origin = NOWHERE) -> SignedIn:
        """Open a login for who knows the password of this user name or e-mail address."""
        return await self._enter(
            Method.PASSWORD,
            name,
            password,
            lambda found, is_right: accounts.admit_by_password(found, is_secret_right=is_right),
            origin,
        )

    async def with_hall_ticket(
        self, number: str, birth_date: str, answer: str, origin: Origin = NOWHERE
    ) -> SignedIn:
        """Open a login for the student who knows his date of birth and his answer."""
        return await self._enter(
            Method.HALL_TICKET,
            number.strip(),
            accounts.normalised_answer(answer),
            lambda found, is_right: accounts.admit_by_hall_ticket(
                found, birth_date, is_secret_right=is_right
            ),
            origin,
        )

    async def refresh(self, token: str, origin: Origin = NOWHERE) -> Pair:
        """Exchange a refresh token for the next pair; a second use ends the whole login.

        Soon after the first use the same successor is given again: its answer may have been lost.
        """
        claims = self._read(token)
        try:
            issue = await self._database.run(self._rotate, claims, origin)
        except Failure as failure:
            log.info("refresh.refused", user_id=claims.user_id, reason=failure.slug)
            raise
        if issue is None:
            self._announce()
            log.warning("refresh.reused", user_id=claims.user_id, login_id=str(claims.login_id))
            raise RefreshTokenInvalid
        return self._signed(issue)

    async def holder(self, user_id: int, login_id: str) -> Account:
        """Return the active user behind an access token whose login still stands."""
        return await self._database.run(self._load_holder, user_id, _uuid(login_id))

    async def leave(
        self,
        user_id: int,
        login_id: str,
        refresh_token: str | None,
        origin: Origin = NOWHERE,
    ) -> None:
        """End the login of an access token, and that of a refresh token of the same user."""
        ends = {_uuid(login_id)}
        if refresh_token:
            with contextlib.suppress(Failure):
                claims = self._read(refresh_token)
                if claims.user_id == user_id:
                    ends.add(claims.login_id)
        await self._database.run(self._end, user_id, _uuid(login_id), ends, origin)
        self._announce()
        log.info("login.ended", user_id=user_id, login_id=login_id)

    async def people(self, user_ids: list[int]) -> list[Account]:
        """Return the users with these ids that exist."""
        return await self._database.run(self._load_people, user_ids)

    async def called(self, user_ids: list[int], part: str) -> list[int]:
        """Return who of the users has `part` in the name or hall ticket, in whatever letters."""
        return await self._database.run(self._find_called, user_ids, part)

    async def revocations(self) -> list[Revocation]:
        """Return what the other services must refuse."""
        return await self._database.run(self._load_revocations)

    async def _enter(
        self, method: Method, name: str, secret: str, admit: Admit, origin: Origin
    ) -> SignedIn:
        self._keyring.active  # noqa: B018  # without keys nobody comes in and no try is counted
        # At the door, where a refusal costs nothing: a thousand who come at once must not each
        # count a try, find no thread to hash in and take the try back.
        async with self._hashing.logins.turn(hash((method, name.casefold()))):
            return await self._come_in(method, name, secret, admit, origin)

    async def _come_in(
        self, method: Method, name: str, secret: str, admit: Admit, origin: Origin
    ) -> SignedIn:
        candidate: Candidate | None = None
        try:
            candidate = await self._database.run(self._count_try, method, name)
            verdict = await self._check(method, candidate, secret)
            account = admit(candidate, verdict.is_right)
            better = verdict.better_hash
            issue = await self._database.run(self._open, method, candidate, account, better, origin)
        except Failure as failure:
            known = candidate.account if candidate else None
            user_id = known.id if known else None
            log.info("login.refused", method=method, reason=failure.slug, user_id=user_id)
            if candidate is not None and not isinstance(failure, Unavailable):
                await self._database.run(self._log_refusal, method, candidate, failure, origin)
            raise
        log.info("login.opened", method=method, user_id=account.id, login_id=str(issue.login_id))
        return SignedIn(self._signed(issue), issue.account)

    async def _check(self, method: Method, candidate: Candidate, secret: str) -> Verdict:
        like_imported = accounts.costs_like_imported(candidate.slot, self.imported_shares[method])
        try:
            return await self._hashing.check(
                secret, candidate.secret_hash, like_imported=like_imported
            )
        except Unavailable:
            await self._database.run(self._forgive, method, candidate.slot)
            raise

    def _count_try(self, method: Method, name: str) -> Candidate:
        with self._database.transaction() as session:
            knock = login_store.knock(session, method, name)
            counted = count_try(knock.tries, knock.at, self._policy)
            login_store.count(session, method, knock.candidate.slot, counted)
        return knock.candidate

    def _forgive(self, method: Method, slot: int) -> None:
        with self._database.transaction() as session:
            store.forgive_try(session, method, slot)

    def _log_refusal(
        self, method: Method, candidate: Candidate, failure: Failure, origin: Origin
    ) -> None:
        """Keep, in a transaction of its own, that a secret was looked at and found wanting."""
        user_id = candidate.account.id if candidate.account else None
        refused = audit.login_refused(user_id, candidate.slot, method, failure.slug, origin)
        with self._database.transaction() as session:
            audit_store.append(session, refused)

    def _open(
        self,
        method: Method,
        candidate: Candidate,
        account: Account,
        better: str | None,
        origin: Origin,
    ) -> _Issue:
        life = timedelta(seconds=self._lifetimes.refresh_seconds)
        opening = Opening(account.id, candidate.slot, method, uuid4(), uuid4(), life)
        with self._database.transaction() as session:
            at = login_store.open_login(session, opening)
            if at is None:
                raise accounts.inactive(method)
            if better and candidate.secret_hash:
                old = candidate.secret_hash
                store.replace_hash(session, method, account.id, old, better)
            opened = audit.login_opened(account.id, opening.login_id, method, origin)
            audit_store.append(session, opened)
        seen = replace(account, last_login=at)
        return _Issue(seen, opening.login_id, opening.refresh_id, at)

    def _rotate(self, claims: RefreshClaims, origin: Origin) -> _Issue | None:
        """Spend a refresh token; None says that it had been spent and the login is ended now."""
        with self._database.transaction() as session:
            link = store.lock_link(session, claims.token_id, claims.login_id, claims.user_id)
            found = store.load_accounts(session, [claims.user_id])
            account = accounts.admit_refresh(found[0] if found else None, link)
            if link is not None and link.is_spent:
                if accounts.repeats_lost_answer(link, store.now(session), self._grace):
                    return _repeated(account, link)
                self._end_and_announce(session, claims.login_id, account.id, EndReason.REUSE)
                reused = audit.token_reused(account.id, claims.login_id, origin)
                audit_store.append(session, reused)
                return None
            issue = _Issue(account, claims.login_id, uuid4(), store.now(session))
            until = issue.at + timedelta(seconds=self._lifetimes.refresh_seconds)
            store.spend(session, claims.token_id, issue.refresh_id, issue.at)
            store.add_refresh_token(session, issue.refresh_id, issue.login_id, issue.at, until)
            store.extend_login(session, issue.login_id, until)
        return issue

    def _load_holder(self, user_id: int, login_id: UUID) -> Account:
        with self._database.transaction() as session:
            return accounts.admit_holder(store.load_stay(session, user_id, login_id))

    def _end(self, user_id: int, login_id: UUID, ends: set[UUID], origin: Origin) -> None:
        with self._database.transaction() as session:
            accounts.admit_holder(store.load_stay(session, user_id, login_id))
            ended = [
                each
                for each in sorted(ends)
                if self._end_and_announce(session, each, user_id, EndReason.LOGOUT)
            ]
            entries = [audit.logged_out(user_id, each, origin) for each in ended]
            audit_store.append(session, *entries)

    def _end_and_announce(
        self, session: Session, login_id: UUID, user_id: int, reason: EndReason
    ) -> bool:
        """End a login and say so; False when it had ended already."""
        longest = timedelta(seconds=self._lifetimes.longest_access_seconds + SKEW_SECONDS)
        ended = store.end_login(session, login_id, user_id, reason, longest)
        if ended is not None:
            add(session, OUTBOX, [login_revoked(ended)])
        return ended is not None

    def _load_people(self, user_ids: list[int]) -> list[Account]:
        with self._database.transaction() as session:
            return store.load_accounts(session, user_ids)

    def _find_called(self, user_ids: list[int], part: str) -> list[int]:
        with self._database.transaction() as session:
            return store.ids_called(session, user_ids, part)

    def _load_revocations(self) -> list[Revocation]:
        with self._database.transaction() as session:
            return store.list_revocations(session)

    def _read(self, token: str) -> RefreshClaims:
        return read_refresh(token, self._keyring.public, self._issuer, datetime.now(UTC))

    def _signed(self, issue: _Issue) -> Pair:
        account = issue.account
        access_seconds = self._lifetimes.access_seconds(is_student=account.is_student)
        return Pair(
            self._sign(issue, "access", uuid4(), access_seconds),
            self._sign(issue, "refresh", issue.refresh_id, self._lifetimes.refresh_seconds),
        )

    def _sign(self, issue: _Issue, typ: str, token_id: UUID, seconds: int) -> str:
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


def _repeated(account: Account, link: Link) -> _Issue | None:
    successor = link.successor
    if successor is None:
        return None
    log.info("refresh.repeated", user_id=account.id, login_id=str(link.login_id))
    return _Issue(account, link.login_id, successor.token_id, successor.issued_at)


def _uuid(login_id: str) -> UUID:
    try:
        return UUID(login_id)
    except ValueError:
        raise LoginEnded from None
