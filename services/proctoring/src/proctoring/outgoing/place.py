"""Where something may be sent: no address that only we can reach (SSRF). Pure.

An administrator names the address, but what a name stands for is decided elsewhere and may change:
the name is looked up at every try, and what it stands for is looked at before it is connected to.
"""

import ipaddress
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

MAX_LENGTH = 2_000
_WRAPPED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")))
"""IPv6 that only wraps an IPv4 address: a private one could hide in it."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowed(ValueError):
    """The address is none that anything is sent to; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A URL, taken apart."""

    url: str
    host: str
    port: int
    is_trusted: bool
    """Named by the installation itself: plain HTTP and private addresses are allowed."""


def place(url: str, trusted_hosts: Collection[str]) -> Place:
    """Return where a URL leads. Raises `NotAllowed`."""
    if len(url) > MAX_LENGTH or not url.isascii() or not url.isprintable() or " " in url:
        raise NotAllowed(f"must be a URL of at most {MAX_LENGTH} plain ASCII characters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise NotAllowed("is no URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise NotAllowed("must begin with https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise NotAllowed("must hold no user name or password")
    if parts.fragment:
        raise NotAllowed("must hold no fragment")
    is_trusted = host in trusted_hosts
    if parts.scheme == "http" and not is_trusted:
        raise NotAllowed("must begin with https://")
    found = Place(url, host, port or (443 if parts.scheme == "https" else 80), is_trusted)
    literal = _literal(host)
    if literal is not None:
        reachable(found, [str(literal)])
    return found


def reachable(where: Place, addresses: Sequence[str]) -> str:
    """Return which of a host's addresses to connect to. Raises `NotAllowed`.

    One private address among them is enough to send nothing: who answers so means no good.
    """
    if not addresses:
        raise NotAllowed("has no address")
    if not where.is_trusted and not all(_is_public(ipaddress.ip_address(a)) for a in addresses):
        raise NotAllowed("leads to an address that is not public")
    return addresses[0]


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if address.teredo is not None or any(address in network for network in _WRAPPED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
