"""Where a request came from: the gateway's word for the client's address, nobody else's.

Pure: header values in, an `Origin` out.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAX_AGENT_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class Origin:
    """Whence somebody asked: network data, which is removed earlier than the rest."""

    ip_address: str | None = None
    user_agent: str | None = None


NOWHERE = Origin()
"""The server itself, or a caller that does not say."""


def origin(
    peer: str | None, forwarded_for: str | None, user_agent: str | None, trusted: Sequence[Network]
) -> Origin:
    """Return the client's address and agent; `X-Forwarded-For` counts only from a trusted peer.

    Of several addresses the last one counts: it was put there by the trusted peer itself.
    """
    address = _address(peer)
    if forwarded_for and address and any(ipaddress.ip_address(address) in net for net in trusted):
        address = _address(forwarded_for.rpartition(",")[2].strip()) or address
    agent = user_agent[:_MAX_AGENT_CHARACTERS].replace("\0", "") if user_agent else None
    return Origin(address, agent or None)


def _address(text: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address(text)) if text else None
    except ValueError:
        return None
