# ruff: noqa: INP001  # a script that is run by its path
"""Four dashboards for Grafana, as data: what is asked of Prometheus, and how it is drawn.

`oep-overview` says whether what was promised is kept; the others say why not. Each panel whose
line stands for an alert leads to that alert's page.

    python deploy/observability/dashboards.py            # writes dashboards/*.json anew
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "dashboards"
RUNBOOK = "/docs/runbook"
PANEL_WIDTH, PANEL_HEIGHT, WHOLE_WIDTH = 8, 7, 24
SOURCE = {"type": "prometheus", "uid": "prometheus"}
Json = dict[str, Any]


@dataclass(frozen=True)
class Panel:
    """One drawing: lines by their legend; `bound` is where its alert begins."""

    title: str
    lines: tuple[tuple[str, str], ...]
    unit: str = "short"
    bound: float | None = None
    alert: str | None = None


def _quantiles(metric: str, by: str = "job", labels: str = "") -> tuple[tuple[str, str], ...]:
    rate = f"sum by ({by}, le) (rate({metric}_bucket{{{labels}}}[1m]))"
    return tuple(
        (f"histogram_quantile({q}, {rate})", f"p{q * 100:g} {{{{{by}}}}}") for q in (0.5, 0.99)
    )


def _objective(title: str, name: str, budget: float, alert: str) -> Panel:
    lines = tuple((f"oep:{name}:bad_ratio_{w}", w) for w in ("5m", "1h", "6h", "3d"))
    return Panel(title, lines, "percentunit", budget, alert)


def _per_second(metric: str, by: str, labels: str = "") -> tuple[tuple[str, str], ...]:
    legend = " ".join(f"{{{{{name.strip()}}}}}" for name in by.split(","))
    return ((f"sum by ({by}) (rate({metric}{{{labels}}}[1m]))", legend),)


POSTS = 'method="POST"'
DASHBOARDS: dict[str, tuple[str, tuple[Panel, ...]]] = {
    "oep-overview": (
        "OEP: is what was promised kept?",
        (
            _objective("Accepts answered with 5xx", "accept_errors", 0.001, "OepAcceptErrors"),
            _objective("Accepts slower than 250 ms", "accept_latency", 0.01, "OepAcceptSlow"),
            _objective("Submits slower than 2 s", "submit_latency", 0.01, "OepSubmitSlow"),
            _objective("Boards older than 150 ms", "board_latency", 0.01, "OepBoardSlow"),
            _objective("Logins answered with 5xx", "login_errors", 0.005, "OepLoginErrors"),
            Panel("Processes up", (("sum by (job) (up)", "{{job}}"),), alert="OepTargetDown"),
            Panel(
                "Oldest notice in an outbox",
                (("max by (job) (oep_outbox_oldest_seconds)", "{{job}}"),),
                "s",
                10,
                "OepOutboxStuck",
            ),
            Panel(
                "Bus connected",
                (("min by (job) (oep_bus_connected)", "{{job}}"),),
                alert="OepBusAway",
            ),
            Panel(
                "Revocations heard after",
                _quantiles("oep_revocation_heard_seconds"),
                "s",
                5,
                "OepRevocationSlow",
            ),
            Panel(
                "Replicas that the gateway passes over",
                (
                    (
                        "envoy_cluster_membership_total - envoy_cluster_membership_healthy",
                        "{{envoy_cluster_name}}",
                    ),
                ),
                bound=0.5,
                alert="OepUpstreamEjected",
            ),
            Panel(
                "Releases that run",
                (("count by (service, version) (oep_build_info)", "{{service}} {{version}}"),),
            ),
            Panel("Sockets", (("sum by (kind) (oep_connections)", "{{kind}}"),)),
        ),
    ),
    "oep-accepting": (
        "OEP: accepting answers and events",
        (
            Panel(
                "Requests by route",
                _per_second("oep_http_requests_total", "job, route", POSTS),
                "reqps",
            ),
            Panel(
                "Refusals by status",
                _per_second("oep_http_requests_total", "job, status", 'status=~"4..|5.."'),
                "reqps",
                alert="OepAcceptErrors",
            ),
            Panel(
                "Duration of posts",
                _quantiles("oep_http_request_seconds", labels=POSTS),
                "s",
                0.25,
                "OepAcceptSlow",
            ),
            Panel(
                "Saves over sockets (gRPC)",
                _quantiles("oep_rpc_seconds", "method", 'method=~".*/SaveAnswers"'),
                "s",
                0.25,
            ),
            Panel(
                "Load of the intake",
                (("max by (instance) (oep_intake_load)", "{{instance}}"),),
                bound=8,
                alert="OepIntakeFull",
            ),
            Panel(
                "Notices in outboxes",
                (("max by (job) (oep_outbox_rows)", "{{job}}"),),
                alert="OepOutboxStuck",
            ),
            Panel("Notices published", _per_second("oep_outbox_published_total", "job"), "ops"),
            Panel(
                "Expired after the deadline",
                _quantiles("oep_expiry_late_seconds"),
                "s",
                2,
                "OepExpirySlow",
            ),
            Panel(
                "Events without a day, risk left out",
                (
                    ("max(oep_events_without_day)", "without a day"),
                    ("sum(increase(oep_risks_unreadable_total[1h]))", "unreadable"),
                    ("sum(increase(oep_risks_passed_over_total[1h]))", "passed over"),
                ),
                alert="OepRiskLeftOut",
            ),
        ),
    ),
    "oep-boards": (
        "OEP: boards and sockets",
        (
            Panel(
                "From a fact to the boards",
                _quantiles("oep_board_age_seconds", "instance"),
                "s",
                0.15,
                "OepBoardSlow",
            ),
            Panel(
                "From the bus to the boards", _quantiles("oep_reader_lag_seconds", "instance"), "s"
            ),
            Panel(
                "Boards behind",
                (("oep_feed_behind_seconds", "{{instance}}"),),
                "s",
                10,
                "OepBoardsBehind",
            ),
            Panel(
                "Sockets by node",
                (
                    ("sum by (instance) (oep_connections)", "{{instance}}"),
                    ("max by (instance) (oep_connections_planned)", "room on {{instance}}"),
                ),
                alert="OepRealtimeFull",
            ),
            Panel("Sockets that come", _per_second("oep_joins_total", "kind"), "ops"),
            Panel("Sockets that we close, by code", _per_second("oep_closes_total", "code"), "ops"),
            Panel("Handshakes refused, by code", _per_second("oep_refusals_total", "code"), "ops"),
            Panel(
                "How what was missed was told",
                _per_second("oep_replays_total", "source"),
                "ops",
                alert="OepResyncs",
            ),
            Panel(
                "Frames that wait for readers",
                (("oep_queued_bytes", "{{instance}}"),),
                "bytes",
                alert="OepReadersCut",
            ),
            Panel(
                "Lost students shown after",
                _quantiles("oep_lost_shown_seconds", "what"),
                "s",
                6,
                "OepLostStudentShownLate",
            ),
            Panel("Exams that nodes read", (("oep_lines", "{{instance}}"),)),
        ),
    ),
    "oep-services": (
        "OEP: processes",
        (
            Panel(
                "How late event loops are",
                _quantiles("oep_loop_lag_seconds", "instance"),
                "s",
                0.25,
                "OepLoopLag",
            ),
            Panel(
                "Deeds at or before the database",
                (("oep_database_waiting", "{{job}} {{instance}}"),),
                bound=100,
                alert="OepDatabaseQueue",
            ),
            Panel("gRPC calls answered", _quantiles("oep_rpc_seconds", "method"), "s"),
            Panel(
                "gRPC calls refused", _per_second("oep_rpc_failures_total", "method, why"), "ops"
            ),
            Panel(
                "Calls to others that failed",
                _per_second("oep_neighbour_failures_total", "job, why"),
                "ops",
                1,
                "OepNeighbourFails",
            ),
            Panel(
                "CPU", _per_second("process_cpu_seconds_total", "job, instance"), "percentunit", 0.9
            ),
            Panel("Memory", (("process_resident_memory_bytes", "{{job}} {{instance}}"),), "bytes"),
            Panel("Open files", (("process_open_fds", "{{job}} {{instance}}"),)),
        ),
    ),
}


def dashboard(uid: str) -> Json:
    """Return what Grafana imports."""
    title, panels = DASHBOARDS[uid]
    return {
        "uid": uid,
        "title": title,
        "tags": ["oep"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "links": [{"type": "dashboards", "tags": ["oep"], "title": "OEP", "asDropdown": False}],
        "panels": [_drawn(number, panel) for number, panel in enumerate(panels)],
    }


def _drawn(number: int, panel: Panel) -> Json:
    across = WHOLE_WIDTH // PANEL_WIDTH
    place = {"x": number % across * PANEL_WIDTH, "y": number // across * PANEL_HEIGHT}
    targets = [
        {"refId": chr(ord("A") + n), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
        for n, (expr, legend) in enumerate(panel.lines)
    ]
    steps: list[Json] = [{"color": "green", "value": None}]
    if panel.bound is not None:
        steps.append({"color": "red", "value": panel.bound})
    custom = {"thresholdsStyle": {"mode": "off" if panel.bound is None else "dashed"}}
    about = {"unit": panel.unit, "min": 0, "custom": custom}
    about["thresholds"] = {"mode": "absolute", "steps": steps}
    drawn: Json = {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": {**place, "w": PANEL_WIDTH, "h": PANEL_HEIGHT},
        "fieldConfig": {"defaults": about, "overrides": []},
        "targets": targets,
    }
    if panel.alert:
        page = f"{RUNBOOK}/{panel.alert}.md"
        drawn["description"] = f"Alert {panel.alert}: {page.removeprefix('/')}"
        drawn["links"] = [{"title": f"What to do: {panel.alert}", "url": page}]
    return drawn


def text(uid: str) -> str:
    """Return the file of a dashboard."""
    return json.dumps(dashboard(uid), indent=1) + "\n"


if __name__ == "__main__":
    for name in DASHBOARDS:
        (FOLDER / f"{name}.json").write_text(text(name))
