"""What staff may say to an attempt's sockets, and how often (contract §8.1).

Pure: text in, the frame to be said or the `error` to answer out.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

MAX_BYTES = 16 * 1024
TYPES = frozenset({"notification", "warning", "system_event", "exam_event"})
_MAX_ECHO = 50
_ROUNDING = 1e-6
_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)


@dataclass(frozen=True)
class Unfit:
    """Something that is not said to anybody, with the `error` to answer."""

    message: str
    code: str


TOO_LARGE = Unfit("Message is larger than 16 KiB", "MESSAGE_TOO_LARGE")
NO_OBJECT = Unfit("Message is not a valid JSON object", "WEBSOCKET_ERROR")

# Members are kept as the sender wrote them: a number keeps its digits, a text its escapes.
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def read(text: str | bytes) -> str | Unfit:
    """Return a frame as it will be shown, but for its position; one of the sender's is dropped."""
    data = text.encode() if isinstance(text, str) else text
    if len(data) > MAX_BYTES:
        return TOO_LARGE
    try:
        kind = msgspec.json.decode(data).get("type")
        members = _members.decode(data)
    except (AttributeError, *_UNREADABLE):
        return NO_OBJECT
    if not (isinstance(kind, str) and kind in TYPES):
        return Unfit(f"Unknown message type: {_shown(kind)}", "UNKNOWN_MESSAGE_TYPE")
    members.pop("position", None)
    return _encode(members).decode()


class Limit(NamedTuple):
    """How many frames may come: `burst` at once, `per_second` in the long run.

    Whoever is limited keeps one number: the instant at which his allowance is whole again. It
    begins with anything in the past.
    """

    burst: int
    per_second: float

    def take(self, whole_at: float, now: float) -> tuple[float, float]:
        """Take one at the monotonic instant `now`.

        Return 0, or the seconds after which the next one may come, and the new `whole_at`.
        """
        after = max(whole_at, now) + 1 / self.per_second
        wait_seconds = after - now - self.burst / self.per_second
        return (0.0, after) if wait_seconds < _ROUNDING else (wait_seconds, whole_at)


class Bucket:
    """A limit and what is left of it."""

    __slots__ = ("_limit", "_whole_at")

    def __init__(self, burst: int, per_second: float, now: float) -> None:
        """Begin full at the monotonic instant `now`."""
        self._limit = Limit(burst, per_second)
        self._whole_at = now

    def take(self, now: float) -> float:
        """Take one; return 0, or the seconds after which the next one may come."""
        wait_seconds, self._whole_at = self._limit.take(self._whole_at, now)
        return wait_seconds


def _shown(kind: Any) -> str:
    return kind[:_MAX_ECHO] if isinstance(kind, str) else type(kind).__name__ if kind else "None"
