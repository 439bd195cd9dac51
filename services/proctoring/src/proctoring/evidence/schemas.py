"""Evidence on the wire, as OpenAPI tells of it; `bundle` writes what the models only describe."""

from collections.abc import Iterable
from typing import Any, Self

from chassis import signing
from pydantic import BaseModel, Field


class KeysBody(BaseModel):
    """A JWKS (RFC 7517)."""

    keys: list[dict[str, str]]

    @classmethod
    def of(cls, public: Iterable[bytes]) -> Self:
        return cls(keys=[signing.jwk(key) for key in dict.fromkeys(public)])


class SignedText(BaseModel):
    """A statement as it was signed: Ed25519 over the UTF-8 bytes of `body`, which is JSON."""

    body: str
    signature: str = Field(description="base64, 64 bytes")
    kid: str = Field(description="RFC 7638 thumbprint of the key")


class EvidenceBundle(BaseModel):
    """What `oep verify` takes; the README of proctoring tells every field."""

    type: str = Field(description="oep.evidence.v1")
    attempt: dict[str, Any] = Field(description="what attempts says of the attempt")
    delivery: dict[str, Any] = Field(description="what the client claimed to have sent, what came")
    timings: list[dict[str, Any]]
    events: list[dict[str, Any]] = Field(description="the chain, from its first event on")
    removals: list[SignedText] = Field(description="what retention has removed")
    heads: list[SignedText] = Field(description="sealed heads of the chain")
    keys: list[dict[str, str]] = Field(description="for orientation; trust the published ones")
    export: SignedText = Field(description="says the head, counts and SHA-256 of every section")
