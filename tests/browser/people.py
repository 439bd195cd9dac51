"""Who takes part in the pages' tests: demo students with a fresh attempt, staff, and their REST."""

import itertools
from dataclasses import dataclass
from typing import Any

import httpx
from oep_local import legacy, seed, seed_rows
from oep_local.rig import Platform


@dataclass(frozen=True)
class Student:
    """A demo student with an attempt that has not begun; what he types to sign in, and his REST."""

    hall_ticket: str
    born: str  # DD/MM/YYYY
    answer: str
    name: str
    attempt_id: int
    exam_id: int
    http: httpx.Client


class Hall:
    """Gives each test a student of its own; the twelve take turns."""

    def __init__(self, stack: Platform) -> None:
        self._stack = stack
        self._clients: list[httpx.Client] = []
        self._numbers = itertools.cycle(range(1, len(seed_rows.people()["students"]) + 1))

    def student(self) -> Student:
        """Seat the next student: end his old attempts, make him a new one. Blocks."""
        return self._seated(next(self._numbers))

    def seat(self, hall_ticket: str) -> Student:
        """Seat the one with this hall ticket. Blocks."""
        numbers = range(1, len(seed_rows.people()["students"]) + 1)
        return self._seated(next(n for n in numbers if seed_rows.hall_ticket(n) == hall_ticket))

    def _seated(self, number: int) -> Student:
        person = seed_rows.people()["students"][number - 1]
        typed = {
            "hall_ticket_number": seed_rows.hall_ticket(number),
            "date_of_birth": person["date_of_birth"].strftime("%d/%m/%Y"),
            "security_answer": person["security_answer"],
        }
        login = post(self._stack.url, "hall-ticket-login", typed)
        http = client(self._stack.url, login)
        self._clients.append(http)
        self._make_room(http)
        [mine, *_] = self._attempts(http, "not_started")
        return Student(
            *typed.values(), login["user"]["full_name"], mine["id"], mine["exam_id"], http
        )

    def close(self) -> None:
        for each in self._clients:
            each.close()

    def login_as(self, student: Student) -> dict[str, Any]:
        """Sign a student in by REST, as his page would."""
        typed = {
            "hall_ticket_number": student.hall_ticket,
            "date_of_birth": student.born,
            "security_answer": student.answer,
        }
        return post(self._stack.url, "hall-ticket-login", typed)

    def _make_room(self, http: httpx.Client) -> None:
        with client(self._stack.url, self.login_of("admin")) as admin:
            for old in self._attempts(http, "in_progress"):
                body = {"reason": "the test is over"}
                admin.post(f"/attempts/{old['id']}/cancel", json=body).raise_for_status()
        if not self._attempts(http, "not_started"):
            launcher = legacy.ProcessLauncher(self._stack.layout.environment_of_deeds)
            seed.seed(launcher, self._stack.state.root, fresh=True)

    def _attempts(self, http: httpx.Client, status: str) -> list[dict[str, Any]]:
        query: dict[str, str | int] = {"exam_id": seed_rows.EXAM_ID, "status_filter": status}
        found: list[dict[str, Any]] = (
            http.get("/attempts/me", params=query).raise_for_status().json()
        )
        return found

    def login_of(self, role: str) -> dict[str, Any]:
        """Sign a demo member of staff in by REST."""
        return post(
            self._stack.url, "login", dict(zip(("username", "password"), staff(role), strict=True))
        )

    def rest_of(self, role: str) -> httpx.Client:
        """Return a client with a member of staff's token; the caller closes it."""
        return client(self._stack.url, self.login_of(role))


def staff(role: str) -> tuple[str, str]:
    """Return user name and password of the demo `admin`, `proctor`, `grader`, `hall_in_charge`."""
    member = next(m for m in seed_rows.people()["staff"] if m["role"] == role)
    return member["username"], seed_rows.people()["password"]


def post(url: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(f"{url}/api/v1/auth/{path}", json=body, timeout=10, trust_env=False)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def client(url: str, login: dict[str, Any]) -> httpx.Client:
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    return httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=10, trust_env=False)
