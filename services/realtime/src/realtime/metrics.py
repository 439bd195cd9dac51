"""What this node counts for its operators."""

from prometheus_client import Counter, Gauge

CONNECTIONS = Gauge("oep_connections", "Open sockets that were admitted", ["kind"])
REFUSALS = Counter("oep_refusals_total", "Handshakes refused, by close code", ["code"])
CLOSES = Counter("oep_closes_total", "Sockets closed by this node, by close code", ["code"])
REPLAYS = Counter("oep_replays_total", "How what was missed was told", ["source"])
FEED_BEHIND = Gauge("oep_feed_behind_seconds", "For how long the feed has not been at the end")
