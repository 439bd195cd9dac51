"""A student's socket: it comes back with its position, and remembers each answer it was told of.

Everything it is told lies in one stream; `connected` names that stream's head, so what follows it
after a return is what was missed. Who is refused comes again as exam frontends do: after 3 s, five
times (contract §7).
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from load import listening
from load.client import clock
from load.listening import Listener, Refused

_TRIES = 5
_AGAIN_SECONDS = 3.0
_OPEN_SECONDS = 20.0
_PLACE, _CONNECTED, _RESYNC, _SAVED = b'"position"', b'"connected"', b'"resync"', b'"Answer Saved"'


class Seat:
    """One socket at one attempt; after `drop` it may `come` again."""

    def __init__(self, port: int, attempt_id: int, token: str) -> None:
        self.attempt_id = attempt_id
        self.told: list[int] = []
        """The places of the answers that it was told of."""
        self.told_at = 0.0
        self.resyncs = 0
        self.refused = 0
        self.has_given_up = False
        self._port = port
        self._token = token
        self._position: tuple[int, str] | None = None
        self._listener: Listener | None = None

    @property
    def is_here(self) -> bool:
        return self._listener is not None and not self._listener.is_lost

    @property
    def is_in_order(self) -> bool:
        return all(a < b for a, b in zip(self.told, self.told[1:], strict=False))

    async def come(self, due: float | None = None) -> float:
        """Open the socket, at `due`; return the seconds until it was there.

        Who was refused too often has given up, and stays away.
        """
        began = clock() if due is None else due
        await asyncio.sleep(max(0.0, began - clock()))
        for _ in range(_TRIES):
            try:
                async with asyncio.timeout(_OPEN_SECONDS):
                    request = listening.handshake(self._path(), self._token)
                    self._listener = await listening.opened(self._port, request, self._hear)
            except (Refused, OSError, TimeoutError):
                self.refused += 1
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return clock() - began
        self.has_given_up = True
        return clock() - began

    def drop(self) -> None:
        """Lose the line without a word."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _path(self) -> str:
        path = f"attempts/{self.attempt_id}"
        if self._position is None:
            return path
        return f"{path}?since={self._position[0]}&epoch={self._position[1]}"

    def _hear(self, text: bytes, now: float) -> None:
        if _PLACE not in text:
            return
        frame = json.loads(text)
        place = frame["position"]["sequence"], frame["position"]["epoch"]
        if _CONNECTED in text:
            self._position = self._position or place
            return  # what is missing comes now; the position is that of the head
        if _RESYNC in text:
            self.resyncs += 1
        elif _SAVED in text:
            self.told.append(place[0])
            self.told_at = now
        self._position = place


@contextmanager
def dropping(seats: Sequence[Seat]) -> Iterator[None]:
    """Drop all in the end."""
    try:
        yield
    finally:
        for seat in seats:
            seat.drop()


async def seated(seats: Sequence[Seat], at_once: int = 200) -> list[float]:
    """Let all come, so many at a time; return the seconds that each needed."""
    gate = asyncio.Semaphore(at_once)

    async def one(seat: Seat) -> float:
        async with gate:
            return await seat.come()

    return await asyncio.gather(*(one(seat) for seat in seats))
