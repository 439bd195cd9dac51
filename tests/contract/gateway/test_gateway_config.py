"""The committed configuration is what the generator makes, and Envoy accepts it."""

import re
import runpy
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import envoy
import pytest
import yaml

GATEWAY = Path(__file__).parents[3] / "deploy" / "gateway"
README = GATEWAY / "README.md"


def run(*arguments):
    command = [sys.executable, str(GATEWAY / "generate.py"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_generating_again_gives_no_difference(tmp_path):
    made = run(f"--live={tmp_path}", "--live-seen-as=/etc/envoy/live").stdout
    assert made == (GATEWAY / "envoy.yaml").read_text()
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {
        each.name: each.read_text() for each in (GATEWAY / "live").iterdir()
    }


def test_envoy_accepts_the_committed_configuration(tmp_path):
    text = (GATEWAY / "envoy.yaml").read_text()
    config = tmp_path / "envoy.yaml"
    config.write_text(text.replace("/etc/envoy/", f"{GATEWAY}/"))
    binary = Path(envoy.__file__).parent / "_bin" / "envoy"
    command = [binary, "--mode", "validate", "-c", config, "--disable-hot-restart"]
    seen = subprocess.run(command, check=False, capture_output=True, text=True)
    assert seen.returncode == 0, seen.stderr
    assert "deprecated" not in seen.stderr.lower()


def test_every_replica_is_an_endpoint():
    made = yaml.safe_load(run("--upstream=attempts=127.0.0.1:8102,127.0.0.1:8112").stdout)
    clusters = {c["name"]: c for c in made["static_resources"]["clusters"]}
    endpoints = clusters["attempts"]["load_assignment"]["endpoints"][0]["lb_endpoints"]
    ports = [e["endpoint"]["address"]["socket_address"]["port_value"] for e in endpoints]
    assert ports == [8102, 8112]
    assert clusters["attempts"]["type"] == "STATIC"
    assert clusters["auth"]["type"] == "STRICT_DNS"


def test_a_download_may_take_as_long_as_a_slow_line_needs():
    made = yaml.safe_load(run().stdout)
    [listener] = made["static_resources"]["listeners"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    [host] = manager["route_config"]["virtual_hosts"]
    for path in ("attempt/7/evidence", "attempt/7/evidence/", "people/7/export"):
        found = next(
            route["route"]
            for route in host["routes"]
            if re.fullmatch(
                route["match"].get("safe_regex", {}).get("regex", "-"),
                f"/api/v1/proctoring/{path}",
            )
        )
        assert (found["cluster"], found["timeout"]) == ("proctoring", "600s")


def test_every_limit_and_its_number_are_in_the_readme():
    table = re.findall(r"^\| `([a-z_]+)` \| ([\d,]+) \| \S", README.read_text(), re.MULTILINE)
    said = {name: int(number.replace(",", "")) for name, number in table}
    limits = runpy.run_path(str(GATEWAY / "gateway_config" / "choices.py"))["Limits"]
    assert said == {each.name: each.default for each in fields(limits)}


@pytest.mark.parametrize(
    ("argument", "complaint"),
    [
        ("--upstream=attempt=127.0.0.1:1", "the services are auth, attempts"),
        ("--upstream=attempts=", "no address for: attempts"),
        ("--upstream=attempts=8102", "not a host:port"),
        ("--origin=http://x' || true", "not an origin"),
        ("--origin=*", "not an origin"),
        ("--limit=logins=3", "the limits are body_bytes, "),
        ("--limit=login-burst=0", "a number from 1 on"),
        ("--certificate=public.crt", "--certificate and --private-key come together"),
    ],
)
def test_a_wrong_argument_is_named(argument, complaint):
    seen = run(argument)
    assert seen.returncode != 0
    assert complaint in seen.stderr
    assert seen.stdout == ""
