"""A student's socket that costs little, so that thousands fit into one process.

It comes back with its position for as long as the run lasts, and remembers each frame that was
fanned out to it by its place in the stream: answers that were saved elsewhere, once and in order.
"""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Sequence
from typing import Any

from load import listening
from load.listening import Listener, Refused

from chaos.watcher import FIRST_PAUSE, LONGEST_PAUSE, Seen

OPEN_SECONDS = 20.0
"""Browsers wait longer; who gives up while a crowd comes only comes once more."""
_ANSWER_SECONDS = 5.0
_TIME_SYNC = b'{"type":"time_sync","client_timestamp":"2026-01-01T00:00:00Z"}'
_SAVED = b'"Answer Saved"'
_PLACE, _RESYNC, _CONNECTED = b'"position"', b'"resync"', b'"connected"'

Frame = dict[str, Any]


class Sitter:
    """One socket; `run` is its life."""

    def __init__(
        self,
        port: int,
        path: str,
        token: str,
        seen: Seen,
        quiet_seconds: float,
        gate: asyncio.Semaphore,
    ) -> None:
        """Who hears nothing for `quiet_seconds` asks for the time, and leaves without an answer.

        The first time all come through `gate`, afterwards whenever they like.
        """
        self._gate: contextlib.AbstractAsyncContextManager[object] = gate
        self.began = asyncio.Event()
        self.since = 0
        """Behind this place everything must have been told."""
        self.told: list[int] = []
        self._port = port
        self._path = path
        self._token = token
        self._seen = seen
        self._quiet_seconds = quiet_seconds
        self._listener: Listener | None = None
        self._position: Frame | None = None
        self._heard_at = 0.0
        self._lost_at: float | None = None

    async def run(self) -> None:
        pause = FIRST_PAUSE
        try:
            while True:
                try:
                    await self._stay()
                    pause = FIRST_PAUSE
                except (OSError, TimeoutError, Refused):
                    pause = min(pause * 2, LONGEST_PAUSE)
                self._lost_at = self._seen.lost(self._lost_at)
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
        finally:
            self.drop()

    def drop(self) -> None:
        """Lose the line without a word."""
        if self._listener is not None:
            self._listener.close()

    def missing(self, places: Sequence[int]) -> list[int]:
        """Return what lies in the stream of its attempt and was not told."""
        told = set(self.told)
        return [place for place in places if place > self.since and place not in told]

    @property
    def epoch(self) -> str | None:
        """Of the stream in which its position is."""
        return None if self._position is None else str(self._position["epoch"])

    @property
    def is_in_order(self) -> bool:
        return all(a < b for a, b in zip(self.told, self.told[1:], strict=False))

    async def _stay(self) -> None:
        query = ""
        if self._position is not None:
            query = f"?since={self._position['sequence']}&epoch={self._position['epoch']}"
        request = listening.handshake(f"{self._path}{query}", self._token)
        self._seen.asks(self._lost_at)
        async with self._gate, asyncio.timeout(OPEN_SECONDS):
            self._listener = listener = await listening.opened(self._port, request, self._hear)
        try:
            await self._until_lost(listener)
        finally:
            listener.close()
            if listener.close_code is not None:
                self._seen.closes[listener.close_code] += 1

    async def _until_lost(self, listener: Listener) -> None:
        while not listener.is_lost:
            patience = self._heard_at + self._quiet_seconds - time.monotonic()
            await asyncio.wait([listener.ended], timeout=max(0.0, patience))
            if listener.is_lost or time.monotonic() - self._heard_at < self._quiet_seconds:
                continue
            listener.say(_TIME_SYNC)
            asked_at = time.monotonic()
            await asyncio.wait([listener.ended], timeout=_ANSWER_SECONDS)
            if self._heard_at < asked_at:
                return

    def _hear(self, text: bytes, _: float) -> None:
        self._heard_at = time.monotonic()
        if _PLACE not in text:
            return
        frame: Frame = json.loads(text)
        position = frame["position"]
        if _CONNECTED in text:
            self._seen.back(self._lost_at)
            self._lost_at = None
            if self._position is None:
                self.since = position["sequence"]
            else:
                return  # what is missing comes now; the position is that of the head
            self._gate = contextlib.nullcontext()
            self.began.set()
        elif _RESYNC in text:
            self._seen.resyncs += 1
            self.since, self.told = position["sequence"], []
        elif _SAVED in text:
            self.told.append(position["sequence"])
        self._position = position
