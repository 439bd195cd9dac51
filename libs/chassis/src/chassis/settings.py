"""Settings shared by all services, read from the environment once, in `__main__`, then handed down.

No default exists for what must differ between installations: addresses of stores and secrets.
"""

import ipaddress
import json
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from chassis.origins import Network

Addresses = Annotated[tuple[str, ...], NoDecode]


_LOOPBACK = (ipaddress.ip_network("127.0.0.1"),)


class ServiceSettings(BaseSettings):
    """What every service needs to listen, to verify tokens and to reach the bus."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    rest_port: int
    nats_url: str
    """One server or several, comma separated."""
    nats_replicas: int = Field(default=1, ge=1, le=5)
    """On how many servers of the bus each stream lies: 3 for a cluster of three."""
    jwks_url: str
    token_issuer: str = "oep"  # noqa: S105  # the issuer's name, not a token
    allowed_origins: Addresses = (
        "http://localhost:8000",
        "http://localhost:5173",
        "http://localhost:5174",
        "http://localhost:5175",
        "http://localhost:5176",
    )
    node_id: str = "local"
    shutdown_seconds: float = Field(default=4.0, gt=0)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = _LOOPBACK
    """Peers whose `X-Forwarded-For` is believed: the gateway's addresses or networks."""
    traces_to: str = ""
    """Where spans go: the URL of an OTLP/HTTP collector, `file:` and a folder, or nowhere."""
    traces_share: float = Field(default=0.0, ge=0, le=1)
    """Of the requests that do not ask to be traced, how many are."""
    traces_per_second: float = Field(default=10.0, ge=0)
    """How many of those that ask to be are, in a second and process: anybody may ask."""

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            tuple(p.strip() for p in value.split(",") if p.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(ipaddress.ip_network(p.strip()) for p in value.split(",") if p.strip())

    def masked(self) -> str:
        """Return the settings as JSON text in which secrets and passwords are hidden."""
        shown = {name: _shown(value) for name, value in self}
        return json.dumps(shown, indent=2, default=str)

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment; pydantic names each missing variable."""
        return cls()


class DatabaseSettings(ServiceSettings):
    """Settings of a service that owns a schema in Postgres."""

    grpc_port: int
    database_url: SecretStr
    migration_database_url: SecretStr | None = None
    database_pool_size: int = Field(default=8, ge=1, le=100)
    statement_timeout_ms: int = Field(default=5_000, ge=100)
    lock_timeout_ms: int = Field(default=3_000, ge=100)
    request_seconds: float = Field(default=10.0, gt=0, lt=15)
    """How long a request may wait in all; then 503. The gateway waits for 15 s."""


def psycopg2_url(url: str) -> str:
    """Return `url` with the driver named; SQLAlchemy 2.1 reads a bare one as psycopg 3."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgresql", "postgres"}:
        message = "DATABASE_URL must look like postgresql://user:password@host:port/database"
        raise ValueError(message)
    return f"postgresql+psycopg2://{rest}"


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return _mask(value.get_secret_value())
    if isinstance(value, str) and "://" in value and urlsplit(value).password:
        return _mask(value)
    return value


def _mask(secret: str) -> str:
    parts = urlsplit(secret)
    if parts.scheme and parts.hostname:
        user = f"{parts.username}:***@" if parts.username else ""
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{user}{parts.hostname}{port}{parts.path}"
    return "***"
