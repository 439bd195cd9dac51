"""The large installation is the one that `oep capacity` proposes (docs/capacity.md)."""

import re

import pytest
from contract.kubernetes.rendered import KUBERNETES
from oep_local.capacity import sizing
from oep_local.capacity.demand import Habits, moments

STUDENTS = 100_000
GIB = re.compile(r"^(\d+)Gi$")


@pytest.fixture(scope="module")
def wanted():
    """What the model wants, by part."""
    plan = sizing.plan(STUDENTS, moments(STUDENTS, Habits()), Habits())
    return {group.part: group for group in plan.groups}


@pytest.fixture
def large(overlays):
    return overlays["large"]


def cores(text: str) -> float:
    return int(text[:-1]) / 1000 if text.endswith("m") else float(text)


def gib(text: str) -> int:
    return int(GIB.match(text)[1])


@pytest.mark.parametrize("name", ["auth", "attempts", "proctoring", "gateway", "web"])
def test_there_are_as_many_as_are_wanted_and_as_large(large, wanted, name):
    assert large.workloads[name]["spec"]["replicas"] >= wanted[name].replicas
    resources = large.container(name)["resources"]
    # auth hashes in threads, and all of its processor; files take none to speak of.
    side = "limits" if name in {"auth", "web"} else "requests"
    assert cores(resources[side]["cpu"]) >= (wanted[name].cores if name != "web" else 0.1)


def test_nodes_of_realtime_stand_before_the_doors_open(large, wanted):
    spec = large.of("ScaledObject")["realtime"]["spec"]
    [cron] = [each["metadata"] for each in spec["triggers"] if each["type"] == "cron"]
    assert int(cron["desiredReplicas"]) >= wanted["realtime"].replicas


def test_the_database_and_the_bus_have_their_cores_and_disks(large, wanted):
    [cluster] = large.of("Cluster").values()
    assert cluster["spec"]["instances"] >= wanted["postgres"].replicas
    assert cores(cluster["spec"]["resources"]["requests"]["cpu"]) >= wanted["postgres"].cores
    assert gib(cluster["spec"]["storage"]["size"]) >= wanted["postgres"].disk
    bus = large.workloads["nats"]["spec"]
    assert bus["replicas"] >= wanted["nats"].replicas
    assert cores(large.container("nats")["resources"]["requests"]["cpu"]) >= wanted["nats"].cores
    [claim] = bus["volumeClaimTemplates"]
    assert gib(claim["spec"]["resources"]["requests"]["storage"]) >= wanted["nats"].disk


def test_the_readme_says_what_the_command_says(wanted):
    text = (KUBERNETES / "README.md").read_text()
    for name in ("auth", "attempts", "proctoring", "realtime", "gateway", "postgres", "nats"):
        group = wanted[name]
        assert f"| {name} | {group.why} | {group.replicas} x {group.cores} |" in text, name
