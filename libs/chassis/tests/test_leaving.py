"""How a service ends: it says that it is not ready, takes what still comes, and goes."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import httpx
import pytest
from oep_local import ports

SERVICE = """
import contextlib

from chassis.serving import serve, service
from chassis.settings import ServiceSettings


@contextlib.asynccontextmanager
async def lifespan(_):
    yield


app = service("leaver", "1", lifespan, {}, worker_threads=2)


@app.get("/work")
def work() -> str:
    return "done"

serve(app, ServiceSettings())
"""
LEAVING = 30.0
SOON = 15.0
START_SECONDS = 60.0
TICKS_SECONDS = 1.0
"""Some of the moments in which a server looks whether it is to end."""


@pytest.fixture
def leaver():
    """Start a service that leaves slowly; yield its process and how to ask it."""
    port = ports.free_port()
    told = {
        "HOST": "127.0.0.1",
        "REST_PORT": str(port),
        "NATS_URL": "nats://127.0.0.1:9",
        "JWKS_URL": "http://127.0.0.1:9/jwks.json",
        "LEAVING_SECONDS": str(LEAVING),
    }
    process = subprocess.Popen([sys.executable, "-c", SERVICE], env=os.environ | told)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        yield process, http
    process.kill()
    process.wait()


def becomes(http, status):
    """Wait until readiness is answered with a status."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if http.get("/health/ready").status_code == status:
                return
        time.sleep(0.05)
    pytest.fail(f"readiness was not {status} within {START_SECONDS:.0f} s")


def test_who_is_asked_to_end_takes_what_still_comes_until_he_is_hurried(leaver):
    process, http = leaver
    becomes(http, 200)
    process.send_signal(signal.SIGTERM)
    becomes(http, 503)
    until = time.monotonic() + TICKS_SECONDS
    while time.monotonic() < until:
        assert httpx.get(f"{http.base_url}/work", trust_env=False).json() == "done"  # a new line
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(SOON)
    assert time.monotonic() - began < LEAVING


def test_who_must_go_at_once_goes(leaver):
    process, http = leaver
    becomes(http, 200)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(SOON)
    assert time.monotonic() - began < LEAVING
