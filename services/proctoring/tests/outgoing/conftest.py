"""An administrator who knows a receiver of webhooks, and what attempts says of one exam."""

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from chassis.bus import BusUnavailable
from chassis.database import Database
from chassis.migrating import migrate
from chassis.waiting import eventually
from outgoing_kit import PATIENCE_SECONDS, Receiver

ALL_TOPICS = [
    "attempt.status_changed",
    "attempt.violation_recorded",
    "attempt.graded",
    "attempt.grade_changed",
]


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@dataclass
class Office:
    """An administrator, what attempts says of one exam, and one endpoint for it."""

    rig: Any
    bus: Any
    sat: Any
    admin: Any
    made: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/webhooks/{self.made['id']}"

    async def opens(self, receiver: Receiver, **more: Any) -> dict[str, Any]:
        body = {"url": receiver.url, "topics": ALL_TOPICS, "exam_id": self.sat.exam_id} | more
        answer = await self.admin.post("/webhooks", json=body)
        assert answer.status_code == 201, answer.text
        self.made = answer.json()
        return self.made

    async def asks(self, method: str, path: str = "", **options: Any) -> Any:
        answer = await self.admin.request(method, self.path + path, **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def says(self, fact: str = "status_changed", **data: Any) -> str:
        """Say something on the bus as attempts does; return the notice's id."""
        said = {"status": "submitted", "previous_status": "in_progress", "version": 3}
        notice = {
            "id": f"attempts-{uuid.uuid4().hex}",
            "fact": fact,
            "at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "exam_id": self.sat.exam_id,
            "attempt_id": self.sat.attempt_id,
            "data": {"student_id": self.sat.student_id} | (data or said),
        }
        await self.publish(notice)
        return notice["id"]

    async def publish(self, notice: dict[str, Any], **options: Any) -> None:
        subject = f"oep.v1.{notice['exam_id']}.{notice['attempt_id']}.{notice['fact']}"
        payload = json.dumps(notice).encode()

        async def is_stored() -> bool:
            try:
                return await self.bus.publish(subject, payload, None, **options) > 0
            except BusUnavailable:
                return False

        await eventually(is_stored, PATIENCE_SECONDS)

    async def state(self) -> dict[str, Any]:
        return await self.asks("GET")

    async def deliveries(self, **query: Any) -> list[dict[str, Any]]:
        return await self.asks("GET", "/deliveries", params=query)

    async def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the endpoint stands so; return how it stands."""

        async def found() -> dict[str, Any] | None:
            state = await self.state()
            return state if condition(state) else None

        return await eventually(found, PATIENCE_SECONDS)


@pytest.fixture
async def office(rig, bus):
    office = Office(rig, bus, rig.stub.add(), rig.member("admin"))
    yield office
    if office.made:
        await office.admin.delete(office.path)


@pytest.fixture(scope="session")
async def own_database(database):
    urls = await asyncio.to_thread(database, "proctoring")
    await asyncio.to_thread(migrate, "proctoring", urls.owner_url, "proctoring")
    own = Database(urls.app_url, pool_size=4)
    yield own
    await asyncio.to_thread(own.dispose)
