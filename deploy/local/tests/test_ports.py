import contextlib
import socket
import subprocess
import sys

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


def chosen(share, replicas=1):
    with contextlib.ExitStack() as held:
        return share.hold_free_block(held, replicas)


def test_two_processes_never_choose_the_same_port(tmp_path):
    """Each is given what it has not begun to listen on yet."""
    shares = [ports.Share(tmp_path, (12_000, 12_080), size=40) for _ in range(2)]
    given = [chosen(share) for _ in range(20) for share in shares]
    assert len(set(given)) == 40


def test_a_slice_is_free_again_when_its_process_has_ended(tmp_path):
    program = (
        "import contextlib, pathlib; from oep_local import ports;"
        f"share = ports.Share(pathlib.Path({str(tmp_path)!r}), (12_000, 12_040), size=40);"
        "print(share.hold_free_block(contextlib.ExitStack(), 1))"
    )
    ended = [
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
        for _ in range(2)
    ]
    assert {int(process.stdout) for process in ended} <= set(range(12_000, 12_040))


def test_when_all_are_given_a_process_begins_with_its_own_again(tmp_path):
    share = ports.Share(tmp_path, (12_000, 12_040), size=40)
    given = [chosen(share) for _ in range(60)]
    assert set(given) <= set(range(12_000, 12_040))
    with pytest.raises(RunnerError, match="No free ports"):
        chosen(ports.Share(tmp_path, (12_000, 12_040), size=40))


def test_a_block_has_its_replicas_ports_and_gives_none_of_them_again(tmp_path):
    share = ports.Share(tmp_path, (12_000, 12_120), size=120)
    blocks = [chosen(share, replicas=3) for _ in range(8)]
    every = {first + 10 * n for first in blocks for n in range(3)}
    assert len(every) == 24


def test_a_port_that_somebody_listens_on_is_not_given(tmp_path, taken):
    with pytest.raises(RunnerError, match="No free ports"):
        chosen(ports.Share(tmp_path, (taken, taken + 1), size=1))
