"""What proctoring counts for those who watch it."""

from prometheus_client import Counter, Gauge

UNPLACED = Gauge("oep_events_without_day", "1 when an event lies in the partition of no day")
UNREADABLE_RISKS = Counter("oep_risks_unreadable", "Stored scores that could not be read")
INTAKE_LOAD = Gauge("oep_intake_load", "How near the intake is to refusing posts: 10 = it may")
PASSED_OVER = Counter("oep_risks_passed_over", "Attempts that could not be assessed, and were left")
OUTGOING = Counter(
    "oep_outgoing_tries_total", "Tries to send something out", ["carrier", "verdict"]
)
FAILING_ENDPOINTS = Gauge("oep_webhooks_failing", "Webhook endpoints that were given up")
