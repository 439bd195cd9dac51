"""What an outage is: when an attempt's line was down while its clock ran, and what that is worth.

Pure. Everything is told by the bus in its own order and by its own clock: nodes say how the
attempt's sockets are (`Word`), this service says whether its clock runs. No time of a client ever
comes in, so a client cannot make an outage longer than he is really away; what he gains by being
away is bounded by the exam's cap.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

SHORTEST_SECONDS = 10
"""What is shorter is a page that was reloaded; it is not kept."""
MAX_CAP_SECONDS = 4 * 3600
_REMEMBERED = timedelta(minutes=10)
"""How long the number of a node without sockets is kept, for words that come out of order."""


class Policy(StrEnum):
    """What an exam does about measured outages."""

    OFF = "off"
    PROPOSE = "propose"
    AUTO = "auto"


class State(StrEnum):
    """What became of an outage."""

    RECORDED = "recorded"
    """Nothing is to be decided: the exam's policy was off, or the attempt was over with it."""
    PROPOSED = "proposed"
    GRANTED = "granted"
    DECLINED = "declined"
    OVER_CAP = "over_cap"
    """The exam's cap was used up."""


class ClosedBy(StrEnum):
    """What ended an outage."""

    CONNECTION = "connection"
    PAUSE = "pause"
    END = "end"
    """The attempt was submitted, cancelled, or its time was over."""


class Word(NamedTuple):
    """One node's whole word about an attempt's sockets; the highest number of a node counts."""

    node: str
    number: int
    is_connected: bool
    is_lost: bool = False
    """The other nodes say so: it has gone without a word."""

    @property
    def age(self) -> tuple[int, bool]:
        return self.number, self.is_lost


class Known(NamedTuple):
    """The newest word of a node and when it was said."""

    word: Word
    at: datetime


@dataclass(frozen=True)
class Heard:
    """One thing that was said of an attempt: a node's word, or that its clock runs or does not."""

    at: datetime
    word: Word | None = None
    is_running: bool | None = None
    closed_by: ClosedBy = ClosedBy.CONNECTION


@dataclass(frozen=True)
class Gap:
    """An attempt's line was down from `lost_at` to `back_at` while its clock ran."""

    lost_at: datetime
    back_at: datetime
    closed_by: ClosedBy

    @property
    def seconds(self) -> int:
        """Whole seconds, never rounded up."""
        return max(0, math.floor((self.back_at - self.lost_at).total_seconds()))


@dataclass(frozen=True)
class Line:
    """What is known of an attempt's line; `lost_at` is set while an outage is open."""

    is_running: bool = False
    lost_at: datetime | None = None
    nodes: Mapping[str, Known] = field(default_factory=dict)

    @property
    def is_down(self) -> bool:
        """Whether no node has a socket; a line of which nobody ever spoke is not down."""
        return bool(self.nodes) and not any(k.word.is_connected for k in self.nodes.values())


def told(line: Line, heard: Heard) -> tuple[Line, Gap | None]:
    """Fold in what was heard; return the outage that ends with it, if one does."""
    now = _known(line, heard)
    if now.is_down and now.is_running:
        return replace(now, lost_at=line.lost_at or heard.at), None
    if line.lost_at is None:
        return replace(now, lost_at=None), None
    return replace(now, lost_at=None), Gap(line.lost_at, heard.at, heard.closed_by)


def within(gap: Gap, start: datetime | None, *ends: datetime | None) -> Gap | None:
    """Return the part of an outage that lies in the attempt's time; None when it is too short."""
    lost = gap.lost_at if start is None else max(gap.lost_at, start)
    back = min([gap.back_at, *(end for end in ends if end is not None)])
    inside = Gap(lost, back, gap.closed_by)
    return inside if inside.seconds >= SHORTEST_SECONDS else None


@dataclass(frozen=True)
class Verdict:
    """What an outage leads to; `seconds` are given at once."""

    state: State
    seconds: int = 0


def judged(
    gap: Gap, policy: Policy, cap_seconds: int, given_seconds: int, *, is_extendable: bool
) -> Verdict:
    """Return what the exam's policy makes of an outage.

    `given_seconds` is what the attempt got for outages already, without a person's decision.
    """
    if policy is Policy.OFF or not is_extendable:
        return Verdict(State.RECORDED)
    if policy is Policy.PROPOSE:
        return Verdict(State.PROPOSED)
    left = max(0, min(gap.seconds, cap_seconds - given_seconds))
    return Verdict(State.GRANTED, left) if left else Verdict(State.OVER_CAP)


def _known(line: Line, heard: Heard) -> Line:
    if heard.is_running is not None:
        return replace(line, is_running=heard.is_running)
    word = heard.word
    if word is None:
        return line
    known = line.nodes.get(word.node)
    if known is not None and word.age <= known.word.age:
        return line
    nodes = dict(line.nodes) | {word.node: Known(word, heard.at)}
    return replace(line, nodes=_without_old(nodes, heard.at, word.node))


def _without_old(nodes: dict[str, Known], now: datetime, speaker: str) -> dict[str, Known]:
    """Forget nodes that have had no socket for long; never who spoke just now."""
    return {
        node: known
        for node, known in nodes.items()
        if known.word.is_connected or node == speaker or now - known.at < _REMEMBERED
    }
