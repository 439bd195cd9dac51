"""How the node itself is: how much waits for its readers.

Measured by looking, so that nothing on the way of a message has to count. How late the loop comes,
every service measures (`chassis.metrics`).
"""

import asyncio

from realtime.hub import Hub
from realtime.metrics import BYTES_QUEUED

_LOOK_SECONDS = 2.0


async def watch(hub: Hub) -> None:
    """Look until cancelled."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        BYTES_QUEUED.set(sum(connection.queued_bytes for connection in hub))
