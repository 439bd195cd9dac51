"""One exam on the real platform, with everybody who may meet it; each asked through the gateway.

`Scene` knows the people and makes objects, fresh ones where a route destroys what it touches.
Objects that only a longer story would bring about (a paused attempt, a pending transfer) are put
into the database as that story leaves them.
"""

import base64
import contextlib
import itertools
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg2
import schemathesis
from oep_local import seed_rows
from oep_local.rig import Platform

PASSWORD = "policy-policy"
BORN = "2004-05-06"
PEOPLE = {
    "student owner": "student",
    "student other": "student",
    "proctor": "proctor",
    "proctor elsewhere": "proctor",
    "grader": "grader",
    "grader elsewhere": "grader",
    "hall_auth": "hall_auth",
    "technician": "technician",
    "hall_in_charge": "hall_in_charge",
    "admin": "admin",
}


@dataclass
class Actor:
    """Somebody who asks; without a token he is a stranger."""

    name: str
    user_id: int = 0
    username: str = ""
    token: str | None = None


class Scene:
    """The platform, its people, and the objects of one cell of the table."""

    def __init__(
        self, platform: Platform, http: httpx.AsyncClient, trade_id: int = seed_rows.EXAM_ID
    ) -> None:
        self.platform = platform
        self.http = http
        self.actors = {"anonymous": Actor("anonymous")}
        self._run = uuid.uuid4().hex[:8]
        self._numbers = itertools.count(1)
        self._database_url = platform.database.url("postgres")
        self._connect()
        self.admin_token = self.refresh_token = ""
        self.admin_id = 0
        self.trade_id = trade_id
        self.exam_id = self.other_exam_id = self.bank_id = self.question_id = self.written_id = 0

    def close(self) -> None:
        self._database.close()

    def new(self, word: str) -> str:
        """Return a name that nothing has had."""
        return f"{word}-{self._run}-{next(self._numbers)}"

    # The people

    async def set_up(self, admin: dict[str, str]) -> None:
        self.admin_token = (await self.login(admin))["access_token"]
        self.admin_id = (await self.as_admin("GET", "/auth/me"))["id"]
        self.bank_id = self.bank()
        self.question_id = self.question()
        self.written_id = self.question("short_answer")
        self.exam_id = self.exam(self.question_id, self.written_id)
        self.other_exam_id = self.exam()
        for name, role in PEOPLE.items():
            self.actors[name] = await self.person(name, role)
        for role in ("proctor", "grader"):
            await self._assign(self.exam_id, role, self.actors[role].user_id)
            await self._assign(self.other_exam_id, role, self.actors[f"{role} elsewhere"].user_id)

    async def person(self, name: str, *roles: str) -> Actor:
        username = self.new("person")
        body = self.person_body(username, roles)
        answer = await self.as_admin("POST", "/auth/users", body)
        login = await self.login({"username": username, "password": PASSWORD})
        return Actor(name, answer["id"], username, login["access_token"])

    def person_body(self, username: str, roles: tuple[str, ...] = ()) -> dict[str, Any]:
        return {
            "username": username,
            "email": f"{username}@policy.example",
            "full_name": username,
            "password": PASSWORD,
            "roles": list(roles),
            "hall_ticket_number": f"T{username}",
            "date_of_birth": BORN,
            "security_answer": "meadow",
            "trade_id": self.trade_id,
        }

    def student(self) -> int:
        """Make a student who does nothing."""
        name = self.new("student")
        user_id = self.insert(
            "auth.users",
            username=name,
            email=f"{name}@policy.example",
            full_name=name,
            hashed_password="!",
        )
        role = "INSERT INTO auth.user_roles SELECT %s, id FROM auth.roles WHERE name = 'student'"
        self.execute(role, user_id)
        return user_id

    async def login(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.http.post("/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def login_of(self, actor: Actor) -> dict[str, Any]:
        return await self.login({"username": actor.username, "password": PASSWORD})

    async def as_admin(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.admin_token}"}
        answer = await self.http.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def _assign(self, exam_id: int, role: str, user_id: int) -> None:
        await self.as_admin("PUT", f"/auth/assignments/{exam_id}/{role}/{user_id}")

    # The objects

    def insert(self, table: str, **values: Any) -> int:
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id"  # noqa: S608
        with self._cursor() as cursor:
            cursor.execute(statement, list(values.values()))
            [made] = cursor.fetchall()
            return int(made[0])

    def execute(self, statement: str, *values: Any) -> None:
        with self._cursor() as cursor:
            cursor.execute(statement, values)

    def _cursor(self) -> psycopg2.extensions.cursor:
        """Return a cursor that works, also when another test has killed the server meanwhile."""
        try:
            self._database.cursor().execute("SELECT 1")
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            self._connect()
        return self._database.cursor()

    def _connect(self) -> None:
        self._database = psycopg2.connect(self._database_url)
        self._database.autocommit = True

    def trade(self) -> int:
        return self.insert("attempts.trades", name=self.new("trade"), code=self.new("t"))

    def bank(self) -> int:
        return self.insert("attempts.question_banks", name=self.new("bank"), trade_id=self.trade_id)

    def question(self, kind: str = "multiple_choice") -> int:
        return self.insert(
            "attempts.questions",
            question_bank_id=self.bank_id,
            question_text=self.new("question"),
            question_type=kind,
            options='{"A": "one", "B": "two"}' if kind == "multiple_choice" else None,
            correct_answer='["B"]',
            difficulty="easy",
            marks=4,
            negative_marks=1,
        )

    def exam(self, *question_ids: int) -> int:
        exam_id = self.insert(
            "attempts.exams",
            title=self.new("exam"),
            trade_id=self.trade_id,
            exam_code=self.new("e"),
            duration_minutes=60,
            total_marks=8,
            passing_marks=4,
            total_questions=len(question_ids),
            status="published",
        )
        for order, question_id in enumerate(question_ids, start=1):
            self.insert(
                "attempts.exam_questions",
                exam_id=exam_id,
                question_id=question_id,
                order_number=order,
            )
        return exam_id

    def fresh_exam(self) -> int:
        return self.exam(self.question())

    def attempt(self, status: str = "in_progress") -> int:
        """Make an attempt of the owner at the exam; what ran before is set aside."""
        owner = self.actors["student owner"].user_id
        self.execute(
            "UPDATE attempts.attempts SET status = 'cancelled', end_time = now(),"
            " paused_at = NULL, pause_ends_at = NULL"
            " WHERE student_id = %s AND exam_id = %s AND status = 'in_progress'",
            owner,
            self.exam_id,
        )
        now = datetime.now(UTC)
        times = {
            "start_time": now - timedelta(minutes=1),
            "deadline_at": now + timedelta(minutes=59),
            "end_time": None if status == "in_progress" else now,
        }
        return self.insert(
            "attempts.attempts",
            student_id=owner,
            exam_id=self.exam_id,
            status=status,
            duration_minutes=60,
            encryption_salt=base64.b64encode(os.urandom(16)).decode(),
            **({} if status == "not_started" else times),
        )

    def paused_attempt(self) -> int:
        attempt_id = self.attempt()
        self.execute("UPDATE attempts.attempts SET paused_at = now() WHERE id = %s", attempt_id)
        return attempt_id

    def used_attempt(self) -> int:
        """Make one that a device uses."""
        attempt_id = self.attempt()
        self.execute(
            "UPDATE attempts.attempts SET active_login_id = 'a login', active_since = now()"
            " WHERE id = %s",
            attempt_id,
        )
        return attempt_id

    def submitted_attempt(self) -> int:
        """Make one whose written answer waits for its marks."""
        attempt_id = self.attempt("submitted")
        self.insert(
            "attempts.answers",
            attempt_id=attempt_id,
            question_id=self.written_id,
            answer='"ohm"',
        )
        return attempt_id

    def sealed_attempt(self) -> int:
        """Make one with encrypted final answers that nobody can open."""
        attempt_id = self.attempt("submitted")
        self.execute(
            "UPDATE attempts.attempts SET encrypted_final_answers = 'AAAA',"
            " encryption_flaw = 'checksum_mismatch' WHERE id = %s",
            attempt_id,
        )
        return attempt_id

    def marked_attempt(self) -> int:
        """Make a graded one whose written answer a person has marked."""
        attempt_id = self.attempt("graded")
        answer = {"attempt_id": attempt_id, "question_id": self.written_id}
        self.insert("attempts.answers", **answer, answer='"ohm"', marks_awarded=1)
        grader_id = self.actors["grader"].user_id
        mark = {"stage": "first", "source": "manual", "marks": 1, "grader_id": grader_id}
        self.insert("attempts.hand_marks", **answer, **mark)
        return attempt_id

    def sat_question(self) -> tuple[int, int]:
        """Make an exam of one question that has an attempt; return (exam id, question id)."""
        question_id = self.question()
        exam_id = self.exam(question_id)
        self.insert(
            "attempts.attempts",
            student_id=self.actors["student owner"].user_id,
            exam_id=exam_id,
            status="not_started",
            duration_minutes=60,
            encryption_salt=base64.b64encode(os.urandom(16)).decode(),
        )
        return exam_id, question_id

    def rubric(self) -> int:
        return self.insert("attempts.rubrics", title=self.new("rubric"))

    def webhook(self) -> int:
        """Make an endpoint that is switched off, in place of the last one: there may be few."""
        self.execute("DELETE FROM proctoring.webhook_endpoints WHERE created_by_id = 1")
        return self.insert(
            "proctoring.webhook_endpoints",
            url="https://hooks.example.org/",
            topics=["attempt.graded"],
            state="disabled",
            salt=b"0" * 32,
            created_by_id=1,
            changed_by_id=1,
        )

    def webhook_delivery(self) -> tuple[int, int]:
        endpoint_id = self.webhook()
        delivery_id = self.insert(
            "proctoring.outgoing",
            endpoint_id=endpoint_id,
            message_id=self.new("message"),
            topic="attempt.graded",
            occurred_at=datetime.now(UTC),
            body="{}",
        )
        return endpoint_id, delivery_id

    def receipted_attempt(self) -> int:
        attempt_id = self.attempt("submitted")
        self.execute(
            "INSERT INTO attempts.receipts (attempt_id, body, signature, kid)"
            " VALUES (%s, '{}', %s, 'k')",
            attempt_id,
            b"signature",
        )
        return attempt_id

    def held_attempt(self) -> int:
        attempt_id = self.attempt()
        self.insert(
            "proctoring.retention_holds", attempt_id=attempt_id, reason="appeal", placed_by_id=1
        )
        return attempt_id

    def allowance(self, attempt_id: int) -> int:
        return self.insert(
            "attempts.allowances",
            attempt_id=attempt_id,
            seconds=60,
            reason="power cut",
            granted_by_id=self.actors["admin"].user_id,
        )

    def safe_browser_key(self, exam_id: int) -> int:
        return self.insert(
            "attempts.safe_browser_keys",
            exam_id=exam_id,
            kind="config",
            key="5eb" * 21 + "0",
            note="",
            created_by_id=self.actors["admin"].user_id,
        )

    def outage(self, attempt_id: int) -> int:
        now = datetime.now(UTC)
        return self.insert(
            "attempts.outages",
            attempt_id=attempt_id,
            lost_at=now - timedelta(seconds=40),
            back_at=now,
            seconds=40,
            closed_by="connection",
            policy="propose",
            cap_seconds=0,
            state="proposed",
        )

    def review(self, state: str) -> int:
        """Make a review of an attempt of its own, opened and decided by people of long ago."""
        return self._review(self.attempt("submitted"), state)

    def reviewed_attempt(self) -> int:
        attempt_id = self.attempt("submitted")
        self._review(attempt_id, "decided")
        return attempt_id

    def _review(self, attempt_id: int, state: str) -> int:
        now = datetime.now(UTC)
        due = now + timedelta(days=7)
        decided = {
            "decided_by_id": 2**40 + 1,
            "decided_at": now,
            "decision": "confirmed",
            "outcome": "confirmed",
            "reason_code": "left_the_room",
            "explanation": "The chair was empty",
            "appeal_until": due,
        }
        appealed = {"appealed_at": now, "appeal_text": "I was there", "appeal_due_at": due}
        return self.insert(
            "proctoring.reviews",
            attempt_id=attempt_id,
            exam_id=self.exam_id,
            student_id=self.actors["student owner"].user_id,
            state=state,
            version=1,
            opened_by_id=2**40,
            opened_at=now,
            ground_ids=[],
            decision_due_at=due,
            **({} if state == "open" else decided),
            **(appealed if state == "appealed" else {}),
        )

    def action(self, attempt_id: int) -> int:
        """Make a message to the student that nobody has acknowledged."""
        key, proctor_id = str(uuid.uuid4()), self.actors["proctor"].user_id
        self.execute(
            "INSERT INTO proctoring.action_orders (action_id, exam_id, actor_id, digest)"
            " VALUES (%s, %s, %s, 'd')",
            key,
            self.exam_id,
            proctor_id,
        )
        return self.insert(
            "proctoring.actions",
            action_id=key,
            attempt_id=attempt_id,
            exam_id=self.exam_id,
            kind="message",
            text="Please sit down",
            actor_id=proctor_id,
            asked_at=datetime.now(UTC),
            settled_at=datetime.now(UTC),
        )

    def claimed_attempt(self) -> int:
        """Make one that somebody looks after."""
        attempt_id = self.attempt()
        someone = self.actors["technician"].user_id
        self.insert(
            "proctoring.claims",
            attempt_id=attempt_id,
            exam_id=self.exam_id,
            user_id=someone,
            began="claimed",
            by_id=someone,
            claimed_at=datetime.now(UTC),
        )
        return attempt_id

    def transfer(self, attempt_id: int) -> int:
        return self.insert(
            "attempts.transfers",
            attempt_id=attempt_id,
            from_workstation="UNKNOWN",
            to_workstation="WS-2",
            requested_by_id=self.actors["student owner"].user_id,
            status="pending",
            reason="the keyboard is broken",
        )


@contextlib.asynccontextmanager
async def opened(
    platform: Platform, admin: dict[str, str] | None = None, trade_id: int = seed_rows.EXAM_ID
) -> AsyncIterator[Scene]:
    """Set the scene; everybody in it is new. `admin` and `trade_id` are the demo's if not given."""
    async with httpx.AsyncClient(
        base_url=f"{platform.url}/api/v1", timeout=20, trust_env=False
    ) as http:
        scene = Scene(platform, http, trade_id)
        demo = {"username": "demo-admin", "password": seed_rows.people()["password"]}
        try:
            await scene.set_up(admin or demo)
            yield scene
        finally:
            scene.close()


def described(platform: Platform) -> dict[str, Any]:
    """Return what each operation of each service says of itself, by "GET /path"."""
    found = {}
    for service in ("auth", "attempts", "proctoring", "realtime"):
        schema = schemathesis.openapi.from_url(f"{platform.service_url(service)}/openapi.json")
        for result in schema.get_all_operations():
            operation: Any = result.ok()  # type: ignore[union-attr]  # else it raises
            found[f"{operation.method.upper()} {operation.path}"] = operation
    return found
