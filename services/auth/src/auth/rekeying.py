"""The deeds around signing keys: to look at them, to rotate them, to revoke one in an emergency.

Each is one transaction under one lock: of two that meet the second sees what the first has made.
Whoever verifies hears of it by the notice `key_rotated`. Blocking; called from the command line.
"""

from dataclasses import dataclass
from datetime import datetime

from chassis.database import Database
from chassis.outbox import add
from sqlalchemy.orm import Session

from auth import audit_store, key_store
from auth.audit import COMMAND, KEYS, Author, entry
from auth.errors import KeyUnknown
from auth.keyring import Keyring
from auth.keys import KeyState, Spread, StoredKey, ensure_settled, published_until
from auth.notices import key_rotated
from auth.tables import OUTBOX
from auth.tokens import Lifetimes


@dataclass(frozen=True)
class _Pair:
    """The key that signs and the one after it."""

    active: StoredKey
    next: StoredKey


class Rekeying:
    """Changes the keys of a running installation; its replicas load them by themselves."""

    def __init__(
        self, database: Database, keyring: Keyring, lifetimes: Lifetimes, spread: Spread
    ) -> None:
        """`keyring` seals what is made here: give it the installation's own secret."""
        self._database = database
        self._keyring = keyring
        self._lifetimes = lifetimes
        self._spread = spread

    def published(self) -> list[StoredKey]:
        """Return the published keys: the active one, the next one, retired ones by age."""
        with self._database.transaction() as session:
            return key_store.living(session)

    def rotate(self, *, is_forced: bool = False, by: Author = COMMAND) -> list[StoredKey]:
        """Let the next key sign from now on and return the published keys.

        Raises `NextKeyTooYoung` unless forced, `KeysSealedOtherwise` with another secret.
        """
        with self._database.transaction() as session:
            now = self._begin(session)
            before = self._pair(session)
            if not is_forced:
                ensure_settled(before.next, now, self._spread)
            forget_at = published_until(now, self._lifetimes, self._spread)
            key_store.retire(session, before.active.kid, forget_at)
            self._promote(session, before, now)
            after = self._tell(session, None)
            said = entry(
                by,
                "keys_rotated",
                KEYS,
                "Signing keys rotated",
                retired_kid=before.active.kid,
                active_kid=after.active.kid,
                next_kid=after.next.kid,
                is_forced=is_forced,
            )
            audit_store.append(session, said)
            return key_store.living(session)

    def revoke(self, kid: str, *, by: Author = COMMAND) -> list[StoredKey]:
        """Let nothing that a key has signed count any more and return the published keys.

        Was it the active one, the next takes over. Raises `KeyUnknown`, `KeysSealedOtherwise`.
        """
        with self._database.transaction() as session:
            now = self._begin(session)
            revoked = next((key for key in key_store.living(session) if key.kid == kid), None)
            if revoked is None:
                raise KeyUnknown
            before = self._pair(session)
            key_store.retire(session, kid, now)
            if revoked.state is KeyState.ACTIVE:
                self._promote(session, before, now)
            elif revoked.state is KeyState.NEXT:
                self._add_next(session, now)
            after = self._tell(session, kid)
            said = entry(
                by,
                "key_revoked",
                KEYS,
                "Signing key revoked",
                revoked_kid=kid,
                state=revoked.state,
                active_kid=after.active.kid,
                next_kid=after.next.kid,
            )
            audit_store.append(session, said)
            return key_store.living(session)

    def _begin(self, session: Session) -> datetime:
        """Lock, make keys where none are, and make sure that ours is the secret they need."""
        key_store.lock_all(session)
        self._keyring.load(session)
        return key_store.now(session)

    def _pair(self, session: Session) -> _Pair:
        by_state = {key.state: key for key in key_store.living(session)}
        return _Pair(by_state[KeyState.ACTIVE], by_state[KeyState.NEXT])

    def _promote(self, session: Session, before: _Pair, now: datetime) -> None:
        self._keyring.opened(before.next)
        key_store.activate(session, before.next.kid, now)
        self._add_next(session, now)

    def _add_next(self, session: Session, now: datetime) -> None:
        key_store.add(session, self._keyring.make(), KeyState.NEXT, now)

    def _tell(self, session: Session, revoked_kid: str | None) -> _Pair:
        after = self._pair(session)
        note = key_rotated(after.active.kid, after.next.kid, revoked_kid)
        add(session, OUTBOX, [note])
        return after
