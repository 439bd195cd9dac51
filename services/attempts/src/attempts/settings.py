"""Settings of this service, read from the environment once, in `__main__`."""

import ipaddress
from typing import Annotated, Any

from chassis.settings import DatabaseSettings
from pydantic import Field, field_validator
from pydantic_settings import NoDecode

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LOOPBACK = (ipaddress.ip_network("127.0.0.1"),)


class Settings(DatabaseSettings):
    rest_port: int = 8102
    grpc_port: int = 8202
    auth_grpc: str
    names_timeout_seconds: float = Field(default=1.0, gt=0, le=10)
    """How long a staff list waits for names; afterwards it shows none."""
    clock_interval_seconds: float = Field(default=0.5, gt=0, le=2)
    grace_seconds: int = Field(default=300, ge=0)
    """How long after the deadline a submit still completes the attempt (contract §9.2)."""

    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = _LOOPBACK
    """Peers whose `X-Forwarded-For` is believed: the gateway's addresses or networks."""

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(ipaddress.ip_network(p.strip()) for p in value.split(",") if p.strip())
