"""What every REST answer has: problem bodies, request ids, health."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import httpx
import pytest
from chassis import problems, serving
from chassis.access import AnyCaller, requires
from chassis.errors import Refused, Unavailable
from chassis.serving import Supervisor, running, service
from chassis.tokens import Caller, InvalidToken
from chassis.waiting import eventually
from fastapi import Depends, FastAPI
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException


class Closed(Refused):
    slug = "closed"
    detail = "Cannot log events for a completed exam"


class Body(BaseModel):
    count: Annotated[int, Field(ge=1)]


class OneCaller:
    """Stands in for the token verifier: the word is the role."""

    def verify(self, token: str) -> Caller:
        if token == "bad":
            raise InvalidToken
        now = datetime.now(UTC)
        return Caller(1, frozenset({token}), "l", "t", now, now)


@pytest.fixture
def ready() -> dict[str, bool]:
    return {"store": True}


@pytest.fixture
async def client(ready: dict[str, bool]) -> AsyncIterator[httpx.AsyncClient]:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.verifier = OneCaller()
        yield

    async def store() -> bool:
        return ready["store"]

    app = service("thing", "1.2.3", lifespan, {"store": store})

    @app.post("/closed")
    def closed(body: Body) -> None:
        raise Closed

    @app.get("/away")
    def away() -> None:
        raise Unavailable(retry_after_seconds=3)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("the password is hunter2")

    @app.get("/teapot")
    def teapot() -> None:
        raise HTTPException(418, "short and stout")

    @app.post("/mine")
    def mine(caller: AnyCaller, body: Body) -> dict[str, int]:
        return {"user": caller.user_id}

    @app.get("/staff")
    def staff(caller: Annotated[Caller, Depends(requires("admin", "hall_in_charge"))]) -> str:
        return "ok"

    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


async def test_a_failure_is_a_problem_with_its_words(client: httpx.AsyncClient):
    answer = await client.post("/closed", json={"count": 1}, headers={"x-request-id": "abc"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "abc"
    assert answer.json() == {
        "type": "urn:oep:problem:closed",
        "title": "Bad Request",
        "status": 400,
        "detail": "Cannot log events for a completed exam",
        "instance": "/closed",
        "request_id": "abc",
    }


def test_a_failure_may_tell_more_but_not_otherwise():
    failure = Closed(members={"waits_for": 7, "status": 200})
    problem = problems.body(failure, "/closed", "abc")
    assert (problem["waits_for"], problem["status"]) == (7, 400)


async def test_unavailable_says_when_to_come_back(client: httpx.AsyncClient):
    answer = await client.get("/away")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


async def test_an_unforeseen_error_keeps_its_text_to_itself(client: httpx.AsyncClient, capsys):
    answer = await client.get("/broken")
    assert answer.status_code == 500
    assert answer.json()["detail"] == "Internal Server Error"
    assert "hunter2" not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


async def test_validation_points_at_the_field(client: httpx.AsyncClient):
    answer = await client.post("/closed", json={"count": 0})
    assert answer.status_code == 422
    problem = answer.json()
    assert isinstance(problem["detail"], str)
    assert problem["errors"][0]["pointer"] == "/count"
    assert problem["errors"][0]["message"] in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/nowhere", 404, "Not Found"),
        ("GET", "/closed", 405, "Method Not Allowed"),
        ("GET", "/teapot", 418, "short and stout"),
    ],
)
async def test_http_errors_are_problems_too(client, method, path, status, detail):
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        (None, "Not authenticated"),
        ("", "Not authenticated"),
        ("Basic abc", "Invalid authentication credentials"),
        ("Bearer bad", "Could not validate credentials"),
    ],
)
async def test_who_asks_is_checked_before_the_body(client, header, detail):
    headers = {} if header is None else {"authorization": header}
    answer = await client.post("/mine", json={"count": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (401, detail)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_missing_role_is_named(client: httpx.AsyncClient):
    refused = await client.get("/staff", headers={"authorization": "Bearer student"})
    assert refused.status_code == 403
    assert refused.json()["detail"] == (
        "User does not have required role. Required: ['admin', 'hall_in_charge']"
    )
    passed = await client.get("/staff", headers={"authorization": "bearer admin"})
    assert passed.status_code == 200


async def test_readiness_follows_the_checks_and_liveness_does_not(client, ready):
    assert (await client.get("/health/ready")).status_code == 200
    ready["store"] = False
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["store"] == "failing"
    assert (await client.get("/health/live")).json()["version"] == "1.2.3"


async def test_requests_are_counted(client: httpx.AsyncClient):
    await client.get("/teapot")
    text = (await client.get("/metrics")).text
    assert 'oep_http_requests_total{method="GET",route="/teapot",status="418"}' in text


async def test_a_failing_task_is_started_again_and_ends_with_its_supervisor(capsys):
    runs = 0
    supervisor = Supervisor()

    async def work() -> None:
        nonlocal runs
        runs += 1
        raise ValueError("once more")

    supervisor.add("work", work)
    async with running(supervisor):
        await eventually(lambda: runs >= 2)
    ended = runs
    assert supervisor._tasks == []
    assert runs == ended


async def test_a_task_that_misses_its_cancellation_is_told_again(monkeypatch, capsys):
    monkeypatch.setattr(serving, "_END_SECONDS", 0.05)
    supervisor, cancelled = Supervisor(), 0

    async def deaf_once() -> None:
        nonlocal cancelled
        while cancelled < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled += 1
        raise asyncio.CancelledError

    supervisor.add("deaf", deaf_once)
    async with running(supervisor):
        await asyncio.sleep(0)
    assert cancelled == 2
    assert "task.not_ended" in capsys.readouterr().out
