"""`python -m chaos.slow_node`: a realtime node whose loop takes 50 ms for each message, when told.

SIGUSR1 makes it slow, SIGUSR2 quick again; it begins quick. All else is the service's own.
"""

import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from chassis.commands import main
from realtime.__main__ import SERVICE
from realtime.node import Node
from realtime.notices import Message

SECONDS = 0.05


class SlowLoop:
    """Holds up the loop for each message that is fanned out, while it is switched on."""

    def __init__(self, fan_out: Callable[[Node, Message], None]) -> None:
        self._fan_out = fan_out
        self.is_on = False

    def take(self, node: Node, message: Message) -> None:
        if self.is_on:
            time.sleep(SECONDS)
        self._fan_out(node, message)

    def switch(self, number: int, _: FrameType | None) -> None:
        self.is_on = number == signal.SIGUSR1


if __name__ == "__main__":
    loop = SlowLoop(Node._fan_out)

    def slowed(node: Node, message: Message) -> None:
        loop.take(node, message)

    signal.signal(signal.SIGUSR1, loop.switch)
    signal.signal(signal.SIGUSR2, loop.switch)
    Node._fan_out = slowed  # type: ignore[assignment, method-assign]
    sys.exit(main(SERVICE, ["serve"]))
