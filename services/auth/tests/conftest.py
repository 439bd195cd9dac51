"""A real auth on a real Postgres and NATS, and people to let in."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import bcrypt
import httpx
import pytest
import structlog
from auth.__main__ import SERVICE
from auth.app import create_app
from auth.settings import Settings
from chassis.commands import main
from chassis.migrating import migrate
from chassis.settings import psycopg2_url
from chassis.waiting import eventually
from fastapi import FastAPI
from oep_local.fixtures import ServiceDatabase
from oep_local.ports import free_port
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

PASSWORD = "correct horse"
ANSWER = "kumar"
NUMBERS = itertools.count(1000)


def quick_bcrypt(secret: str) -> str:
    return bcrypt.hashpw(secret.encode(), bcrypt.gensalt(4)).decode()


@dataclass(frozen=True)
class Person:
    id: int
    username: str
    email: str
    hall_ticket: str | None
    password: str = PASSWORD
    answer: str = ANSWER


@dataclass
class World:
    """One running auth, a client to it, and a way to arrange its database."""

    app: FastAPI
    client: httpx.AsyncClient
    engine: Engine
    settings: Settings

    def sql(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return list(result) if result.returns_rows else []

    def add(self, *roles: str, **columns: Any) -> Person:
        number = next(NUMBERS)
        row = {
            "id": number,
            "email": f"user{number}@example.org",
            "username": f"user{number}",
            "hashed_password": quick_bcrypt(PASSWORD),
            "full_name": f"User {number}",
            "hall_ticket_number": f"HT{number:06}",
            "date_of_birth": date(2001, 2, 2),
            "security_answer_hash": quick_bcrypt(ANSWER),
            "is_active": True,
            "is_verified": False,
            **columns,
        }
        names = ", ".join(row)
        self.sql(f"INSERT INTO users ({names}) VALUES ({', '.join(f':{n}' for n in row)})", **row)  # noqa: S608
        for role in roles:
            self.sql(
                "INSERT INTO user_roles SELECT :id, id FROM roles WHERE name = :role",
                id=number,
                role=role,
            )
        return Person(number, row["username"], row["email"], row["hall_ticket_number"])

    async def post(self, path: str, body: Any, token: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.client.post(f"/api/v1/auth{path}", json=body, headers=headers)

    async def login(self, person: Person, password: str | None = None) -> httpx.Response:
        body = {"username": person.username, "password": password or person.password}
        return await self.post("/login", body)

    async def ticket_login(self, person: Person, **changes: str) -> httpx.Response:
        body = {
            "hall_ticket_number": person.hall_ticket,
            "date_of_birth": "02/02/2001",
            "security_answer": person.answer,
            **changes,
        }
        return await self.post("/hall-ticket-login", body)

    async def fail_until_delayed(self, attempt: Callable[[], Any]) -> httpx.Response:
        """Fail five times for nothing, then until a delay is met; return the 429.

        On a slow machine the first delays may be over before the next try arrives.
        """
        for _ in range(5):
            assert (await attempt()).status_code == 401
        for _ in range(6):
            answer: httpx.Response = await attempt()
            if answer.status_code == 429:
                return answer
        message = "no delay was met"
        raise AssertionError(message)

    async def me(self, token: str) -> httpx.Response:
        return await self.client.get(
            "/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}
        )


@pytest.fixture(scope="session")
def auth_database(database: Callable[[str], ServiceDatabase]) -> ServiceDatabase:
    urls = database("auth")
    migrate("auth", urls.owner_url, "auth")
    return urls


@pytest.fixture(scope="session")
def empty_database(database: Callable[[str], ServiceDatabase]) -> Callable[[], ServiceDatabase]:
    """A factory for migrated databases of their own."""

    def make() -> ServiceDatabase:
        urls = database("auth")
        migrate("auth", urls.owner_url, "auth")
        return urls

    return make


@pytest.fixture(scope="session")
def settings_for(nats_server: Any) -> Callable[..., Settings]:
    def make(urls: ServiceDatabase, **changes: Any) -> Settings:
        values = {
            "rest_port": free_port(),
            "grpc_port": free_port(),
            "nats_url": nats_server.url,
            "jwks_url": "http://127.0.0.1:9/unused",
            "database_url": SecretStr(urls.app_url),
            "signing_key_secret": SecretStr("s" * 40),
            **changes,
        }
        return Settings(**values)

    return make


@pytest.fixture(scope="session")
def engine(auth_database: ServiceDatabase) -> Iterator[Engine]:
    made = create_engine(psycopg2_url(auth_database.app_url), poolclass=NullPool)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def running_world(engine: Engine) -> Callable[[Settings], Any]:
    """A context manager: auth with these settings, started and stopped."""

    @asynccontextmanager
    async def run(settings: Settings) -> AsyncIterator[World]:
        app = create_app(settings)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://auth") as client,
        ):
            await eventually(lambda: app.state.keyring.is_loaded, 30)
            await eventually(lambda: app.state.parts.verifying.is_loaded, 30)
            yield World(app, client, engine, settings)

    return run


@pytest.fixture(scope="session")
async def world(
    auth_database: ServiceDatabase,
    settings_for: Callable[..., Settings],
    running_world: Callable[[Settings], Any],
) -> AsyncIterator[World]:
    async with running_world(settings_for(auth_database)) as made:
        yield made


class Done(NamedTuple):
    """What a command said; it ran in this process, for starting one takes seconds."""

    code: int
    out: str
    err: str


@pytest.fixture
def run_command(world, auth_database, monkeypatch, capsys) -> Callable[..., Awaitable[Done]]:
    """Return a function that runs `python -m auth` with these words."""
    for name, value in {
        "REST_PORT": "1",
        "GRPC_PORT": "2",
        "NATS_URL": world.settings.nats_url,
        "JWKS_URL": world.settings.jwks_url,
        "DATABASE_URL": auth_database.app_url,
        "SIGNING_KEY_SECRET": "s" * 40,
    }.items():
        monkeypatch.setenv(name, value)

    async def run(*words: str) -> Done:
        capsys.readouterr()
        logging = structlog.get_config()
        try:
            return Done(await asyncio.to_thread(main, SERVICE, words), *capsys.readouterr())
        finally:
            structlog.configure(**logging)  # a command logs to stderr, which ends with the test

    return run
