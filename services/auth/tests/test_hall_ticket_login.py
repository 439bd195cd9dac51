"""POST /api/v1/auth/hall-ticket-login, in the order of checks of contract §3."""

import asyncio
import statistics
import time

import bcrypt
import pytest
from auth import accounts
from auth.passwords import hash_secret


@pytest.mark.contract("3/hall-ticket")
async def test_a_student_comes_in_with_ticket_birthday_and_answer(world):
    person = world.add("student")
    answer = await world.ticket_login(person)
    assert answer.status_code == 200
    assert answer.json()["user"]["hall_ticket_number"] == person.hall_ticket
    assert answer.json()["token_type"] == "bearer"


@pytest.mark.contract("3/hall-ticket/normalised-answer")
@pytest.mark.parametrize("given", ["kumar", "KUMAR", "  Kumar \t"])
async def test_the_answer_is_trimmed_and_lower_cased(world, given):
    assert (await world.ticket_login(world.add("student"), security_answer=given)).is_success


@pytest.mark.contract("3/hall-ticket/bcrypt")
async def test_an_imported_answer_is_hashed_again_and_stays_right(world):
    person = world.add("student")
    assert (await world.ticket_login(person)).is_success
    stored = world.sql("SELECT security_answer_hash FROM users WHERE id = :id", id=person.id)[0][0]
    assert stored.startswith("$argon2id$")
    assert (await world.ticket_login(person)).is_success
    assert (await world.ticket_login(person, security_answer="reddy")).status_code == 401


ROWS = [
    ("ticket", {"hall_ticket_number": "XX000000"}, 401, "Invalid hall ticket number"),
    ("format", {"date_of_birth": "2001-02-02"}, 400, "Invalid date format. Use DD/MM/YYYY"),
    ("no such day", {"date_of_birth": "31/02/2001"}, 400, "Invalid date format. Use DD/MM/YYYY"),
    ("empty date", {"date_of_birth": ""}, 400, "Invalid date format. Use DD/MM/YYYY"),
    ("date", {"date_of_birth": "03/02/2001"}, 401, "Invalid date of birth"),
    ("answer", {"security_answer": "reddy"}, 401, "Incorrect security answer"),
]


@pytest.mark.contract(
    "3/hall-ticket/1",
    "3/hall-ticket/2",
    "3/hall-ticket/3",
    "3/hall-ticket/4",
    "3/hall-ticket/www-authenticate",
)
@pytest.mark.parametrize(("_", "change", "status", "detail"), ROWS)
async def test_each_wrong_part_has_its_own_words(world, _, change, status, detail):
    answer = await world.ticket_login(world.add("student"), **change)
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)


@pytest.mark.contract("3/hall-ticket/order")
@pytest.mark.parametrize("first", range(len(ROWS) - 1))
async def test_of_several_wrong_parts_the_first_in_order_is_named(world, first):
    wrong = {}
    for _, change, _, _ in reversed(ROWS[first:]):
        wrong |= change
    answer = await world.ticket_login(world.add(is_active=False), **wrong)
    assert answer.json()["detail"] == ROWS[first][3]


@pytest.mark.contract("3/hall-ticket/5")
async def test_an_inactive_student_hears_so_after_everything_else_was_right(world):
    answer = await world.ticket_login(world.add(is_active=False))
    assert answer.status_code == 403
    assert answer.json()["detail"] == "Student account is inactive. Please contact administrator."


@pytest.mark.contract("3/hall-ticket/6")
async def test_only_students_come_in_by_hall_ticket(world):
    answer = await world.ticket_login(world.add("admin", "hall_in_charge"))
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "Hall ticket login is only for students",
    )


@pytest.mark.contract("3/hall-ticket/3/null", "3/hall-ticket/4/null")
async def test_a_missing_date_or_hash_fails_its_step_and_is_never_skipped(world):
    no_date = await world.ticket_login(world.add("student", date_of_birth=None))
    no_answer = await world.ticket_login(world.add("student", security_answer_hash=None))
    assert no_date.json()["detail"] == "Invalid date of birth"
    assert no_answer.json()["detail"] == "Incorrect security answer"


@pytest.mark.contract("3/hall-ticket/body-first")
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"hall_ticket_number": "1234"}, "/hall_ticket_number"),
        ({"hall_ticket_number": "1" * 51}, "/hall_ticket_number"),
        ({"security_answer": ""}, "/security_answer"),
        ({"date_of_birth": None}, "/date_of_birth"),
        ({"date_of_birth": 20010202}, "/date_of_birth"),
    ],
)
async def test_a_bad_body_is_422_before_any_check(world, change, pointer):
    answer = await world.ticket_login(world.add("student"), **change)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.contract("3/throttle/ticket")
async def test_failures_are_throttled_per_hall_ticket_and_not_per_address(world):
    person, neighbour = world.add("student"), world.add("student")
    refused = await world.fail_until_delayed(
        lambda: world.ticket_login(person, security_answer="guess")
    )
    assert int(refused.headers["retry-after"]) >= 1
    assert (await world.ticket_login(neighbour)).is_success
    assert (await world.login(person)).is_success


@pytest.fixture
def work_done(world, monkeypatch):
    """Note what is hashed, by the parameters that say what it costs; all hashes as `stored`."""
    hashing, noted = world.app.state.parts.hashing, []
    run = hashing._run

    async def noting(work, *args):
        noted.append(cost_of(args[-1]))
        return await run(work, *args)

    monkeypatch.setattr(hashing, "_run", noting)
    return noted


def cost_of(stored):
    """Return algorithm and parameters of a hash: all that its price depends on."""
    parts = stored.split("$")
    return tuple(parts[1:3] if parts[1].startswith("2") else parts[1:4])


STORED = {"argon2id": hash_secret("kumar"), "bcrypt": bcrypt.hashpw(b"kumar", bcrypt.gensalt(12))}


@pytest.mark.contract("3/equal-time")
@pytest.mark.parametrize("algorithm", STORED)
async def test_what_is_unknown_costs_the_same_work_as_what_is_known(
    world, work_done, algorithm, monkeypatch
):
    """Contract §3: unknown tickets cost as much time as known ones; and so do unknown names."""
    stored = STORED[algorithm]
    hashed = stored if isinstance(stored, str) else stored.decode()
    # How often a dummy is like an imported hash is told in test_accounts; here: like the known one.
    monkeypatch.setattr(accounts, "costs_like_imported", lambda *_: algorithm == "bcrypt")
    person = world.add("student", security_answer_hash=hashed, hashed_password=hashed)
    tries = [
        world.ticket_login(person, security_answer="wrong"),
        world.ticket_login(person, hall_ticket_number=f"UNKNOWN{person.id}"),
        world.ticket_login(person, date_of_birth="03/02/2001"),
        world.login(person, "wrong"),
        world.post("/login", {"username": f"nobody{person.id}", "password": "wrong"}),
    ]
    for each in tries:
        before = len(work_done)
        assert (await each).status_code == 401
        assert work_done[before:] == [cost_of(hashed)]


@pytest.mark.contract("3/mass-login")
async def test_two_hundred_students_come_in_within_a_minute(world):
    """Counted on the processor, since a busy machine is no defect; who is in does not wait."""
    waiting = [world.add("student") for _ in range(200)]
    inside = (await world.ticket_login(world.add("student"))).json()["access_token"]
    statuses, looks = [], []

    async def line() -> None:
        while waiting:
            statuses.append((await world.ticket_login(waiting.pop())).status_code)

    async def look() -> None:
        while waiting:
            began = time.perf_counter()
            assert (await world.me(inside)).is_success
            looks.append(time.perf_counter() - began)

    began = time.process_time()
    await asyncio.gather(look(), *(line() for _ in range(20)))
    assert time.process_time() - began < 60
    assert statuses == [200] * 200
    assert statistics.median(looks) < 2
