"""The signing keys: kept sealed in the database, open only in this process's memory.

The first replica that finds no key makes two, an active one and the next one, so that the next is
known everywhere long before anything is signed with it. `rekeying` changes keys; each replica
loads them again when it hears of it, and regularly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import SecretStr
from sqlalchemy.orm import Session

from auth import key_store
from auth.errors import KeysUnavailable
from auth.keys import KeyState, NewKey, StoredKey
from auth.sealing import Seal
from auth.tokens import SigningKey, jwk, thumbprint

log = structlog.get_logger()

_PURPOSE = b"oep auth signing keys 1"


class KeysSealedOtherwise(KeysUnavailable):
    """SIGNING_KEY_SECRET is not the one with which the stored keys were sealed."""

    slug = "keys-sealed-otherwise"
    detail = "The stored keys were sealed with another SIGNING_KEY_SECRET"


@dataclass(frozen=True)
class _Loaded:
    active: SigningKey
    public: Mapping[str, Ed25519PublicKey]


class Keyring:
    """What `load` found last; replaced as a whole, so readers need no lock."""

    def __init__(self, secret: SecretStr) -> None:
        """Derive the sealing key; touch nothing else."""
        self._seal = Seal(secret, _PURPOSE)
        self._loaded: _Loaded | None = None

    @property
    def is_loaded(self) -> bool:
        return self._loaded is not None

    @property
    def active(self) -> SigningKey:
        """The key that signs now. Raises `KeysUnavailable`."""
        return self._state.active

    @property
    def public(self) -> Mapping[str, Ed25519PublicKey]:
        """All keys whose signatures count, by name. Raises `KeysUnavailable`."""
        return self._state.public

    @property
    def published(self) -> list[str]:
        """The names of all keys whose signatures count, the active one first; none unloaded."""
        return [] if self._loaded is None else list(self._loaded.public)

    def jwks(self) -> dict[str, Any]:
        """Return the JWKS document, active key first. Raises `KeysUnavailable`."""
        return {"keys": [jwk(public) for public in self._state.public.values()]}

    def load(self, session: Session) -> None:
        """Read the keys, make them if there are none. Blocking; raises `KeysSealedOtherwise`."""
        keys = key_store.living(session)
        if not {KeyState.ACTIVE, KeyState.NEXT} <= {key.state for key in keys}:
            self._make_missing(session)
            keys = key_store.living(session)
        public = {key.kid: Ed25519PublicKey.from_public_bytes(key.public_key) for key in keys}
        active = next(key for key in keys if key.state is KeyState.ACTIVE)
        self._loaded = _Loaded(SigningKey(active.kid, self.opened(active)), public)

    def make(self) -> NewKey:
        """Make a key pair, its private half sealed."""
        private = Ed25519PrivateKey.generate()
        kid = thumbprint(private.public_key())
        while kid.startswith("-"):  # a command line would take it for an option
            private = Ed25519PrivateKey.generate()
            kid = thumbprint(private.public_key())
        sealed = self._seal.close(private.private_bytes_raw(), kid.encode())
        return NewKey(kid, private.public_key().public_bytes_raw(), sealed)

    def opened(self, key: StoredKey) -> Ed25519PrivateKey:
        """Return the private half of a stored key. Raises `KeysSealedOtherwise`."""
        try:
            raw = self._seal.open(key.sealed_private_key, key.kid.encode())
        except InvalidTag:
            raise KeysSealedOtherwise from None
        return Ed25519PrivateKey.from_private_bytes(raw)

    @property
    def _state(self) -> _Loaded:
        if self._loaded is None:
            raise KeysUnavailable
        return self._loaded

    def _make_missing(self, session: Session) -> None:
        # One replica makes keys; the others wait here and find them.
        key_store.lock_all(session)
        present = {key.state for key in key_store.living(session)}
        for state in (KeyState.ACTIVE, KeyState.NEXT):
            if state not in present:
                made = self.make()
                key_store.add(session, made, state, key_store.now(session))
                log.info("key.made", kid=made.kid, state=state)
