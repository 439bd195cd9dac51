"""An accommodation: rules that do not count for one attempt, and who decided so. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from proctoring.risk.rules import RULES

RULE_IDS = tuple(dict.fromkeys(rule.id for rule in RULES))


@dataclass(frozen=True, slots=True)
class Accommodation:
    """One decision; the newest of an attempt is in force, and one without rules ends them all."""

    version: int
    rule_ids: tuple[str, ...]
    reason: str | None
    """None once it was erased."""
    author_id: int
    at: datetime


def switched_off(decided: Sequence[Accommodation]) -> frozenset[str]:
    """Return the rules that do not count; `decided` is oldest first."""
    return frozenset(decided[-1].rule_ids) if decided else frozenset()


def unknown(rule_ids: Iterable[str]) -> list[str]:
    """Return what is no rule's id."""
    return [each for each in rule_ids if each not in RULE_IDS]
