"""The last span of a trace: from a notice's arrival at this node until its frames are written.

Only what is traced is looked at; everything else passes by untouched (ADR 46).
"""

import asyncio
from collections.abc import Callable

from chassis import tracing

from realtime.hub import Hub
from realtime.notices import Message
from realtime.wire.pump import Pump


class Deliveries:
    """Watches what is traced on its way to the sockets; lives on the event loop."""

    def __init__(self, hub: Hub, pump: Pump) -> None:
        self._hub = hub
        self._pump = pump

    def begin(self, message: Message) -> None:
        """Begin the span of a traced message that is about to be fanned out."""
        span = tracing.begin(
            "socket.deliver",
            message.traceparent,
            kind="consumer",
            attributes={
                "oep.fact": message.address.fact,
                "oep.sequence": message.sequence,
                "oep.sockets": sum(len(self._hub.listeners(c)) for c in message.channels),
            },
        )
        if span is not None:  # fanning out plans the beat that will write, if there is one
            asyncio.get_running_loop().call_soon(self._end_when_written, span.end)

    def _end_when_written(self, end: Callable[[], None]) -> None:
        if self._pump.is_planned:
            self._pump.after_beat(end)
        else:
            end()
