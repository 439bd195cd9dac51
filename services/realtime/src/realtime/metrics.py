"""What this node counts for its operators."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_CONNECTIONS = Gauge("oep_connections", "Open sockets that were admitted", ["kind"])
_JOINS = Counter("oep_joins_total", "Sockets that joined an exam's line", ["kind"])
_KINDS: tuple[str, ...] = ("attempt", "exam", "window", "broadcast")
# Looked up once: `labels` costs more than to count.
CONNECTIONS = {kind: _CONNECTIONS.labels(kind) for kind in _KINDS}
JOINS = {kind: _JOINS.labels(kind) for kind in _KINDS}
REFUSALS = Counter("oep_refusals_total", "Handshakes refused, by close code", ["code"])
CLOSES = Counter("oep_closes_total", "Sockets closed by this node, by close code", ["code"])
REPLAYS = Counter("oep_replays_total", "How what was missed was told", ["source"])
for _source in ("ring", "stream", "resync"):
    REPLAYS.labels(_source)  # so that zero is there to be compared with
LINES = Gauge("oep_lines", "Exams that this node reads")
READER_LAG = Histogram(
    "oep_reader_lag_seconds",
    "From the stream's having a notice to this node's handing it out, the newest of each batch",
    buckets=_SECONDS,
)
BYTES_QUEUED = Gauge("oep_queued_bytes", "Frames that wait for their sockets to take them")
LOOP_LAG = Histogram(
    "oep_loop_lag_seconds", "How late the event loop woke who had asked for it", buckets=_SECONDS
)
FEED_BEHIND = Gauge("oep_feed_behind_seconds", "For how long the feed has not been at the end")
