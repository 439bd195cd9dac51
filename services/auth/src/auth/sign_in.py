"""Coming in, staying in, leaving: each deed loads, asks the rules, saves and announces.

Secrets are checked between two short transactions, in threads of their own: one counts the try, the
other opens the login or asks for a second step (`entering`). Results are logged by user id and
reason, never with a name or a token.
"""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from chassis.database import Database
from chassis.errors import Failure, Unavailable
from chassis.origins import NOWHERE, Origin
from chassis.outbox import add
from sqlalchemy.orm import Session

from auth import accounts, audit, audit_store, login_store, store
from auth.accounts import Account, Candidate, EndReason, Link, Method, Revocation
from auth.entering import Asked, Entering, Issue, Pair, SignedIn, entry_of
from auth.errors import LoginEnded, RefreshTokenInvalid
from auth.hashing import Hashing, Verdict
from auth.keyring import Keyring
from auth.notices import login_revoked
from auth.tables import OUTBOX
from auth.throttle import Policy, count_try
from auth.tokens import SKEW_SECONDS, Lifetimes, RefreshClaims, read_refresh

log = structlog.get_logger()

Admit = Callable[[Candidate, bool], Account]


class SignIn:
    """The deeds around logins; shared by REST and gRPC."""

    def __init__(
        self,
        *,
        database: Database,
        hashing: Hashing,
        keyring: Keyring,
        lifetimes: Lifetimes,
        entering: Entering,
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
        self._entering = entering
        self._policy = policy
        self._issuer = issuer
        self._grace = timedelta(seconds=grace_seconds)
        self._announce = announce
        self.imported_shares: dict[Method, float] = dict.fromkeys(Method, 0.0)
        """Kept fresh by `clock`: which share of stored hashes is bcrypt."""

    async def with_password(self, name: str, password: str, origin: Origin = NOWHERE) -> SignedIn:
        """Open a login for who knows the password of this user name or e-mail address.

        Raises `SecondFactorRequired` with a challenge when that is not enough.
        """
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
        """Open a login for the student who knows his date of birth and his answer.

        Raises as `with_password`.
        """
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
        return self._entering.signed(issue)

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
            found = await self._database.run(self._open, method, candidate, account, better, origin)
        except Failure as failure:
            known = candidate.account if candidate else None
            user_id = known.id if known else None
            log.info("login.refused", method=method, reason=failure.slug, user_id=user_id)
            if candidate is not None and not isinstance(failure, Unavailable):
                await self._database.run(self._log_refusal, method, candidate, failure, origin)
            raise
        note(found, method)
        return self._entering.answer(found)

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
    ) -> Issue | Asked:
        with self._database.transaction() as session:
            found = self._entering.enter(session, account, method, candidate.slot)
            if better and candidate.secret_hash:
                old = candidate.secret_hash
                store.replace_hash(session, method, account.id, old, better)
            audit_store.append(session, entry_of(found, method, origin))
        return found

    def _rotate(self, claims: RefreshClaims, origin: Origin) -> Issue | None:
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
            return self._entering.renew(session, account, claims.login_id, claims.token_id)

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


def note(found: Issue | Asked, method: Method) -> None:
    """Log what has become of somebody whose steps so far were right."""
    user_id = found.account.id
    if isinstance(found, Issue):
        log.info("login.opened", method=method, user_id=user_id, login_id=str(found.login_id))
    else:
        log.info("login.step_asked", method=method, user_id=user_id, purpose=found.purpose)


def _repeated(account: Account, link: Link) -> Issue | None:
    successor = link.successor
    if successor is None:
        return None
    log.info("refresh.repeated", user_id=account.id, login_id=str(link.login_id))
    return Issue(account, link.login_id, successor.token_id, successor.issued_at)


def _uuid(login_id: str) -> UUID:
    try:
        return UUID(login_id)
    except ValueError:
        raise LoginEnded from None
