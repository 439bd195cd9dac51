"""A Postgres that stands still, and a table that somebody locks: answers come all the same.

Neither the server's time limits nor TCP's end anything while it is stopped. A write whose outcome
nobody knows is never told to be lost, nor to be done; sent again it is there once.
"""

import asyncio
import contextlib
import uuid
from itertools import chain

import httpx
import psycopg2
import pytest
from chassis.tokens import KeySet, Revocations, TokenVerifier
from proctoring.app import create_app
from sqlalchemy import text

SECONDS = 1.5
SOON = 10.0
"""Below the gateway's 15 s, and far above what a busy machine adds to `SECONDS`."""
PREFIX = "/api/v1/proctoring"


@pytest.fixture(scope="module")
async def impatient(rig, settings):
    """The service with little patience; `impatient(user_id, *roles)` is a client of it."""
    app = create_app(settings.model_copy(update={"request_seconds": SECONDS}))
    keys = KeySet("http://127.0.0.1:1/unused")
    keys.load(rig.signer.jwks)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        app.state.verifier = TokenVerifier(keys, Revocations(), "oep")

        def client(user_id: int, *roles: str) -> httpx.AsyncClient:
            headers = {"Authorization": f"Bearer {rig.signer.token(user_id, *roles)}"}
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            made = httpx.AsyncClient(transport=transport, base_url="http://p", headers=headers)
            stack.push_async_callback(made.aclose)
            return made

        yield client


def event_of(sat, **more) -> dict:
    return {"attempt_id": sat.attempt_id, "event_type": "tab_switch", **more}


def posts(sat) -> list[tuple[str, dict]]:
    """One of each kind that a student posts, with ids of its own."""
    timing = {"attempt_id": sat.attempt_id, "question_id": 1, "total_time_seconds": 5}
    batch = [event_of(sat, event_id=str(uuid.uuid4())) for _ in range(3)]
    return [
        (f"{PREFIX}/events", event_of(sat, event_id=str(uuid.uuid4()))),
        (f"{PREFIX}/events/batch", {"events": batch}),
        (f"{PREFIX}/question-timing", timing | {"event_id": str(uuid.uuid4())}),
    ]


async def asked_at_once(client, asked: list[tuple[str, str, dict | None]]) -> list[httpx.Response]:
    async with asyncio.timeout(SOON):
        return await asyncio.gather(
            *(client.request(method, path, json=body) for method, path, body in asked)
        )


async def until_good(client, path: str, body: dict) -> httpx.Response:
    async with asyncio.timeout(30):
        while True:
            answer = await client.post(path, json=body)
            if answer.status_code != 503:
                return answer
            assert answer.headers["retry-after"]
            await asyncio.sleep(0.1)


async def stored(rig, sat) -> tuple[int, int]:
    """Return how many events and how many seconds of question 1 there are of an attempt."""

    def look(session) -> tuple[int, int]:
        events = "SELECT count(*) FROM proctoring.proctoring_events WHERE attempt_id = :id"
        times = "SELECT sum(total_time_seconds) FROM proctoring.question_timings"
        of = {"id": sat.attempt_id}
        return (
            session.execute(text(events), of).scalar_one(),
            session.execute(text(f"{times} WHERE attempt_id = :id"), of).scalar_one(),
        )

    return await rig.rows(look)


def assert_neither_done_nor_lost(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["type"] == "urn:oep:problem:outcome-unknown"
    assert "nothing was stored" not in answer.json()["detail"]


async def test_posts_to_a_stopped_postgres_are_answered_and_stored_once_when_repeated(
    rig, impatient, standstill
):
    sat = rig.stub.add()
    client = impatient(sat.student_id, "student")
    wanted = posts(sat)
    with standstill():
        for answer in await asked_at_once(client, [("POST", *each) for each in wanted]):
            assert_neither_done_nor_lost(answer)
            assert answer.headers["oep-load"]
    answers = [await until_good(client, *each) for each in wanted]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert {item["status"] for item in answers[1].json()["results"]} == {201}
    again = [await until_good(client, *each) for each in wanted]
    assert [answer.json() for answer in again] == [answer.json() for answer in answers]
    assert await stored(rig, sat) == (4, 5)


async def test_what_staff_and_students_ask_of_a_stopped_postgres_is_answered(
    rig, impatient, standstill
):
    """Many more requests than threads: what waits in front of them is bounded, too."""
    sat = rig.stub.add()
    about, exam = f"{PREFIX}/attempt/{sat.attempt_id}", f"{PREFIX}/exams/{sat.exam_id}"
    admin, student = impatient(1, "admin"), impatient(sat.student_id, "student")
    action = {"action_id": str(uuid.uuid4()), "action": "warn", "text": "Look at your screen"}
    reads = [
        ("GET", f"{about}/{what}", None)
        for what in ("events", "violations", "question-timings", "risk", "report", "actions")
    ] + [
        ("GET", f"{exam}/{what}", None)
        for what in ("attempts", "report", "report/events", "delivery", "actions", "claims")
    ]
    writes = [
        ("POST", f"{about}/actions", action),
        ("POST", f"{exam}/actions", action | {"attempt_ids": [sat.attempt_id]}),
        ("POST", f"{about}/claim", None),
        ("PUT", f"{about}/accommodations", {"rule_ids": ["burst"], "reason": "reads aloud"}),
        ("POST", f"{about}/reviews", {"reason": "a phone", "event_ids": []}),
    ]
    his = [("POST", f"{about}/hand", None)]
    with standstill():
        answers = await asyncio.gather(
            asked_at_once(admin, reads),
            asked_at_once(admin, writes),
            asked_at_once(student, his),
        )
        live = await admin.get("/health/live")
    for (method, path, _), answer in zip(reads + writes + his, chain(*answers), strict=True):
        assert (answer.status_code, answer.headers.get("retry-after", "")) != (503, ""), path
        assert answer.status_code == 503, (path, answer.text)
        if method == "GET":
            assert not answer.json()["type"].endswith(":outcome-unknown"), path
    assert live.status_code == 200


async def test_a_locked_table_is_answered_and_what_waited_for_it_is_there_once(
    rig, urls, impatient
):
    sat = rig.stub.add()
    client = impatient(sat.student_id, "student")
    wanted = posts(sat)
    with contextlib.closing(psycopg2.connect(urls.owner_url)) as holder:
        holder.cursor().execute("LOCK TABLE proctoring.tallies IN ACCESS EXCLUSIVE MODE")
        answers = await asked_at_once(client, [("POST", *each) for each in wanted])
    assert {answer.status_code for answer in answers} == {503}
    assert all(answer.headers["retry-after"] for answer in answers)
    good = [await until_good(client, *each) for each in wanted]
    assert [answer.status_code for answer in good] == [201, 200, 200]
    assert await stored(rig, sat) == (4, 5)
