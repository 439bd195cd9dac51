"""Sockets, fan-out, replay and presence; keeps nothing on disk.

The way of one message: `feed` reads it from the bus (an exam's `line`) → `notices` and `channels`
say whom it concerns and what it becomes → `hub` finds the connections → `connection` queues it →
`frames` are the bytes → `wire` writes them, all that is due to a socket at once.
The way in: `wire.door` (HTTP upgrade) → `sockets` (handshake) → `admission` (who may) → `visits`
(what is told first) → `wire.socket` (bytes, by `rfc6455`) → `incoming` → `student`, `broadcaster`.
"""

__version__ = "0.1.0"
