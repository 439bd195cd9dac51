"""What watches the platform: Prometheus with our rules, Grafana with our dashboards, and traces.

Started by `oep up --observe` behind everything else and stopped with it. Prometheus asks each
replica by itself, past the gateway, which shows no /metrics to anybody. It describes; the
supervisor runs.
"""

import shutil
import sys
from functools import partial
from pathlib import Path

import yaml

from oep_local import prometheus
from oep_local.layout import SERVICES, Layout, answers
from oep_local.parts import Part
from oep_local.ports import LOOPBACK
from oep_local.processes import Command, base_environment, run
from oep_local.state import ROOT

SOURCES = ROOT / "deploy" / "observability"
DASHBOARDS = SOURCES / "dashboards"
RUNBOOK = ROOT / "docs" / "runbook"
GRAFANA_HOMES = ("/usr/share/grafana", "/usr/local/share/grafana")
KEPT = "2d"


def parts(layout: Layout) -> list[Part]:
    """Return what is to run beside the platform."""
    wanted = [("prometheus", prometheus_part), ("grafana", grafana_part)]
    return [make(layout) for name, make in wanted if layout.count(name)]


def prometheus_part(layout: Layout) -> Part:
    port = layout.ports.of("prometheus")
    ready = partial(answers, port, "/-/ready")
    command, prepare = partial(prometheus_command, layout), partial(write_prometheus, layout)
    return Part("prometheus", 1, port, command, ready, prepare=prepare)


def prometheus_command(layout: Layout) -> Command:
    folder = _folder(layout, "prometheus")
    arguments = (
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--storage.tsdb.retention.time={KEPT}",
        f"--web.listen-address={LOOPBACK}:{layout.ports.of('prometheus')}",
    )
    argv = (str(prometheus.ensure()), *arguments)
    return Command(argv, base_environment(), folder)


def write_prometheus(layout: Layout) -> None:
    """Have the generators write configuration and rules for our addresses."""
    folder = _folder(layout, "prometheus")
    rules = folder / "rules.yml"
    found = {name: layout.addresses(name) for name in SERVICES}
    found["gateway"] = layout.addresses("gateway_admin")
    targets = [part for job, places in found.items() for part in ("--target", f"{job}={places}")]
    wanted = ("--runbook", RUNBOOK.as_uri(), "--grafana", grafana_url(layout))
    rules.write_text(_generated("rules.py", wanted))
    config = _generated("scrape.py", (*targets, "--rules", str(rules)))
    (folder / "prometheus.yml").write_text(config)


def grafana_url(layout: Layout) -> str:
    return f"http://localhost:{layout.ports.of('grafana')}"


def prometheus_url(layout: Layout) -> str:
    return f"http://localhost:{layout.ports.of('prometheus')}"


def grafana() -> Path | None:
    """Return Grafana's server, if this machine has one."""
    found = shutil.which("grafana-server") or shutil.which("grafana")
    return Path(found) if found else None


def grafana_part(layout: Layout) -> Part:
    port = layout.ports.of("grafana")
    ready = partial(answers, port, "/api/health")
    command, prepare = partial(grafana_command, layout), partial(write_grafana, layout)
    return Part("grafana", 1, port, command, ready, prepare=prepare)


def grafana_command(layout: Layout) -> Command:
    folder, program = _folder(layout, "grafana"), grafana()
    assert program is not None  # noqa: S101  # it was found before the part was made
    home = next((place for place in GRAFANA_HOMES if Path(place).exists()), GRAFANA_HOMES[0])
    verb = ("server",) if program.name == "grafana" else ()
    argv = (str(program), *verb, f"--homepath={home}")
    return Command(argv, base_environment() | _grafana_environment(layout, folder), folder)


def _grafana_environment(layout: Layout, folder: Path) -> dict[str, str]:
    return {
        "GF_SERVER_HTTP_ADDR": LOOPBACK,
        "GF_SERVER_HTTP_PORT": str(layout.ports.of("grafana")),
        "GF_PATHS_DATA": str(folder / "data"),
        "GF_PATHS_LOGS": str(folder / "data"),
        "GF_PATHS_PROVISIONING": str(folder / "provisioning"),
        "GF_AUTH_ANONYMOUS_ENABLED": "true",  # loopback only
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    }


def write_grafana(layout: Layout) -> None:
    """Tell Grafana where Prometheus is and where the dashboards lie."""
    source = {"name": "Prometheus", "type": "prometheus", "uid": "prometheus", "isDefault": True}
    source["url"] = prometheus_url(layout)
    sources = {"apiVersion": 1, "datasources": [source]}
    place = {"name": "OEP", "type": "file", "folder": "OEP", "options": {"path": str(DASHBOARDS)}}
    provided = {"apiVersion": 1, "providers": [place]}
    for kind, content in (("datasources", sources), ("dashboards", provided)):
        file = _folder(layout, "grafana") / "provisioning" / kind / "oep.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(content, sort_keys=False))


def welcome(layout: Layout) -> list[str]:
    """Say where to look."""
    url = prometheus_url(layout)
    lines = [f"metrics   {url} (alerts: {url}/alerts, targets: {url}/targets)"]
    if layout.count("grafana"):
        lines.append(f"dashboards {grafana_url(layout)}/d/oep-overview")
    else:
        lines.append(f"dashboards {DASHBOARDS}: Grafana is not installed; import these files there")
    return [*lines, f"traces    {layout.traces} (one file of OTLP JSON per process)"]


def _folder(layout: Layout, name: str) -> Path:
    folder = layout.state.root / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _generated(script: str, arguments: tuple[str, ...] | list[str]) -> str:
    argv = (sys.executable, str(SOURCES / script), *arguments)
    return run(script, Command(argv, base_environment(), SOURCES))
