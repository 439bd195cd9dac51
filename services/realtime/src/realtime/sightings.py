"""What the nodes have seen of each attempt's sockets, merged into one picture.

A sighting is one node's whole word about one attempt, numbered by that node. The newest number
wins, whatever comes how often and in which order; so every node that has heard the same shows the
same. Pure: no I/O, no clock.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec


class State(StrEnum):
    """How an attempt's sockets are, the best of them; a socket that says nothing is no good."""

    ONLINE = "online"
    DEGRADED = "degraded"
    """A socket is open, and its client was not heard when it should have been."""
    OFFLINE = "offline"


_BEST_FIRST = tuple(State)


def best(states: Iterable[State]) -> State:
    """Return the best of some states; of none, offline."""
    return min(states, key=_BEST_FIRST.index, default=State.OFFLINE)


class Ending(msgspec.Struct, frozen=True, gc=False):
    """Why a socket ended, or why none was let in."""

    code: int
    reason: str
    at: datetime


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """One node's word about one attempt."""

    number: int
    socket_count: int
    state: State
    since: datetime
    """When the node saw this state first."""
    at: datetime
    last_close: Ending | None = None
    last_refusal: Ending | None = None
    is_lost: bool = False
    """The others say so: the node has gone without a word."""

    @property
    def age(self) -> tuple[int, bool]:
        return self.number, self.is_lost


class Entry(NamedTuple):
    """Whose word about what."""

    exam_id: int
    attempt_id: int
    node: str
    sighting: Sighting


class Seen(msgspec.Struct, frozen=True):
    """One attempt's sockets on all nodes, as a board shows them."""

    socket_count: int = 0
    state: State = State.OFFLINE
    since: datetime | None = None
    last_seen_at: datetime | None = None
    last_close: Ending | None = None
    last_refusal: Ending | None = None

    @property
    def shown(self) -> dict[str, Any]:
        return {
            "is_online": self.state is not State.OFFLINE,
            "connection": self.state,
            "connection_since": self.since,
            "socket_count": self.socket_count,
            "last_seen_at": self.last_seen_at,
            "last_close": self.last_close,
            "last_refusal": self.last_refusal,
        }


NEVER = Seen()


class Sightings:
    """The newest word of each node about each attempt."""

    def __init__(self) -> None:
        # By node: there are few, and a dictionary per attempt would be most of what it costs.
        self._nodes: dict[str, dict[int, Sighting]] = {}
        self._exams: dict[int, dict[int, None]] = {}
        """Attempts by exam; a set has more room to spare."""

    def take(self, entry: Entry) -> bool:
        """Remember a word, of an older one the endings only; False when a newer one is known."""
        words, word = self._nodes.setdefault(entry.node, {}), entry.sighting
        self._exams.setdefault(entry.exam_id, {})[entry.attempt_id] = None
        known = words.get(entry.attempt_id)
        is_newer = known is None or word.age > known.age
        if known is not None:
            word = _with_endings(word, known) if is_newer else _with_endings(known, word)
        words[entry.attempt_id] = word
        return is_newer

    def newest(self, attempt_id: int, node: str) -> Sighting | None:
        return self._nodes.get(node, {}).get(attempt_id)

    def of(self, attempt_id: int) -> Seen:
        """Return the picture of an attempt."""
        found = [words[attempt_id] for words in self._nodes.values() if attempt_id in words]
        return _merged(found) if found else NEVER

    def of_exam(self, exam_id: int) -> Iterator[Entry]:
        for attempt_id in self._exams.get(exam_id, ()):
            for node, words in self._nodes.items():
                if attempt_id in words:
                    yield Entry(exam_id, attempt_id, node, words[attempt_id])

    def with_sockets(self) -> Iterator[Entry]:
        for exam_id in self._exams:
            for entry in self.of_exam(exam_id):
                if entry.sighting.socket_count:
                    yield entry

    def forget(self, exam_id: int, *, but: str) -> None:
        """Forget an exam, but not the sockets that one node has of it."""
        kept = [e for e in self.of_exam(exam_id) if e.node == but and e.sighting.socket_count]
        gone = self._exams.pop(exam_id, {}).keys()
        for node, words in list(self._nodes.items()):
            for attempt_id in gone & words.keys():
                del words[attempt_id]
            if not words:
                del self._nodes[node]
        for entry in kept:
            self.take(entry)


def _merged(words: Sequence[Sighting]) -> Seen:
    state = best(word.state for word in words)
    since = [word.since for word in words if word.state is state]
    return Seen(
        socket_count=sum(word.socket_count for word in words),
        state=state,
        # Online since the first socket of those that are; offline since the last one ended.
        since=min(since) if state is State.ONLINE else max(since),
        last_seen_at=max(word.at for word in words),
        last_close=_latest(word.last_close for word in words),
        last_refusal=_latest(word.last_refusal for word in words),
    )


def _with_endings(word: Sighting, other: Sighting) -> Sighting:
    """Return a word that knows the endings which another one of its node knew, too."""
    close = _latest([word.last_close, other.last_close])
    refusal = _latest([word.last_refusal, other.last_refusal])
    if (close, refusal) == (word.last_close, word.last_refusal):
        return word
    return msgspec.structs.replace(word, last_close=close, last_refusal=refusal)


def _latest(endings: Iterable[Ending | None]) -> Ending | None:
    return max((e for e in endings if e is not None), key=lambda e: e.at, default=None)
