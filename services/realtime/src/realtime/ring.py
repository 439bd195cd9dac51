"""The recent past of this node in memory, bounded in messages and in bytes.

It answers what came on a channel behind a sequence, or says that it does not reach back that far;
it never answers in part. A *line* is a channel that is read as a whole (an exam): each of its
messages names it, and how far back it reaches is known for each line by itself. Not thread-safe: it
lives on the event loop.
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
    """Messages as they arrived, with a list in order of sequence for each channel."""

    def __init__(self, max_messages: int, max_bytes: int) -> None:
        """Keep to both bounds after each `append`; a message larger than all is not kept."""
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._entries: deque[E] = deque()
        self._by_channel: dict[Channel, deque[E] | list[E]] = {}
        """A list takes an eighth of a deque's room, and there is one for each attempt."""
        self._floors: dict[Channel, int] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def floor(self, line: Channel) -> int | None:
        """Return behind what everything of a line is here; None when it is not kept."""
        return self._floors.get(line)

    def open(self, line: Channel, floor: int) -> None:
        """Keep a line from now on: what comes of it is everything behind `floor`."""
        self.shut(line)
        self._floors[line] = floor

    def shut(self, line: Channel) -> None:
        """Forget a line with all its messages."""
        self._floors.pop(line, None)
        if line not in self._by_channel:
            return
        kept = [entry for entry in self._entries if line not in entry.channels]
        self._entries.clear()
        self._by_channel.clear()
        self.bytes = 0
        for entry in kept:
            self._keep(entry)

    def append(self, entry: E) -> None:
        """Keep a message that is newer than all others of its line; let go of the oldest ones."""
        self._keep(entry)
        while len(self._entries) > self._max_messages or self.bytes > self._max_bytes:
            self._let_go()

    def after(self, channel: Channel, sequence: int, line: Channel | None = None) -> list[E] | None:
        """Return what came on a channel of `line` behind `sequence`; None when not all is here."""
        floor = self._floors.get(line or channel)
        if floor is None or sequence < floor:
            return None
        found: list[E] = []
        for entry in reversed(self._by_channel.get(channel, ())):
            if entry.sequence <= sequence:
                break
            found.append(entry)
        found.reverse()
        return found

    def _keep(self, entry: E) -> None:
        self._entries.append(entry)
        self.bytes += entry.size
        for channel in entry.channels:
            known = self._by_channel.get(channel)
            if known is not None:
                known.append(entry)
            else:
                self._by_channel[channel] = deque([entry]) if channel in self._floors else [entry]

    def _let_go(self) -> None:
        entry = self._entries.popleft()
        self.bytes -= entry.size
        for channel in entry.channels:
            if channel in self._floors:
                self._floors[channel] = entry.sequence
            line = self._by_channel[channel]
            del line[0]
            if not line:
                del self._by_channel[channel]
