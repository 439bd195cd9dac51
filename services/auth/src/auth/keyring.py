"""The signing keys: kept sealed in the database, open only in this process's memory.

The first replica that finds no key makes two, an active one and the next one, so that the next is
known everywhere long before anything is signed with it. Nothing here decides when keys change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from typing import Any

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr
from sqlalchemy import func, insert, or_, select
from sqlalchemy.orm import Session

from auth.errors import KeysUnavailable
from auth.tables import SigningKeyRow
from auth.tokens import SigningKey, jwk, thumbprint

log = structlog.get_logger()

_NONCE_BYTES = 12
_PURPOSE = b"oep auth signing keys 1"


class KeysSealedOtherwise(KeysUnavailable):
    """SIGNING_KEY_SECRET is not the one with which the stored keys were sealed."""

    slug = "keys-sealed-otherwise"


@dataclass(frozen=True)
class _Loaded:
    active: SigningKey
    public: Mapping[str, Ed25519PublicKey]


class Keyring:
    """What `load` found last; replaced as a whole, so readers need no lock."""

    def __init__(self, secret: SecretStr) -> None:
        """Derive the sealing key; touch nothing else."""
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
        self._seal = AESGCM(derive.derive(secret.get_secret_value().encode()))
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

    def jwks(self) -> dict[str, Any]:
        """Return the JWKS document, active key first. Raises `KeysUnavailable`."""
        return {"keys": [jwk(public) for public in self._state.public.values()]}

    def load(self, session: Session) -> None:
        """Read the keys, make them if there are none. Blocking; raises `KeysSealedOtherwise`."""
        rows = _living_keys(session)
        if not {"active", "next"} <= {row.state for row in rows}:
            self._make_missing(session)
            rows = _living_keys(session)
        public = {r.kid: Ed25519PublicKey.from_public_bytes(r.public_key) for r in rows}
        active = next(row for row in rows if row.state == "active")
        self._loaded = _Loaded(SigningKey(active.kid, self._opened(active)), public)

    @property
    def _state(self) -> _Loaded:
        if self._loaded is None:
            raise KeysUnavailable
        return self._loaded

    def _make_missing(self, session: Session) -> None:
        # One replica makes keys; the others wait here and find them.
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("auth.keys", 0))))
        present = {row.state for row in _living_keys(session)}
        now = session.execute(select(func.now())).scalar_one()
        for state in ("active", "next"):
            if state not in present:
                kid = self._insert(session, state, now if state == "active" else None)
                log.info("key.made", kid=kid, state=state)

    def _insert(self, session: Session, state: str, activated_at: datetime | None) -> str:
        private = Ed25519PrivateKey.generate()
        kid = thumbprint(private.public_key())
        nonce = token_bytes(_NONCE_BYTES)
        sealed = self._seal.encrypt(nonce, private.private_bytes_raw(), kid.encode())
        session.execute(
            insert(SigningKeyRow).values(
                kid=kid,
                state=state,
                public_key=private.public_key().public_bytes_raw(),
                sealed_private_key=nonce + sealed,
                activated_at=activated_at,
            )
        )
        return kid

    def _opened(self, row: SigningKeyRow) -> Ed25519PrivateKey:
        nonce, sealed = row.sealed_private_key[:_NONCE_BYTES], row.sealed_private_key[_NONCE_BYTES:]
        try:
            raw = self._seal.decrypt(nonce, sealed, row.kid.encode())
        except InvalidTag:
            raise KeysSealedOtherwise from None
        return Ed25519PrivateKey.from_private_bytes(raw)


def _living_keys(session: Session) -> list[SigningKeyRow]:
    found = session.scalars(
        select(SigningKeyRow)
        .where(or_(SigningKeyRow.forget_at.is_(None), SigningKeyRow.forget_at > func.now()))
        .order_by(SigningKeyRow.state, SigningKeyRow.created_at)
        .execution_options(populate_existing=True)
    )
    return list(found)
