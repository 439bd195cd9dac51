import socket

import pytest
from oep_local import ports
from oep_local.errors import RunnerError


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_replicas_sit_ten_ports_apart():
    plan = ports.plan(environment={})
    assert [plan.of("attempts", n) for n in (1, 2, 3)] == [8102, 8112, 8122]
    assert plan.of("gateway") == 8000


def test_a_base_port_moves_everything_and_a_variable_wins():
    plan = ports.plan(18000, {"OEP_PORT_NATS": "4222"})
    assert plan.of("gateway") == 18000
    assert plan.of("auth") == 18101
    assert plan.of("nats") == 4222


def test_no_two_programs_share_a_port_even_with_nine_replicas():
    for plan in (ports.plan(environment={}), ports.plan(20000, {})):
        services = ("auth", "attempts", "proctoring", "realtime", "auth_grpc", "attempts_grpc")
        every = [plan.of(name, n) for name in services for n in range(1, 10)]
        every += [plan.of(name) for name in plan.by_name if name not in services]
        assert len(every) == len(set(every))


@pytest.mark.parametrize("wish", ["http", "0", "65536", "-1"])
def test_a_variable_that_is_no_port_is_refused_by_name(wish):
    with pytest.raises(RunnerError, match=f"OEP_PORT_AUTH={wish} is no port"):
        ports.plan(environment={"OEP_PORT_AUTH": wish})


def test_every_taken_port_is_reported_with_what_to_do(taken):
    with pytest.raises(ports.PortTaken) as refusal:
        ports.refuse_taken([("gateway", taken), ("attempts#2", taken), ("nats", ports.free_port())])
    text = str(refusal.value)
    assert f"port {taken} (gateway) is taken" in text
    assert "OEP_PORT_GATEWAY" in text
    assert f"port {taken} (attempts#2)" in text
    assert "OEP_PORT_ATTEMPTS\n" in text
    assert "nats" not in text


def test_a_free_plan_gives_every_program_its_own_free_port():
    plan = ports.free_plan()
    every = list(plan.by_name.values())
    assert len(set(every)) == len(ports.DEFAULTS)
    assert not any(map(ports.is_taken, every))
