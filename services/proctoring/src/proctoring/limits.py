"""How many events of one attempt are taken in: a bucket that refills, generous to a stuck key.

200 at once, then 30 a second (contract §6.1: key auto-repeat must fit). An event in a batch weighs
a tenth: who was without a network for ten minutes comes back with thousands, in batches, and may. A
bucket may go into debt by one post, so a batch is never too large to be taken. Pure: time is
passed in.
"""

from collections import OrderedDict
from collections.abc import Iterable

BURST = 200.0
PER_SECOND = 30.0
BATCHED_WEIGHT = 0.1
_MOST_BUCKETS = 50_000

Key = tuple[int, int]
"""User and attempt: nobody empties somebody else's bucket."""


class Buckets:
    """The buckets of all attempts that post just now; those long unused are forgotten, full."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[Key, tuple[float, float]] = OrderedDict()

    def take(self, weights: Iterable[tuple[Key, float]], now: float) -> float | None:
        """Take from each bucket; return None, or how many seconds to wait, and take nothing.

        `now` is in seconds of any clock that never goes back.
        """
        wanted = list(weights)
        levels = [self._level(key, now) for key, _ in wanted]
        waits = [(1.0 - level) / PER_SECOND for level in levels if level < 1.0]
        if waits:
            return max(waits)
        for (key, weight), level in zip(wanted, levels, strict=True):
            self._buckets[key] = (level - weight, now)
            self._buckets.move_to_end(key)
        while len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return None

    def _level(self, key: Key, now: float) -> float:
        level, at = self._buckets.get(key, (BURST, now))
        return min(BURST, level + (now - at) * PER_SECOND)
