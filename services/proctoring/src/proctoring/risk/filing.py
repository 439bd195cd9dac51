"""What a score is made of, as it is kept: one JSON text for each attempt. Pure.

A row that cannot be read is a defect of whoever wrote it, and no reason to stop for the others: it
is counted, logged and taken for a score of which nobody knows what it is made of.
"""

from collections.abc import Sequence

import msgspec

from proctoring.risk.scoring import Contribution


class Unreadable(ValueError):
    """The text holds no contributions."""


_decoder = msgspec.json.Decoder(tuple[Contribution, ...])


def read(text: str) -> tuple[Contribution, ...]:
    """Return the contributions of a text; what a newer program says besides is passed over.

    Raises `Unreadable`.
    """
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Unreadable(str(error)) from error


def written(contributions: Sequence[Contribution]) -> str:
    return msgspec.json.encode(contributions).decode()
