"""What this node counts for its operators."""

from chassis.metrics import SECONDS
from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, *SECONDS)

_CONNECTIONS = Gauge("oep_connections", "Open sockets that were admitted", ["kind"])
PLANNED = Gauge(
    "oep_connections_planned", "Sockets that this node is for, as far as it may open files"
)
_JOINS = Counter("oep_joins_total", "Sockets that joined an exam's line", ["kind"])
_KINDS: tuple[str, ...] = ("attempt", "exam", "window", "broadcast")
# Looked up once: `labels` costs more than to count.
CONNECTIONS = {kind: _CONNECTIONS.labels(kind) for kind in _KINDS}
JOINS = {kind: _JOINS.labels(kind) for kind in _KINDS}
REFUSALS = Counter("oep_refusals_total", "Handshakes refused, by close code", ["code"])
CLOSES = Counter("oep_closes_total", "Sockets closed by this node, by close code", ["code"])
for _code in (4000, 4008, 4501):
    CLOSES.labels(_code)  # a counter that begins with its first case hides it
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
BOARD_AGE = Histogram(
    "oep_board_age_seconds",
    "From a notice's being written to this node's handing it out, the oldest of each batch",
    buckets=_SECONDS,
)
_LOST_SHOWN = Histogram(
    "oep_lost_shown_seconds",
    "From the last sign of life until boards are told that somebody is gone",
    ["what"],
    buckets=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 30.0),
)
LOST_SHOWN = {what: _LOST_SHOWN.labels(what) for what in ("socket", "node")}
FEED_BEHIND = Gauge("oep_feed_behind_seconds", "For how long the feed has not been at the end")
