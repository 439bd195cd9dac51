"""POST /api/v1/auth/users/import-csv and `people import`: sheets of students become users."""

import asyncio
import io
import json

import pytest
from auth import commands
from auth.sheet import COLUMNS, MAX_BYTES
from chassis.waiting import eventually

HEADER = ",".join(COLUMNS)
OTHERS = ["student", "proctor", "grader", "hall_in_charge", "hall_auth", "technician"]


def row(number, **changes):
    cells = {
        "username": f"pupil{number}",
        "email": f"pupil{number}@e.org",
        "full_name": f"Pupil {number}",
        "hall_ticket_number": f"PT{number:06}",
        "date_of_birth": "02/02/2001",
        "security_question": "Town?",
        "security_answer": " Guntur ",
    } | changes
    return ",".join(cells.get(name, "") for name in COLUMNS)


def sheet(*rows):
    return "\n".join((HEADER, *rows)).encode()


@pytest.fixture
async def admin(world):
    return (await world.login(world.add("admin"))).json()["access_token"]


@pytest.fixture
def numbers(world):
    first = world.add("student").id * 1000
    return iter(range(first, first + 1000))


@pytest.fixture
def send(world, admin):
    async def post(content, part="file", token=None, **params):
        return await world.client.post(
            "/api/v1/auth/users/import-csv",
            params=params,
            files={part: ("students.csv", io.BytesIO(content), "text/csv")},
            headers={"Authorization": f"Bearer {token or admin}"},
        )

    return post


def users(world, number):
    return world.sql("SELECT * FROM users WHERE username = :name", name=f"pupil{number}")


async def ticket_login(world, number, answer="guntur"):
    body = {
        "hall_ticket_number": f"PT{number:06}",
        "date_of_birth": "02/02/2001",
        "security_answer": answer,
    }
    return await world.post("/hall-ticket-login", body)


async def test_good_rows_are_enrolled_and_bad_ones_named(world, send, numbers):
    one, two, bad = next(numbers), next(numbers), next(numbers)
    code = f"C{one}"
    world.sql("INSERT INTO centers (name, code) VALUES ('Hall', :code)", code=code)
    content = sheet(
        row(one, center_code=code), row(bad, date_of_birth="soon"), row(two, password="by pass")
    )
    answer = await send(content)
    assert answer.status_code == 200
    report = answer.json()
    counts = [report[name] for name in ("added", "updated", "unchanged", "skipped", "refused")]
    assert counts == [2, 0, 0, 0, 1]
    assert [(r["row"], r["outcome"]) for r in report["rows"]] == [
        (2, "added"),
        (3, "refused"),
        (4, "added"),
    ]
    assert "date_of_birth must be a date" in report["rows"][1]["messages"][0]
    login = await ticket_login(world, one)
    assert (login.status_code, login.json()["user"]["center"]["code"]) == (200, code)
    assert [role["name"] for role in login.json()["user"]["roles"]] == ["student"]
    by_password = await world.post("/login", {"username": f"pupil{two}", "password": "by pass"})
    assert by_password.status_code == 200
    nobody = await world.post("/login", {"username": f"pupil{one}", "password": "!"})
    assert nobody.status_code == 401


async def test_secrets_are_hashed_as_design_says(world, send, numbers):
    """Design §10: argon2id, 19 MiB, two passes, one lane."""
    number = next(numbers)
    await send(sheet(row(number, password="x")))
    [user] = users(world, number)
    for stored in (user.hashed_password, user.security_answer_hash):
        assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_a_dry_run_says_the_same_and_writes_nothing(world, send, numbers):
    number, bad = next(numbers), next(numbers)
    content = sheet(row(number), row(bad, email="x"))
    tried = (await send(content, dry_run=True)).json()
    assert (tried["dry_run"], tried["added"], tried["refused"]) == (True, 1, 1)
    assert users(world, number) == []
    done = (await send(content)).json()
    assert [r["outcome"] for r in done["rows"]] == [r["outcome"] for r in tried["rows"]]
    assert len(users(world, number)) == 1


async def test_somebody_who_is_here_is_skipped_unless_he_is_to_be_updated(world, send, numbers):
    number = next(numbers)
    await send(sheet(row(number)))
    changed = sheet(row(number, full_name="New Name"))
    skipped = (await send(changed)).json()
    assert (skipped["skipped"], skipped["rows"][0]["messages"]) == (1, ["is here already"])
    assert users(world, number)[0].full_name == f"Pupil {number}"
    updated = (await send(changed, on_existing="update")).json()
    assert (updated["updated"], updated["rows"][0]["user_id"]) == (1, users(world, number)[0].id)
    assert users(world, number)[0].full_name == "New Name"
    again = (await send(changed, on_existing="update")).json()
    assert (again["unchanged"], again["updated"]) == (1, 0)


async def test_the_same_sheet_again_leaves_open_logins_alone_and_a_new_answer_ends_them(
    world, send, numbers
):
    number = next(numbers)
    await send(sheet(row(number)))
    token = (await ticket_login(world, number)).json()["access_token"]
    await send(sheet(row(number)), on_existing="update")
    assert (await world.me(token)).status_code == 200
    await send(sheet(row(number, security_answer="Eluru")), on_existing="update")
    assert (await world.me(token)).status_code == 401
    assert (await ticket_login(world, number)).status_code == 401
    assert (await ticket_login(world, number, "eluru")).status_code == 200


REFUSALS = {
    "center": ({"center_code": "nowhere"}, "center_code nowhere is unknown"),
    "trade": ({"trade_code": "nothing"}, "trade_code nothing is unknown"),
    "secret": ({"security_answer": ""}, "password or security_answer is required"),
}


@pytest.mark.parametrize("what", REFUSALS)
async def test_what_a_row_may_not_say(world, send, numbers, what):
    changes, words = REFUSALS[what]
    number = next(numbers)
    report = (await send(sheet(row(number, **changes)))).json()
    assert words in report["rows"][0]["messages"][0]
    assert users(world, number) == []


async def test_a_row_never_changes_somebody_else(world, send, numbers):
    member = world.add("proctor", hall_ticket_number=None)
    one, two = next(numbers), next(numbers)
    await send(sheet(row(one), row(two)))
    wanted = {
        "belongs to a user who is no student": row(next(numbers), username=member.username),
        "email belongs to another user": row(next(numbers), email=f"PUPIL{one}@e.org"),
        "two different users": row(one, hall_ticket_number=f"PT{two:06}"),
    }
    for words, line in wanted.items():
        [result] = (await send(sheet(line), on_existing="update")).json()["rows"]
        assert result["outcome"] == "refused"
        assert any(words in message for message in result["messages"])


async def test_two_who_send_the_same_sheet_at_once_enrol_everybody_once(world, send, numbers):
    content = sheet(*[row(next(numbers)) for _ in range(5)])
    one, two = await asyncio.gather(send(content), send(content))
    assert {one.status_code, two.status_code} == {200}
    assert one.json()["added"] + two.json()["added"] == 5


async def test_an_import_is_audited_with_ids_and_without_secrets(world, send, numbers):
    """Contract §9.5: changes of people, here by CSV."""
    number = next(numbers)
    await send(sheet(row(number, password="swordfish")))
    [entry] = world.sql(
        "SELECT event_type, user_id, details FROM audit_logs"
        " WHERE event_type = 'students_imported' ORDER BY id DESC LIMIT 1"
    )
    assert entry.user_id is not None
    assert entry.details["added_ids"] == [users(world, number)[0].id]
    said = json.dumps(entry.details)
    assert "swordfish" not in said
    assert "untur" not in said


async def test_logins_get_through_while_a_sheet_is_hashed(world, send, numbers):
    """Contract §3: logins must not queue behind password hashing."""
    person = world.add("student")
    await world.login(person)
    content = sheet(*[row(next(numbers)) for _ in range(60)])
    sending = asyncio.create_task(send(content))
    hashing = world.app.state.parts.hashing
    await eventually(lambda: hashing.is_busy, 10)
    assert (await world.login(person)).status_code == 200
    assert not sending.done()
    assert (await sending).json()["added"] == 60


async def test_only_administrators_enrol(world, send):
    token = (await world.login(world.add(*OTHERS))).json()["access_token"]
    answer = await send(sheet(), token=token)
    assert answer.status_code == 403
    assert answer.json()["detail"] == "User does not have required role. Required: ['admin']"


async def test_what_is_no_sheet_or_too_large_is_refused(world, send):
    for content, part in ((b"", "file"), (b"\xff\xfe", "file"), (sheet(), "other")):
        answer = await send(content, part)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/file"
    assert (await send(b"x" * (MAX_BYTES + 1))).status_code == 413
    assert (await send(sheet(*[row(n) for n in range(1_001)]))).status_code == 413
    assert (await send(sheet(), on_existing="x")).status_code == 422
    assert (await send(sheet(), dry_run="x")).status_code == 422


# by command


@pytest.fixture
def command(run_command, tmp_path, monkeypatch):
    gentle = []
    monkeypatch.setattr(commands.os, "nice", gentle.append)

    async def run(content, *options):
        file = tmp_path / "students.csv"
        file.write_bytes(content)
        done = await run_command("people", "import", str(file), *options)
        assert min(gentle) >= 10, "it steps back for the service"
        return done.code, [json.loads(line) for line in done.out.splitlines()]

    return run


async def test_the_command_enrols_tells_progress_and_reports(world, command, numbers):
    number, bad = next(numbers), next(numbers)
    content = sheet(row(number), row(bad, email="x"))
    code, [tried] = await command(content, "--dry-run")
    assert (code, tried["report"]["added"], users(world, number)) == (0, 1, [])
    code, [progress, done] = await command(content)
    assert (code, progress) == (0, {"progress": 1, "total": 1})
    assert (done["report"]["added"], done["report"]["refused"]) == (1, 1)
    assert (await ticket_login(world, number)).status_code == 200
    code, [refused] = await command(b"\xff")
    assert (code, refused["error"]) == (1, "/file: the file must be UTF-8")
