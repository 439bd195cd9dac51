"""Grafana beside `oep up --observe`: what it is started with is what it needs to show our drawings.

Grafana itself is in none of our packages: a program of its name on PATH stands for it here and
tells what it was given.
"""

import json
import sys
from pathlib import Path

import pytest
import yaml
from chassis.waiting import eventually
from oep_local import observing, processes
from oep_local.layout import Layout
from oep_local.ports import free_plan
from oep_local.state import State

STANDIN = f"""#!{sys.executable}
import http.server, json, os, sys
told = {{name: os.environ[name] for name in os.environ if name.startswith("GF_")}}
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()
        self.wfile.write(json.dumps({{"told": told, "words": sys.argv[1:]}}).encode())
    def log_message(self, *_):
        pass
place = (told["GF_SERVER_HTTP_ADDR"], int(told["GF_SERVER_HTTP_PORT"]))
http.server.ThreadingHTTPServer(place, Health).serve_forever()
"""


@pytest.fixture(params=["grafana-server", "grafana"])
def grafana(request, tmp_path, monkeypatch):
    """Put a program of that name on PATH, and nothing else of ours."""
    program = tmp_path / "bin" / request.param
    program.parent.mkdir()
    program.write_text(STANDIN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return program


@pytest.fixture
def layout(tmp_path):
    return Layout(State(tmp_path / "state").open(), free_plan(), {"prometheus": 1, "grafana": 1})


async def test_grafana_is_started_with_our_source_and_our_drawings(grafana, layout):
    assert observing.grafana() == grafana
    [_, part] = observing.parts(layout)
    part.prepare()
    process = processes.start(part.command(), layout.state.log("grafana"))
    try:

        async def is_ready():
            return part.is_ready()

        await eventually(is_ready, 20)
    finally:
        processes.stop(process, part.command().stop_signal, 5)
    verb = ["server"] if grafana.name == "grafana" else []
    assert list(part.command().argv[1:-1]) == verb
    shows_our_drawings(layout, part.command().environment)


def shows_our_drawings(layout, told):
    assert told["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    provisioning = Path(told["GF_PATHS_PROVISIONING"])
    [source] = read(provisioning / "datasources")["datasources"]
    assert source["url"] == observing.prometheus_url(layout)
    [provider] = read(provisioning / "dashboards")["providers"]
    drawings = list(Path(provider["options"]["path"]).glob("*.json"))
    assert "oep-overview" in {json.loads(each.read_text())["uid"] for each in drawings}
    for drawing in drawings:
        panels = json.loads(drawing.read_text())["panels"]
        assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}
    assert any(f"{observing.grafana_url(layout)}/d/" in line for line in observing.welcome(layout))


def read(folder: Path):
    [file] = folder.iterdir()
    return yaml.safe_load(file.read_text())


def test_without_grafana_it_is_said_where_the_drawings_are(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert observing.grafana() is None
    bare = Layout(State(tmp_path / "state").open(), free_plan(), {"prometheus": 1})
    assert any("Grafana is not installed" in line for line in observing.welcome(bare))
