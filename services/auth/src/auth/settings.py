"""What an installation decides about auth: lifetimes, the cost of guessing, the sealing secret."""

import json
import os
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from chassis.settings import DatabaseSettings
from chassis.tokens import REFRESH_SECONDS
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from auth.identity import Client, RoleMap, is_safe_address
from auth.keys import Spread
from auth.people import RoleName
from auth.tokens import Lifetimes

DAY_SECONDS = 24 * 3600


def _cores() -> int:
    return min(os.cpu_count() or 1, 8)


class Settings(DatabaseSettings):
    """Read from the environment by `__main__`; see the README's table."""

    signing_key_secret: SecretStr = Field(min_length=32)

    student_access_seconds: int = Field(default=8 * 3600, ge=60, le=DAY_SECONDS)
    other_access_seconds: int = Field(default=30 * 60, ge=60, le=DAY_SECONDS)
    refresh_seconds: int = Field(default=7 * DAY_SECONDS, ge=60, le=90 * DAY_SECONDS)
    refresh_grace_seconds: int = Field(default=15, ge=0, le=60)

    free_failures: int = Field(default=5, ge=1, le=100)
    longest_delay_seconds: int = Field(default=30, ge=1, le=300)
    forget_failures_seconds: int = Field(default=900, ge=1, le=DAY_SECONDS)

    hashing_threads: int = Field(default_factory=_cores, ge=1, le=64)
    """Every core, at most eight; they run behind everything else (`hashing`)."""
    hashing_queue_size: int = Field(default=1_000, ge=1, le=10_000)
    hashing_wait_seconds: float = Field(default=7.0, gt=0, le=60)
    """At the door, and again for a thread: both and the work must fit into the gateway's 15 s."""

    keys_reload_seconds: float = Field(default=15.0, gt=0, le=3600)
    jwks_cache_seconds: int = Field(default=60, ge=1, le=3600)
    tidy_seconds: float = Field(default=600.0, gt=0)

    second_factor_roles: Annotated[frozenset[RoleName], NoDecode] = frozenset()
    """Roles whose holders must have a second factor, comma separated."""
    second_factor_name: str = Field(default="Online Exam Platform", min_length=1, max_length=100)
    """What authenticators show beside the user name."""

    oidc_issuer: str = ""
    """The identity provider's issuer, exactly as its metadata say it; without one it is off."""
    oidc_client_id: str = ""
    """Who we are to the provider."""
    oidc_client_secret: SecretStr = SecretStr("")
    """What proves it; none for a public client, which PKCE alone guards."""
    oidc_redirect_uri: str = ""
    """Where the provider sends browsers back: the platform's address and
    `/api/v1/auth/oidc/callback`."""
    oidc_name: str = Field(default="Single sign-on", min_length=1, max_length=100)
    """What the button for it says."""
    oidc_scopes: str = "openid profile email"
    """What is asked of the provider; the claim for roles may need a scope of its own."""
    oidc_role_claim: str = "roles"
    """The claim that names roles or groups; `realm_access.roles` is one in an object."""
    oidc_role_map: Annotated[dict[str, frozenset[RoleName]], NoDecode] = Field(default_factory=dict)
    """Which of our roles each of its values gives, as JSON: `{"exam office": ["admin"]}`."""
    oidc_links_by_email: bool = False
    """Whether an identity is linked by its verified e-mail address when it comes first."""
    oidc_seconds: float = Field(default=5.0, gt=0, le=10)
    """How long the provider may take for one request of a browser, all calls together."""

    @field_validator("second_factor_roles", mode="before")
    @classmethod
    def _split_roles(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return frozenset(word.strip() for word in value.split(",") if word.strip())

    @field_validator("oidc_role_map", mode="before")
    @classmethod
    def _read_map(cls, value: Any) -> Any:
        return json.loads(value or "{}") if isinstance(value, str) else value

    @model_validator(mode="after")
    def _whole_provider(self) -> Self:
        if not self.oidc_issuer:
            return self
        if not self.oidc_client_id or not self.oidc_redirect_uri:
            raise ValueError("OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_REDIRECT_URI")
        if not is_safe_address(self.oidc_issuer) or not is_safe_address(self.oidc_redirect_uri):
            raise ValueError("OIDC_ISSUER and OIDC_REDIRECT_URI begin with https, but on loopback")
        if urlsplit(self.oidc_redirect_uri).path != "/api/v1/auth/oidc/callback":
            raise ValueError("OIDC_REDIRECT_URI ends with /api/v1/auth/oidc/callback")
        if "openid" not in self.oidc_scopes.split():
            raise ValueError("OIDC_SCOPES names openid")
        return self

    @property
    def oidc_client(self) -> Client | None:
        """Who we are to the identity provider, if there is one."""
        if not self.oidc_issuer:
            return None
        has_secret = bool(self.oidc_client_secret.get_secret_value())
        return Client(
            issuer=self.oidc_issuer,
            client_id=self.oidc_client_id,
            client_secret=self.oidc_client_secret if has_secret else None,
            redirect_uri=self.oidc_redirect_uri,
            scopes=self.oidc_scopes,
            seconds=self.oidc_seconds,
        )

    @property
    def role_map(self) -> RoleMap:
        return {
            value: {role.value for role in roles} for value, roles in self.oidc_role_map.items()
        }

    @property
    def lifetimes(self) -> Lifetimes:
        return Lifetimes(
            student_access_seconds=self.student_access_seconds,
            other_access_seconds=self.other_access_seconds,
            refresh_seconds=self.refresh_seconds,
        )

    @property
    def spread(self) -> Spread:
        """How long news of a key travels: to caches of the document, to the other services."""
        cache_seconds = max(self.jwks_cache_seconds, REFRESH_SECONDS)
        return Spread(cache_seconds, self.keys_reload_seconds)
