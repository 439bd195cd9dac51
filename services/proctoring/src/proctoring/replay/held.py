"""Which events of which attempts the stream holds, as stretches without holes. Pure.

A stream that is whole costs one stretch for each attempt, whatever the number of its events.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator


class Stretches:
    """Whole numbers, as stretches from `_firsts[n]` to `_lasts[n]`, both included and rising."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number <= self._lasts[at]

    def __iter__(self) -> Iterator[int]:
        for first, last in zip(self._firsts, self._lasts, strict=True):
            yield from range(first, last + 1)

    @property
    def count(self) -> int:
        """How many stretches there are."""
        return len(self._firsts)

    def add(self, number: int) -> None:
        if number in self:
            return
        behind = bisect_right(self._firsts, number)
        goes_on = behind > 0 and self._lasts[behind - 1] == number - 1
        leads_on = behind < len(self._firsts) and self._firsts[behind] == number + 1
        if goes_on and leads_on:
            self._lasts[behind - 1] = self._lasts.pop(behind)
            del self._firsts[behind]
        elif goes_on:
            self._lasts[behind - 1] = number
        elif leads_on:
            self._firsts[behind] = number
        else:
            self._firsts.insert(behind, number)
            self._lasts.insert(behind, number)


class Held:
    """Places in the chains of attempts."""

    def __init__(self) -> None:
        self._of: dict[int, Stretches] = {}

    def __contains__(self, place: tuple[int, int]) -> bool:
        attempt_id, sequence = place
        return attempt_id in self._of and sequence in self._of[attempt_id]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for attempt_id, stretches in self._of.items():
            for sequence in stretches:
                yield attempt_id, sequence

    @property
    def stretch_count(self) -> int:
        return sum(stretches.count for stretches in self._of.values())

    def add(self, attempt_id: int, sequence: int) -> None:
        self._of.setdefault(attempt_id, Stretches()).add(sequence)

    def extend(self, places: Iterable[tuple[int, int]]) -> None:
        for place in places:
            self.add(*place)
