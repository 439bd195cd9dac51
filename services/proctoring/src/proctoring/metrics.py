"""What proctoring counts for those who watch it."""

from prometheus_client import Gauge

UNPLACED = Gauge("oep_events_without_day", "1 when an event lies in the partition of no day")
