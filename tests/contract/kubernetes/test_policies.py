"""What may talk to what: exactly the picture of docs/architecture.md, in both directions."""

import importlib
import re

import pytest
from contract.kubernetes.rendered import NAME, ROOT, read_yaml

SERVICES = ("auth", "attempts", "proctoring", "realtime")
STORED = SERVICES[:3]
REST = {"auth": 8101, "attempts": 8102, "proctoring": 8103, "realtime": 8104, "web": 8105}
GRPC = {"auth": 8201, "attempts": 8202, "proctoring": 8203}
POSTGRES, NATS, CLUSTER = 5432, 4222, 6222
JOBS = [*(f"{name}-migrate" for name in STORED), "database-roles"]
CNPG = "cnpg.io/cluster"


def picture() -> str:
    text = (ROOT / "docs" / "architecture.md").read_text()
    return text.split("```")[1]


def drawn() -> set[tuple[str, str, int]]:
    """Read the arrows: who talks to whom, on which port."""
    found = set()
    for line in picture().splitlines():
        if match := re.search(r"(?:├|└|gateway[^▶]*)──▶ (\w+)", line):
            found.add(("gateway", match[1], REST[match[1]]))
        if match := re.search(r"▶ (\w+) ─+▶ schema \1", line):
            found.add((match[1], "postgres", POSTGRES))
            found.add((f"{match[1]}-migrate", "postgres", POSTGRES))
        kind, _, rest = line.strip().partition(":")
        arrows = re.findall(r"([\w, ]+?) ─▶ ([\w, ]+?)(?:  |$|\()", rest)
        if kind in {"gRPC", "keys"}:
            port = GRPC if kind == "gRPC" else REST
            for callers, called in arrows:
                found |= {(a, b, port[b]) for a in words(callers) for b in words(called)}
        if kind == "bus":
            found |= {(name, "nats", NATS) for name in words(rest.split("──outbox")[0])}
            found |= {(name, "nats", NATS) for name in re.findall(r"▶ (realtime)", rest)}
    return found


def words(text: str) -> list[str]:
    named = [word for word in re.split(r"[,\s]+", text.strip()) if word in SERVICES]
    return ["attempts", "proctoring", "realtime"] if "all three" in text else named


def told(overlay) -> set[tuple[str, str, int]]:
    """Read the addresses that containers are given and their programs read."""
    found = set()
    for name in SERVICES:
        read = importlib.import_module(f"{name}.__main__").SERVICE.settings.model_fields
        said = overlay.environment(name)
        for key in (field.upper() for field in read if field != "allowed_origins"):
            found |= {(name, host, port) for host, port in addresses(said.get(key, ""))}
    for name in JOBS[:-1]:
        url = overlay.environment(name)["MIGRATION_DATABASE_URL"]
        found |= {(name, host, port) for host, port in addresses(url)}
    clusters = overlay.mounted_maps("gateway")["/etc/oep/live/clusters.yaml"]
    for cluster in read_yaml(clusters)[0]["resources"]:
        [group] = cluster["load_assignment"]["endpoints"]
        for each in group["lb_endpoints"]:
            place = each["endpoint"]["address"]["socket_address"]
            found.add(("gateway", place["address"], place["port_value"]))
    return {each for each in found if each[1] != "127.0.0.1"}


def addresses(text: str) -> set[tuple[str, int]]:
    """Return the hosts and ports in a setting, hosts by the workload that answers there."""
    found = re.findall(r"(?://|@)([a-z][\w.-]*):(\d+)", text)
    return {(re.sub(r"-(rw|\d+\.nats)$", "", host), int(port)) for host, port in found}


# What no picture of ours shows: members among themselves, and the Job that makes the roles.
BESIDE = {
    ("nats", "nats", CLUSTER),
    ("postgres", "postgres", POSTGRES),
    ("postgres", "postgres", 8000),
    ("database-roles", "postgres", POSTGRES),
}


def labels(overlay) -> dict[str, dict[str, str]]:
    found = {n: w["spec"]["template"]["metadata"]["labels"] for n, w in overlay.workloads.items()}
    [cluster] = overlay.of("Cluster")
    return {**found, "postgres": {CNPG: cluster}}


def chooses(selector, mine) -> bool:
    """Whether a label selector chooses somebody with these labels."""
    plain = selector.get("matchLabels", {}).items() <= mine.items()
    return plain and all(
        mine.get(each["key"]) in each["values"] and each["operator"] == "In"
        for each in selector.get("matchExpressions", ())
    )


def allowed(overlay, way, mine, other, port) -> bool:
    """Whether some policy of one pod lets another in (or lets it out to it) on a port."""
    key = {"Ingress": "from", "Egress": "to"}[way]
    for policy in overlay.of("NetworkPolicy").values():
        spec = policy["spec"]
        if way not in spec["policyTypes"] or not chooses(spec["podSelector"], mine):
            continue
        for rule in spec.get(way.lower(), ()):
            ports = {each["port"] for each in rule.get("ports", ()) if each["protocol"] == "TCP"}
            peers = rule.get(key)
            is_chosen = peers is None or any(
                "namespaceSelector" not in peer and chooses(peer["podSelector"], other)
                for peer in peers
            )
            if port in ports and is_chosen:
                return True
    return False


def test_the_picture_is_read(overlay):
    assert ("realtime", "attempts", 8202) in drawn()
    assert ("gateway", "web", 8105) in drawn()
    assert ("attempts", "auth", 8201) in drawn()
    assert len(drawn()) == 5 + 6 + 6 + 4 + 3


def test_open_is_what_the_picture_shows_and_nothing_else(overlay):
    everybody = labels(overlay)
    ports = {*REST.values(), *GRPC.values(), POSTGRES, NATS, CLUSTER, 8000, 8222, 9187, 9902}
    found = {
        (one, other, port)
        for one, mine in everybody.items()
        for other, theirs in everybody.items()
        for port in ports
        if allowed(overlay, "Egress", mine, theirs, port)
        and allowed(overlay, "Ingress", theirs, mine, port)
    }
    from_everywhere = {(one, "gateway", 8000) for one in everybody}
    assert found - from_everywhere == drawn() | BESIDE


def test_the_picture_shows_what_programs_are_told_to_call(overlay):
    itself = {
        ("auth", "auth", REST["auth"])
    }  # demanded of every service; auth has its keys at hand
    assert told(overlay) - itself == drawn()
    environment = overlay.environment("database-roles")
    assert environment["PGHOST"] == "postgres-rw"


def test_no_door_is_open_on_one_side_only(overlay):
    """Each peer that a rule names has the matching rule: nothing is left over from a change."""
    everybody = labels(overlay)
    for one, mine in everybody.items():
        for other, theirs in everybody.items():
            for port in {*REST.values(), *GRPC.values(), POSTGRES, NATS, CLUSTER}:
                out = allowed(overlay, "Egress", mine, theirs, port)
                into = allowed(overlay, "Ingress", theirs, mine, port)
                assert out == into, (one, other, port)


def test_everything_is_denied_first(overlay):
    spec = overlay.of("NetworkPolicy")["default-deny"]["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_names_can_be_looked_up_by_everybody(overlay):
    spec = overlay.of("NetworkPolicy")["names"]["spec"]
    assert spec["podSelector"] == {}
    [rule] = spec["egress"]
    assert {(each["protocol"], each["port"]) for each in rule["ports"]} == {
        ("UDP", 53),
        ("TCP", 53),
    }
    [peer] = rule["to"]
    assert peer["podSelector"]
    assert peer["namespaceSelector"]


def test_from_outside_only_the_gateway_is_reached_and_figures_are_read(overlay):
    outside = set()
    for name, policy in overlay.of("NetworkPolicy").items():
        for rule in policy["spec"].get("ingress", ()):
            for peer in rule.get("from", [{"namespaceSelector": {"matchLabels": {"*": "*"}}}]):
                if "namespaceSelector" in peer:
                    [space] = peer["namespaceSelector"]["matchLabels"].values()
                    outside |= {(space, name, each["port"]) for each in rule["ports"]}
    figures = {("monitoring", name, REST[name]) for name in SERVICES}
    figures |= {("monitoring", "gateway", 9902), ("monitoring", "nats", 8222)}
    figures |= {("monitoring", "postgres", 9187)}
    operator = {("cnpg-system", "postgres", 5432), ("cnpg-system", "postgres", 8000)}
    assert outside == {("*", "gateway", 8000)} | figures | operator


def test_who_may_call_by_certificate_is_who_may_by_network(overlay):
    for name in STORED:
        told = overlay.environment(name)["MTLS_CALLERS"].split(",")
        assert set(told) == {a for a, b, port in drawn() if b == name and port == GRPC[name]}


@pytest.mark.parametrize("name", ["web", "gateway"])
def test_the_door_and_the_pages_reach_no_store(overlay, name):
    mine = labels(overlay)[name]
    for store, port in (("postgres", POSTGRES), ("nats", NATS)):
        assert not allowed(overlay, "Egress", mine, labels(overlay)[store], port)


def test_every_pod_is_known_by_its_name(overlay):
    assert {mine.get(NAME) for n, mine in labels(overlay).items() if n != "postgres"} == set(
        overlay.workloads
    )
