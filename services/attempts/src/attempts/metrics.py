"""What attempts counts for those who watch it."""

from chassis.metrics import SECONDS
from prometheus_client import Histogram

EXPIRY_LATE = Histogram(
    "oep_expiry_late_seconds",
    "From an attempt's deadline until the clock has expired it",
    buckets=SECONDS,
)
