"""The deeds around sign-in by an identity provider: send a browser there, take it back, let it in.

The provider is asked between transactions, never in one. What a browser brings back counts for the
browser that was sent, by a cookie, and once. Tokens stand in no address: the page gets a code that
is good for a minute, in this browser, and exchanges it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from authlib.common.security import generate_token
from chassis.database import Database
from chassis.errors import Failure, Unavailable
from chassis.origins import Origin
from sqlalchemy.orm import Session

from auth import audit, audit_store, challenge_store, identity_store, people_store
from auth.accounts import Account, Method, slot_of_unknown
from auth.audit import LOGIN, PEOPLE, Author, Entry, entry
from auth.challenge import Challenge, Purpose, hash_of, new_token
from auth.entering import Asked, Entering, Issue, SignedIn, entry_of
from auth.errors import (
    AccountInactive,
    ChallengeInvalid,
    IdentityTaken,
    OidcDenied,
    OidcFlowUnknown,
    OidcIdentityUnknown,
    OidcOff,
    UserNotFound,
)
from auth.identity import (
    Identity,
    Link,
    RoleMap,
    identity_of,
    local_path,
    may_link_by_email,
    named_roles,
    roles_after,
)
from auth.identity_store import Flow
from auth.people import Change, effect_of
from auth.provider import Proof, Provider
from auth.roster import Roster
from auth.sign_in import note

log = structlog.get_logger()

_VERIFIER_CHARACTERS = 64  # RFC 7636 §4.1: 43 to 128


@dataclass(frozen=True)
class Trust:
    """What an installation believes its provider."""

    issuer: str
    role_claim: str
    role_map: RoleMap
    links_by_email: bool


@dataclass(frozen=True)
class Departure:
    """A browser that is sent away: whither, and what it carries until it is back."""

    address: str
    browser_token: str


@dataclass(frozen=True)
class Return:
    """A browser that is back: on which page, and the code for its tokens or why there is none."""

    path: str
    code: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class Answer:
    """What a browser brings back from the provider (RFC 6749 §4.1.2, RFC 9207)."""

    state: str
    code: str | None
    error: str | None
    issuer: str | None


class Federating:
    """Sign-in by one identity provider; without one every deed raises `OidcOff`."""

    def __init__(
        self,
        *,
        database: Database,
        entering: Entering,
        roster: Roster,
        provider: Provider | None,
        trust: Trust,
        announce: Callable[[], None],
    ) -> None:
        """`announce` is called after each commit that left something in the outbox."""
        self._database = database
        self._entering = entering
        self._roster = roster
        self._provider = provider
        self._trust = trust
        self._announce = announce

    @property
    def is_on(self) -> bool:
        return self._provider is not None

    async def depart(self, return_path: str) -> Departure:
        """Send a browser to the provider; it comes back to `return_path`.

        Raises `OidcOff`, `ReturnPathForeign`, `ProviderUnavailable`.
        """
        provider = self._there()
        path = local_path(return_path)
        state, browser_token = new_token(), new_token()
        proof = Proof(nonce=new_token(), code_verifier=generate_token(_VERIFIER_CHARACTERS))
        address = await provider.address(state, proof)
        flow = Flow(hash_of(state), hash_of(browser_token), proof.nonce, proof.code_verifier, path)
        await self._database.run(self._keep, flow)
        return Departure(address, browser_token)

    async def come_back(self, answer: Answer, browser_token: str, origin: Origin) -> Return:
        """Take a browser back, whatever it brings; why it is not let in stands in the result.

        Raises `OidcOff`, and `OidcFlowUnknown` for one that we did not send.
        """
        provider = self._there()
        flow = await self._database.run(self._taken, answer.state, browser_token)
        try:
            code = await self._identified(provider, flow, answer, origin)
        except Failure as failure:
            log.info("login.refused", method=Method.OIDC, reason=failure.slug)
            if not isinstance(failure, Unavailable):
                await self._database.run(self._log_refusal, flow, failure, origin)
            return Return(flow.return_path, failure=failure)
        return Return(flow.return_path, code=code)

    async def exchange(self, code: str, browser_token: str, origin: Origin) -> SignedIn:
        """Give a page the tokens that its code stands for, in the browser that it came by.

        Raises `ChallengeInvalid`, `SecondFactorRequired`.
        """
        self._there()
        self._entering.ensure_keys()
        found = await self._database.run(self._exchanged, code, browser_token, origin)
        note(found, Method.OIDC)
        return self._entering.answer(found)

    def link(self, user_id: int, subject: str, *, by: Author) -> None:
        """Let an identity of the provider be this account's, instead of one before. Blocking.

        Raises `OidcOff`, `UserNotFound`, `IdentityTaken`.
        """
        self._there()
        with self._database.transaction() as session:
            account = _found(people_store.lock_account(session, user_id))
            self._unlinked(session, account, by)
            if not identity_store.add_link(session, self._trust.issuer, subject, user_id):
                raise IdentityTaken
            text = "Linked with an identity"
            said = {"issuer": self._trust.issuer}
            audit_store.append(
                session, entry(by, "identity_linked", PEOPLE, text, subject_id=user_id, **said)
            )
        self._announce()

    def unlink(self, user_id: int, *, by: Author) -> None:
        """Take an account's identity away, with the roles that came by it. Blocking.

        Raises `UserNotFound`; without a link it changes nothing.
        """
        with self._database.transaction() as session:
            account = _found(people_store.lock_account(session, user_id))
            self._unlinked(session, account, by)
        self._announce()

    def _there(self) -> Provider:
        if self._provider is None:
            raise OidcOff
        return self._provider

    async def _identified(
        self, provider: Provider, flow: Flow, answer: Answer, origin: Origin
    ) -> str:
        """Return a code for the page of who the provider says it is."""
        if answer.code is None:
            log.info("oidc.denied", error=answer.error)
            raise OidcDenied
        proof = Proof(flow.nonce, flow.code_verifier)
        claims = await provider.claims(answer.code, proof, answer.issuer)
        identity = identity_of(self._trust.issuer, claims, self._trust.role_claim)
        code = await self._database.run(self._admit, identity, flow, origin)
        self._announce()
        return code

    # On database threads

    def _keep(self, flow: Flow) -> None:
        with self._database.transaction() as session:
            identity_store.add_flow(session, flow)

    def _taken(self, state: str, browser_token: str) -> Flow:
        with self._database.transaction() as session:
            flow = identity_store.take_flow(session, hash_of(state))
        if flow is None or flow.browser_hash != hash_of(browser_token):
            raise OidcFlowUnknown
        return flow

    def _log_refusal(self, flow: Flow, failure: Failure, origin: Origin) -> None:
        slot = slot_of_unknown(flow.state_hash)  # whoever he is, he is nobody here
        refused = audit.login_refused(None, slot, Method.OIDC, failure.slug, origin)
        with self._database.transaction() as session:
            audit_store.append(session, refused)

    def _admit(self, identity: Identity, flow: Flow, origin: Origin) -> str:
        """Find the account, give and take roles, and keep a code for its page."""
        with self._database.transaction() as session:
            account, link = self._account_of(session, identity, origin)
            if not account.is_active:
                raise AccountInactive
            self._give_roles(session, account, link, identity, origin)
            code = new_token()
            challenge = Challenge(account.id, Purpose.EXCHANGE, Method.OIDC)
            challenge_store.add(session, code, challenge, browser_hash=flow.browser_hash)
        return code

    def _account_of(
        self, session: Session, identity: Identity, origin: Origin
    ) -> tuple[Account, Link]:
        """Return whose identity it is, his row locked, or raise `OidcIdentityUnknown`."""
        issuer, subject = identity.issuer, identity.subject
        link = identity_store.find_link(session, issuer, subject)
        if link is not None:
            return _found(people_store.lock_account(session, link.user_id)), link
        account = self._by_email(session, identity)
        if account is None or not identity_store.add_link(session, issuer, subject, account.id):
            raise OidcIdentityUnknown
        said = {"issuer": issuer}
        text = "Linked with an identity by its verified e-mail address"
        by = Author(account.id, origin)
        audit_store.append(
            session, entry(by, "identity_linked", LOGIN, text, subject_id=account.id, **said)
        )
        return account, Link(account.id, frozenset())

    def _by_email(self, session: Session, identity: Identity) -> Account | None:
        if not self._trust.links_by_email or identity.verified_email is None:
            return None
        ids = identity_store.ids_by_email(session, identity.verified_email)
        if len(ids) != 1:
            return None
        account = people_store.lock_account(session, ids[0])
        if account is None:
            return None
        has_link = identity_store.has_link(session, account.id, identity.issuer)
        return account if may_link_by_email(account, has_link=has_link) else None

    def _give_roles(
        self, session: Session, account: Account, link: Link, identity: Identity, origin: Origin
    ) -> None:
        held = set(account.role_names)
        roles = roles_after(held, link.granted, named_roles(identity, self._trust.role_map))
        identity_store.note_use(session, identity.issuer, identity.subject, roles.granted)
        self._set_roles(session, account, roles.all, Author(account.id, origin))

    def _set_roles(
        self, session: Session, account: Account, wanted: frozenset[str], by: Author
    ) -> None:
        """Make these an account's roles; who loses one has to log in again."""
        if wanted == set(account.role_names):
            return
        effect = effect_of(account, Change(roles=wanted), by=None)
        people_store.set_roles(session, account.id, wanted)
        self._roster.take_effect(session, account.id, effect)
        audit_store.append(session, _roles_entry(account, wanted, by))

    def _unlinked(self, session: Session, account: Account, by: Author) -> None:
        granted = identity_store.remove_link(session, account.id, self._trust.issuer)
        if granted is None:
            return
        self._set_roles(session, account, frozenset(account.role_names) - granted, by)
        text = "Identity taken away"
        audit_store.append(
            session, entry(by, "identity_unlinked", PEOPLE, text, subject_id=account.id)
        )

    def _exchanged(self, code: str, browser_token: str, origin: Origin) -> Issue | Asked:
        browser_hash = hash_of(browser_token)
        with self._database.transaction() as session:
            found = challenge_store.find(session, code, Purpose.EXCHANGE)
            if found is None:
                raise ChallengeInvalid
            account = _found(people_store.lock_account(session, found.user_id))
            taken = challenge_store.take(session, code, Purpose.EXCHANGE, browser_hash=browser_hash)
            if taken is None:
                raise ChallengeInvalid
            entered = self._entering.enter(session, account, Method.OIDC, account.id)
            audit_store.append(session, entry_of(entered, Method.OIDC, origin))
            return entered


def _roles_entry(before: Account, wanted: frozenset[str], by: Author) -> Entry:
    return entry(
        by,
        "roles_changed",
        PEOPLE,
        "Roles changed by the identity provider's word",
        subject_id=before.id,
        roles_before=before.role_names,
        roles_after=sorted(wanted),
        logins="end_logins" if set(before.role_names) - wanted else "none",
    )


def _found(account: Account | None) -> Account:
    if account is None:
        raise UserNotFound
    return account
