"""The recent past of this node in memory, bounded in messages and in bytes.

It answers what came on a channel behind a sequence, or says that it does not reach back that far;
it never answers in part. Not thread-safe: it lives on the event loop.
"""

from collections import deque
from typing import Generic, Protocol, TypeVar

from realtime.channels import Channel


class Entry(Protocol):
    """What the ring keeps."""

    @property
    def sequence(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def channels(self) -> tuple[Channel, ...]: ...


E = TypeVar("E", bound=Entry)


class Ring(Generic[E]):
    """Messages in order of their sequence, with a list for each channel."""

    def __init__(self, max_messages: int, max_bytes: int) -> None:
        """Keep to both bounds after each `append`; a message larger than all is not kept."""
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._entries: deque[E] = deque()
        self._by_channel: dict[Channel, deque[E]] = {}
        self.bytes = 0
        self.floor = 0
        """Everything behind this sequence is here."""

    def __len__(self) -> int:
        return len(self._entries)

    def restart(self, floor: int) -> None:
        """Forget everything; what comes next comes behind `floor`."""
        self._entries.clear()
        self._by_channel.clear()
        self.bytes = 0
        self.floor = floor

    def append(self, entry: E) -> None:
        """Keep a message that is newer than all others; let go of the oldest ones."""
        self._entries.append(entry)
        self.bytes += entry.size
        for channel in entry.channels:
            self._by_channel.setdefault(channel, deque()).append(entry)
        while len(self._entries) > self._max_messages or self.bytes > self._max_bytes:
            self._let_go()

    def after(self, channel: Channel, sequence: int) -> list[E] | None:
        """Return what came on `channel` behind `sequence`; None when that is not all here."""
        if sequence < self.floor:
            return None
        found: list[E] = []
        for entry in reversed(self._by_channel.get(channel, ())):
            if entry.sequence <= sequence:
                break
            found.append(entry)
        found.reverse()
        return found

    def _let_go(self) -> None:
        entry = self._entries.popleft()
        self.bytes -= entry.size
        self.floor = entry.sequence
        for channel in entry.channels:
            line = self._by_channel[channel]
            line.popleft()
            if not line:
                del self._by_channel[channel]
