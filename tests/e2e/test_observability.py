"""What rules and dashboards ask for is what running processes say, and what Prometheus gets."""

import asyncio
import contextlib
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
def said(platform):
    """Return a function that asks what metrics the running processes say: labels by name."""
    urls = [f"{platform.service_url(name)}/metrics" for name in SERVICES]
    admin = platform.layout.ports.of("gateway_admin")
    urls.append(f"http://127.0.0.1:{admin}/stats/prometheus")

    async def ask() -> dict[str, set[str]]:
        labels = {}
        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            for url in urls:
                text = (await http.get(url)).raise_for_status().text
                for name in re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE):
                    labels.setdefault(name, set())
                for name, inside in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.MULTILINE):
                    labels.setdefault(name, set()).update(re.findall(r'(\w+)="', inside))
        return labels

    return ask


def missing(said):
    """Return what rules and dashboards ask for and nobody says."""
    found, used = [], set()
    for expr in asked():
        for name, inside in NAME.findall(expr):
            if name in NO_METRICS:
                continue
            used.add(name)
            kind = re.sub(r"_(bucket|count)$", "", name)
            if name not in said and kind not in said:
                found.append(f"nobody says {name}: {expr}")
            elif name not in RARE:
                matched = set(re.findall(r"(\w+)\s*=~?\"", inside)) - BY_PROMETHEUS
                there = said.get(name, set()) | said.get(kind, set())
                found += [f"{name} has no {label}: {expr}" for label in matched - there]
    assert len(used) > 30
    return found


async def test_every_metric_and_label_that_is_asked_for_exists(said, student):
    (await student.report(student.event())).raise_for_status()

    async def is_all_said() -> bool:  # what an event brings about is counted a moment later
        return not missing(await said())

    with contextlib.suppress(TimeoutError):
        await eventually(is_all_said, 20, every=0.5)
    assert missing(await said()) == []


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
        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            url = f"http://127.0.0.1:{part.port}/api/v1"

            async def is_ready():
                return await asyncio.to_thread(part.is_ready)

            await eventually(is_ready, 60)

            async def all_are_up():
                answer = (await http.get(f"{url}/targets")).json()["data"]["activeTargets"]
                return [t["health"] for t in answer] == ["up"] * 6

            await eventually(all_are_up, 60, every=0.2)
            groups = (await http.get(f"{url}/rules")).json()["data"]["groups"]
            rules = [rule for group in groups for rule in group["rules"]]
            assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
            alerts = {rule["name"] for rule in rules if rule["type"] == "alerting"}
            assert {"OepOutboxStuck", "OepAcceptErrors"} <= alerts
    finally:
        await asyncio.to_thread(processes.stop, process, signal.SIGTERM, 5)
