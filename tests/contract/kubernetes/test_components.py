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


@pytest.fixture
def with_pictures(tmp_path, overlays):
    """The small overlay, with a bucket, as an installation of its own would write it."""
    made = dict(overlays["small"].steps)
    for step in ("platform", "services"):
        folder = tmp_path / step
        folder.mkdir()

        def to(place: Path, folder=folder) -> str:
            return os.path.relpath(place, folder.resolve())

        said = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [to(KUBERNETES / "overlays" / "small" / step)],
            "components": [to(KUBERNETES / "components" / "pictures" / step)],
        }
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(said))
        command = [sys.executable, "-c", RENDER, str(KUBERNETES / "render.py"), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        made[step] = read_yaml(done.stdout)
    return Overlay("small with pictures", {step: made[step] for step in STEPS})


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
