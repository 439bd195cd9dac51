"""Who is asking: access tokens verified offline, with the keys that auth publishes.

Keys are kept while auth is away; revocations, of logins, users and keys, arrive over the bus and
count at once. Who has just started, or has lost the stream, asks auth for the whole list, and lets
nobody in before (ADR 6). Signatures are checked once per token and remembered by digest until it
expires (Ed25519 costs about 0.1 ms).
"""

import asyncio
import functools
import hashlib
import json
import sys
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import structlog

from chassis import metrics
from chassis.bus import CONTROL, Bus, Reader, StreamReset
from chassis.errors import Failure, Unauthenticated, Unavailable
from chassis.signed import Signed

log = structlog.get_logger()

_REMEMBERED = 50_000
_NONE: frozenset[str] = frozenset()
REFRESH_SECONDS = 60
"""How long a service keeps the published keys without asking again."""
_MAX_REFETCH_SECONDS = 2.0
_MOST_REFETCHES = 30
_LIST_AGAIN_SECONDS = 0.5
_WITHOUT_BUS_SECONDS = 3.0

LIST_PATIENCE_SECONDS = 5.0
"""How long a service that has just started waits for auth's list before it goes by the stream."""


class InvalidToken(Unauthenticated):
    slug = "invalid-token"
    detail = "Could not validate credentials"


class WrongTokenType(Unauthenticated):
    slug = "wrong-token-type"
    detail = "Invalid token type"


class StartingUp(Unavailable):
    """It cannot be said yet whether a token counts; the same one may be good in a moment."""

    slug = "starting-up"
    detail = "The service is starting. Please try again."
    retry_after_seconds = 1


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified token's content."""

    user_id: int
    roles: frozenset[str]
    login_id: str
    token_id: str
    issued_at: datetime
    expires_at: datetime
    key_id: str = ""
    """Which key signed."""

    def has_any(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)


class KeySet:
    """The public keys of auth, by `kid`.

    Refreshed every minute, when an unknown one appears, and when auth says that keys have changed.
    """

    def __init__(self, url: str) -> None:
        """Only remember the address; `run` fetches."""
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self.is_known = False
        """Whether auth was heard at all; then a token of an unknown key is a bad one."""
        self._revoked: set[str] = set()
        self._expected: frozenset[str] = frozenset()
        self._refetches_left = 0
        self._wanted = asyncio.Event()
        self.watchers: list[Callable[[str], None]] = []
        """Called with the `kid` of each key that is revoked."""

    @property
    def is_loaded(self) -> bool:
        return bool(self._keys)

    def key(self, kid: str) -> jwt.PyJWK | None:
        """Return the key; an unknown one is asked for in the background, soon."""
        found = self._keys.get(kid)
        if found is None and kid not in self._revoked:
            self._wanted.set()
        return found

    def load(self, document: Mapping[str, Any]) -> None:
        """Take over a JWKS document (RFC 7517); an empty one never empties the set.

        An old document does not bring a revoked key back.
        """
        keys = {k["kid"]: jwt.PyJWK(k, "EdDSA") for k in document.get("keys", ()) if "kid" in k}
        if keys:
            self.is_known = True
            self._keys = {kid: key for kid, key in keys.items() if kid not in self._revoked}

    def hear(self, active_kid: str, next_kid: str, revoked_kid: str | None) -> None:
        """Take the news that keys have changed: refuse the revoked one, fetch what is unknown.

        Old news may come again, at each start: they are outdone by the newer ones behind them.
        """
        self._expected = frozenset({active_kid, next_kid})
        self._refetches_left = _MOST_REFETCHES
        if revoked_kid is not None and revoked_kid not in self._revoked:
            self._revoked.add(revoked_kid)
            self._keys.pop(revoked_kid, None)
            for watcher in self.watchers:
                watcher(revoked_kid)
        self._want_expected()

    async def run(self) -> None:
        """Refresh until cancelled; keep what there is while auth is away."""
        async with httpx.AsyncClient(timeout=3) as client:
            while True:
                self._wanted.clear()
                try:
                    self.load((await client.get(self._url)).raise_for_status().json())
                except (httpx.HTTPError, ValueError) as error:
                    log.warning("keys.unreachable", error=type(error).__name__)
                    await asyncio.sleep(0.5)
                    if not self._keys:
                        continue
                await asyncio.sleep(_MAX_REFETCH_SECONDS)
                self._want_expected()
                await _wait(self._wanted, REFRESH_SECONDS)

    def _want_expected(self) -> None:
        # A replica of auth may have answered before it heard the news itself.
        is_complete = self._expected - self._revoked <= self._keys.keys()
        if not is_complete and self._refetches_left:
            self._refetches_left -= 1
            self._wanted.set()


@dataclass(frozen=True)
class Revoked:
    """One login, or all logins that a user had: exactly one of the two ids is given."""

    login_id: str | None
    user_id: int | None
    revoked_at: datetime
    forget_at: datetime
    login_user_id: int | None = None
    """Whose login it was, if that is known."""


@dataclass(frozen=True)
class Ended:
    """Which logins of some users have ended, as far as is remembered."""

    login_ids: frozenset[str] = frozenset()
    until: Mapping[int, datetime] = field(default_factory=dict)
    """By user: each of his logins that was in use at this instant or before has ended."""

    def has(self, login_id: str, user_id: int, since: datetime) -> bool:
        """Say whether a login that was in use at `since` was revoked then or later."""
        until = self.until.get(user_id)
        return login_id in self.login_ids or (until is not None and since <= until)


class Revocations:
    """Logins and users whose tokens no longer count, by the instant of the revocation."""

    def __init__(self, *, patience_seconds: float = 0.0) -> None:
        """Nothing is known until a list was loaded, or until `patience_seconds` have passed."""
        self._known_from = time.monotonic() + patience_seconds
        self._is_loaded = False
        self._wanted = asyncio.Event()
        self._logins: dict[str, tuple[float, float]] = {}
        self._logins_of: dict[int | None, frozenset[str]] = {}
        self._users: dict[int, tuple[float, float]] = {}
        self.watchers: list[Callable[[str | None, int | None], None]] = []
        """Called with (login_id, None) or (None, user_id) for each revocation that is new."""
        self.key_watchers: list[Callable[[str, str, str | None], None]] = []
        """Called with (active_kid, next_kid, revoked_kid or None) for each change of keys."""

    @property
    def is_known(self) -> bool:
        """Whether it can be said which tokens count."""
        return self._is_loaded or time.monotonic() >= self._known_from

    def add(self, revoked: Revoked) -> None:
        if revoked.login_id is not None:
            self.revoke_login(
                revoked.login_id, revoked.revoked_at, revoked.forget_at, revoked.login_user_id
            )
        if revoked.user_id is not None:
            self.revoke_user(revoked.user_id, revoked.revoked_at, revoked.forget_at)

    def revoke_login(
        self, login_id: str, revoked_at: datetime, forget_at: datetime, user_id: int | None = None
    ) -> None:
        """Refuse a login from now on; `user_id` is whose it was, if that is known."""
        if login_id not in self._logins:
            self._logins[login_id] = (revoked_at.timestamp(), forget_at.timestamp())
            self._logins_of[user_id] = self._logins_of.get(user_id, frozenset()) | {login_id}
            self._tell(login_id, None)

    def revoke_user(self, user_id: int, revoked_at: datetime, forget_at: datetime) -> None:
        known = self._users.get(user_id)
        if known is None or known[0] < revoked_at.timestamp():
            self._users[user_id] = (revoked_at.timestamp(), forget_at.timestamp())
            self._tell(None, user_id)

    def is_revoked(self, caller: Caller) -> bool:
        if caller.login_id in self._logins:
            return True
        entry = self._users.get(caller.user_id)
        return entry is not None and caller.issued_at.timestamp() <= entry[0]

    def ended_of(self, user_ids: Iterable[int]) -> Ended:
        """Return which logins of these users have ended, and those of which nobody knows whose.

        What no living token can match any more is forgotten. Thread-safe.
        """
        users = set(user_ids)
        logins = (self._logins_of.get(user, _NONE) for user in (None, *users))
        until = {user: self._users[user][0] for user in users & self._users.keys()}
        return Ended(
            _NONE.union(*logins),
            {user: datetime.fromtimestamp(at, UTC) for user, at in until.items()},
        )

    def forget_old(self, now: float) -> None:
        """Drop what no living token can match any more."""
        self._users = {k: v for k, v in self._users.items() if v[1] > now}
        if any(forget_at <= now for _, forget_at in self._logins.values()):
            self._logins = {k: v for k, v in self._logins.items() if v[1] > now}
            kept = {k: v & self._logins.keys() for k, v in self._logins_of.items()}
            self._logins_of = {k: v for k, v in kept.items() if v}

    async def follow(self, bus: Bus) -> None:
        """Read the control stream from its beginning and then live, until cancelled."""
        follows_since = time.time()
        while True:
            reader = Reader(bus, CONTROL, ["oep.control.>"], after=await _beginning(bus))
            try:
                async for batch in reader.batches():
                    for delivery in batch:
                        at = self.take(delivery.data)
                        if at is not None and at >= follows_since:  # not what was read again
                            metrics.REVOCATION_HEARD.observe(max(0.0, time.time() - at))
                    self.forget_old(time.time())
            except StreamReset:
                log.warning("revocations.stream_reset")
                self._wanted.set()
                await asyncio.sleep(0.5)

    async def keep(self, ask: Callable[[], Awaitable[Sequence[Revoked]]], bus: Bus) -> None:
        """Load the whole list, until cancelled: at once, after a loss of the stream, without a bus.

        The stream is followed meanwhile; `ask` raises a `Failure` when nobody answers.
        """
        while True:
            self._wanted.clear()
            try:
                listed = await ask()
            except Failure as failure:
                log.warning("revocations.not_listed", reason=failure.slug)
                await asyncio.sleep(_LIST_AGAIN_SECONDS)
                continue
            for revoked in listed:
                self.add(revoked)
            if not self._is_loaded:
                log.info("revocations.listed", count=len(listed))
            self._is_loaded = True
            await _wait(self._wanted, _WITHOUT_BUS_SECONDS)
            while bus.is_connected and not self._wanted.is_set():
                await _wait(self._wanted, _WITHOUT_BUS_SECONDS)

    def take(self, payload: bytes) -> float | None:
        """Apply one control notice; those that say nothing of revocation are passed over.

        Return when the revocation was, if it is one.
        """
        notice = json.loads(payload)
        data = notice.get("data", {})
        if notice.get("fact") == "key_rotated":
            for watcher in self.key_watchers:
                watcher(data["active_kid"], data["next_kid"], data["revoked_kid"])
            return None
        if notice.get("fact") not in {"login_revoked", "user_deactivated"}:
            return None
        revoked_at = datetime.fromisoformat(data["revoked_at"])
        forget_at = datetime.fromisoformat(data["forget_at"])
        if notice["fact"] == "login_revoked":
            self.revoke_login(data["login_id"], revoked_at, forget_at, data.get("user_id"))
        else:
            self.revoke_user(int(data["user_id"]), revoked_at, forget_at)
        return revoked_at.timestamp()

    def _tell(self, login_id: str | None, user_id: int | None) -> None:
        for watcher in self.watchers:
            watcher(login_id, user_id)


class TokenVerifier:
    """Checks a token's signature, claims and revocation; remembers good ones by digest."""

    def __init__(
        self,
        keys: KeySet,
        revocations: Revocations,
        issuer: str,
        *,
        remembered: int = _REMEMBERED,
    ) -> None:
        """Share `keys` and `revocations` with the tasks that keep them fresh.

        From here on `keys` hears what `revocations` reads of changed keys. At most `remembered`
        good tokens are kept in memory.
        """
        revocations.key_watchers.append(keys.hear)
        self._keys = keys
        self._revocations = revocations
        self._signed = Signed(keys.key, issuer)
        self._remembered = remembered
        self._known: OrderedDict[bytes, tuple[Caller, str]] = OrderedDict()

    def verify(self, token: str, typ: str = "access") -> Caller:
        """Return who holds `token`; raise `Unauthenticated` with the contract's words. No I/O.

        Raises `StartingUp` while keys or revocations are not known yet.
        """
        if not (self._keys.is_known and self._revocations.is_known):
            raise StartingUp
        digest = hashlib.sha256(token.encode()).digest()
        found = self._known.get(digest)
        if found is None:
            found = self._check(token)
            self._known[digest] = found
            if len(self._known) > self._remembered:
                self._known.popitem(last=False)
        caller, actual_typ = found
        if caller.expires_at.timestamp() <= time.time() or self._keys.key(caller.key_id) is None:
            self._known.pop(digest, None)
            raise InvalidToken
        if self._revocations.is_revoked(caller):
            raise InvalidToken
        if actual_typ != typ:
            raise WrongTokenType
        return caller

    def _check(self, token: str) -> tuple[Caller, str]:
        try:
            claims, kid = self._signed.claims(token)
            return _caller(claims, kid), sys.intern(str(claims["typ"]))
        except (ValueError, TypeError, OverflowError) as error:
            raise InvalidToken from error


def _caller(claims: Mapping[str, Any], kid: str) -> Caller:
    subject = str(claims["sub"])
    if not (subject.isascii() and subject.isdigit()):
        raise InvalidToken
    return Caller(
        user_id=int(subject),
        roles=_roles(tuple(map(str, claims["roles"]))),
        login_id=str(claims["login_id"]),
        token_id=str(claims["jti"]),
        issued_at=_instant(claims["iat"]),
        expires_at=_instant(claims["exp"]),
        key_id=sys.intern(kid),  # the same for thousands that are remembered, as type and roles
    )


@functools.lru_cache(maxsize=4_096)
def _instant(seconds: float) -> datetime:
    """Return an instant that all tokens of a second share: a mass login has few of them."""
    return datetime.fromtimestamp(seconds, UTC)


@functools.lru_cache(maxsize=256)
def _roles(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(names)


async def _beginning(bus: Bus) -> int:
    await bus.wait_ready()
    return max(await bus.first_sequence(CONTROL) - 1, 0)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
