"""The service as a whole: described without any server, heard on a real bus, ended when told."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator

import httpx
import pytest
from attempts.app import create_app
from attempts.settings import Settings
from chassis.bus import EVENTS, Bus
from chassis.waiting import eventually
from pydantic import ValidationError


def settings(**changed) -> Settings:
    fields = {
        "rest_port": 0,
        "grpc_port": 0,
        "nats_url": "nats://127.0.0.1:1",
        "jwks_url": "http://127.0.0.1:1/jwks",
        "auth_grpc": "127.0.0.1:1",
        "receipt_signing_secret": "s" * 40,
        "database_url": "postgresql://nobody:secret-word@127.0.0.1:1/none",
    }
    return Settings(**fields | changed)


def test_the_api_is_described_without_any_server():
    described = create_app(settings()).openapi()
    assert "/api/v1/attempts/{attempt_id}/begin" in described["paths"]
    submit = described["paths"]["/api/v1/attempts/{attempt_id}/submit"]["post"]
    assert submit["responses"]["200"]["content"]["application/json"]["schema"]


def test_settings_are_shown_without_secrets():
    shown = settings().masked()
    assert "secret-word" not in shown
    assert "s" * 40 not in shown


def test_without_a_secret_for_receipts_it_does_not_start():
    with pytest.raises(ValidationError, match="receipt_signing_secret"):
        settings(receipt_signing_secret="short")


@pytest.fixture
async def client(urls, nats_server, verifier) -> AsyncIterator[httpx.AsyncClient]:
    """The whole service with its bus; auth stays away."""
    app = create_app(settings(database_url=urls.app_url, nats_url=nats_server.url))
    async with app.router.lifespan_context(app):
        app.state.verifier = verifier
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1") as made:
            yield made


async def test_what_happens_to_an_attempt_is_heard_on_the_bus(client, world, nats_server):
    bus = Bus(nats_server.url, "attempts-tests")
    await bus.start()
    await bus.wait_ready()
    before = (await bus.head(EVENTS)).sequence
    attempt_id = world.attempt("not_started")
    url = f"/attempts/{attempt_id}"
    headers = {"Authorization": f"Bearer {world.student}:student"}
    save = {"question_id": world.choice, "answer": "B"}
    await client.post(f"{url}/begin", headers=headers)
    await client.post(f"{url}/answers", headers=headers, json=save)
    await client.post(f"{url}/submit", headers=headers, json={"confirm": True})

    async def heard() -> list[dict]:
        head = await bus.head(EVENTS)
        subject = f"oep.v1.{world.objective}.{attempt_id}.>"
        found = await bus.replay(EVENTS, [subject], before, head.sequence)
        return [json.loads(delivery.data) for delivery in found]

    async def heard_all() -> bool:
        return len(await heard()) == 4

    await eventually(heard_all, seconds=10)
    notices = await heard()
    assert [notice["fact"] for notice in notices] == [
        "status_changed",
        "deadline_changed",
        "answer_saved",
        "status_changed",
    ]
    assert notices[-1]["data"]["status"] == "graded"
    assert all(notice["id"].startswith("attempts-") for notice in notices)
    assert {notice["attempt_id"] for notice in notices} == {attempt_id}
    await eventually(lambda: world.notes() == [], seconds=5)
    await bus.close()


async def test_live_stays_green_while_ready_names_what_is_missing(app):
    async with httpx.AsyncClient(transport=app, base_url="http://test") as client:
        assert (await client.get("/health/live")).status_code == 200
        ready = await client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["checks"]["database"] == "ok"
    assert ready.json()["checks"]["keys"] == "failing"


def test_the_process_serves_and_ends_when_told(urls, free_ports):
    rest, grpc = free_ports
    environment = os.environ | {
        "REST_PORT": str(rest),
        "GRPC_PORT": str(grpc),
        "NATS_URL": "nats://127.0.0.1:1",
        "JWKS_URL": "http://127.0.0.1:1/jwks",
        "AUTH_GRPC": "127.0.0.1:1",
        "RECEIPT_SIGNING_SECRET": "s" * 40,
        "DATABASE_URL": urls.app_url,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "attempts"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        assert _answers(f"http://127.0.0.1:{rest}/health/live")
        response = httpx.get(
            f"http://127.0.0.1:{rest}/api/v1/attempts/me",
            headers={"Authorization": f"Bearer {uuid.uuid4()}"},
        )
        # Without keys it cannot say whether a token is good, so it does not say that it is bad.
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    finally:
        process.terminate()
        assert process.wait(10) in {0, -signal.SIGTERM}


def _answers(url: str) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            return httpx.get(url, timeout=1).status_code == 200
        except httpx.HTTPError:
            continue
    return False
