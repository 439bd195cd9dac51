"""An exam with students and people who watch it, and what has been said on the bus about it."""

import asyncio
import itertools
import json
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from oep.auth.v1 import auth_pb2
from proctoring.tables import OUTBOX
from sqlalchemy import select, text

IDS = itertools.count(3_000_000)


@dataclass
class Hall:
    """One exam; `call` acts on its attempts."""

    rig: Any
    exam_id: int

    def sits(self, status: str = "in_progress"):
        """Return an attempt of the exam and its student's client."""
        sat = self.rig.stub.add(status, exam_id=self.exam_id)
        return sat, self.rig.client(sat.student_id)

    def watcher(self, role: str = "proctor", exam_id: int = 0) -> tuple[int, httpx.AsyncClient]:
        """Return somebody who watches the exam (or another one), with a user name."""
        user_id = next(IDS)
        name = f"{role}-{user_id}"
        self.rig.auth.users[user_id] = auth_pb2.User(user_id=user_id, username=name)
        if role == "proctor":
            self.rig.auth.assigned[user_id] = [("proctor", exam_id or self.exam_id)]
        return user_id, self.rig.client(user_id, role)

    def proctor(self) -> httpx.AsyncClient:
        return self.watcher()[1]

    async def act(self, client: httpx.AsyncClient, *attempt_ids: int, **body) -> dict[int, dict]:
        """Act on several attempts; return the items by attempt."""
        answer = await client.post(
            f"/exams/{self.exam_id}/actions", json=self.wish(attempt_ids=attempt_ids, **body)
        )
        assert answer.status_code == 200, answer.text
        return {item["attempt_id"]: item for item in answer.json()["results"]}

    @staticmethod
    def wish(action: str = "message", **body) -> dict[str, Any]:
        """Return the body of an action with a key of its own."""
        words = {"text": "Please sit down"} if action in {"message", "warn"} else {}
        if action in {"pause", "extend", "terminate"}:
            words = {"reason": "fire alarm"}
        if action == "extend":
            words["seconds"] = 60
        if "attempt_ids" in body and body["attempt_ids"] is not None:
            body["attempt_ids"] = list(body["attempt_ids"])
        return {"action_id": str(uuid.uuid4()), "action": action} | words | body

    async def said(self, attempt_id: int, fact: str | None = None) -> list[dict]:
        """Return what the bus was told of an attempt, in order."""
        waiting = await self.rig.rows(_waiting, attempt_id)  # before: nothing falls in between
        subject = f"oep.v1.{self.exam_id}.{attempt_id}.{fact or '*'}"
        head = await self.rig.bus.head("OEP_EVENTS")
        deliveries = await self.rig.bus.replay("OEP_EVENTS", [subject], 0, head.sequence)
        found = [json.loads(delivery.data) for delivery in deliveries]
        found += waiting
        known: dict[str, dict] = {}
        for note in found:
            known.setdefault(json.dumps([note["fact"], note["data"]], sort_keys=True), note)
        return [n for n in known.values() if fact in {None, n["fact"]}]


def _waiting(session, attempt_id: int) -> list[dict]:
    query = select(OUTBOX.c.payload).where(OUTBOX.c.order_key == attempt_id).order_by(OUTBOX.c.id)
    return list(session.execute(query).scalars())


@pytest.fixture
def hall(rig, bus) -> Hall:
    rig.bus = bus
    return Hall(rig, next(IDS))


@pytest.fixture
def run(owner):
    """Run a statement as the owner of the tables."""

    def work(statement: str, values: dict) -> None:
        with owner.transaction() as session:
            session.execute(text(statement), values)

    async def on_a_thread(statement: str, **values) -> None:
        await asyncio.to_thread(work, statement, values)

    return on_a_thread
