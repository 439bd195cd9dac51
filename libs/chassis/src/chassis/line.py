"""One connection to one of several NATS servers, and when it goes to another one.

A server that died is noticed by its connection. One that was stopped keeps it and says nothing:
two pings of three seconds find that out, sooner whoever waited for an answer in vain and `doubt`s.
It is left at once, without waiting for what it has not read, and the others are tried before it.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog
from nats.aio.client import Client, Server
from nats.errors import Error as NatsError
from nats.errors import StaleConnectionError

from chassis.ending import end

log = structlog.get_logger()

_PONG_SECONDS = 1.0
_AGAIN_SECONDS = 0.2
_END_SECONDS = 1.0


class Line(Client):  # type: ignore[misc]  # the library has no types that mypy sees
    """The library's client, which waits for no server that it gives up."""

    def __init__(self) -> None:
        super().__init__()
        self._tries: Counter[str] = Counter()
        self._doubt: asyncio.Task[None] | None = None

    @property
    def has_choice(self) -> bool:
        """Whether there is another server than the one that it is connected to."""
        return len(self._server_pool) > 1

    def doubt(self) -> None:
        """Ask the server for a sign of life and leave it when there is none; returns at once."""
        is_asking = self._doubt is not None and not self._doubt.done()
        if self.is_connected and self.has_choice and not is_asking:
            self._doubt = asyncio.create_task(self._ask(), name="bus-doubt")

    def next_server(self, servers: Sequence[Server], _: dict[str, Any]) -> tuple[Server, float]:
        """Return whom to try and after how many seconds: each in turn, who was left comes last."""
        tries = self._tries
        server = min(servers, key=lambda one: (tries[one.uri.netloc], random.random()))  # noqa: S311  # by chance, no secret
        pause = _AGAIN_SECONDS if tries[server.uri.netloc] else 0.0
        tries[server.uri.netloc] += 1
        return server, pause

    async def close(self) -> None:
        if self._doubt is not None:
            await end([self._doubt], seconds=_END_SECONDS)
        await super().close()

    async def _ask(self) -> None:
        server, connection = self._current_server, self._client_id
        try:
            async with asyncio.timeout(_PONG_SECONDS):
                await self.flush()
        except (NatsError, OSError, TimeoutError):
            if self.is_connected and (server, connection) == (
                self._current_server,
                self._client_id,
            ):
                log.warning("bus.left", reason="no answer to a ping")
                await self._process_op_err(StaleConnectionError())

    async def _process_op_err(self, e: Exception) -> None:
        """Give the server up: drop the connection with all that it was to read or to answer.

        The library would wait for the rest to be read, for ever when the server was stopped, and
        let every request wait for its own deadline.
        """
        if self.is_connected and self._current_server is not None:
            self._tries = Counter({self._current_server.uri.netloc: 1})
            writer = getattr(self._transport, "_io_writer", None)
            if writer is not None:
                writer.transport.abort()
            for answer in list(self._resp_map.values()):
                if not answer.done():
                    answer.set_exception(StaleConnectionError())
        await super()._process_op_err(e)
