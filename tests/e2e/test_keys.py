"""Signing keys are changed while the whole platform works (contract §2.3; fault 16)."""

import asyncio
import contextlib
from collections import Counter

import httpx
import pytest
from chassis.waiting import eventually

EVERYWHERE = ("/auth/me", "/attempts/me", "/exams/trades", "/proctoring/attempt/{}/events")


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
