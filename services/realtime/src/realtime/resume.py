"""The merge that makes a reconnection seamless: history and live messages, once each, in order.

A cursor belongs to one connection. While it holds, live messages wait; `catch_up` puts history in
front of them and lets go. What was sent already is dropped by its sequence, so that a message that
arrives twice (bus redelivery, history and live overlapping) is told once. Pure: no I/O, no clock.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Cursor(Generic[Item]):
    """What one reader of a channel has been told: everything up to `sequence`."""

    __slots__ = ("_held", "is_holding", "sequence")

    def __init__(self, after: int) -> None:
        """Begin holding, behind `after`."""
        self.sequence = after
        self.is_holding = True
        self._held: dict[int, Item] | None = None

    @property
    def held_count(self) -> int:
        return len(self._held or ())

    def offer(self, sequence: int, item: Item) -> bool:
        """Return whether a live message is to be told now; hold it or drop it otherwise."""
        if sequence <= self.sequence:
            return False
        if self.is_holding:
            self._held = self._held or {}
            self._held[sequence] = item
            return False
        self.sequence = sequence
        return True

    def skip(self, first: int, last: int) -> bool:
        """Say whether all live messages from `first` to `last` are to be told now, and count them.

        When not, nothing has happened, and each is to be offered for itself.
        """
        if self.is_holding or first <= self.sequence:
            return False
        self.sequence = last
        return True

    def catch_up(self, after: int, history: Iterable[tuple[int, Item]] = ()) -> list[Item]:
        """Go live: return what comes behind `after`, from history and from what was held.

        `history` must be complete from `after` up to where holding began; it may overlap with what
        was held.
        """
        due = {**(self._held or {}), **dict(history)}
        order = sorted(sequence for sequence in due if sequence > after)
        self.sequence = order[-1] if order else after
        self.is_holding = False
        self._held = None
        return [due[sequence] for sequence in order]

    def place(self, after: int) -> int:
        """Take a place while holding: `after`, or just before what is held; return it.

        Everything behind `after` must be held, or come.
        """
        self.sequence = min([after, *(sequence - 1 for sequence in self._held or ())])
        return self.sequence

    def restart(self, after: int) -> None:
        """Forget everything and hold again, behind `after`: sequences have a new meaning."""
        self.sequence = after
        self.is_holding = True
        self._held = None
