"""The rules of risk, to be read from top to bottom by whoever is asked about a score.

A rule names its types of event and says how many points it adds, and where it stops. A score is the
sum of its rules' points and nothing else; all caps together are 100. It flags and never punishes:
nothing in here knows a status. Pure.

What is fair here:

- Only what a rule names counts. An unknown type of event adds nothing until somebody writes a rule.
- Losing the connection is no conduct. No rule may name a type of event that is about a connection,
  and no rule sees when something arrived or whether it was late: what is sent after a gap weighs
  what it would have weighed at once.
- How far two things lie apart is read from the client's own clock. What follows within a rule's
  `within_seconds` is the same thing again: keys repeat by themselves, some pages tell all twice.
- Alerts and printers take the focus, too, and fingers slip: the first `free` times add nothing.
  That serves the first minutes, too, in which people find their way; no rule knows when one began.
- A burst is many of several kinds within a minute. One kind alone never is one, however often: a
  key that sticks, a window that flickers.

A rule that was in use is never edited: end it (`until`) and append its next version (`since`), so
that every score can be recomputed by the rules of its time. The README shows the rules as a table.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from proctoring.event import Severity


@dataclass(frozen=True, slots=True)
class Happening:
    """What a rule sees of a stored event; `id` is the number of its row."""

    id: int
    event_type: str
    severity: Severity
    at: datetime
    """By the client's clock, by the server's where the client said nothing."""
    action: str | None = None
    away_seconds: float | None = None
    """How long a page was hidden that is visible again."""


def always(_: Happening) -> bool:
    return True


def forbidden(happening: Happening) -> bool:
    return happening.severity is Severity.VIOLATION


def merely_blocked(happening: Happening) -> bool:
    return happening.severity is not Severity.VIOLATION


def leaving(happening: Happening) -> bool:
    """Count what does not say that it is a return: leaving that word out hides nothing."""
    return happening.action != "visible"


def returning(happening: Happening) -> bool:
    return happening.action == "visible"


class Unit(Enum):
    """What points are given for."""

    TIME = "time"
    HALF_MINUTE = "full 30 s away"
    BURST = "burst: 8 or more within 60 s"
    """Each kind counts once in 10 s."""


CONNECTION_WORDS = (
    "connect", "offline", "online", "network", "internet", "socket", "heartbeat", "ping", "latency",
    "presence", "signal", "wifi",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """`weight` points for each unit behind the first `free`, never more than `cap`."""

    id: str
    version: int
    description: str
    event_type: str
    weight: int
    cap: int
    when: Callable[[Happening], bool] = always
    unit: Unit = Unit.TIME
    free: int = 0
    within_seconds: int = 1
    since: int = 1
    """The rules version in which it counts first."""
    until: int | None = None
    """The rules version in which it counts no more."""
    also: tuple[str, ...] = ()
    """Further types of event that it is about."""

    @property
    def event_types(self) -> tuple[str, ...]:
        return (self.event_type, *self.also)

    def __post_init__(self) -> None:
        named = " ".join(self.event_types)
        if any(word in named for word in CONNECTION_WORDS):
            raise ValueError(f"{self.id}: a connection is no conduct")
        if min(self.weight, self.cap) <= 0 or self.free < 0:
            raise ValueError(f"{self.id}: a rule adds points, and stops")


RULES = (
    Rule(
        "fullscreen-exit", 1, "Full screen was left.",
        "fullscreen_exit", weight=4, cap=20,
    ),
    Rule(
        "copy-paste", 1, "Copying, cutting or pasting was tried.",
        "copy_paste_attempt", weight=4, cap=20, within_seconds=2,
    ),
    Rule(
        "developer-tools", 1, "The browser's developer tools were called.",
        "developer_tools_attempt", weight=10, cap=20, within_seconds=5,
    ),
    Rule(
        "forbidden-keys", 1, "Keys were pressed that print the page or show its source.",
        "keyboard_blocked", weight=2, cap=10, when=forbidden, within_seconds=5,
    ),
    Rule(
        "blocked-keys", 1, "Other blocked keys were pressed.",
        "keyboard_blocked", weight=1, cap=4, when=merely_blocked, free=3, within_seconds=10,
    ),
    Rule(
        "context-menu", 1, "The context menu was called.",
        "context_menu_blocked", weight=1, cap=3, free=2, within_seconds=2,
    ),
    Rule(
        "tab-switch", 1, "The exam's page was hidden.",
        "tab_switch", weight=2, cap=10, when=leaving, free=1, within_seconds=1, until=2,
    ),
    Rule(
        "tab-switch", 2, "The exam's page was hidden.",
        "tab_switch", weight=2, cap=7, when=leaving, free=1, within_seconds=1, since=2,
    ),
    Rule(
        "time-away", 1, "The exam's page stayed hidden.",
        "tab_switch", weight=1, cap=10, when=returning, unit=Unit.HALF_MINUTE, until=2,
    ),
    Rule(
        "time-away", 2, "The exam's page stayed hidden.",
        "tab_switch", weight=1, cap=7, when=returning, unit=Unit.HALF_MINUTE, since=2,
    ),
    Rule(
        "window-blur", 1, "Another window had the keyboard.",
        "window_blur", weight=1, cap=3, free=5, within_seconds=2,
    ),
    Rule(
        "burst", 1, "Much of several kinds happened within a minute.",
        "fullscreen_exit", weight=3, cap=6, unit=Unit.BURST, since=2, also=(
            "copy_paste_attempt", "developer_tools_attempt", "keyboard_blocked",
            "context_menu_blocked", "tab_switch", "window_blur",
        ),
    ),
)  # fmt: skip
"""Every rule that ever counted."""


def newest(rules: Iterable[Rule] = RULES) -> int:
    """Return the version of the rules that new attempts are assessed by."""
    return max(max(rule.since, rule.until or 1) for rule in rules)


def in_force(version: int, rules: Iterable[Rule] = RULES) -> tuple[Rule, ...]:
    """Return the rules of a rules version."""
    return tuple(r for r in rules if r.since <= version and (r.until is None or version < r.until))
