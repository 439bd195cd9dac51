"""POST /api/v1/auth/hall-ticket-login, in the order of checks of contract §3."""

import asyncio
import statistics
import time

import pytest
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


@pytest.mark.contract("3/equal-time")
async def test_an_unknown_ticket_costs_as_much_time_as_a_known_one(world):
    hashed = hash_secret("kumar")
    known, unknown = [], []
    for number in range(12):  # by turns, so that a busy machine slows both
        person = world.add("student", security_answer_hash=hashed)
        known.append(await _seconds(world, person, security_answer="wrong"))
        unknown.append(await _seconds(world, person, hall_ticket_number=f"UNKNOWN{number}"))
    assert 0.5 < statistics.median(unknown) / statistics.median(known) < 2


async def _seconds(world, person, **changes):
    deeds = world.app.state.sign_in
    deeds.imported_shares = dict.fromkeys(deeds.imported_shares, 0.0)  # all hashes are our own
    began = time.perf_counter()
    assert (await world.ticket_login(person, **changes)).status_code == 401
    return time.perf_counter() - began


@pytest.mark.contract("3/mass-login")
async def test_two_hundred_students_come_in_within_a_minute(world):
    """Whoever is in meanwhile does not wait: hashing is done beside the others' requests."""
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

    began = time.perf_counter()
    await asyncio.gather(look(), *(line() for _ in range(20)))
    assert time.perf_counter() - began < 60
    assert statuses == [200] * 200
    assert statistics.median(looks) < 1
