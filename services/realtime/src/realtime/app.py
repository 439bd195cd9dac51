"""Composes the service: one node behind two WebSocket routes, health and metrics.

Can be made without any connection; the node itself is made when the app starts.
"""

import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

from chassis.serving import service
from fastapi import FastAPI

from realtime import sockets
from realtime.node import Node
from realtime.settings import RealtimeSettings
from realtime.wire.door import Door
from realtime.wire.gate import Gate

# A little above the 64 KiB that a student may send; the protocol closes on what is larger (1009).
MAX_FRAME_BYTES = 64 * 1024 + 1024
SERVING: dict[str, Any] = {"http": Gate, "ws": Door, "ws_max_size": MAX_FRAME_BYTES}
"""What uvicorn is told about sockets."""


def create_app(settings: RealtimeSettings) -> FastAPI:
    """Return the app; its node is at `app.state.node` while it runs."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        node = Node(settings)
        app.state.node = node
        app.state.drain = node.drain
        await node.start()
        try:
            yield
        finally:
            await node.stop()

    async def has_keys() -> bool:
        return bool(app.state.node.keys.is_loaded)

    async def knows_revocations() -> bool:
        return bool(app.state.node.revocations.is_known)

    async def has_history() -> bool:
        return bool(app.state.node.feed.is_warm)  # once: saves and time go on while the bus is away

    checks = {"keys": has_keys, "revocations": knows_revocations, "feed": has_history}
    app = service("realtime", version("oep-realtime"), lifespan, checks, sockets=sockets.serve)
    return app
