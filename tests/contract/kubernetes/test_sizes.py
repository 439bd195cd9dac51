"""The large installation holds what it is for, by what was measured (its README.md)."""

import re

import pytest
from contract.kubernetes.rendered import KUBERNETES, ROOT

STUDENTS = 100_000
EVENTS = STUDENTS * 0.1  # a second; as bench-boards has them: 500 of 5,000 students
SAVES = STUDENTS / 15  # a client saves 15 s after the last change
BEGINS = STUDENTS / 60  # everybody begins within the first minute
LOGINS = STUDENTS / 900  # and comes within a quarter of an hour
# Seconds of CPU for one, from the tables of tests/load/README.md, and the words that are there.
EVENT = {"proctoring": 153e-6, "postgres": 87e-6, "attempts": 53e-6, "nats": 32e-6}
SAVE, BEGIN = 1 / 1834, 1 / 708
LOGIN = 2 * 27.4 / 1000  # two cores, a thousand logins, client and all
QUOTED = ["| 153 | 87 | 53 | 32 |", "| 1,834 |", "| 708 |", "| 27.4 s |", "18,000 sockets"]
NODE_SOCKETS = 18_000  # what one node was measured with
ZONES = 3

DEMAND = {
    "proctoring": EVENTS * EVENT["proctoring"],
    "attempts": EVENTS * EVENT["attempts"] + max(SAVES * SAVE, BEGINS * BEGIN),
    "auth": LOGINS * LOGIN,
    # A save writes about what an event does; it was not measured by itself.
    "postgres": (EVENTS + SAVES) * EVENT["postgres"],
    "nats": (EVENTS + SAVES) * EVENT["nats"],
}


@pytest.fixture
def large(overlays):
    return overlays["large"]


def cores(text: str) -> float:
    return int(text[:-1]) / 1000 if text.endswith("m") else float(text)


def test_what_is_counted_with_was_measured():
    measured = (ROOT / "tests" / "load" / "README.md").read_text()
    assert [words for words in QUOTED if words not in measured] == []


@pytest.mark.parametrize("name", ["proctoring", "attempts", "auth"])
def test_when_a_zone_is_gone_the_rest_carries_all(large, name):
    spec = large.workloads[name]["spec"]
    resources = large.container(name)["resources"]
    # auth hashes in threads, and all of its processor; the others are one loop on one core.
    side = "limits" if name == "auth" else "requests"
    each = cores(resources[side]["cpu"])
    left = spec["replicas"] - -(-spec["replicas"] // ZONES)
    assert left * each >= DEMAND[name]


@pytest.mark.parametrize("name", ["postgres", "nats"])
def test_one_server_carries_all(large, name):
    """One primary writes; of the bus each member writes everything."""
    [cluster] = large.of("Cluster").values()
    resources = cluster["spec"] if name == "postgres" else large.container(name)
    assert cores(resources["resources"]["requests"]["cpu"]) >= 2 * DEMAND[name]


def test_nodes_of_realtime_hold_everybody_when_a_zone_is_gone(large):
    spec = large.of("ScaledObject")["realtime"]["spec"]
    [cron] = [each["metadata"] for each in spec["triggers"] if each["type"] == "cron"]
    before = int(cron["desiredReplicas"])
    left = before - -(-before // ZONES)
    assert STUDENTS / left <= NODE_SOCKETS * 0.6, "pings, boards and returns take their part"


def test_the_readme_says_the_same_numbers(large):
    text = (KUBERNETES / "README.md").read_text()
    for name, demand in DEMAND.items():
        [row] = re.findall(rf"^\| {name} \|.*$", text, flags=re.MULTILINE)
        assert f"| {demand:.1f} |" in row, (name, demand)
        if name in large.of("Deployment"):
            assert f"| {large.workloads[name]['spec']['replicas']} of " in row
