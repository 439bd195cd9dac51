"""Signing keys are changed while the whole platform works (contract §2.3; fault 16)."""

import asyncio
import contextlib
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from chassis.waiting import eventually
from oep_local import keys, seed_rows

GATEWAY_SECONDS = 60
SERVICE_SECONDS = 10
KNOWN_SECONDS = 35
"""When a key is older than this, the gateway has asked for it: it does so every 30 s."""
EVERYWHERE = ("/auth/me", "/attempts/me", "/exams/trades", "/proctoring/attempt/{}/events")


@pytest.fixture
def change(platform):
    """Change keys as `oep keys …` does."""

    async def deed(*words: str) -> list[dict]:
        return await asyncio.to_thread(keys.change_in, platform.layout, *words)

    return deed


@pytest.fixture
async def next_key(change) -> dict:
    """The next key, when it is so old that everybody knows it."""

    async def found() -> dict | None:
        key = (await change("list"))[1]
        age = datetime.now(UTC) - datetime.fromisoformat(key["created_at"])
        return key if age > timedelta(seconds=KNOWN_SECONDS) else None

    return await eventually(found, KNOWN_SECONDS + 15, every=1)


@pytest.fixture
async def newcomer(platform):
    """Log the demo's administrators in, as often as it is called."""
    staff = next(m for m in seed_rows.people()["staff"] if m["role"] == "admin")
    body = {"username": staff["username"], "password": seed_rows.people()["password"]}
    base_url = f"{platform.url}/api/v1"
    async with httpx.AsyncClient(base_url=base_url, timeout=10, trust_env=False) as client:

        async def come() -> str:
            answer = await client.post("/auth/login", json=body)
            return answer.raise_for_status().json()["access_token"]

        yield come


class Load:
    """Requests with an old and with ever new tokens, one after another, until stopped."""

    def __init__(self, base_url: str) -> None:
        self._client = httpx.AsyncClient(base_url=f"{base_url}/api/v1", timeout=10, trust_env=False)
        self.statuses: Counter[int] = Counter()

    async def ask(self, token: str, attempt_id: int) -> None:
        for path in EVERYWHERE:
            headers = {"Authorization": f"Bearer {token}"}
            answer = await self._client.get(path.format(attempt_id), headers=headers)
            self.statuses[answer.status_code] += 1

    @contextlib.asynccontextmanager
    async def running(self, *works):
        async def again(work) -> None:
            while True:
                await work()

        tasks = [asyncio.create_task(again(work)) for work in works]
        try:
            yield
            for task in tasks:
                if task.done():
                    await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._client.aclose()


@pytest.mark.contract("2.3/rotation-of-keys")
async def test_a_planned_rotation_under_load_gives_no_401(
    platform, student, next_key, newcomer, change
):
    """Contract §2.3, fault 16: a planned rotation refuses nobody."""
    load = Load(platform.url)

    async def old_token() -> None:
        await load.ask(student.token, student.attempt_id)

    async def new_tokens() -> None:
        await load.ask(await newcomer(), student.attempt_id)

    async with load.running(old_token, new_tokens):
        await eventually(lambda: load.statuses.total() > 50, 30)
        after = await change("rotate", "--force")
        enough = load.statuses.total() + 200
        await eventually(lambda: load.statuses.total() > enough, 60)
    assert after[0]["kid"] == next_key["kid"]
    assert load.statuses.keys() <= {200, 403}, load.statuses


@pytest.mark.contract("2.3/removal-of-keys")
async def test_what_a_revoked_key_has_signed_is_refused_everywhere_and_new_logins_work(
    platform, student, next_key, newcomer, change
):
    """Contract §2.3, fault 16: emergency removal, ≤ 10 s in services, ≤ 60 s at the gateway."""
    headers = {"Authorization": f"Bearer {student.token}"}
    path = f"/api/v1/attempts/{student.attempt_id}/time-status"
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:

        async def refused(url: str) -> bool:
            return (await client.get(url, headers=headers)).status_code == 401

        services = [
            platform.service_url("attempts") + path,
            platform.service_url("auth") + "/api/v1/auth/me",
            platform.service_url("proctoring")
            + f"/api/v1/proctoring/attempt/{student.attempt_id}/events",
        ]
        assert not any([await refused(url) for url in (*services, platform.url + path)])
        async with student.socket(f"attempts/{student.attempt_id}") as socket:
            active = (await change("list"))[0]["kid"]
            began = time.monotonic()
            after = await change("revoke", active)
            assert active not in {key["kid"] for key in after}
            token = await newcomer()
            me = await client.get(
                f"{platform.url}/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}
            )
            assert me.status_code == 200
            for url in services:
                left = SERVICE_SECONDS - (time.monotonic() - began)
                await eventually(lambda url=url: refused(url), left)
            await eventually(lambda: socket.close_code, SERVICE_SECONDS)
            assert socket.close_code == 4501
            left = GATEWAY_SECONDS - (time.monotonic() - began)
            await eventually(lambda: refused(platform.url + path), left, every=0.5)
    assert after[0]["kid"] == next_key["kid"]
