"""What containers ask NATS about its health ends a server that has given up streams, and no other.

A stream whose disk refused a write is given up until the server starts anew; when the disk refuses
what a cluster has agreed on, all of them are (fault 24 of tests/chaos). The commands of compose and
Kubernetes are run as they stand there, against a real server; functions of the shell stand for the
programs of its image, and for the end of process 1.
"""

import json
import re
import resource
import subprocess
import sys
import urllib.request
from pathlib import Path

import nats
import pytest
import yaml
from chassis.waiting import eventually
from nats.errors import Error as NatsError
from oep_local import ports
from oep_local.nats import NatsServer, cluster, is_sick
from oep_local.processes import moments

ROOT = Path(__file__).parents[2]
AGREED = Path("jetstream", "jetstream", "$SYS", "_js_", "_meta_")
"""Where a server keeps what the cluster has agreed on."""
PASSES_ON = """\
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as line:
    line.sendall(sys.stdin.buffer.read())
    while data := line.recv(4096):
        sys.stdout.buffer.write(data)
"""
ASKS = """\
import sys, urllib.request
urllib.request.urlopen(sys.argv[-1], timeout=5)
"""


@pytest.fixture
def server(tmp_path):
    server = NatsServer(tmp_path / "store", tmp_path / "log", ports.free_port(), ports.free_port())
    server.start()
    yield server
    server.remove()


@pytest.fixture
def broken(server):
    """Return what makes the server give a stream up."""

    async def give_up() -> None:
        connection = await nats.connect(server.url)
        stream = connection.jetstream(timeout=2)
        await stream.add_stream(name="KEPT", subjects=["kept.>"])
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (8, resource.RLIM_INFINITY))
        with pytest.raises(NatsError):
            await stream.publish("kept.one", bytes(100_000))
        await connection.close()
        await eventually(lambda: is_sick(server.monitor_port), 10)

    return give_up


@pytest.fixture(scope="module")
def given_up(tmp_path_factory):
    """Yield a server of three that has given up all streams: its disk is full when it votes."""
    places = [(ports.free_port(), ports.free_port(), ports.free_port()) for _ in range(3)]
    three = cluster(tmp_path_factory.mktemp("three"), places)
    try:
        three.start()
        leader = told_leader(three.servers[0])
        for server in three.servers:
            (server.store / AGREED / "tav.idx.tmp").symlink_to("/dev/full")
        three.named(leader).stop()
        yield first_sick([server for server in three.servers if server.is_running])
    finally:
        three.stop()


def first_sick(servers: list[NatsServer]) -> NatsServer:
    for _ in moments(30):
        for server in servers:
            if is_sick(server.monitor_port):
                return server
    raise AssertionError("no server has given up")


def told_leader(server: NatsServer) -> str:
    address = f"http://127.0.0.1:{server.monitor_port}/jsz"
    with urllib.request.urlopen(address, timeout=5) as answer:
        return json.load(answer)["meta_cluster"]["leader"]


def kubernetes() -> str:
    base = ROOT / "deploy" / "kubernetes" / "base" / "platform" / "nats.yaml"
    [bus] = [d for d in yaml.safe_load_all(base.read_text()) if d["kind"] == "StatefulSet"]
    [container] = bus["spec"]["template"]["spec"]["containers"]
    shell, option, command = container["livenessProbe"]["exec"]["command"]
    assert (shell, option) == ("sh", "-c")
    return command


def compose() -> str:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    kind, command = services["nats"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    assert services["nats"]["restart"] == "unless-stopped"
    return command


@pytest.mark.parametrize("place", ["kubernetes/base/platform", "compose"])
def test_a_start_on_a_full_disk_leaves_no_bound_behind(server, place):
    """NATS takes what is free at its start for its bound, unless it is told another."""
    address = f"http://127.0.0.1:{server.monitor_port}/jsz"
    with urllib.request.urlopen(address, timeout=5) as answer:
        assert json.load(answer)["config"]["max_storage"] == 2**40
    config = (ROOT / "deploy" / place / "nats.conf").read_text()
    assert re.search("^  max_file_store: 1TB$", config, flags=re.MULTILINE)


def asked(command: str, server: NatsServer, tmp_path: Path) -> tuple[bool, str]:
    """Run a probe; return whether it was content, and what it would have ended."""
    for name, text in {"passes_on.py": PASSES_ON, "asks.py": ASKS}.items():
        (tmp_path / name).write_text(text)
    python = f"'{sys.executable}' '{tmp_path}"
    stand_ins = (
        f'nc() {{ {python}/passes_on.py\' "$@"; }}; busybox() {{ "$@"; }};'
        f' wget() {{ {python}/asks.py\' "$@" 2> /dev/null; }}; kill() {{ echo "ends $1"; }}\n'
    )
    there = command.replace("8222", str(server.monitor_port))
    done = subprocess.run(
        ["sh", "-c", stand_ins + there], capture_output=True, text=True, check=False, timeout=30
    )
    return done.returncode == 0, done.stdout


@pytest.mark.parametrize(("probe", "ended"), [(kubernetes, ""), (compose, "ends 1\n")])
async def test_a_server_that_has_given_up_a_stream_is_ended(server, broken, tmp_path, probe, ended):
    command = probe()
    assert asked(command, server, tmp_path) == (True, "")
    await broken()
    assert asked(command, server, tmp_path) == (False, ended)


@pytest.mark.parametrize(("probe", "ended"), [(kubernetes, ""), (compose, "ends 1\n")])
def test_a_server_that_has_given_up_all_streams_is_ended(given_up, tmp_path, probe, ended):
    assert asked(probe(), given_up, tmp_path) == (False, ended)


@pytest.mark.parametrize("probe", [kubernetes, compose])
def test_a_server_that_is_away_is_not_healthy_and_nothing_is_ended(server, tmp_path, probe):
    server.stop()
    assert asked(probe(), server, tmp_path) == (False, "")
