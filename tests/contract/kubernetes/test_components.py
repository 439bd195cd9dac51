"""What may be added to an overlay: figures for Prometheus's operator, a bucket for pictures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from contract.kubernetes.rendered import KUBERNETES, ROOT, STEPS, Overlay, read_yaml
from contract.kubernetes.test_manifests import check
from contract.kubernetes.test_services import settings

OBSERVABILITY = ROOT / "deploy" / "observability"
RENDER = """
import runpy, sys
from pathlib import Path
print(runpy.run_path(sys.argv[1])["rendered"](Path(sys.argv[2])))
"""


def with_component(overlays, folder: Path, name: str, *steps: str) -> Overlay:
    """Return the small overlay with a component, as an installation of its own would write it."""
    made = dict(overlays["small"].steps)
    for step in steps:
        place = folder / step
        place.mkdir()
        component = KUBERNETES / "components" / name
        component = component / step if len(steps) > 1 else component
        said = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [_from(place, KUBERNETES / "overlays" / "small" / step)],
            "components": [_from(place, component)],
        }
        (place / "kustomization.yaml").write_text(yaml.safe_dump(said))
        command = [sys.executable, "-c", RENDER, str(KUBERNETES / "render.py"), str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        made[step] = read_yaml(done.stdout)
    return Overlay(f"small with {name}", {step: made[step] for step in STEPS})


def _from(place: Path, wanted: Path) -> str:
    return os.path.relpath(wanted, place.resolve())


@pytest.fixture
def with_pictures(tmp_path, overlays):
    return with_component(overlays, tmp_path, "pictures", "platform", "services")


def test_proctoring_reaches_receivers_of_webhooks_but_nothing_private(tmp_path, overlays):
    opened = with_component(overlays, tmp_path, "webhooks", "platform")
    policy = opened.of("NetworkPolicy")["proctoring"]
    check(policy)
    before = overlays["small"].of("NetworkPolicy")["proctoring"]["spec"]["egress"]
    [added] = [rule for rule in policy["spec"]["egress"] if rule not in before]
    [block] = [place["ipBlock"] for place in added["to"]]
    assert added["ports"] == [{"protocol": "TCP", "port": 443}]
    assert {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"} < set(
        block["except"]
    )


def test_proctoring_keeps_pictures_in_the_bucket_and_reaches_it(with_pictures, monkeypatch):
    for kind in ("Deployment", "ExternalSecret", "NetworkPolicy"):
        check(with_pictures.of(kind)["proctoring"])
    read = settings(with_pictures, "proctoring", monkeypatch)
    assert read.snapshots_place == "s3://oep-pictures/exams"
    assert read.snapshots_s3_endpoint == "https://objects.example.org"
    assert read.snapshots_s3_key_id
    assert read.snapshots_s3_secret.get_secret_value()
    rules = with_pictures.of("NetworkPolicy")["proctoring"]["spec"]["egress"]
    assert {"protocol": "TCP", "port": 443} in [port for rule in rules for port in rule["ports"]]


def test_without_it_there_are_none(overlay, monkeypatch):
    assert settings(overlay, "proctoring", monkeypatch).snapshots_place is None


def scraped(overlay) -> dict[str, tuple[int, str]]:
    """Return port and path of each job, as its operator would find them."""
    found = {}
    for monitor in overlay.of("PodMonitor").values():
        spec = monitor["spec"]
        [asked] = spec["podMetricsEndpoints"]
        for name, workload in overlay.of("Deployment").items():
            labels = workload["spec"]["template"]["metadata"]["labels"]
            if selects(spec["selector"], labels):
                [port] = [
                    port["containerPort"]
                    for port in overlay.container(name)["ports"]
                    if port["name"] == asked["port"]
                ]
                found[labels[spec["jobLabel"]]] = (port, asked["path"])
    return found


def selects(selector, labels) -> bool:
    plain = selector.get("matchLabels", {}).items() <= labels.items()
    listed = selector.get("matchExpressions", ())
    return plain and all(labels.get(each["key"]) in each["values"] for each in listed)


def test_the_operator_scrapes_the_jobs_that_our_own_configuration_names(overlays):
    own = yaml.safe_load((OBSERVABILITY / "prometheus.yml").read_text())["scrape_configs"]
    wanted = {job["job_name"]: job.get("metrics_path", "/metrics") for job in own}
    found = scraped(overlays["large"])
    services = {name: path for name, (_, path) in found.items() if name != "gateway"}
    assert services == {name: path for name, path in wanted.items() if name != "gateway"}
    assert found["gateway"] == (9902, "/stats/prometheus")
    assert not overlays["small"].of("PodMonitor")


def test_its_rules_are_ours(overlays):
    [rules] = overlays["large"].of("PrometheusRule").values()
    assert rules["spec"] == yaml.safe_load((OBSERVABILITY / "rules.yml").read_text())
