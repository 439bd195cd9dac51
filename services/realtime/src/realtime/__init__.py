"""Sockets, fan-out, replay and presence; keeps nothing on disk.

The way of one message, each module calling the next (`Line._take` → `Node._fan_out`):

    feed, line           an exam's part of the stream, in order, none missing
    notices, channels    what it is, and for whom; `ring` keeps it
    hub                  who listens
    connection, resume   told once, held during a replay, queued, bounded
    frames               bytes, built once for all readers
    wire                 one write per socket and beat

Beside it `boards` fold the same messages into rows, and `presence` into who is connected.
The way in: `wire.gate`, `wire.door` (HTTP upgrade) → `sockets` (handshake) → `admission` (who
may) → `visits`, `board_visits` (what is told first) → `wire.socket` (bytes, by `rfc6455`) →
`incoming` (what a frame means) → `student`, `broadcaster` → `saving`, `broadcasting`.
"""
