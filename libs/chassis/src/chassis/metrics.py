"""What every service counts for its operators, whatever it does (docs/observability.md).

Kept where it costs nothing on a hot path: gauges are asked for when somebody reads them, and what
must be looked for is looked for a few times a second. One process per port, so one registry.
"""

import asyncio
import weakref
from collections.abc import Callable
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
"""The bounds that objectives are told by are among them: 0.15, 0.25, 2 and 5 s."""

BUILD = Gauge("oep_build_info", "1; the labels say which release runs", ["service", "version"])
LOOP_LAG = Histogram(
    "oep_loop_lag_seconds",
    "How late the event loop woke who had asked for it",
    buckets=(0.001, *SECONDS),
)
DATABASE_WAITING = Gauge("oep_database_waiting", "Deeds that run on, or wait for, a connection")
BUS_CONNECTED = Gauge("oep_bus_connected", "1 while the bus can be reached")
OUTBOX_ROWS = Gauge("oep_outbox_rows", "Notices that the bus does not have yet, at most")
OUTBOX_OLDEST = Gauge("oep_outbox_oldest_seconds", "For how long the oldest of them has waited")
LOG_LINES_LOST = Counter(
    "oep_log_lines_lost_total", "Log lines that could not be written: a full disk, a closed pipe"
)
PUBLISHED = Counter("oep_outbox_published_total", "Notices that the bus has acknowledged")
RPC_SECONDS = Histogram(
    "oep_rpc_seconds", "gRPC calls answered, by duration", ["method"], buckets=SECONDS
)
RPC_FAILURES = Counter("oep_rpc_failures_total", "gRPC calls refused, by reason", ["method", "why"])
NEIGHBOUR_FAILURES = Counter(
    "oep_neighbour_failures_total", "gRPC calls to others that failed for good", ["why"]
)
REVOCATION_HEARD = Histogram(
    "oep_revocation_heard_seconds",
    "From a revocation until this process refuses the login and has closed its sockets",
    buckets=SECONDS,
)

_LOOK_SECONDS = 0.25
_pools: "weakref.WeakSet[Any]" = weakref.WeakSet()


def watch_pool(pool: Any) -> None:
    """Count what waits for `pool` (its `waiting`) as long as it lives."""
    _pools.add(pool)


DATABASE_WAITING.set_function(lambda: sum(pool.waiting for pool in list(_pools)))


def watch_bus(is_connected: Callable[[], bool]) -> None:
    """Ask this whether the bus is there; the last who says so counts."""
    BUS_CONNECTED.set_function(lambda: float(is_connected()))


async def watch_loop() -> None:
    """Measure until cancelled how late the loop is."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LOOK_SECONDS
        await asyncio.sleep(_LOOK_SECONDS)
        LOOP_LAG.observe(max(0.0, loop.time() - due))
