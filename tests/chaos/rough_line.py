"""A network as it is in a bad hall: late, cut, silent for a while, or half of it gone.

A way to one port, a connection of the gateway for each of the client's. While it is rough, what is
sent waits 100 to 500 ms (in its order); of the pieces that pass, two in a hundred break their
connection; and now and then the whole line is silent for ten seconds, after which everything that
waited arrives, also what nobody waits for any more. A few connections stay half open: they look
alive and carry nothing.
"""

import asyncio
import random
import socket
import struct
from dataclasses import dataclass, field

from chaos.passage import Passage

_CHUNK = 64 * 1024
_AHEAD = 64
"""How many pieces may be on the way in each direction of a connection."""
_HALF_OPEN_SHARE = 0.01
_AT_ONCE = struct.pack("ii", 1, 0)


@dataclass
class Weather:
    """How bad the line is; quiet to begin with."""

    delay_seconds: tuple[float, float] = (0.1, 0.5)
    reset_share: float = 0.02
    """Of pieces."""
    is_rough: bool = False
    resets: int = 0
    half_open: int = 0
    holes: int = 0
    _open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._open.set()

    async def hole(self, seconds: float) -> None:
        """Be silent for so long; nothing is lost by it."""
        self.holes += 1
        self._open.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._open.set()

    def delay(self) -> float:
        return random.uniform(*self.delay_seconds) if self.is_rough else 0.0  # noqa: S311

    def breaks(self) -> bool:
        """Say whether a piece breaks its connection."""
        is_broken = self.is_rough and random.random() < self.reset_share  # noqa: S311
        self.resets += is_broken
        return is_broken

    def goes_dead(self) -> bool:
        """Say whether a new connection is one that will be half open."""
        is_dead = self.is_rough and random.random() < _HALF_OPEN_SHARE  # noqa: S311
        self.half_open += is_dead
        return is_dead

    async def passable(self) -> None:
        await self._open.wait()


class RoughLine(Passage):
    """Passes bytes both ways, as the weather lets it."""

    def __init__(self, upstream_port: int, weather: Weather) -> None:
        super().__init__(upstream_port)
        self.weather = weather

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.weather.passable()
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        is_dead = self.weather.goes_dead()
        try:
            async with asyncio.TaskGroup() as ways:
                for one, other in ((reader, up_writer), (up_reader, writer)):
                    ways.create_task(_swallow(one) if is_dead else self._way(one, other))
        except* _Broken:
            for each in (writer, up_writer):
                _reset(each)
        except* OSError:
            pass
        finally:
            up_writer.close()

    async def _way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take what comes and let it arrive later: reading goes on meanwhile, as in a real line."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_AHEAD)
        async with asyncio.TaskGroup() as ends:
            ends.create_task(self._arrives(waiting, writer))
            while data := await reader.read(_CHUNK):
                if self.weather.breaks():
                    raise _Broken
                due = asyncio.get_running_loop().time() + self.weather.delay()
                await waiting.put((due, data))
            await waiting.put((0.0, b""))

    async def _arrives(
        self, waiting: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            await self.weather.passable()
            if not data:
                if writer.can_write_eof():
                    writer.write_eof()
                return
            writer.write(data)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection at once and with RST."""
    line = writer.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    writer.transport.abort()


async def _swallow(reader: asyncio.StreamReader) -> None:
    """Take what comes and tell nobody, not even of its end."""
    while await reader.read(_CHUNK):
        pass


class _Broken(Exception):
    """The line took the connection with it."""
