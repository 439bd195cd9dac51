import os
import signal
import subprocess
import sys
import time

import httpx
import psutil
import pytest
from oep_local import ports, tls
from oep_local.layout import answers
from oep_local.state import State

PROGRAMS = ("postgres", "nats", "auth", "attempts", "proctoring", "realtime", "gateway")


def oep(state, *arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "oep_local", *arguments],
        env={**os.environ, "OEP_STATE": str(state), "COLUMNS": "200"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def healthy(platform):
    """Lend the platform out and put right afterwards what a test has broken."""
    yield platform
    platform.heal()


def test_status_shows_every_program_and_says_that_all_is_well(platform):
    code, text = oep(platform.state.root, "status")
    assert code == 0, text
    assert all(name in text for name in PROGRAMS)


def test_people_reach_the_proctoring_tables_by_their_bare_names(platform):
    code, text = oep(platform.state.root, "psql", "-c", "SELECT count(*) FROM proctoring_events")
    assert code == 0, text
    code, text = oep(platform.state.root, "psql", "-c", "SELECT * FROM auth.users")
    assert code == 1
    assert "permission denied" in text


@pytest.mark.parametrize("name", PROGRAMS)
def test_whatever_is_killed_comes_back(healthy, name):
    healthy.restart(name)
    assert answers(healthy.layout.ports.of("gateway_admin"), "/ready")


def test_status_says_so_when_something_is_down(healthy):
    healthy.kill("attempts", hold=True)
    code, text = oep(healthy.state.root, "status")
    assert code == 1
    assert "no" in text


def test_no_password_is_in_a_command_line(platform):
    secrets = platform.state.secrets().values()
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        assert not any(secret in line for secret in secrets)


def crowd():
    """How many share a core; times are promised for a machine that does nothing else."""
    return max(1, os.getloadavg()[0] / (os.cpu_count() or 1))


def demo_people(state):
    return oep(state.root, "psql", "--role", "auth_app", "-At", "-c", "SELECT username FROM users")


def speaks_tls_alone(state):
    """Pages, REST and sockets by a certificate that is not believed unasked."""
    url = state.read_run()["url"]
    assert url.startswith("https://localhost:")
    with httpx.Client(base_url=url, verify=tls.trust(state), timeout=10, trust_env=False) as http:
        page = http.get("/app/")
        assert page.status_code == 200
        assert "wss://localhost" in page.headers["content-security-policy"]
        assert "strict-transport-security" in page.headers
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(url, trust_env=False)
    code, text = oep(state.root, "demo")
    assert code == 0, text
    assert ", 0 lost, 0 doubled" in text


@pytest.mark.timeout(300)
def test_up_again_is_quick_and_keeps_the_data_and_no_process_stays(tmp_path_factory):
    state = State(tmp_path_factory.mktemp("up") / "state")
    moved = {
        f"OEP_PORT_{name.upper()}": str(port) for name, port in ports.free_plan().by_name.items()
    }
    try:
        code, text = oep(state.root, "up", "--detach", "--realtime", "2", **moved)
        assert code == 0, text
        assert f"http://localhost:{moved['OEP_PORT_GATEWAY']}" in text
        first = demo_people(state)
        assert "demo001" in first[1]
        pids = [word["pid"] for word in state.read_run()["parts"].values()]
        assert len(pids) == len(PROGRAMS) + 2  # another node, and the pages
        assert oep(state.root, "down")[0] == 0
        assert not any(map(psutil.pid_exists, pids))

        began = time.monotonic()
        terminal = subprocess.Popen(
            [sys.executable, "-m", "oep_local", "up", "--tls"],
            env={**os.environ, "OEP_STATE": str(state.root), **moved},
            stdout=subprocess.PIPE,
            text=True,
        )
        for line in terminal.stdout:
            if "Ctrl-C here" in line:
                break
        assert (time.monotonic() - began) / crowd() < 10
        assert demo_people(state) == first
        speaks_tls_alone(state)
        pids = [word["pid"] for word in state.read_run()["parts"].values()]
        began = time.monotonic()
        terminal.send_signal(signal.SIGINT)
        assert "Everything is stopped" in terminal.communicate(timeout=60)[0]
        assert (time.monotonic() - began) / crowd() < 5
        assert terminal.returncode == 0
        assert not any(map(psutil.pid_exists, pids))
    finally:
        oep(state.root, "reset", "--yes")
