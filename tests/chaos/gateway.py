"""Takes a replica out of the gateway's addresses, as a cluster does before it ends one."""

import asyncio
import contextlib
import json
import urllib.request
from collections.abc import AsyncIterator

from chaos.acts import until
from chaos.run import Run

_KNOWN_SECONDS = 20.0


@contextlib.asynccontextmanager
async def without(run: Run, service: str, replica: int) -> AsyncIterator[None]:
    """Have the gateway ask only the others while the block runs."""
    layout = run.platform.layout
    layout.resting.add((service, replica))
    try:
        await _told(run, service, layout.count(service) - 1)
        yield
    finally:
        layout.resting.discard((service, replica))
        await _told(run, service, layout.count(service))


async def _told(run: Run, service: str, count: int) -> None:
    """Write the addresses and wait until the gateway goes by them."""
    await asyncio.to_thread(run.platform.layout.write_gateway_config)

    async def is_known() -> bool:
        return await asyncio.to_thread(_hosts, run, service) == count

    if not await until(is_known, _KNOWN_SECONDS):
        run.flaw(f"the gateway did not take the addresses of {count} replicas of {service}")


def _hosts(run: Run, service: str) -> int:
    """Return how many replicas of a service the gateway knows. Blocking."""
    url = f"http://127.0.0.1:{run.rig.port('gateway_admin')}/clusters?format=json"
    with urllib.request.urlopen(url, timeout=5) as answer:
        clusters = json.load(answer)["cluster_statuses"]
    [found] = [each for each in clusters if each["name"] == service]
    return len(found.get("host_statuses", []))
