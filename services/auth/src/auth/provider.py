"""Speaks with the identity provider: OpenID Connect Core 1.0 (code flow), Discovery, PKCE.

Every call has a deadline, runs on the event loop and holds nothing of the database. What comes back
is believed after it was checked: the issuer of the metadata, the signature by the provider's
published keys, and each claim that Core §3.1.3.7 names. Keys are fetched again when a token names
one that is not known, at most every few seconds.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from chassis import patience
from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict, TypeAdapter

from auth.errors import OidcAnswerInvalid, ProviderUnavailable
from auth.identity import Client, is_safe_address

log = structlog.get_logger()

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
"""Signatures by a key pair only: never `none`, and no secret that others know, too."""
LEEWAY_SECONDS = 60
METADATA_SECONDS = 3600.0
KEYS_SECONDS = 300.0
"""How long a key counts after the provider has stopped publishing it."""
KEYS_AGAIN_SECONDS = 5.0
"""How soon keys may be fetched again for a name that is not known."""
_BASIC, _POST, _NO_PROOF = "client_secret_basic", "client_secret_post", "none"
_WELL_KNOWN = "/.well-known/openid-configuration"
_KEY_TYPES = {"RSA", "EC", "OKP"}

Json = dict[str, Any]
_OBJECT = TypeAdapter(Json)


class Metadata(BaseModel):
    """Where the provider answers (Discovery §3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    authorization_response_iss_parameter_supported: bool = False
    """Whether it puts its name into what it answers browsers with (RFC 9207)."""
    token_endpoint_auth_methods_supported: list[str] = [_BASIC]

    @property
    def is_safe(self) -> bool:
        asked = [self.authorization_endpoint, self.token_endpoint, self.jwks_uri]
        return all(
            map(is_safe_address, asked + [each for each in [self.userinfo_endpoint] if each])
        )


class _Key(BaseModel):
    model_config = ConfigDict(extra="allow")

    kty: str
    kid: str | None = None
    use: str = "sig"

    @property
    def signs(self) -> bool:
        return self.kty in _KEY_TYPES and self.use == "sig"


class _Keys(BaseModel):
    keys: list[_Key]


class _Tokens(BaseModel):
    access_token: str
    id_token: str


class _Claims(BaseModel):
    """Of what type the claims are that Authlib judges; it takes much for granted."""

    model_config = ConfigDict(strict=True)

    iss: str
    sub: str
    aud: str | list[str]
    exp: int | float
    iat: int | float
    nonce: str
    azp: str | None = None
    at_hash: str | None = None


@dataclass(frozen=True)
class Proof:
    """What we gave a browser on its way, to be found again in what it brings back."""

    nonce: str
    code_verifier: str


class Provider:
    """One provider; metadata and keys are kept in memory."""

    def __init__(
        self, client: Client, *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        """Ask nothing yet; `transport` stands in for the network."""
        self._client = client
        self._transport = transport
        self._metadata: Metadata | None = None
        self._metadata_at = -math.inf
        self._keys: dict[str | None, jwk.Key] = {}
        self._keys_at = -math.inf
        self._lock = asyncio.Lock()

    async def address(self, state: str, proof: Proof) -> str:
        """Return where to send a browser. Raises `ProviderUnavailable`."""
        async with self._asking() as http:
            metadata = await self._described(http)
            address, _ = http.create_authorization_url(
                metadata.authorization_endpoint,
                state=state,
                nonce=proof.nonce,
                code_verifier=proof.code_verifier,
            )
            return str(address)

    async def claims(self, code: str, proof: Proof, named: str | None) -> Json:
        """Exchange a code and return what the provider vouches for.

        `named` is who the browser says has sent it back. Raises `ProviderUnavailable`, and
        `OidcAnswerInvalid` for what cannot be believed.
        """
        async with self._asking() as http:
            metadata = await self._described(http)
            self._ensure_named(metadata, named)
            self._prove_ourselves(http, metadata)
            found = await http.fetch_token(
                metadata.token_endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=proof.code_verifier,
                redirect_uri=self._client.redirect_uri,
            )
            tokens = _Tokens.model_validate(found)
            claims = await self._read(http, metadata, tokens, proof.nonce)
            return await self._with_userinfo(http, metadata, claims, tokens)

    @contextlib.asynccontextmanager
    async def _asking(self) -> AsyncIterator[AsyncOAuth2Client]:
        """Hold a client until the deadline, and name what goes wrong with it."""
        secret = self._client.client_secret
        http = AsyncOAuth2Client(
            client_id=self._client.client_id,
            client_secret=secret.get_secret_value() if secret else None,
            redirect_uri=self._client.redirect_uri,
            scope=self._client.scopes,
            code_challenge_method="S256",
            timeout=self._client.seconds,
            transport=self._transport,
        )
        try:
            async with patience.within(), asyncio.timeout(self._client.seconds), http:
                yield http
        except httpx2.HTTPStatusError as error:
            log.warning("oidc.refused", status=error.response.status_code)
            is_trouble = error.response.is_server_error
            raise (ProviderUnavailable if is_trouble else OidcAnswerInvalid) from error
        except (TimeoutError, patience.Spent, httpx2.HTTPError) as error:
            log.warning("oidc.provider_unavailable", error=type(error).__name__)
            raise ProviderUnavailable from error
        except (OAuthError, JoseError, ValueError) as error:
            log.warning("oidc.answer_invalid", error=type(error).__name__)
            raise OidcAnswerInvalid from error

    def _ensure_named(self, metadata: Metadata, named: str | None) -> None:
        """Raise `OidcAnswerInvalid` for the answer of another provider (RFC 9207)."""
        if named != self._client.issuer and (
            named is not None or metadata.authorization_response_iss_parameter_supported
        ):
            raise OidcAnswerInvalid

    def _prove_ourselves(self, http: AsyncOAuth2Client, metadata: Metadata) -> None:
        """Let the client say who we are in the way that the provider understands (Core §9)."""
        way = _POST
        if self._client.client_secret is None:
            way = _NO_PROOF
        elif _BASIC in metadata.token_endpoint_auth_methods_supported:
            way = _BASIC
            http.client_id = quote_plus(http.client_id)  # RFC 6749 §2.3.1
            http.client_secret = quote_plus(http.client_secret)
        http.token_endpoint_auth_method = way

    async def _described(self, http: AsyncOAuth2Client) -> Metadata:
        async with self._lock:
            now = time.monotonic()
            if self._metadata is None or now - self._metadata_at > METADATA_SECONDS:
                found = await _fetched(http, self._client.issuer.rstrip("/") + _WELL_KNOWN)
                metadata = Metadata.model_validate(found)
                if metadata.issuer != self._client.issuer or not metadata.is_safe:
                    raise OidcAnswerInvalid  # Discovery §4.3
                self._metadata, self._metadata_at = metadata, now
            return self._metadata

    async def _read(
        self, http: AsyncOAuth2Client, metadata: Metadata, tokens: _Tokens, nonce: str
    ) -> Json:
        """Return the claims of the ID token (Core §3.1.3.7)."""
        kid = jws.extract_compact(tokens.id_token.encode()).headers().get("kid")
        key = await self._key(http, metadata, kid)
        token = jwt.decode(tokens.id_token, key, algorithms=ALGORITHMS)
        _Claims.model_validate(token.claims)
        expected = {
            "iss": {"essential": True, "value": self._client.issuer},
            "aud": {"essential": True, "value": self._client.client_id},
        }
        known = {
            "nonce": nonce,
            "client_id": self._client.client_id,
            "access_token": tokens.access_token,
        }
        claims = CodeIDToken(token.claims, token.header, options=expected, params=known)
        claims.validate(now=int(time.time()), leeway=LEEWAY_SECONDS)
        return dict(token.claims)

    async def _key(self, http: AsyncOAuth2Client, metadata: Metadata, kid: Any) -> jwk.Key:
        """Return the key of that name; without a name, the only one there is."""
        if kid is not None and not isinstance(kid, str):
            raise OidcAnswerInvalid
        async with self._lock:
            age = time.monotonic() - self._keys_at
            if age > (KEYS_SECONDS if self._named(kid) else KEYS_AGAIN_SECONDS):
                found = _Keys.model_validate(await _fetched(http, metadata.jwks_uri))
                self._keys = {
                    each.kid: jwk.import_key(each.model_dump(exclude_unset=True))
                    for each in found.keys
                    if each.signs
                }
                self._keys_at = time.monotonic()
            key = self._named(kid)
        if key is None:
            raise OidcAnswerInvalid
        return key

    def _named(self, kid: str | None) -> jwk.Key | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _with_userinfo(
        self, http: AsyncOAuth2Client, metadata: Metadata, claims: Json, tokens: _Tokens
    ) -> Json:
        """Add what the provider says at its userinfo endpoint; the ID token's word goes first."""
        if metadata.userinfo_endpoint is None:
            return claims
        header = {"Authorization": f"Bearer {tokens.access_token}"}
        more = await _fetched(http, metadata.userinfo_endpoint, header)
        if more.get("sub") != claims["sub"]:  # Core §5.3.2
            raise OidcAnswerInvalid
        return more | claims


async def _fetched(
    http: AsyncOAuth2Client, address: str, headers: Mapping[str, str] | None = None
) -> Json:
    answer = await http.request("GET", address, headers=headers, withhold_token=True)
    return _OBJECT.validate_python(answer.raise_for_status().json())
