"""What an installation decides about proctoring: its neighbour, its proxies, its bounds."""

import ipaddress
from typing import Annotated, Any

from chassis.settings import DatabaseSettings
from pydantic import Field, field_validator
from pydantic_settings import NoDecode

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LOOPBACK = (ipaddress.ip_network("127.0.0.1"),)


class Settings(DatabaseSettings):
    """Read from the environment by `__main__`; see the README's table."""

    attempts_grpc: str
    """Address of attempts; several replicas comma-separated."""
    attempts_seconds: float = Field(default=2.0, gt=0, le=30)
    """How long attempts may take to answer for one group."""

    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = _LOOPBACK
    """Peers whose `X-Forwarded-For` is believed: the gateway's addresses or networks."""

    intake_capacity: int = Field(default=5_000, ge=500)
    """Events and timings that may wait; one more is answered 503."""
    intake_group_size: int = Field(default=1_000, ge=1, le=1_000)
    """Events and timings written in one transaction; a batch is never split."""
    intake_patience_seconds: float = Field(default=10.0, gt=0)
    """Longest wait before being taken up; then 503, nothing stored."""

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(ipaddress.ip_network(p.strip()) for p in value.split(",") if p.strip())
