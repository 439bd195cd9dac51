"""Students from a sheet, through the gateway and by command, log in as everybody does."""

import asyncio
import time

import httpx
from oep_local import people
from rich.console import Console

HEADER = "username,email,full_name,hall_ticket_number,date_of_birth,security_answer"


def row(name: str) -> str:
    return f"{name},{name}@e.org,Student {name},{name.upper()},02/02/2001,Kumar"


async def may_log_in(url: str, name: str) -> bool:
    body = {
        "hall_ticket_number": name.upper(),
        "date_of_birth": "02/02/2001",
        "security_answer": "kumar",
    }
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        answer = await client.post(f"{url}/api/v1/auth/hall-ticket-login", json=body)
        return answer.status_code == 200


async def test_an_administrator_enrols_students_through_the_gateway(platform, admin):
    name = f"rest{time.time_ns()}"
    files = {"file": ("s.csv", f"{HEADER}\n{row(name)}\n,,,,,\nbad,,,,,\n", "text/csv")}
    path = "/auth/users/import-csv"
    tried = (await admin.http.post(path, params={"dry_run": True}, files=files)).json()
    assert (tried["added"], tried["refused"]) == (1, 1)
    assert not await may_log_in(platform.url, name)
    done = (await admin.http.post(path, files=files)).json()
    assert [each["row"] for each in done["rows"]] == [2, 4]
    assert await may_log_in(platform.url, name)


async def test_the_command_enrols_students(platform, tmp_path):
    name = f"command{time.time_ns()}"
    file = tmp_path / "students.csv"
    file.write_text(f"{HEADER}\n{row(name)}\nbad,,,,,\n")
    report = await asyncio.to_thread(
        people.import_in, platform.layout, file, ["--on-existing=update"], Console(quiet=True)
    )
    assert (report["added"], report["refused"]) == (1, 1)
    assert await may_log_in(platform.url, name)
