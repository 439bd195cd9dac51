"""A wheel of timers: one clock for all sockets, each of them due once in a round.

Pure: whoever turns it decides how long a round takes.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Wheel(Generic[Item]):
    """Items spread over `spokes`, in the order in which they come."""

    def __init__(self, spokes: int) -> None:
        self._spokes: list[set[Item]] = [set() for _ in range(spokes)]
        self._next_spoke = 0
        self._at = 0

    def __len__(self) -> int:
        return sum(map(len, self._spokes))

    def add(self, item: Item) -> int:
        """Put an item on the wheel; return its spoke, with which it can be taken off."""
        spoke = self._next_spoke
        self._spokes[spoke].add(item)
        self._next_spoke = (spoke + 1) % len(self._spokes)
        return spoke

    def discard(self, item: Item, spoke: int) -> None:
        """Take an item off; harmless when it is not there."""
        self._spokes[spoke].discard(item)

    def on(self, spoke: int) -> list[Item]:
        """Return what hangs on a spoke."""
        return list(self._spokes[spoke])

    def turn(self) -> list[Item]:
        """Go to the next spoke; return what hangs on it."""
        found = self.on(self._at)
        self._at = (self._at + 1) % len(self._spokes)
        return found
