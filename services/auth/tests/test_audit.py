"""The audit of auth (contract §9.5): what is written with each deed, who reads it, what holds."""

import asyncio
import json
import threading

import pytest
from auth import audit
from auth.audit_store import AUDIT, append
from chassis.origins import Origin
from chassis.store_commands import Audit as AuditVerb
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

HERE = {"X-Forwarded-For": "203.0.113.9", "User-Agent": "Firefox"}
PLACE = Origin("203.0.113.9", "Firefox")
OTHERS = ["student", "proctor", "grader", "hall_in_charge", "hall_auth", "technician"]


@pytest.fixture
async def admin(world):
    return (await world.login(world.add("admin"))).json()["access_token"]


@pytest.fixture
def read(world, admin):
    """Read the audit as an administrator; newest first."""

    async def entries(**params):
        headers = {"Authorization": f"Bearer {admin}"}
        answer = await world.client.get("/api/v1/auth/audit", params=params, headers=headers)
        return answer.raise_for_status().json()

    return entries


@pytest.fixture
def act(world, admin):
    async def send(method, path, **options):
        headers = HERE | {"Authorization": f"Bearer {admin}"}
        return await world.client.request(method, f"/api/v1/auth{path}", headers=headers, **options)

    return send


async def come(world, person, password=None):
    body = {"username": person.username, "password": password or person.password}
    return await world.client.post("/api/v1/auth/login", json=body, headers=HERE)


# what is written


@pytest.mark.contract("9.5/login", "9.5/fields")
async def test_a_login_and_a_failure_are_audited_with_everything(world, read):
    """Contract §9.5: logins and failures, with user, address, agent, time, success, details."""
    person = world.add("student")
    assert (await come(world, person, "wrong")).status_code == 401
    opened = (await come(world, person)).json()
    success, failure = await read(user_id=person.id)
    assert (success["event_type"], success["success"]) == ("login_succeeded", True)
    assert (failure["event_type"], failure["success"]) == ("login_failed", False)
    assert failure["error_message"] == "bad-credentials"
    for each in (success, failure):
        assert (each["user_id"], each["subject_id"]) == (person.id, person.id)
        assert (each["ip_address"], each["user_agent"]) == ("203.0.113.9", "Firefox")
        assert each["created_at"].endswith("Z")
        assert each["details"]["method"] == "password"
        assert each["chain"] == f"user:{person.id}"
    assert success["details"]["login_id"]
    assert opened["access_token"] not in json.dumps([success, failure])


HALL_TICKET_FAILURES = {
    "birth-date-unreadable": {"date_of_birth": "2001-02-02"},
    "wrong-birth-date": {"date_of_birth": "03/02/2001"},
    "wrong-security-answer": {"security_answer": "guess"},
}


@pytest.mark.contract("9.5/login")
@pytest.mark.parametrize("reason", HALL_TICKET_FAILURES)
async def test_a_failed_hall_ticket_login_is_audited_with_its_reason(world, read, reason):
    """Contract §9.5: failures of hall-ticket logins."""
    person = world.add("student")
    await world.ticket_login(person, **HALL_TICKET_FAILURES[reason])
    [entry] = await read(user_id=person.id)
    assert (entry["error_message"], entry["details"]) == (reason, {"method": "hall_ticket"})


@pytest.mark.parametrize(("change", "reason"), [("is_active", "account-inactive")])
async def test_a_closed_accounts_failure_is_audited(world, read, change, reason):
    """Contract §9.5: failures of accounts that are closed."""
    person = world.add("student", **{change: False})
    assert (await come(world, person)).status_code == 403
    [entry] = await read(user_id=person.id)
    assert entry["error_message"] == reason


async def test_a_name_that_is_nobodys_is_not_kept(world, read):
    """Contract §9.5: failures of unknown names; people type passwords into the wrong field."""
    name = "my secret passphrase"
    body = {"username": name, "password": "x"}
    await world.client.post("/api/v1/auth/login", json=body, headers=HERE)
    newest = (await read(event_type="login_failed"))[0]
    assert (newest["user_id"], newest["subject_id"]) == (None, None)
    assert newest["chain"].startswith("unknown:")
    assert newest["ip_address"] == "203.0.113.9"
    assert name not in json.dumps(newest)


async def test_a_try_whose_secret_was_not_looked_at_is_no_failure(world, read):
    person = world.add("student")
    answer = await world.fail_until_delayed(lambda: world.login(person, "wrong"))
    assert answer.status_code == 429
    reasons = {entry["error_message"] for entry in await read(user_id=person.id)}
    assert reasons == {"bad-credentials"}


@pytest.mark.contract("9.5/logout", "9.5/token-reuse")
async def test_logout_and_token_reuse_are_audited(world, read):
    """Contract §9.5: logout, token reuse."""
    person = world.add("student")
    first = (await come(world, person)).json()
    second = (await world.post("/refresh", {"refresh_token": first["refresh_token"]})).json()
    await world.post("/refresh", {"refresh_token": second["refresh_token"]})
    spent = {"refresh_token": first["refresh_token"]}
    answer = await world.client.post("/api/v1/auth/refresh", json=spent, headers=HERE)
    assert answer.status_code == 401
    reuse, login = await read(user_id=person.id)
    assert (reuse["event_type"], reuse["success"]) == ("token_reused", False)
    assert reuse["ip_address"] == "203.0.113.9"
    assert reuse["details"]["login_id"] == login["details"]["login_id"]
    again = (await come(world, person)).json()
    for _ in range(2):
        await world.post("/logout", None, again["access_token"])
    types = [entry["event_type"] for entry in await read(user_id=person.id)]
    assert types[:2] == ["logout", "login_succeeded"]


async def test_changes_of_people_are_audited_by_field_never_by_value(world, act, read):
    """Contract §9.5: user and role changes, deactivation."""
    number = world.add("student").id + 100_000
    body = {"email": f"x{number}@e.org", "username": f"x{number}", "full_name": "X", "roles": []}
    user = (await act("POST", "/users", json=body | {"password": "swordfish"})).json()
    path = f"/users/{user['id']}"
    await act("PATCH", path, json={"full_name": "Y", "password": "new swordfish"})
    await act("PATCH", path, json={"roles": ["student", "proctor"]})
    await act("PATCH", path, json={"roles": ["proctor", "student"]})
    await act("PATCH", path, json={"is_active": False})
    gone, roles, changed, added = await read(user_id=user["id"])
    assert added["event_type"] == "user_added"
    assert changed["details"] == {"fields": ["full_name", "password"], "logins": "end_logins"}
    assert (roles["event_type"], roles["details"]["roles_before"]) == ("roles_changed", [])
    assert roles["details"]["roles_after"] == ["proctor", "student"]
    assert (gone["event_type"], gone["details"]["logins"]) == ("user_deactivated", "revoke_user")
    for each in (gone, roles, changed, added):
        assert (each["ip_address"], each["subject_id"]) == ("203.0.113.9", user["id"])
        assert each["user_id"] != user["id"]
        assert "swordfish" not in json.dumps(each)


async def test_a_change_that_is_refused_leaves_no_entry(world, act, read):
    person, other = world.add("student"), world.add("student")
    answer = await act("PATCH", f"/users/{person.id}", json={"username": other.username})
    assert answer.status_code == 409
    assert await read(user_id=person.id) == []


async def test_centers_and_assignments_are_audited_once(world, act, read):
    """Contract §9.5: center and assignment changes."""
    person = world.add("proctor")
    code = f"C{person.id}"
    center = (await act("POST", "/centers", json={"name": "Hall", "code": code})).json()
    [entry] = (await read(event_type="center_added"))[:1]
    assert entry["details"] == {"center_id": center["id"], "code": code}
    for method in ("PUT", "PUT", "DELETE", "DELETE"):
        await act(method, f"/assignments/77/proctor/{person.id}")
    withdrawn, added = await read(user_id=person.id)
    assert (added["event_type"], withdrawn["event_type"]) == (
        "assignment_added",
        "assignment_withdrawn",
    )
    assert added["details"] == {"exam_id": 77, "role": "proctor"}


# who reads it


async def test_only_administrators_read_it(world):
    """Contract §9.5: readable by administrators only."""
    token = (await world.login(world.add(*OTHERS))).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = await world.client.get("/api/v1/auth/audit", headers=headers)
    assert answer.status_code == 403
    assert (await world.client.get("/api/v1/auth/audit")).status_code == 401


async def test_entries_are_filtered_and_paged_newest_first(world, read):
    person = world.add("student")
    for password in ("wrong", None, "wrong"):
        await come(world, person, password)
    whole = await read(user_id=person.id)
    assert [entry["success"] for entry in whole] == [False, True, False]
    assert await read(user_id=person.id, skip=1, limit=1) == [whole[1]]
    assert await read(user_id=person.id, success=True) == [whole[1]]
    assert await read(user_id=person.id, event_type="login_failed") == [whole[0], whole[2]]
    assert await read(user_id=person.id, since=whole[1]["created_at"]) == whole[:2]
    assert await read(user_id=person.id, until=whole[1]["created_at"]) == [whole[2]]


# what holds it


async def test_the_service_itself_cannot_change_it(world, read):
    """Contract §9.5: append-only; UPDATE, DELETE and TRUNCATE are refused by the database."""
    await come(world, world.add("student"))
    for deed in ("UPDATE audit_logs SET success = false", "DELETE FROM audit_logs"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            world.sql(deed)
    with pytest.raises(ProgrammingError, match="permission denied"):
        world.sql("TRUNCATE audit_logs")


async def test_logins_at_once_stand_in_whole_chains(world, auth_database, settings_for, capsys):
    """Contract §9.5: hash-chained; verified by `python -m auth audit verify`."""
    people = [world.add("student") for _ in range(4)]
    tries = [come(world, person, password) for person in people for password in ("x", None, None)]
    await asyncio.gather(*tries)
    verb = AuditVerb(AUDIT)
    capsys.readouterr()
    assert await asyncio.to_thread(verb.run, settings_for(auth_database), None) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["flaws"] == []
    assert said["chain_count"] >= len(people)


async def test_what_somebody_changed_behind_our_back_is_found(
    empty_database, settings_for, running_world, capsys
):
    urls = empty_database()
    settings = settings_for(urls)
    async with running_world(settings) as world:
        await world.post("/login", {"username": "nobody", "password": "x"})
        await world.post("/login", {"username": "nobody", "password": "x"})
    owner = create_engine(urls.admin_url.replace("postgresql:", "postgresql+psycopg2:"))

    def tamper():
        with owner.begin() as connection:
            connection.execute(text("UPDATE auth.audit_logs SET ip_address = NULL WHERE place = 1"))
        owner.dispose()

    await asyncio.to_thread(tamper)
    capsys.readouterr()
    assert await asyncio.to_thread(AuditVerb(AUDIT).run, settings, None) == 1
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [flaw["chain"].split(":")[0] for flaw in said["flaws"]] == ["unknown"]


def test_logins_of_different_users_do_not_wait_for_each_other(world):
    """A mass login is not one line: who logs in waits for nobody else's open transaction."""
    database = world.app.state.parts.database
    entries = [audit.login_refused(n, n, "password", "x", PLACE) for n in (900_001, 900_002)]

    def other() -> None:
        with database.transaction() as session:
            append(session, entries[1])

    with database.transaction() as session:
        append(session, entries[0])
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(5)
        assert not thread.is_alive()


def test_unknown_names_are_spread_over_chains():
    entries = [audit.login_refused(None, slot, "password", "x", PLACE) for slot in range(-200, 0)]
    assert len({entry.chain for entry in entries}) == audit.UNKNOWN_CHAINS
