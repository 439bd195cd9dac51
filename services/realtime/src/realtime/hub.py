"""Which connections listen to what, on this node: by channel and by login.

It routes and counts; it never builds a frame and never waits. What the feed reads at once is
published message by message and then settled: what was said on a channel is one `Run` for all its
readers.
"""

from collections.abc import Iterator
from itertools import chain

from chassis.tokens import Caller

from realtime import few
from realtime.channels import Channel
from realtime.closing import Closing
from realtime.connection import Connection, Run
from realtime.few import Few
from realtime.frames import Frame
from realtime.notices import Message, Part

_MOST_BYTES = 128 * 1024


class Audience:
    """A channel's listeners, and what they have not been told yet."""

    __slots__ = ("_listeners", "due", "due_bytes")

    def __init__(self) -> None:
        self._listeners: Few[Connection] = few.NONE
        self.due: list[tuple[int, Part]] | None = None
        self.due_bytes = 0

    @property
    def listeners(self) -> tuple[Connection, ...]:
        return few.each(self._listeners)

    def join(self, connection: Connection) -> None:
        self._listeners = few.joined(self._listeners, connection)

    def leave(self, connection: Connection) -> None:
        self._listeners = few.without(self._listeners, connection)

    def note(self, sequence: int, part: Part) -> None:
        """Have a part told with the next `settle`, or now when much is due already."""
        if self.due is None:
            self.due = []
        self.due.append((sequence, part))
        self.due_bytes += len(part.frame) if part.frame is not None else 0
        if self.due_bytes > _MOST_BYTES:
            self.settle()

    def settle(self) -> None:
        """Tell everyone what is due."""
        if self.due:
            run, self.due, self.due_bytes = Run(self.due), None, 0
            for connection in self.listeners:
                connection.hear(run)


class Hub:
    """All connections of a node; lives on the event loop."""

    def __init__(self) -> None:
        self._audiences: dict[Channel, Audience] = {}
        self._due: dict[Audience, None] = {}
        self._logins: dict[str, Few[Connection]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Connection]:
        return chain.from_iterable([audience.listeners for audience in self._audiences.values()])

    def join(self, connection: Connection) -> None:
        self._count += 1
        audience = self._audiences.get(connection.channel)
        if audience is None:
            audience = self._audiences[connection.channel] = Audience()
        audience.join(connection)
        self._index(connection)

    def leave(self, connection: Connection) -> None:
        """Forget a connection; harmless when it is not there."""
        audience = self._audiences.get(connection.channel)
        if audience is None or connection not in audience.listeners:
            return
        self._count -= 1
        audience.leave(connection)
        if not audience.listeners:
            del self._audiences[connection.channel]
        self._unindex(connection)

    def rename(self, connection: Connection, caller: Caller) -> None:
        """Have a connection belong to another caller: a newer token was shown on it."""
        self._unindex(connection)
        connection.caller = caller
        self._index(connection)

    def publish(self, message: Message) -> None:
        """Have a live message told, with the next `settle`, to all who listen to its channels."""
        for channel in message.channels:
            audience = self._audiences.get(channel)
            if audience is not None:
                self._due[audience] = None
                audience.note(message.sequence, message.part_for(channel))

    def settle(self) -> None:
        """Tell what was published since the last time."""
        due, self._due = self._due, {}
        for audience in due:
            audience.settle()

    def listeners(self, channel: Channel) -> tuple[Connection, ...]:
        audience = self._audiences.get(channel)
        return audience.listeners if audience is not None else ()

    def send(self, channel: Channel, frame: Frame) -> None:
        """Send a frame without a place in the stream to those who are live, behind what is due."""
        audience = self._audiences.get(channel)
        if audience is None:
            return
        audience.settle()
        for connection in audience.listeners:
            if connection.is_live:
                connection.send(frame)

    def boards(self) -> list[Connection]:
        lines = self._audiences.items()
        return [c for channel, audience in lines if channel.is_board for c in audience.listeners]

    def count_of_user(self, user_id: int, channel: Channel) -> int:
        """Return how many admitted sockets a user has on one channel."""
        return sum(c.is_admitted and c.caller.user_id == user_id for c in self.listeners(channel))

    def close_revoked(self, login_id: str | None, user_id: int | None, why: Closing) -> None:
        """Close what belongs to a login, or, which is rare, to all logins of a user."""
        found = few.each(self._logins.get(login_id, few.NONE)) if login_id is not None else ()
        if user_id is not None:
            found += tuple(c for c in self if c.caller.user_id == user_id)
        for connection in found:
            connection.close(why)

    def close_signed_by(self, key_id: str, why: Closing) -> None:
        """Close what was let in by a token that a key has signed which counts no more."""
        for connection in [c for c in self if c.caller.key_id == key_id]:
            connection.close(why)

    def _index(self, connection: Connection) -> None:
        login_id = connection.caller.login_id
        self._logins[login_id] = few.joined(self._logins.get(login_id, few.NONE), connection)

    def _unindex(self, connection: Connection) -> None:
        login_id = connection.caller.login_id
        left = few.without(self._logins[login_id], connection)
        if left == few.NONE:
            del self._logins[login_id]
        else:
            self._logins[login_id] = left
