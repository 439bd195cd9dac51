"""What leaves on the wire as evidence, but for the bundle itself (`bundle` builds that)."""

from collections.abc import Iterable
from typing import Self

from chassis import signing
from pydantic import BaseModel


class KeysBody(BaseModel):
    """A JWKS (RFC 7517)."""

    keys: list[dict[str, str]]

    @classmethod
    def of(cls, public: Iterable[bytes]) -> Self:
        return cls(keys=[signing.jwk(key) for key in dict.fromkeys(public)])
