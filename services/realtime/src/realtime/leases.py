"""Which nodes are alive: each holds a key in a bucket of the bus that runs out by itself.

A node that dies stops renewing; some seconds later its key is gone and the others say that its
sockets are gone, too. Nobody is judged while the bus is away or has just come back: only what is
missing while others renew is missing.
"""

import asyncio
import time

import structlog
from chassis.bus import Bus, BusUnavailable
from chassis.ending import stop_if_cancelled
from nats.errors import Error as NatsError
from nats.js.kv import KeyValue

from realtime.metrics import LOST_SHOWN
from realtime.presence import Presence

log = structlog.get_logger()

_BUCKET = "OEP_NODES"
_STREAM = f"KV_{_BUCKET}"
_PREFIX = f"$KV.{_BUCKET}."
_BEAT_SECONDS = 1.0
_LEASE_SECONDS = 4.0
_MISSING_SECONDS = 1.5
"""A node that has just come says something before its first renewal is seen."""
_STEADY_SECONDS = 2 * _LEASE_SECONDS


class Leases:
    """Renews this node's lease and looks for the others'; `run` is the supervised task."""

    def __init__(self, bus: Bus, node: str, presence: Presence) -> None:
        self._bus = bus
        self._node = node
        self._presence = presence
        self._bucket: KeyValue | None = None
        self._steady_since = time.monotonic()
        self._missing_since: dict[str, float] = {}
        self._judged: set[str] = set()
        self._has_held = False
        self.alive: frozenset[str] = frozenset()
        """The nodes that held a lease at the last look, this one as well."""

    @property
    def others(self) -> frozenset[str]:
        return self.alive - {self._node}

    async def run(self) -> None:
        """Renew and look until cancelled."""
        while True:
            await self._bus.wait_ready()
            try:
                await self._beat()
            except (NatsError, OSError, TimeoutError, BusUnavailable) as error:
                log.info("lease.not_renewed", error=type(error).__name__)
                self._bus.suspect(error)
                self._bucket = None
                self._steady_since = time.monotonic()
            stop_if_cancelled()
            await asyncio.sleep(_BEAT_SECONDS)

    async def give_back(self, seconds: float) -> None:
        """Give this node's lease back when it ends, so that no other node waits for its answers.

        A bus that does not take it within `seconds` lets it run out.
        """
        if not self._has_held or not self._bus.is_connected:
            return
        try:
            async with asyncio.timeout(seconds):
                subject = _PREFIX + self._node
                await self._bus.jetstream.purge_stream(_STREAM, subject=subject)
        except (NatsError, OSError, TimeoutError) as error:
            log.info("lease.not_given_back", error=type(error).__name__)

    async def _beat(self) -> None:
        self._bucket = self._bucket or await self._bus.bucket(_BUCKET, ttl_seconds=_LEASE_SECONDS)
        there = await self._there()
        if self._has_held and self._node not in there:
            log.warning("lease.ran_out")
            self._steady_since = time.monotonic()
            self._presence.say_all()
        await self._bucket.put(self._node, b"alive")
        self._has_held = True
        self.alive = there | {self._node}
        self._judge(time.monotonic())

    async def _there(self) -> frozenset[str]:
        info = await self._bus.jetstream.stream_info(_STREAM, subjects_filter=f"{_PREFIX}>")
        return frozenset(subject.removeprefix(_PREFIX) for subject in info.state.subjects or ())

    def _judge(self, now: float) -> None:
        missing = self._presence.others() - self.alive
        self._missing_since = {node: self._missing_since.get(node, now) for node in missing}
        self._judged &= missing
        if now - self._steady_since < _STEADY_SECONDS:
            return
        for node, since in self._missing_since.items():
            if now - since >= _MISSING_SECONDS:
                if node not in self._judged:
                    LOST_SHOWN["node"].observe(now - since + _LEASE_SECONDS)
                log.warning("node.lost", node=node)
                self._presence.lost(node)
                self._judged.add(node)
