"""A Postgres that stands still: whoever sits or watches an exam is answered all the same.

A write whose outcome nobody knows is never told to be lost, nor to be done; sent again it is there
once.
"""

import asyncio

import httpx
import pytest

SECONDS = 0.7
SOON = 10.0
"""Below the gateway's 15 s, and far above what a busy machine adds to `SECONDS`."""


@pytest.fixture(scope="module")
def request_seconds() -> float:
    return SECONDS


async def until_good(api, method: str, path: str, body) -> httpx.Response:
    async with asyncio.timeout(30):
        while True:
            answer = await api.request(method, path, json=body)
            if answer.status_code != 503:
                return answer
            assert answer.headers["retry-after"]
            await asyncio.sleep(0.1)


async def test_a_stopped_postgres_is_answered_and_what_is_sent_again_is_there_once(
    api, world, standstill
):
    waiting = world.attempt("not_started", student=102)
    running, ready = world.attempt(), world.attempt(student=103)
    save = {"question_id": world.choice, "answer": "A", "sequence": 1}
    admin = api(1, "admin")
    writes = [
        (api(102), "POST", f"/attempts/{waiting}/begin", None),
        (api(), "POST", f"/attempts/{running}/answers", save),
        (api(103), "POST", f"/attempts/{ready}/submit", {"confirm": True}),
    ]
    reads = [("GET", f"/attempts/{running}", None), ("GET", "/exams/", None)]
    with standstill():
        async with asyncio.timeout(SOON):
            answers = await asyncio.gather(
                *(who.request(method, path, json=body) for who, method, path, body in writes),
                *(admin.request(method, path, json=body) for method, path, body in reads * 10),
            )
    told = {(answer.status_code, answer.headers.get("retry-after")) for answer in answers}
    assert told == {(503, "2")}
    slugs = [answer.json()["type"].rpartition(":")[2] for answer in answers]
    assert slugs == ["outcome-unknown"] * 3 + ["database-unavailable"] * 20
    begun, saved, submitted = [await until_good(*each) for each in writes]
    assert (begun.status_code, begun.json()["status"]) == (200, "in_progress")
    assert (saved.status_code, saved.json()["answer"]) == (200, "A")
    assert submitted.status_code == 200
    assert submitted.json()["status"] in {"submitted", "graded"}
    kept = await api().get(f"/attempts/{running}/answers")
    assert [each["answer"] for each in kept.json()] == ["A"]
