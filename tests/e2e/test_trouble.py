"""Postgres away: refused with 503, live stays green, ready goes red, recovers alone."""

import asyncio

import httpx
from chassis.waiting import eventually


async def test_postgres_away_is_said_and_outlasted(platform, student, rows):
    event = student.event("keyboard_blocked")
    services = {name: platform.service_url(name) for name in ("auth", "attempts", "proctoring")}
    async with httpx.AsyncClient(timeout=10, trust_env=False) as probe:
        await asyncio.to_thread(platform.kill, "postgres", hold=True)
        try:
            refused = await student.report(event)
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) >= 1
            saved = await student.save(student.question_ids[0], "not now")
            assert saved.status_code == 503
            for name, url in services.items():
                live = await probe.get(f"{url}/health/live")
                ready = await probe.get(f"{url}/health/ready")
                assert (live.status_code, ready.status_code) == (200, 503), name
        finally:
            await asyncio.to_thread(platform.cont, "postgres")
            await asyncio.to_thread(platform.wait_ready, "postgres")

        async def healed() -> bool:
            ready = [await probe.get(f"{url}/health/ready") for url in services.values()]
            return {answer.status_code for answer in ready} == {200}

        await eventually(healed, 20)

    async def accepted() -> bool:
        return (await student.report(event)).status_code == 201

    await eventually(accepted, 15)
    count = "SELECT count(*) FROM proctoring_events WHERE attempt_id = %s AND event_id = %s"
    assert rows(count, student.attempt_id, event["event_id"]) == [(1,)]


async def test_every_error_is_problem_json_with_cors(platform):
    origin = {"Origin": "http://localhost:5173"}
    async with httpx.AsyncClient(
        base_url=platform.url, headers=origin, timeout=10, trust_env=False
    ) as client:
        for path, status, detail in (
            ("/nowhere", 404, "Not Found"),
            ("/api/rubrics/1", 404, "Not Found"),
            ("/api/v1/attempts/me", 401, "Not authenticated"),
            ("/api/v1/exams/", 401, "Not authenticated"),
            ("/api/v1/proctoring/attempt/1/events", 401, "Not authenticated"),
        ):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["detail"]) == (status, detail), path
            assert answer.headers["content-type"].startswith("application/problem+json"), path
            assert answer.headers["access-control-allow-origin"] == origin["Origin"], path
