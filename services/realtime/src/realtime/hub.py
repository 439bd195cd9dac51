"""Which connections listen to what, on this node: by channel, by login, by user.

It routes and counts; it never builds a frame and never waits. What the feed reads at once is
published message by message and then settled: what was said on a channel is one `Run` for all its
readers.
"""

from collections.abc import Iterator
from typing import TypeVar

from chassis.tokens import Caller

from realtime.channels import Channel
from realtime.closing import Closing
from realtime.connection import Connection, Run
from realtime.frames import Frame
from realtime.notices import Message, Part

Key = TypeVar("Key")

_MOST_BYTES = 64 * 1024


class Audience:
    """A channel's listeners, and what they have not been told yet."""

    __slots__ = ("due", "due_bytes", "listeners")

    def __init__(self) -> None:
        self.listeners: tuple[Connection, ...] = ()
        self.due: list[tuple[int, Part]] = []
        self.due_bytes = 0

    def settle(self) -> None:
        """Tell everyone what is due."""
        if self.due:
            run, self.due, self.due_bytes = Run(self.due), [], 0
            for connection in self.listeners:
                connection.hear(run)


class Hub:
    """All connections of a node; lives on the event loop.

    Indexes hold tuples: most have one member, for which a set takes four times the room.
    """

    def __init__(self) -> None:
        self._audiences: dict[Channel, Audience] = {}
        self._due: dict[Audience, None] = {}
        self._logins: dict[str, tuple[Connection, ...]] = {}
        self._users: dict[int, tuple[Connection, ...]] = {}
        self._all: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._all))

    def join(self, connection: Connection) -> None:
        self._all[connection] = None
        audience = self._audiences.setdefault(connection.channel, Audience())
        audience.listeners = (*audience.listeners, connection)
        _add(self._logins, connection.caller.login_id, connection)
        _add(self._users, connection.caller.user_id, connection)

    def leave(self, connection: Connection) -> None:
        """Forget a connection; harmless when it is not there."""
        if connection not in self._all:
            return
        del self._all[connection]
        audience = self._audiences[connection.channel]
        audience.listeners = _without(audience.listeners, connection)
        if not audience.listeners:
            del self._audiences[connection.channel]
        _drop(self._logins, connection.caller.login_id, connection)
        _drop(self._users, connection.caller.user_id, connection)

    def rename(self, connection: Connection, caller: Caller) -> None:
        """Have a connection belong to another caller: a newer token was shown on it."""
        _drop(self._logins, connection.caller.login_id, connection)
        _drop(self._users, connection.caller.user_id, connection)
        connection.caller = caller
        _add(self._logins, caller.login_id, connection)
        _add(self._users, caller.user_id, connection)

    def publish(self, message: Message) -> None:
        """Have a live message told, with the next `settle`, to all who listen to its channels."""
        for channel in message.channels:
            audience = self._audiences.get(channel)
            if audience is not None:
                part = message.part_for(channel)
                audience.due.append((message.sequence, part))
                audience.due_bytes += len(part.frame) if part.frame is not None else 0
                self._due[audience] = None
                if audience.due_bytes > _MOST_BYTES:
                    audience.settle()

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

    def on_beat(self, beat: int, beats: int) -> Iterator[Connection]:
        """Return the connections whose turn it is at one of the beats of a period."""
        return iter([connection for connection in self._all if connection.turn % beats == beat])

    def count_of_user(self, user_id: int, channel: Channel) -> int:
        """Return how many admitted sockets a user has on one channel."""
        return sum(c.is_admitted and c.caller.user_id == user_id for c in self.listeners(channel))

    def close_revoked(self, login_id: str | None, user_id: int | None, why: Closing) -> None:
        """Close what belongs to a login, or to all logins of a user."""
        found = self._logins.get(login_id, ()) if login_id is not None else ()
        if user_id is not None:
            found += self._users.get(user_id, ())
        for connection in found:
            connection.close(why)

    def close_signed_by(self, key_id: str, why: Closing) -> None:
        """Close what was let in by a token that a key has signed which counts no more."""
        for connection in [c for c in self._all if c.caller.key_id == key_id]:
            connection.close(why)


def _add(index: dict[Key, tuple[Connection, ...]], key: Key, connection: Connection) -> None:
    index[key] = (*index.get(key, ()), connection)


def _drop(index: dict[Key, tuple[Connection, ...]], key: Key, connection: Connection) -> None:
    left = _without(index[key], connection)
    if left:
        index[key] = left
    else:
        del index[key]


def _without(line: tuple[Connection, ...], connection: Connection) -> tuple[Connection, ...]:
    at = line.index(connection)
    return line[:at] + line[at + 1 :]
