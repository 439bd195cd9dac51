"""Settings shared by all services, read from the environment once, in `__main__`, then handed down.

No default exists for what must differ between installations: addresses of stores and secrets.
"""

import ipaddress
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from chassis.origins import Network

Addresses = Annotated[tuple[str, ...], NoDecode]


_LOOPBACK = (ipaddress.ip_network("127.0.0.1"),)


class ServiceSettings(BaseSettings):
    """What every service needs to listen, to verify tokens and to reach the bus."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    """Where it listens."""
    rest_port: int
    """Where it listens for REST, sockets, probes and figures."""
    nats_url: str
    """One server or several, comma separated."""
    nats_replicas: int = Field(default=1, ge=1, le=5)
    """On how many servers of the bus each stream lies: 3 for a cluster of three."""
    jwks_url: str
    """Where auth publishes the keys that tokens are checked with."""
    token_issuer: str = "oep"  # noqa: S105  # the issuer's name, not a token
    """Who has issued the tokens that count."""
    allowed_origins: Addresses = (
        "http://localhost:8000",
        "http://localhost:5173",
        "http://localhost:5174",
        "http://localhost:5175",
        "http://localhost:5176",
    )
    """Pages that browsers may speak to it from, comma separated."""
    node_id: str = "local"
    """The name of this process among its replicas; each has its own."""
    leaving_seconds: float = Field(default=0.0, ge=0, le=60)
    """How long it goes on taking requests when it is asked to end and is not ready any more. The
    gateway looks every 2 s; only who has replicas, and nobody else who waits for it, needs more
    than 0."""
    shutdown_seconds: float = Field(default=4.0, gt=0)
    """How long requests that are under way may take when it is asked to end."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is logged at least."""
    log_format: Literal["json", "console"] = "json"
    """json: an object a line; console: for people."""
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = _LOOPBACK
    """Peers whose `X-Forwarded-For` is believed: the gateway's addresses or networks."""
    traces_to: str = ""
    """Where spans go: the URL of an OTLP/HTTP collector, `file:` and a folder, or nowhere."""
    traces_share: float = Field(default=0.0, ge=0, le=1)
    """Of the requests that do not ask to be traced, how many are."""
    traces_per_second: float = Field(default=10.0, ge=0)
    """How many of those that ask to be are, in a second and process: anybody may ask."""
    mtls_certificate_file: Path | None = None
    """With the two below: gRPC between services shows and demands certificates (ADR 44)."""
    mtls_key_file: Path | None = None
    """The key of the certificate."""
    mtls_ca_file: Path | None = None
    """Who signs the certificates of all services, and of nobody else."""

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return _words(value)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(ipaddress.ip_network(p.strip()) for p in value.split(",") if p.strip())

    @model_validator(mode="after")
    def _whole_identity(self) -> Self:
        files = (self.mtls_certificate_file, self.mtls_key_file, self.mtls_ca_file)
        if any(files) and not all(files):
            raise ValueError(
                "MTLS_CERTIFICATE_FILE, MTLS_KEY_FILE and MTLS_CA_FILE go together: all or none"
            )
        return self

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
    """How long the database may work on one statement."""
    lock_timeout_ms: int = Field(default=3_000, ge=100)
    """How long a statement may wait for a lock."""
    request_seconds: float = Field(default=10.0, gt=0, lt=15)
    """How long a request may wait in all; then 503. The gateway waits for 15 s."""
    mtls_callers: Addresses = ()
    """Names in certificates that may call this service by gRPC; nobody else may."""

    @field_validator("mtls_callers", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        return _words(value)

    @model_validator(mode="after")
    def _callers_can_be_told_apart(self) -> Self:
        if self.mtls_callers and self.mtls_certificate_file is None:
            raise ValueError("MTLS_CALLERS means nothing without MTLS_CERTIFICATE_FILE")
        return self


def psycopg2_url(url: str) -> str:
    """Return `url` with the driver named; SQLAlchemy 2.1 reads a bare one as psycopg 3."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgresql", "postgres"}:
        message = "DATABASE_URL must look like postgresql://user:password@host:port/database"
        raise ValueError(message)
    return f"postgresql+psycopg2://{rest}"


def _words(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return _mask(value.get_secret_value())
    if isinstance(value, str) and "://" in value and "@" in value:
        return ",".join(map(_mask, value.split(",")))  # the bus has several addresses
    return value


def _mask(secret: str) -> str:
    parts = urlsplit(secret)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # no address, whatever it looks like: nothing of it is shown
        return "***"
    if parts.scheme and parts.hostname:
        user = f"{parts.username}:***@" if parts.username else ""
        return f"{parts.scheme}://{user}{parts.hostname}{port}{parts.path}"
    return "***"
