"""Some things of a kind, of which there is nearly always one: that one itself, or a tuple of them.

Ten thousand attempts have one socket each, and a tuple of one takes half as much room again as what
it holds. Whoever keeps a `Few` looks at it through `each`. Pure; a thing must not be a tuple.
"""

from typing import TypeAlias, TypeVar

Thing = TypeVar("Thing")
Few: TypeAlias = Thing | tuple[Thing, ...]

NONE: tuple[()] = ()


def each(few: Few[Thing]) -> tuple[Thing, ...]:
    return few if isinstance(few, tuple) else (few,)


def joined(few: Few[Thing], thing: Thing) -> Few[Thing]:
    """Return them with one more."""
    return thing if few == NONE else (*each(few), thing)


def without(few: Few[Thing], thing: Thing) -> Few[Thing]:
    """Return them without one; as they are when it is not among them."""
    left = tuple(one for one in each(few) if one is not thing)
    return left[0] if len(left) == 1 else left
