"""Events that were taken in and announced by the whole service, and a stream that can be lost."""

import asyncio
import contextlib
import json
import sys
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from chassis.bus import EVENTS, STREAMS, Bus, Delivery
from chassis.waiting import eventually
from nats.js.errors import BadRequestError
from proctoring.replay.rebuilding import Order, Outcome, Rebuilder
from proctoring.tables import OUTBOX
from sqlalchemy import func, select

TYPES = ("tab_switch", "fullscreen_exit", "answer_change", "window_focus")


@dataclass
class Stream:
    """What was said of events, and how it is lost."""

    rig: Any
    bus: Bus

    async def post(self, client: httpx.AsyncClient, attempt_id: int, count: int) -> None:
        events = [
            {
                "attempt_id": attempt_id,
                "event_id": str(uuid.uuid4()),
                "event_type": TYPES[n % len(TYPES)],
                "event_data": {"words": "private"},
                "client_sequence": n if n % 3 else None,
                "question_id": 1 if n % 2 else None,
            }
            for n in range(count)
        ]
        answer = await client.post("/events/batch", json={"events": events})
        assert {one["status"] for one in answer.json()["results"]} == {201}

    async def sat(self, *counts: int) -> tuple[int, list[tuple[int, httpx.AsyncClient]]]:
        """Return an exam, and its attempts with so many events each, all of them said."""
        exam_id = self.rig.stub.add().exam_id
        attempts = []
        for count in counts:
            sat = self.rig.stub.add(exam_id=exam_id)
            client = self.rig.client(sat.student_id)
            await self.post(client, sat.attempt_id, count)
            attempts.append((sat.attempt_id, client))
        await self.holds(exam_id, sum(counts))
        return exam_id, attempts

    async def holds(self, exam_id: int, count: int) -> list[Delivery]:
        """Wait until that many events of an exam lie in the stream, and the outbox is empty."""

        async def enough() -> list[Delivery]:
            if await self.rig.rows(_waiting):
                return []
            found = await self.said(exam_id)
            return found if len(found) >= count else []

        return await eventually(enough, 15)

    async def said(self, exam_id: int) -> list[Delivery]:
        head = await self.bus.head(EVENTS)
        subject = f"oep.v1.{exam_id}.*.event_recorded"
        return await self.bus.replay(EVENTS, [subject], 0, head.sequence)

    async def message_id(self, delivery: Delivery) -> str:
        found = await self.bus.jetstream.get_msg(EVENTS, delivery.sequence)
        return found.headers["Nats-Msg-Id"]

    async def lose(self, **other: Any) -> None:
        """Have another, empty stream stand there, of other settings if said."""
        [config] = [each for each in STREAMS if each.name == EVENTS]
        await self.bus.jetstream.delete_stream(EVENTS)
        with contextlib.suppress(BadRequestError):  # the relay was sooner, and made the usual one
            await self.bus.jetstream.add_stream(config.evolve(**other))

    async def rebuild(self, exam_id: int, **more: Any) -> Outcome:
        rebuilder = Rebuilder(self.bus, self.rig.database, lambda _: None)
        [outcome] = await rebuilder.run(Order(exam_id, **more))
        return outcome


def _waiting(session: Any) -> int:
    return session.execute(select(func.count()).select_from(OUTBOX)).scalar_one()


def places(found: list[Delivery], attempt_id: int) -> list[int]:
    """Return the numbers of an attempt's events, as they lie there."""
    notices = [json.loads(delivery.data) for delivery in found]
    return [n["data"]["event"]["sequence"] for n in notices if n["attempt_id"] == attempt_id]


@pytest.fixture
def stream(rig, bus) -> Stream:
    return Stream(rig, bus)


@pytest.fixture
def process(environment):
    """Return what runs the verb in a process of its own, which does not outlive the block."""

    @contextlib.asynccontextmanager
    async def running(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "proctoring", "replay", *words),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()

    return running
