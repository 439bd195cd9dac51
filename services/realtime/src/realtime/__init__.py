"""Sockets, fan-out, replay and presence; keeps nothing on disk.

The way of one message: `feed` reads it from the bus → `notices` and `channels` say whom it concerns
and what it becomes → `hub` finds the connections → `connection` queues it → `frames` are the bytes.
The way in: `sockets` (transport) → `admission` (who may) → `student` or `monitor` (what they say).
"""

__version__ = "0.1.0"
