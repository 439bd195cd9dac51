"""Where a message belongs: subjects on the bus, and the channels that sockets listen to.

A channel is one attempt (its student's sockets) or one exam (its boards). Every notice concerns
exactly one of each. Pure; never looks into a message.
"""

from typing import Literal, NamedTuple

_PREFIX = ("oep", "v1")
_PARTS = 5

Kind = Literal["attempt", "exam", "window", "broadcast"]
"""Who looks at a window of a board is told by the board, not by the stream. The last one is an
attempt's staff who speak; they hear nothing of what is said there."""


BOARD_KINDS: tuple[Kind, ...] = ("exam", "window")


class Channel(NamedTuple):
    """What a socket listens to."""

    kind: Kind
    id: int

    @property
    def is_board(self) -> bool:
        return self.kind in BOARD_KINDS


class Address(NamedTuple):
    """A subject, taken apart."""

    exam_id: int
    attempt_id: int
    fact: str

    @property
    def attempt(self) -> Channel:
        return Channel("attempt", self.attempt_id)

    @property
    def exam(self) -> Channel:
        return Channel("exam", self.exam_id)


def parse(subject: str) -> Address | None:
    """Return the address in `subject`, or None when it is none of ours."""
    parts = subject.split(".")
    if len(parts) != _PARTS or tuple(parts[:2]) != _PREFIX:
        return None
    exam_id, attempt_id, fact = parts[2:]
    if not (_is_number(exam_id) and _is_number(attempt_id) and fact):
        return None
    return Address(int(exam_id), int(attempt_id), fact)


def subject(exam_id: int, attempt_id: int | str, fact: str) -> str:
    """Return where a fact about an attempt is published; `*` and `>` make a filter of it."""
    return f"oep.v1.{exam_id}.{attempt_id}.{fact}"


def exam_subject(exam_id: int) -> str:
    """Return the filter for all that is said about an exam's attempts."""
    return f"oep.v1.{exam_id}.>"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
