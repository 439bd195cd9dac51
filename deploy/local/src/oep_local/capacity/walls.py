"""What no further replica makes larger, and so where an installation must be divided. Pure.

What a request takes of each was measured; how much there is of it was not, so all are estimates.

An exam is the smallest piece: its board, its stream and its report are in one place. Divided means
several installations, each with exams of its own and the people who sit them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oep_local.capacity import costs
from oep_local.capacity.demand import Moment

ROOM = 0.5
"""How full a wall may be in the worst moment; the rest is for what nobody foresaw."""


@dataclass(frozen=True)
class Wall:
    """Something that there is one of; `filled` is the share that the worst moment takes."""

    what: str
    why: str
    filled: float
    moment: str

    def students(self, asked: int) -> int:
        """Return how many students fill it to `ROOM`, if `asked` fill it as they do."""
        return int(asked * ROOM / self.filled)


def walls(moments: Sequence[Moment]) -> list[Wall]:
    """Return them, the fullest first."""
    found = [
        _worst(
            moments,
            "one stream of the bus",
            "one server writes it, one message after the other",
            lambda moment: _messages(moment) * costs.BUS_MESSAGE_SECONDS,
        ),
        _worst(
            moments,
            "cores of the primary",
            f"all writes go to one Postgres; {costs.POSTGRES_CORES} cores are the largest",
            lambda moment: moment.cores["postgres"] / costs.POSTGRES_CORES,
        ),
        _worst(
            moments,
            "log of the primary",
            "every commit is written and sent to the replica",
            lambda moment: _logged(moment) / costs.WAL_BYTES_A_SECOND,
        ),
    ]
    return sorted(found, key=lambda wall: -wall.filled)


def installations(found: Sequence[Wall]) -> int:
    """Return into how many installations the exams must be divided."""
    return max(1, math.ceil(found[0].filled / ROOM))


def _worst(
    moments: Sequence[Moment],
    what: str,
    why: str,
    filled: Callable[[Moment], float],
) -> Wall:
    share, name = max((filled(moment), moment.name) for moment in moments)
    return Wall(what, why, share, name)


def _messages(moment: Moment) -> float:
    """Return the notices a second: each request that changes something says so once."""
    return sum(rate for kind, rate in moment.rates.items() if kind != "login") + moment.connects


def _logged(moment: Moment) -> float:
    return sum(rate * costs.units()[kind].log_bytes for kind, rate in moment.rates.items())
