"""How the node itself is: how late its loop comes, and how much waits for its readers.

Measured by looking, a few times a second, so that nothing on the way of a message has to count.
"""

import asyncio

from realtime.hub import Hub
from realtime.metrics import BYTES_QUEUED, LOOP_LAG

_LOOK_SECONDS = 0.25
_LOOKS_PER_SUM = 8
"""Adding up goes over all sockets, so it is done less often."""


async def watch(hub: Hub) -> None:
    """Look until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        for _ in range(_LOOKS_PER_SUM):
            due = loop.time() + _LOOK_SECONDS
            await asyncio.sleep(_LOOK_SECONDS)
            LOOP_LAG.observe(max(0.0, loop.time() - due))
        BYTES_QUEUED.set(sum(connection.queued_bytes for connection in hub))
