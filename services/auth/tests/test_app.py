"""The whole: built without a connection, ready only with what it needs, its command line."""

import contextlib
import os
import subprocess
import sys

import pytest
from auth.__main__ import SERVICE
from auth.app import create_app
from chassis.commands import main
from chassis.waiting import eventually
from oep_local.fixtures import ServiceDatabase
from oep_local.ports import free_port

NOWHERE = "postgresql://auth_app:x@127.0.0.1:9/none"


def test_the_app_describes_itself_without_any_connection(settings_for):
    app = create_app(settings_for(ServiceDatabase(NOWHERE, NOWHERE, NOWHERE, NOWHERE)))
    paths = app.openapi()["paths"]
    assert set(paths) == {
        "/api/v1/auth/login",
        "/api/v1/auth/hall-ticket-login",
        "/api/v1/auth/refresh",
        "/api/v1/auth/me",
        "/api/v1/auth/logout",
        "/api/v1/auth/login/second-factor",
        "/api/v1/auth/login/second-factor/enrolment",
        "/api/v1/auth/login/second-factor/enrolment/confirm",
        "/api/v1/auth/second-factor",
        "/api/v1/auth/second-factor/confirm",
        "/api/v1/auth/second-factor/recovery-codes",
        "/api/v1/auth/second-factor/removal",
        "/api/v1/auth/oidc",
        "/api/v1/auth/oidc/start",
        "/api/v1/auth/oidc/callback",
        "/api/v1/auth/oidc/exchange",
        "/api/v1/auth/users/{user_id}/second-factor",
        "/api/v1/auth/users/{user_id}/identity",
        "/api/v1/auth/users",
        "/api/v1/auth/users/import-csv",
        "/api/v1/auth/users/{user_id}",
        "/api/v1/auth/users/{user_id}/export",
        "/api/v1/auth/users/{user_id}/erasure",
        "/api/v1/auth/centers",
        "/api/v1/auth/exams/{exam_id}/staff",
        "/api/v1/auth/audit",
        "/api/v1/auth/assignments",
        "/api/v1/auth/assignments/{exam_id}/{role}/{user_id}",
        "/.well-known/jwks.json",
    }


async def test_without_its_database_it_lives_is_not_ready_and_answers_503(
    settings_for, running_world
):
    away = NOWHERE.replace(":9/", f":{free_port()}/")
    app = create_app(settings_for(ServiceDatabase(away, away, away, away)))
    async with client_of(app) as client:
        assert (await client.get("/health/live")).status_code == 200
        ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["checks"]["database"] == "failing"
        assert ready.json()["checks"]["signing_keys"] == "failing"
        login = await client.post("/api/v1/auth/login", json={"username": "a", "password": "b"})
        assert login.status_code == 503
        assert "retry-after" in login.headers
        assert (await client.get("/.well-known/jwks.json")).status_code == 503


@contextlib.asynccontextmanager
async def client_of(app):
    import httpx  # noqa: PLC0415

    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://auth") as client,
    ):
        yield client


async def test_it_is_ready_with_its_database_and_keys(world):
    ready = await world.client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["checks"] == {
        "database": "ok",
        "signing_keys": "ok",
        "serving": "ok",
    }


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/login", 405), ("GET", "/x", 404)])
async def test_what_is_not_there_is_a_problem_too(world, method, path, status):
    answer = await world.client.request(method, f"/api/v1/auth{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_no_log_line_holds_a_name_a_password_or_a_token(world, capfd):
    person = world.add("student", full_name="Quite Unmistakable")
    pair = (await world.login(person)).json()
    await world.login(person, "a wrong password")
    await world.ticket_login(person)
    await world.post("/refresh", {"refresh_token": pair["refresh_token"]})
    world.sql(
        "UPDATE refresh_tokens SET spent_at = now() - interval '1 minute'"
        " WHERE spent_at IS NOT NULL"
    )
    await world.post("/refresh", {"refresh_token": pair["refresh_token"]})
    text = "".join(capfd.readouterr())
    assert "login.opened" in text
    assert "login.refused" in text
    assert "refresh.reused" in text
    for secret in (
        person.username,
        person.password,
        "a wrong password",
        "Unmistakable",
        str(person.hall_ticket),
        pair["refresh_token"],
        pair["access_token"].split(".")[2],
    ):
        assert secret not in text


@pytest.fixture
def command(monkeypatch, capsys):
    """Return a function that runs the service's command with nothing but this environment."""

    def run(*arguments, **environment):
        for name in ENVIRONMENT:
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return main(SERVICE, arguments), *capsys.readouterr()

    return run


ENVIRONMENT = {
    "REST_PORT": "8101",
    "GRPC_PORT": "8201",
    "NATS_URL": "nats://127.0.0.1:4222",
    "JWKS_URL": "http://127.0.0.1:8101/.well-known/jwks.json",
    "DATABASE_URL": "postgresql://auth_app:hidden1@127.0.0.1:5432/exam_db",
    "SIGNING_KEY_SECRET": "hidden2" * 6,
}


def test_check_settings_shows_everything_but_secrets(command):
    code, out, _ = command("check-settings", **ENVIRONMENT)
    assert code == 0
    assert "127.0.0.1:5432" in out
    assert "hidden" not in out


def test_a_bad_setting_is_named_and_not_shown(command):
    code, out, told = command("check-settings", **ENVIRONMENT | {"SIGNING_KEY_SECRET": "tooshort"})
    assert code == 2
    assert "SIGNING_KEY_SECRET" in told
    assert "tooshort" not in told + out


@pytest.mark.contract("2.3/no-default-key")
def test_a_missing_setting_is_named(command):
    code, _, told = command("serve")
    assert code == 2
    for name in ("DATABASE_URL", "SIGNING_KEY_SECRET", "NATS_URL"):
        assert name in told


async def test_served_as_a_process_it_answers_and_ends_quickly(auth_database, nats_server):
    import httpx  # noqa: PLC0415

    port = free_port()
    environment = ENVIRONMENT | {
        "REST_PORT": str(port),
        "GRPC_PORT": str(free_port()),
        "NATS_URL": nats_server.url,
        "DATABASE_URL": auth_database.app_url,
        "SIGNING_KEY_SECRET": "s" * 40,
    }
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-m", "auth"],
        env=environment | {"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )

    async def is_ready():
        try:
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"http://127.0.0.1:{port}/health/ready")
                return answer.status_code == 200
        except httpx.TransportError:
            return False

    try:
        await eventually(is_ready, 60)
        process.terminate()
        await eventually(lambda: process.poll() is not None, 10)
    finally:
        process.kill()
        output, _ = process.communicate()
    assert process.returncode in (0, -15)
    assert b"Traceback" not in output
