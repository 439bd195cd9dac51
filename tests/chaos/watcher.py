"""Boards that look on through sockets and must miss nothing, whatever happens to their node.

A watcher keeps its position and comes back with it, with a jittered back-off, as long as the run
lasts. It remembers every delta of an event by its place in the stream, so that what it was told can
be laid beside what lies there: nothing missing, nothing twice, in order. `resync` begins it anew
behind the snapshot that follows, which is counted.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from load.figures import percentile
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from chaos import boards
from chaos.found import Heard

_PROTOCOL = Subprotocol("oep.v1")
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
OPEN_SECONDS = 5.0
_SILENCE_SECONDS = 10.0
"""Boards are told an event every moment; who hears nothing for so long looks for another node."""
_STALE_SECONDS = 600.0
"""A board that was told that it is behind waits."""
_GONE = (OSError, TimeoutError, WebSocketException)

Frame = dict[str, Any]


@dataclass
class Seen:
    """What all watchers of a run noticed."""

    closes: Counter[int] = field(default_factory=Counter)
    resyncs: int = 0
    stale: int = 0
    """How often a board was told that it is behind."""
    came_back: list[float] = field(default_factory=list)
    """How long each reconnection took, from the loss of the socket on."""
    lost_at: list[float] = field(default_factory=list)
    """The monotonic instants at which sockets were lost or given up."""
    asked_at: list[float] = field(default_factory=list)
    """The monotonic instants at which they tried to come back."""
    back_at: list[float] = field(default_factory=list)
    """The monotonic instants at which they were back."""
    states: Counter[str] = field(default_factory=Counter)
    lags: list[float] = field(default_factory=list)
    """How long after it was stored each event was told, in seconds."""

    def asks(self, lost_at: float | None) -> None:
        """Note that a lost socket tries to come back."""
        if lost_at is not None:
            self.asked_at.append(time.monotonic())

    def lost(self, lost_at: float | None) -> float:
        """Note that a socket is lost, if it was not before; return since when."""
        if lost_at is None:
            lost_at = time.monotonic()
            self.lost_at.append(lost_at)
        return lost_at

    def back(self, lost_at: float | None) -> None:
        """Note that a socket is there again; one that was never lost is new."""
        if lost_at is not None:
            self.back_at.append(time.monotonic())
            self.came_back.append(self.back_at[-1] - lost_at)

    @property
    def words(self) -> str:
        codes = ", ".join(f"{n} of {code}" for code, n in sorted(self.closes.items())) or "none"
        back = percentile(sorted(self.came_back), 99) if self.came_back else 0.0
        return (
            f"closes {codes}; {len(self.came_back)} came back, p99 {back:.1f} s; "
            f"{self.resyncs} resyncs; told {self.stale} times that they are behind"
        )


class Watcher:
    """One board of one exam; `run` is its life."""

    def __init__(self, url: Callable[[], str], seen: Seen) -> None:
        """`url` ends where the position's parameters are appended; tokens in it are renewed."""
        self._is_stale = False
        self._url = url
        self._seen = seen
        self._connection: ClientConnection | None = None
        self._lost_at: float | None = None
        self._position: Frame | None = None
        self.began = asyncio.Event()
        self.since = 0
        """Behind this place everything must have been told."""
        self.told: list[int] = []
        self.epochs: set[str] = set()
        self.turned_back = 0
        """How often it was told fewer events of an attempt than before."""
        self._counted: dict[int, int] = {}
        self.rows: dict[int, Frame] = {}
        """What it shows, by attempt."""

    async def run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._stay()
                pause = FIRST_PAUSE
            except _GONE:
                pause = min(pause * 2, LONGEST_PAUSE)
            self._lost_at = self._seen.lost(self._lost_at)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311

    def drop(self) -> None:
        """Lose the line without a word."""
        if self._connection is not None:
            self._connection.transport.abort()

    def missing(self, stream: Sequence[Heard]) -> list[int]:
        """Return what lies in the stream and was not told."""
        told = set(self.told)
        new = (one.place for one in stream if not one.is_rebuilt and one.place > self.since)
        return [place for place in new if place not in told]

    @property
    def epoch(self) -> str | None:
        """Of the stream in which its position is."""
        return None if self._position is None else str(self._position["epoch"])

    @property
    def is_in_order(self) -> bool:
        return all(a < b for a, b in zip(self.told, self.told[1:], strict=False))

    async def _stay(self) -> None:
        self._is_stale, query = False, ""
        if self._position is not None:
            query = f"&since={self._position['sequence']}&epoch={self._position['epoch']}"
        self._seen.asks(self._lost_at)
        try:
            async with connect(
                self._url() + query,
                subprotocols=[_PROTOCOL],
                proxy=None,
                compression=None,
                open_timeout=OPEN_SECONDS,
                close_timeout=1,
                ping_interval=None,
                max_size=None,
            ) as self._connection:
                await self._listen(self._connection)
        finally:
            if self._connection is not None and self._connection.close_code is not None:
                self._seen.closes[self._connection.close_code] += 1
            self._connection = None

    async def _listen(self, connection: ClientConnection) -> None:
        while True:
            async with asyncio.timeout(_STALE_SECONDS if self._is_stale else _SILENCE_SECONDS):
                frame = json.loads(await connection.recv())
            if frame["type"] == "connected":
                self._seen.back(self._lost_at)
                self._lost_at = None
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        position = frame.get("position")
        match frame["type"]:
            case "delta":
                self._position = position
                self.turned_back += boards.turns_back(self._counted, frame)
                boards.fold(self.rows, frame)
                if frame["kind"] == "event":
                    self.told.append(frame["position"]["sequence"])
                    self._seen.lags.append(time.time() - instant(frame["at"]))
                elif frame["kind"] == "presence":
                    self._seen.states[frame["data"]["connection"]] += 1
            case "resync":
                self._seen.resyncs += 1
                self._position = None
            case "snapshot":
                self._position, self.since = frame["position"], frame["position"]["sequence"]
                self.epochs.add(frame["position"]["epoch"])
                self.told = []
                self.rows, self._counted = boards.begun(frame), {}
                self.began.set()
            case "system_event" if frame.get("event") in {"feed_stale", "feed_current"}:
                self._is_stale = frame["event"] == "feed_stale"
                self._seen.stale += self._is_stale


def instant(at: str) -> float:
    """Return an instant of a frame as `time.time` has it."""
    return datetime.fromisoformat(at).timestamp()
