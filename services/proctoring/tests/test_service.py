"""The service as a process and as a whole: commands, health, SIGTERM, SIGKILL, storage away."""

import asyncio
import contextlib
import http.server
import json
import os
import signal
import sys
import threading
import uuid

import httpx
import pytest
from chassis.tokens import KeySet, Revocations, TokenVerifier
from chassis.waiting import eventually
from oep_local.ports import free_port
from proctoring import store
from proctoring.app import create_app


@pytest.fixture
def jwks_url(rig):
    """auth's published keys, and nothing else of auth."""
    document = json.dumps(rig.signer.jwks).encode()

    class Keys(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the standard library's name
            self.send_response(200)
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def environment(urls, settings, jwks_url) -> dict[str, str]:
    return os.environ | {
        "REST_PORT": str(free_port()),
        "GRPC_PORT": str(free_port()),
        "DATABASE_URL": urls.app_url,
        "MIGRATION_DATABASE_URL": urls.owner_url,
        "NATS_URL": settings.nats_url,
        "JWKS_URL": jwks_url,
        "ATTEMPTS_GRPC": settings.attempts_grpc,
        "AUTH_GRPC": settings.auth_grpc,
        "EVIDENCE_SIGNING_SECRET": settings.evidence_signing_secret.get_secret_value(),
    }


@contextlib.asynccontextmanager
async def serving(environment: dict[str, str]):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "proctoring"), env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    base = f"http://127.0.0.1:{environment['REST_PORT']}"
    async with httpx.AsyncClient(base_url=base) as client:

        async def is_ready() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return (await client.get("/health/ready")).status_code == 200
            return False

        await eventually(is_ready, 60)
        yield process, client
    if process.returncode is None:
        process.kill()
    await process.wait()


async def test_a_killed_process_has_lost_nothing_and_a_terminated_one_answers_what_it_took(
    rig, environment
):
    sat = rig.stub.add()
    headers = {"Authorization": f"Bearer {rig.signer.token(sat.student_id, 'student')}"}
    path = "/api/v1/proctoring/events"
    event = {"attempt_id": sat.attempt_id, "event_type": "tab_switch"}
    event_ids = [str(uuid.uuid4()) for _ in range(30)]
    answered: dict[str, bytes] = {}

    async def post(client: httpx.AsyncClient, event_id: str) -> None:
        with contextlib.suppress(httpx.TransportError):
            answer = await client.post(path, json=event | {"event_id": event_id}, headers=headers)
            assert answer.status_code == 201
            answered[event_id] = answer.content

    async with serving(environment) as (process, client):
        posts = [asyncio.create_task(post(client, event_id)) for event_id in event_ids]
        await eventually(lambda: answered)
        process.kill()
        await asyncio.gather(*posts)
    before = dict(answered)
    async with serving(environment) as (process, client):
        for event_id in event_ids:
            await post(client, event_id)
        asked = len(rig.stub.requests)
        with rig.stub.slow():
            posted = asyncio.create_task(client.post(path, json=event, headers=headers))
            await eventually(lambda: len(rig.stub.requests) > asked)
            process.send_signal(signal.SIGTERM)
        assert (await posted).status_code == 201
        assert await asyncio.wait_for(process.wait(), 30) in (0, -signal.SIGTERM)
    assert before.items() <= answered.items()
    stored = await rig.rows(store.chained_events, sat.attempt_id)
    assert [e.sequence for e in stored] == list(range(1, 32))
    assert {str(e.draft.event_id) for e in stored} == {*event_ids, "None"}


async def test_the_commands_migrate_check_and_import(commands, environment):
    code, _, err = await commands.run(environment, "migrate")
    assert code == 0, err
    code, out, _ = await commands.run(environment, "check-settings")
    assert code == 0
    assert json.loads(out)["attempts_grpc"] == environment["ATTEMPTS_GRPC"]
    assert environment["DATABASE_URL"].split(":")[2].split("@")[0] not in out  # the password
    code, out, _ = await commands.run(environment, "import", "--keep-windows")
    assert (code, "report" in json.loads(out.splitlines()[-1])) == (0, True)


async def test_a_missing_setting_is_named(commands, environment):
    del environment["ATTEMPTS_GRPC"]
    code, _, err = await commands.run(environment, "check-settings")
    assert (code, "ATTEMPTS_GRPC: " in err) == (2, True)


async def test_storage_away_is_503_not_ready_and_still_alive(rig, settings):
    gone = settings.model_copy(update={"database_url": _closed(settings)})
    app = create_app(gone)
    async with app.router.lifespan_context(app):
        keys = KeySet("http://127.0.0.1:1/unused")
        keys.load(rig.signer.jwks)
        app.state.verifier = TokenVerifier(keys, Revocations(), "oep")
        sat = rig.stub.add()
        headers = {"Authorization": f"Bearer {rig.signer.token(sat.student_id, 'student')}"}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://p") as client:
            event = {"attempt_id": sat.attempt_id, "event_type": "tab_switch"}
            for path, body in (("events", event), ("events/batch", {"events": [event]})):
                answer = await client.post(f"/api/v1/proctoring/{path}", json=body, headers=headers)
                assert answer.status_code == 503
                assert answer.headers["retry-after"]
            ready = await client.get("/health/ready")
            assert ready.json()["checks"]["storage"] == "failing"
            assert (await client.get("/health/live")).status_code == 200


def _closed(settings):
    from pydantic import SecretStr  # noqa: PLC0415  # the one place that makes one

    url = settings.database_url.get_secret_value()
    head, _, tail = url.rpartition(":")
    return SecretStr(f"{head}:{free_port()}/{tail.partition('/')[2]}")
