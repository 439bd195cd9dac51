"""Why a socket is closed, in numbers: 4000-4499 come back with backoff, 4500-4999 stay away.

And how fast a node that ends may close them: each comes back elsewhere, within a second or two.

Refusals take the code of their failure's kind (`chassis.errors`); here are the codes that end a
running socket. Pure.
"""

from typing import NamedTuple

_STAY_AWAY = 4500
_CLOSES_PER_SECOND = 100.0
"""The other nodes are to meet fewer than 200 reconnections a second; clients come in spurts."""


class Closing(NamedTuple):
    """A close code and its reason text (at most 123 bytes by RFC 6455)."""

    code: int
    reason: str

    @property
    def may_come_back(self) -> bool:
        return self.code < _STAY_AWAY


GOING_AWAY = Closing(4000, "Server going away")
TOO_SLOW = Closing(4008, "Reader too slow")
NOT_ALLOWED = Closing(4503, "Unauthorized")
REVOKED = Closing(4501, "Authentication failed")
FAILED = Closing(1011, "Internal error")
LOST = Closing(1006, "No sign of life")
"""Never sent: the peer does not hear it (RFC 6455, section 7.4.1)."""


def per_second(count: int, longest_seconds: float) -> float:
    """Return how many sockets of `count` to close a second: more only to be done in time."""
    return max(_CLOSES_PER_SECOND, count / max(longest_seconds, 0.1))


def attempt_closed(status: str) -> Closing:
    return Closing(4509, f"Attempt is {status}")
