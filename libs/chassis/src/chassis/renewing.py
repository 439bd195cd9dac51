"""A gRPC channel whose next connection shows the newest certificate.

gRPC reads a client's certificate once for each channel. So when the files were renewed, a new
channel takes the calls from then on; the old one ends when what was under way on it is answered.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Self

import grpc

from chassis.mtls import Identity, Renewal

LOOK_SECONDS = 5.0
"""How long calls go on without a look at the files."""
_GRACE_SECONDS = 30.0

Make = Callable[[grpc.ChannelCredentials], grpc.aio.Channel]


class RenewedChannel(grpc.aio.Channel):
    """Stands for one channel after another; belongs to one event loop."""

    def __init__(
        self, identity: Identity, make: Make, *, look_seconds: float = LOOK_SECONDS
    ) -> None:
        """Read the files. Raises `OSError`, or `ValueError` when they do not fit."""
        self._renewal = Renewal(identity)
        self._make = make
        self._look_seconds = look_seconds
        self._look_at = time.monotonic() + look_seconds
        self._channel = make(self._renewal.pem.client())
        self._ending: set[asyncio.Task[None]] = set()

    def newest(self) -> grpc.aio.Channel:
        """Return the channel that the next call should take."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + self._look_seconds
            if self._renewal.renewed():
                old, self._channel = self._channel, self._make(self._renewal.pem.client())
                ending = asyncio.create_task(old.close(_GRACE_SECONDS), name="old-channel")
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)
        return self._channel

    def unary_unary(self, method: str, *codecs: Any, **options: Any) -> Any:
        """Return what calls a method, each time on the newest channel."""
        return _Renewed(self, method, (codecs, options))

    def unary_stream(self, *method: Any, **options: Any) -> Any:
        """Return what calls a method on the channel of now: streams are not renewed."""
        return self._channel.unary_stream(*method, **options)

    def stream_unary(self, *method: Any, **options: Any) -> Any:
        return self._channel.stream_unary(*method, **options)

    def stream_stream(self, *method: Any, **options: Any) -> Any:
        return self._channel.stream_stream(*method, **options)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._channel.channel_ready()

    async def close(self, grace: float | None = None) -> None:
        """Close all of them; calls under way have `grace` seconds."""
        for ending in tuple(self._ending):
            ending.cancel()
        await asyncio.gather(*self._ending, return_exceptions=True)
        await self._channel.close(grace)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _Renewed:
    """Calls one method on the channel of the moment; traces know it by `_method`, as gRPC's own."""

    def __init__(self, ways: RenewedChannel, method: str, options: tuple[Any, Any]) -> None:
        self._ways = ways
        self._name, self._method = method, method.encode()
        self._codecs, self._options = options
        self._channel: grpc.aio.Channel | None = None
        self._call: Any = None

    def __call__(self, *request: Any, **about: Any) -> Any:
        newest = self._ways.newest()
        if newest is not self._channel:
            self._channel = newest
            self._call = newest.unary_unary(self._name, *self._codecs, **self._options)
        return self._call(*request, **about)
