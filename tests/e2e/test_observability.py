"""What rules and dashboards ask for is what running processes say, and what Prometheus gets."""

import asyncio
import dataclasses
import json
import re
import signal
from pathlib import Path

import httpx
import pytest
import yaml
from chassis.waiting import eventually
from oep_local import observing, processes

FOLDER = Path(__file__).parents[2] / "deploy" / "observability"
SERVICES = ("auth", "attempts", "proctoring", "realtime")
NAME = re.compile(
    r"\b(oep_[a-z_]+|envoy_[a-z_]+|process_[a-z_]+)(?:\{([^}]*(?:\[[{}]\][^}]*)*)\})?"
)
BY_PROMETHEUS = {"job", "instance", "le"}
# Counted by what is rare: the label is there with the first one.
RARE = {"oep_neighbour_failures_total", "oep_rpc_failures_total", "oep_refusals_total"}
NO_METRICS = {"envoy_cluster_name"}


def asked():
    """Return every expression of the rules and of the dashboards."""
    groups = yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    found = [rule["expr"] for group in groups for rule in group["rules"]]
    for file in (FOLDER / "dashboards").glob("*.json"):
        panels = json.loads(file.read_text())["panels"]
        found += [target["expr"] for panel in panels for target in panel["targets"]]
    return found


@pytest.fixture
async def said(platform, student):
    """Return the labels of every metric that the running processes say, by its name."""
    urls = [f"{platform.service_url(name)}/metrics" for name in SERVICES]
    admin = platform.layout.ports.of("gateway_admin")
    urls.append(f"http://127.0.0.1:{admin}/stats/prometheus")
    labels = {}
    (await student.report(student.event())).raise_for_status()
    async with httpx.AsyncClient(trust_env=False) as http:
        for url in urls:
            text = (await http.get(url)).raise_for_status().text
            for name in re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE):
                labels.setdefault(name, set())
            for name, inside in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.MULTILINE):
                labels.setdefault(name, set()).update(re.findall(r'(\w+)="', inside))
    return labels


async def test_every_metric_and_label_that_is_asked_for_exists(said):
    used = set()
    for expr in asked():
        for name, inside in NAME.findall(expr):
            if name in NO_METRICS:
                continue
            used.add(name)
            kind = re.sub(r"_(bucket|count)$", "", name)
            assert name in said or kind in said, f"nobody says {name}: {expr}"
            if name not in RARE:
                matched = set(re.findall(r"(\w+)\s*=~?\"", inside)) - BY_PROMETHEUS
                there = said.get(name, set()) | said.get(kind, set())
                assert matched <= there, f"{name} has no {matched - there}: {expr}"
    assert len(used) > 30


async def test_metrics_are_not_public(platform):
    async with httpx.AsyncClient(trust_env=False) as http:
        for path in ("/metrics", "/stats/prometheus"):
            assert (await http.get(platform.url + path)).status_code == 404


async def test_prometheus_reaches_every_replica_and_reads_every_rule(platform, tmp_path):
    replicas = {**platform.layout.replicas, "prometheus": 1}
    watched = dataclasses.replace(platform.layout, replicas=replicas)
    part = observing.prometheus_part(watched)
    await asyncio.to_thread(part.prepare)
    command = await asyncio.to_thread(part.command)
    process = processes.start(command, tmp_path / "prometheus.log")
    try:
        async with httpx.AsyncClient(trust_env=False) as http:
            url = f"http://127.0.0.1:{part.port}/api/v1"

            async def is_ready():
                return await asyncio.to_thread(part.is_ready)

            await eventually(is_ready, 20)

            async def all_are_up():
                answer = (await http.get(f"{url}/targets")).json()["data"]["activeTargets"]
                return [t["health"] for t in answer] == ["up"] * 6

            await eventually(all_are_up, 20)
            groups = (await http.get(f"{url}/rules")).json()["data"]["groups"]
            rules = [rule for group in groups for rule in group["rules"]]
            assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
            alerts = {rule["name"] for rule in rules if rule["type"] == "alerting"}
            assert {"OepOutboxStuck", "OepAcceptErrors"} <= alerts
    finally:
        await asyncio.to_thread(processes.stop, process, signal.SIGTERM, 5)
