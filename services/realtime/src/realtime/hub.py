"""Which connections listen to what, on this node: by channel, by login, by user.

It routes and counts; it never builds a frame and never waits.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from realtime.channels import Channel
from realtime.closing import Closing
from realtime.connection import Connection
from realtime.frames import Frame
from realtime.notices import Message


class Hub:
    """All connections of a node; lives on the event loop."""

    def __init__(self) -> None:
        self._channels: dict[Channel, dict[Connection, None]] = {}
        self._logins: defaultdict[str, set[Connection]] = defaultdict(set)
        self._users: defaultdict[int, set[Connection]] = defaultdict(set)
        self._all: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._all))

    def join(self, connection: Connection) -> None:
        self._all[connection] = None
        self._channels.setdefault(connection.channel, {})[connection] = None
        self._logins[connection.caller.login_id].add(connection)
        self._users[connection.caller.user_id].add(connection)

    def leave(self, connection: Connection) -> None:
        """Forget a connection; harmless when it is not there."""
        self._all.pop(connection, None)
        listeners = self._channels.get(connection.channel, {})
        listeners.pop(connection, None)
        if not listeners:
            self._channels.pop(connection.channel, None)
        _drop(self._logins, connection.caller.login_id, connection)
        _drop(self._users, connection.caller.user_id, connection)

    def publish(self, message: Message) -> None:
        """Hand a live message to everyone who listens to one of its channels."""
        for channel in message.channels:
            listeners = self._channels.get(channel)
            if listeners:
                part = message.part_for(channel)
                for connection in list(listeners):
                    connection.deliver(message.sequence, part)

    def listeners(self, channel: Channel) -> list[Connection]:
        return list(self._channels.get(channel, ()))

    def send(self, channel: Channel, frame: Frame) -> None:
        """Send a frame without a place in the stream to those who are live."""
        for connection in self.listeners(channel):
            if connection.is_live:
                connection.send(frame)

    def boards(self) -> list[Connection]:
        return [
            c for channel, line in self._channels.items() if channel.kind == "exam" for c in line
        ]

    def on_beat(self, beat: int, beats: int) -> Iterator[Connection]:
        """Return the connections whose turn it is at one of the beats of a period."""
        return iter([connection for connection in self._all if connection.turn % beats == beat])

    def count_of_user(self, user_id: int, channel: Channel) -> int:
        """Return how many admitted sockets a user has on one channel."""
        return sum(
            c.is_admitted and c.caller.user_id == user_id for c in self._channels.get(channel, ())
        )

    def close_revoked(self, login_id: str | None, user_id: int | None, why: Closing) -> None:
        """Close what belongs to a login, or to all logins of a user."""
        found = self._logins.get(login_id, set()) if login_id is not None else set()
        if user_id is not None:
            found = found | self._users.get(user_id, set())
        for connection in list(found):
            connection.close(why)

    def close_signed_by(self, key_id: str, why: Closing) -> None:
        """Close what was let in by a token that a key has signed which counts no more."""
        for connection in [c for c in self._all if c.caller.key_id == key_id]:
            connection.close(why)


def _drop(index: dict[Any, set[Connection]], key: Any, connection: Connection) -> None:
    found = index.get(key)
    if found is not None:
        found.discard(connection)
        if not found:
            del index[key]
