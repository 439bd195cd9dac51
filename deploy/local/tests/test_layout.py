import pytest
from oep_local import plan
from oep_local.layout import Layout
from oep_local.parts import Part
from oep_local.ports import plan as port_plan
from oep_local.state import State


@pytest.fixture
def two_of_each(tmp_path):
    replicas = {"realtime": 3, "attempts": 2, "proctoring": 2}
    return Layout(State(tmp_path).open(), port_plan(environment={}), replicas)


def test_a_running_service_gets_its_own_rights_only(two_of_each):
    environment = two_of_each.environment("attempts")
    assert environment["DATABASE_URL"].startswith("postgresql://attempts_app:")
    assert "MIGRATION_DATABASE_URL" not in environment
    assert "SIGNING_KEY_SECRET" not in environment
    assert "SIGNING_KEY_SECRET" in two_of_each.environment("auth")
    assert "RECEIPT_SIGNING_SECRET" in environment
    assert "RECEIPT_SIGNING_SECRET" not in two_of_each.environment("auth")
    assert "EVIDENCE_SIGNING_SECRET" not in environment
    assert "EVIDENCE_SIGNING_SECRET" in two_of_each.environment("proctoring")
    assert "DATABASE_URL" not in two_of_each.environment("realtime")


def test_only_auth_is_told_what_is_decided_about_signing_in(two_of_each, monkeypatch):
    monkeypatch.setenv("OIDC_ISSUER", "https://id.example.org")
    monkeypatch.setenv("SECOND_FACTOR_ROLES", "admin")
    told = two_of_each.environment("auth")
    assert told["OIDC_ISSUER"] == "https://id.example.org"
    assert told["SECOND_FACTOR_ROLES"] == "admin"
    assert not {"OIDC_ISSUER", "SECOND_FACTOR_ROLES"} & set(two_of_each.environment("attempts"))


def test_migrations_and_importers_get_the_owner(two_of_each):
    owner = two_of_each.environment_of_deeds("auth")["MIGRATION_DATABASE_URL"]
    assert owner.startswith("postgresql://auth_owner:")


def test_everybody_knows_the_addresses_of_all_replicas(two_of_each):
    environment = two_of_each.environment("realtime", 3)
    assert environment["ATTEMPTS_GRPC"] == "127.0.0.1:8202,127.0.0.1:8212"
    assert environment["PROCTORING_GRPC"] == "127.0.0.1:8203,127.0.0.1:8213"
    assert environment["REST_PORT"] == "8124"


def test_proctoring_alone_is_told_of_mail(two_of_each, monkeypatch):
    monkeypatch.setenv("MAIL_HOST", "127.0.0.1")
    assert two_of_each.environment("proctoring")["MAIL_HOST"] == "127.0.0.1"
    assert "MAIL_HOST" not in two_of_each.environment("auth")


def test_our_own_environment_does_not_leak_into_services(two_of_each, monkeypatch):
    monkeypatch.setenv("DATABASE_POOL_SIZE", "99")
    assert "DATABASE_POOL_SIZE" not in two_of_each.environment("attempts")


def test_a_bus_of_three_is_known_by_three_addresses_and_has_stores_of_its_own(tmp_path):
    one = Layout(State(tmp_path).open(), port_plan(environment={}), {})
    assert one.environment("auth")["NATS_URL"] == "nats://127.0.0.1:54222"
    assert one.environment("auth")["NATS_REPLICAS"] == "1"
    assert "nats_cluster" not in dict(one.wanted_ports())
    three = Layout(one.state, one.ports, {"nats": 3})
    assert three.environment("auth")["NATS_URL"] == (
        "nats://127.0.0.1:54222,nats://127.0.0.1:54232,nats://127.0.0.1:54242"
    )
    assert three.environment("auth")["NATS_REPLICAS"] == "3"
    wanted = dict(three.wanted_ports())
    assert (wanted["nats#3"], wanted["nats_monitor#3"], wanted["nats_cluster#3"]) == (
        54242,
        58242,
        56242,
    )
    servers = [plan.nats(one, 1), *(plan.nats(three, n) for n in (1, 2, 3))]
    assert [part.label for part in servers[1:]] == ["nats", "nats#2", "nats#3"]
    assert len({part.command().argv[-1] for part in servers}) == 4


def test_every_replica_needs_its_ports(two_of_each):
    wanted = dict(two_of_each.wanted_ports())
    assert wanted["realtime#3"] == 8124
    assert wanted["attempts_grpc#2"] == 8212
    assert wanted["postgres"] == 55432
    assert "auth#2" not in wanted


def test_the_stores_come_first_and_the_public_door_last(two_of_each):
    stages = plan.stages(two_of_each)
    names = [[item.name for item in stage] for stage in stages]
    assert names[0] == ["postgres", "nats"]
    assert names[2] == ["migrate auth", "migrate attempts", "migrate proctoring"]
    assert names[3].count("realtime") == 3
    parts = [item for stage in stages for item in stage if isinstance(item, Part)]
    assert parts[-1].name == "gateway"


def test_pages_ask_for_traces_where_spans_are_written(tmp_path):
    state, ports = State(tmp_path).open(), port_plan(environment={})
    for traces in (0, 1):
        made = Layout(state, ports, {"traces": traces, "web": 1})
        assert ("--trace" in made.pages_command().argv) is bool(traces)
        assert ("TRACES_TO" in made.environment("proctoring")) is bool(traces)


def test_a_layout_is_read_back_from_what_the_supervisor_said(two_of_each):
    two_of_each.state.write_run(two_of_each.about())
    assert Layout.read(two_of_each.state).wanted_ports() == two_of_each.wanted_ports()
