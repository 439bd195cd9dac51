"""POST /api/v1/auth/login, row by row of contract §3."""

import bcrypt
import jwt
import pytest


@pytest.mark.contract("3/login")
async def test_a_login_answers_with_tokens_and_the_whole_user(world):
    center = world.sql(
        "INSERT INTO centers (name, code, district) VALUES ('C', 'C1', 'Guntur') RETURNING id"
    )
    trade = world.sql("INSERT INTO trades (name, code) VALUES ('T', 'T1') RETURNING id")
    person = world.add("student", center_id=center[0].id, trade_id=trade[0].id)
    answer = await world.login(person)
    body = answer.json()
    assert answer.status_code == 200
    assert body.keys() == {"access_token", "refresh_token", "token_type", "user"}
    assert body["token_type"] == "bearer"
    assert body["user"].keys() == {
        "id", "email", "username", "full_name", "is_active", "is_verified", "created_at",
        "last_login", "roles", "center", "hall_ticket_number", "trade",
    }  # fmt: skip
    assert body["user"]["username"] == person.username
    assert body["user"]["center"]["district"] == "Guntur"
    assert body["user"]["center"].keys() == {
        "id", "name", "code", "address", "city", "state", "pincode", "district", "is_active",
        "created_at",
    }  # fmt: skip
    assert body["user"]["trade"].keys() == {
        "id", "name", "code", "description", "is_active", "created_at", "updated_at",
    }  # fmt: skip
    assert [role["name"] for role in body["user"]["roles"]] == ["student"]
    assert body["user"]["roles"][0].keys() == {"id", "name", "description", "created_at"}
    assert body["user"]["created_at"].endswith("Z")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.contract("3/login/last-login")
async def test_a_login_sets_last_login(world):
    person = world.add("admin")
    body = (await world.login(person)).json()
    stored = world.sql("SELECT last_login FROM users WHERE id = :id", id=person.id)[0].last_login
    assert body["user"]["last_login"] == stored.isoformat().replace("+00:00", "Z")


@pytest.mark.contract("3/login/email")
@pytest.mark.parametrize("change", [str, str.upper])
async def test_an_email_address_is_as_good_as_the_user_name(world, change):
    person = world.add("admin")
    body = {"username": change(person.email), "password": person.password}
    assert (await world.post("/login", body)).status_code == 200


async def test_a_user_name_is_taken_exactly(world):
    person = world.add("admin")
    body = {"username": person.username.upper(), "password": person.password}
    assert (await world.post("/login", body)).status_code == 401


@pytest.mark.contract("3/login/wrong")
@pytest.mark.parametrize(
    "body",
    [
        lambda p: {"username": p.username, "password": "wrong"},
        lambda p: {"username": p.username, "password": ""},
        lambda p: {"username": p.username, "password": p.password + " "},
        lambda _: {"username": "nobody", "password": "correct horse"},
        lambda _: {"username": "", "password": ""},
    ],
)
async def test_wrong_credentials_get_one_and_the_same_answer(world, body):
    answer = await world.post("/login", body(world.add("admin")))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"] == "Incorrect username or password"
    assert problem.keys() == {"type", "title", "status", "detail", "instance", "request_id"}


@pytest.mark.contract("3/login/inactive")
async def test_an_inactive_user_hears_so_only_with_the_right_password(world):
    person = world.add("admin", is_active=False)
    right, wrong = await world.login(person), await world.login(person, "wrong")
    assert (right.status_code, right.json()["detail"]) == (403, "User account is inactive")
    assert (wrong.status_code, wrong.json()["detail"]) == (401, "Incorrect username or password")


@pytest.mark.contract("3/login/invalid")
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"username": "a"}, "/password"),
        ({"password": "a"}, "/username"),
        ({"username": 5, "password": "a"}, "/username"),
        ({"username": "a", "password": None}, "/password"),
        ({"username": "a", "password": "x" * 2000}, "/password"),
        ({"username": "a\x00b", "password": "x"}, "/username"),
    ],
)
async def test_a_bad_body_is_422_with_the_place_named(world, body, pointer):
    answer = await world.post("/login", body)
    assert answer.status_code == 422
    problem = answer.json()
    assert isinstance(problem["detail"], str)
    assert pointer in [error["pointer"] for error in problem["errors"]]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"null", b'{"username":"\\ud800","password":"x"}']
)
async def test_what_is_no_login_body_is_422(world, content):
    answer = await world.client.post(
        "/api/v1/auth/login", content=content, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


async def test_a_refused_body_does_not_come_back_with_its_secret(world):
    answer = await world.post("/login", {"username": 1, "password": "hunter2hunter2"})
    assert "hunter2" not in answer.text


async def test_an_imported_hash_is_replaced_at_login_and_the_password_stays(world):
    person = world.add("admin")
    assert (await world.login(person)).status_code == 200
    stored = world.sql("SELECT hashed_password FROM users WHERE id = :id", id=person.id)[0][0]
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await world.login(person)).status_code == 200
    assert (await world.login(person, "wrong")).status_code == 401


async def test_a_long_imported_password_counts_up_to_72_bytes_as_it_did(world):
    long = "p" * 80
    hashed = bcrypt.hashpw(long[:72].encode(), bcrypt.gensalt(4)).decode()
    person = world.add("admin", hashed_password=hashed)
    assert (await world.login(person, long)).status_code == 200


async def test_an_unreadable_stored_hash_refuses_and_does_not_fail(world):
    for stored in ("", "plain", "$2b$12$short", "$argon2id$v=19$nonsense"):
        person = world.add("admin", hashed_password=stored)
        assert (await world.login(person)).status_code == 401


@pytest.mark.contract("2.3/lifetimes")
@pytest.mark.parametrize(
    ("roles", "seconds"),
    [(["student"], 8 * 3600), (["admin"], 1800), ([], 1800), (["proctor", "grader"], 1800)],
)
async def test_access_tokens_live_8_hours_for_students_and_30_minutes_for_others(
    world, roles, seconds
):
    body = (await world.login(world.add(*roles))).json()
    access = jwt.decode(body["access_token"], options={"verify_signature": False})
    refresh = jwt.decode(body["refresh_token"], options={"verify_signature": False})
    assert access["exp"] - access["iat"] == seconds
    assert refresh["exp"] - refresh["iat"] == 7 * 24 * 3600


@pytest.mark.contract("2.3/claims", "2.3/several-roles")
async def test_tokens_say_what_the_contract_lists(world):
    person = world.add("student", "proctor")
    body = (await world.login(person)).json()
    access = jwt.decode(body["access_token"], options={"verify_signature": False})
    refresh = jwt.decode(body["refresh_token"], options={"verify_signature": False})
    assert access.keys() == {"sub", "roles", "jti", "typ", "iat", "exp", "iss", "login_id"}
    assert access["sub"] == str(person.id)
    assert access["roles"] == ["proctor", "student"]
    assert (access["typ"], refresh["typ"], access["iss"]) == ("access", "refresh", "oep")
    assert access["login_id"] == refresh["login_id"]
    assert access["jti"] != refresh["jti"]


@pytest.mark.contract("3/throttle/name", "3/throttle/429")
async def test_repeated_failures_are_answered_429_with_a_time_and_never_lock_for_good(world):
    person = world.add("admin")
    refused = await world.fail_until_delayed(lambda: world.login(person, "wrong"))
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    later = "UPDATE login_tries SET blocked_until = now() + interval '20 s' WHERE slot = :slot"
    world.sql(later, slot=person.id)
    assert (await world.login(person)).status_code == 429
    other = await world.login(world.add("admin"))
    assert other.status_code == 200
    world.sql("UPDATE login_tries SET blocked_until = now() WHERE slot = :slot", slot=person.id)
    assert (await world.login(person)).status_code == 200
    assert world.sql("SELECT * FROM login_tries WHERE slot = :slot", slot=person.id) == []


async def test_names_that_are_nobodys_are_throttled_as_well(world):
    body = {"username": "nobody at all", "password": "x"}
    refused = await world.fail_until_delayed(lambda: world.post("/login", body))
    assert refused.json()["detail"] == "Too many failed logins. Please wait and try again."


@pytest.mark.contract("3/client-reads")
async def test_the_exam_page_finds_whom_it_greets(world):
    center = world.sql(
        "INSERT INTO centers (name, code, district) VALUES ('Hall', 'C2', 'Krishna') RETURNING id"
    )
    person = world.add("student", center_id=center[0].id)
    user = (await world.ticket_login(person)).json()["user"]
    assert (user["username"], user["full_name"]) == (person.username, f"User {person.id}")
    assert user["hall_ticket_number"] == person.hall_ticket
    assert (user["center"]["name"], user["center"]["district"]) == ("Hall", "Krishna")
