"""The lanes answer as the declared routes do; limits and load are told before anything is lost."""

import asyncio
import json
import uuid

import httpx
import pytest
from chassis.serving import Service
from chassis.waiting import eventually
from hypothesis import given
from hypothesis import strategies as st
from proctoring.event import EventDraft, Severity
from proctoring.limits import BATCHED_WEIGHT, BURST, PER_SECOND, Buckets

EVENT, BATCH, TIMING = "/events", "/events/batch", "/question-timing"


def body(attempt_id: int, **more) -> dict:
    return {"attempt_id": attempt_id, "event_type": "tab_switch"} | more


@pytest.fixture
def long_way(rig):
    """The same app, without its lanes: every post goes through FastAPI."""

    async def app(scope, receive, send) -> None:
        await super(Service, rig.app).__call__(scope, receive, send)

    return app


async def both(rig, long_way, client, path: str, **request):
    """Send the same request both ways."""
    answers = []
    for app in (rig.app, long_way):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url=client.base_url, headers=client.headers
        ) as other:
            answers.append(await other.post(path, **request))
    return answers


UNSTEADY = {"request_id", "id", "received_at", "created_at", "sequence", "skew_ms"}


def steady(answer: httpx.Response) -> object:
    """Return what an answer says apart from what differs between two posts."""

    def strip(value):
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if k not in UNSTEADY}
        return [strip(v) for v in value] if isinstance(value, list) else value

    told = {k: v for k, v in answer.headers.items() if k in ("content-type", "www-authenticate")}
    return answer.status_code, told, strip(answer.json())


def requests(sat) -> list[tuple[str, dict]]:
    at = {"event_timestamp": "2026-03-02T09:00:00Z"}
    good = body(sat.attempt_id, event_data={"b": 1, "a": "é"}, question_id=1, **at)
    timing = {"attempt_id": sat.attempt_id, "question_id": 1, "total_time_seconds": 0}
    return [
        (EVENT, {"json": good}),
        (BATCH, {"json": {"events": [good, body(0, **at), {"event_type": "?"}]}}),
        (TIMING, {"json": timing}),
        (EVENT, {"json": body(987_654_321)}),
        (EVENT, {"json": good | {"question_id": 77}}),
        (EVENT, {"json": good | {"severity": "fatal"}}),
        (EVENT, {"content": b"{"}),
        (EVENT, {"content": b"x" * 70_000}),
        (BATCH, {"json": {"events": []}}),
        (TIMING, {"json": timing | {"total_time_seconds": -1}}),
    ]


@pytest.mark.parametrize("number", range(10))
async def test_a_lane_answers_as_the_declared_route_does(rig, long_way, number):
    sat, client = rig.sits()
    path, request = requests(sat)[number]
    short, long = await both(rig, long_way, client, path, **request)
    if path == TIMING and short.status_code == 200:
        assert set(short.json()) == set(long.json())
        return
    assert steady(short) == steady(long)
    assert short.headers["x-request-id"]


@pytest.mark.parametrize("path", [EVENT, BATCH, TIMING])
@pytest.mark.parametrize("header", [None, "", "Basic YTpi", "Bearer", "Bearer not.a.token"])
async def test_a_lane_refuses_callers_as_the_declared_route_does(rig, long_way, path, header):
    client = rig.client(None)
    if header is not None:
        client.headers["Authorization"] = header
    short, long = await both(rig, long_way, client, path, content=b"{}")
    assert short.status_code == 401
    assert steady(short) == steady(long)


async def test_a_body_that_grows_too_large_is_refused_before_it_is_held(rig):
    _, client = rig.sits()
    sent = 0

    async def endless():
        nonlocal sent
        for _ in range(1_000):
            sent += 1
            yield b"x" * 16_384

    answer = await client.post(EVENT, content=endless())
    assert (answer.status_code, answer.json()["title"]) == (413, "Content Too Large")
    assert sent < 1_000


async def test_what_nobody_foresaw_is_500_without_its_text(rig, monkeypatch):
    sat, client = rig.sits()

    def fail(*_):
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(rig.app.state.intake, "take", fail)
    answer = await client.post(EVENT, json=body(sat.attempt_id))
    assert (answer.status_code, answer.json()["detail"]) == (500, "Internal Server Error")
    assert "secret" not in answer.text


# Limits


@pytest.fixture
def fresh_buckets(rig, monkeypatch):
    """Buckets of this test alone."""
    monkeypatch.setattr(rig.app.state.posting, "_buckets", Buckets())


async def test_a_stuck_key_passes_and_a_flood_is_told_when_to_come_back(rig, fresh_buckets):
    sat, client = rig.sits()
    other, neighbour = rig.sits()
    post = client.post
    answers = await asyncio.gather(*(post(EVENT, json=body(sat.attempt_id)) for _ in range(260)))
    statuses = [answer.status_code for answer in answers]
    assert statuses[:200] == [201] * 200
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert refused[0].json()["type"] == "urn:oep:problem:too-many-events"
    assert (await neighbour.post(EVENT, json=body(other.attempt_id))).status_code == 201
    listed = (await client.get(f"/attempt/{sat.attempt_id}/events?limit=1000")).json()
    assert len(listed) == statuses.count(201), "what was refused was not stored"


async def test_who_was_without_a_network_may_come_back_with_thousands(rig, fresh_buckets):
    sat, client = rig.sits()
    for _ in range(4):
        events = [body(sat.attempt_id, event_id=str(uuid.uuid4())) for _ in range(500)]
        answer = await client.post(BATCH, json={"events": events})
        assert {item["status"] for item in answer.json()["results"]} == {201}


async def test_nobody_empties_the_bucket_of_another_student(rig, fresh_buckets):
    sat, client = rig.sits()
    _, stranger = rig.sits()
    for _ in range(5):
        events = [body(sat.attempt_id)] * 500
        await stranger.post(BATCH, json={"events": events})
    assert (await client.post(EVENT, json=body(sat.attempt_id))).status_code == 201


@given(st.lists(st.tuples(st.floats(0, 2), st.booleans()), max_size=300))
def test_a_bucket_never_lets_more_through_than_burst_and_rate(posts):
    buckets, now, taken = Buckets(), 0.0, 0.0
    for pause, is_batch in posts:
        now += pause
        weight = 500 * BATCHED_WEIGHT if is_batch else 1.0
        wait = buckets.take([((1, 1), weight)], now)
        if wait is None:
            taken += weight
        else:
            assert 0 < wait <= (500 * BATCHED_WEIGHT + 1) / PER_SECOND
            assert buckets.take([((1, 1), 1.0)], now + wait + 1e-6) is None or weight == 1.0
            now += wait + 1e-6
            taken += 1.0
        assert taken <= BURST + now * PER_SECOND + 500 * BATCHED_WEIGHT


def test_a_batch_over_several_attempts_takes_from_all_or_from_none():
    buckets = Buckets()
    assert buckets.take([((1, 1), BURST)], 0.0) is None
    assert buckets.take([((1, 1), 1.0), ((1, 2), BURST)], 0.0) is not None
    assert buckets.take([((1, 2), BURST)], 0.0) is None


# Load


async def test_every_answer_of_a_lane_tells_the_load(rig):
    sat, client = rig.sits()
    for path, request in requests(sat):
        answer = await client.post(path, **request)
        assert 0 <= int(answer.headers["OEP-Load"]) <= 10
    assert "OEP-Load" in (await rig.client(None).post(EVENT, json={})).headers


async def test_the_load_rises_with_the_line_and_falls_when_it_is_done(rig, new_intake):
    sat = rig.stub.add()
    async with new_intake(intake_capacity=500) as (intake, _):
        assert intake.load == 0
        drafts = [draft_of(sat)] * 240
        with rig.stub.slow():
            asked = len(rig.stub.requests)
            first = asyncio.ensure_future(intake.take(sat.student_id, drafts[:1]))
            await eventually(lambda: len(rig.stub.requests) > asked)
            second = asyncio.ensure_future(intake.take(sat.student_id, drafts))
            await eventually(lambda: intake.load >= 5)
            third = asyncio.ensure_future(intake.take(sat.student_id, drafts))
            await eventually(lambda: intake.load >= 9)
        await asyncio.gather(first, second, third)
        assert intake.load == 0


def draft_of(sat):

    return EventDraft(sat.attempt_id, "tab_switch", Severity.WARNING)


async def test_openapi_still_shows_the_lanes(rig):
    paths = rig.app.openapi()["paths"]
    for path in (EVENT, BATCH, TIMING):
        assert "post" in paths[f"/api/v1/proctoring{path}"]
    assert json.dumps(paths)
