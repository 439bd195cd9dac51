"""The service as a process: it starts, says that it is ready, drains at SIGTERM and leaves."""

import asyncio
import contextlib
import json
import os
import signal
import sys

import httpx
import pytest
from chassis.waiting import eventually
from realtime.app import create_app
from realtime.settings import RealtimeSettings


@pytest.fixture
async def jwks(world):
    """auth's key endpoint."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps(world.tokens.jwks()).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json"
    server.close()


@pytest.fixture
async def process(world, jwks):
    """`python -m realtime` with the world's neighbours; its output is in `.lines`."""
    await world.stop_node()
    settings = world.node.settings
    environment = {
        "PATH": os.environ["PATH"],
        "REST_PORT": str(world.port),
        "NATS_URL": world.nats_url,
        "JWKS_URL": jwks,
        "AUTH_GRPC": settings.auth_grpc,
        "ATTEMPTS_GRPC": settings.attempts_grpc,
        "PROCTORING_GRPC": settings.proctoring_grpc,
        "NODE_ID": "p1",
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "realtime",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    yield child
    if child.returncode is None:
        child.kill()
        await child.communicate()
    await world.start_node()


async def until_ready(port, process):
    """Wait for readiness; say what it is waiting for when it does not come."""
    seen = "nothing answers"

    async def ready():
        nonlocal seen
        assert process.returncode is None, (await process.communicate())[0].decode()
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"http://127.0.0.1:{port}/health/ready")
                seen = answer.text
                return answer.status_code == 200
        return False

    try:
        await eventually(ready, seconds=40, every=0.1)
    except TimeoutError:
        process.kill()
        output, _ = await process.communicate()
        pytest.fail(f"{seen}\n{output.decode()}")


async def test_a_process_serves_and_sends_its_sockets_away_at_sigterm(world, process):
    await until_ready(world.port, process)
    token = world.tokens.token()
    client = await world.student(world.attempt(), token=token)
    refused = await world.connect("attempts/999999", token=token)
    assert (await refused.closed())[0] == 4504
    process.send_signal(signal.SIGTERM)
    assert await client.closed() == (4000, "Server going away")
    output, _ = await asyncio.wait_for(process.communicate(), 5)
    assert process.returncode in {0, -signal.SIGTERM}
    text = output.decode()
    assert "node.drained" in text
    assert token not in text
    assert "Traceback" not in text


async def test_settings_are_checked_by_name():
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "realtime",
        "check-settings",
        env={"PATH": os.environ["PATH"], "REST_PORT": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await child.communicate()
    assert child.returncode != 0
    assert "nats_url" in output.decode().lower()


def test_the_app_can_be_made_without_any_connection():
    settings = RealtimeSettings(
        rest_port=1,
        nats_url="nats://127.0.0.1:1",
        jwks_url="http://127.0.0.1:1/",
        auth_grpc="127.0.0.1:1",
        attempts_grpc="127.0.0.1:1",
        proctoring_grpc="127.0.0.1:1",
    )
    assert create_app(settings).openapi()["info"]["title"] == "OEP realtime"
