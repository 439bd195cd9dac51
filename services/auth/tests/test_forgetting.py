"""A person's export and erasure: everything but hashes; afterwards a number, and no way in."""

import asyncio
import json

import pytest
from auth.errors import PersonAmbiguous, UserNotFound

REASON = {"reason": "he asked for it"}
SECRETS = ("hash", "$2b$", "$argon2")


@pytest.fixture
async def admin(world):
    return (await world.login(world.add("admin"))).json()["access_token"]


@pytest.fixture
def ask(world, admin):
    async def send(method, path, token=None, **options):
        headers = {"Authorization": f"Bearer {token or admin}"}
        return await world.client.request(method, f"/api/v1/auth{path}", headers=headers, **options)

    return send


async def test_an_export_holds_everything_but_hashes(world, ask):
    person = world.add("student", security_question="Who?")
    other = world.add("student")
    await world.ticket_login(person)
    await world.login(other)
    answer = await ask("GET", f"/users/{person.id}/export")
    assert answer.status_code == 200
    found = answer.json()
    assert found["user"]["username"] == person.username
    assert found["user"]["date_of_birth"] == "2001-02-02"
    assert found["user"]["security_question"] == "Who?"
    assert found["user"]["roles"] == ["student"]
    assert [login["method"] for login in found["logins"]] == ["hall_ticket"]
    assert [entry["event_type"] for entry in found["audit"]] == ["login_succeeded"]
    assert found["assignments"] == []
    assert other.username not in answer.text
    assert not any(secret in answer.text for secret in SECRETS)


async def test_an_export_hides_whose_machine_it_was_that_others_used(world, ask, admin):
    person = world.add("student")
    await ask("PATCH", f"/users/{person.id}", json={"full_name": "Changed"})
    [entry] = (await ask("GET", f"/users/{person.id}/export")).json()["audit"]
    assert (entry["event_type"], entry["ip_address"]) == ("user_changed", None)


async def test_erasure_leaves_a_number_and_no_way_in(world, ask):
    person = world.add("student", security_question="Who?")
    token = (await world.login(person)).json()["access_token"]
    answer = await ask("POST", f"/users/{person.id}/erasure", json=REASON)
    assert answer.status_code == 200
    user = answer.json()
    assert (user["id"], user["is_active"]) == (person.id, False)
    assert (await world.me(token)).status_code in {401, 403}
    assert (await world.login(person)).status_code == 401
    assert (await world.ticket_login(person)).status_code == 401
    [row] = world.sql(
        "SELECT email, username, full_name, hall_ticket_number, date_of_birth, security_question,"
        " security_answer_hash, hashed_password, last_login FROM users WHERE id = :id",
        id=person.id,
    )
    number = person.id
    assert tuple(row) == (
        f"erased-{number}@erased.invalid",
        f"erased-{number}",
        "Erased person",
        *[None] * 4,
        "!",
        None,
    )


async def test_erasure_frees_the_hall_ticket_and_the_names(world, ask):
    person = world.add("student")
    await ask("POST", f"/users/{person.id}/erasure", json=REASON)
    successor = {
        "email": person.email,
        "username": person.username,
        "full_name": "Another",
        "hall_ticket_number": person.hall_ticket,
    }
    assert (await ask("POST", "/users", json=successor)).status_code == 201


async def test_erasure_is_audited_once_without_what_was_erased(world, ask):
    person = world.add("student")
    for _ in range(2):
        answer = await ask("POST", f"/users/{person.id}/erasure", json=REASON)
        assert answer.status_code == 200
    entries = (await ask("GET", f"/audit?user_id={person.id}")).json()
    [entry] = [each for each in entries if each["event_type"] == "person_erased"]
    assert entry["details"]["reason"] == REASON["reason"]
    assert "hall_ticket_number" in entry["details"]["fields"]
    assert person.username not in json.dumps(entries)


async def test_everybody_hears_that_the_logins_ended(world, ask):
    person = world.add("student")
    await ask("POST", f"/users/{person.id}/erasure", json=REASON)
    revoked = world.sql("SELECT count(*) FROM revocations WHERE user_id = :id", id=person.id)
    assert revoked[0][0] == 1


@pytest.mark.parametrize("role", ["admin", "proctor", "grader", "hall_in_charge"])
async def test_staff_stay_who_they_are_until_their_roles_are_gone(world, ask, role):
    person = world.add("student", role)
    answer = await ask("POST", f"/users/{person.id}/erasure", json=REASON)
    assert answer.status_code == 400
    assert (await world.login(person)).status_code == 200


async def test_nobody_is_404(ask):
    assert (await ask("GET", "/users/999999/export")).status_code == 404
    assert (await ask("POST", "/users/999999/erasure", json=REASON)).status_code == 404


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "a\x00bc"}, REASON | {"x": 1}])
async def test_an_erasure_needs_a_reason(world, ask, body):
    answer = await ask("POST", f"/users/{world.add('student').id}/erasure", json=body)
    assert answer.status_code == 422


async def test_a_person_is_found_by_name_or_id_and_never_mistaken(world):
    one = world.add("student")
    two = world.add("student", username=str(one.id))
    find = world.app.state.parts.forgetting.find

    async def found(name: str) -> int:
        return (await asyncio.to_thread(find, name)).id

    assert await found(one.username) == one.id
    assert await found(str(two.id)) == two.id
    assert await found(f"id:{one.id}") == one.id
    with pytest.raises(PersonAmbiguous):
        await found(str(one.id))
    for nobody in ("nobody at all", "999999", "id:", "id:x", ""):
        with pytest.raises(UserNotFound):
            await found(nobody)


async def test_the_command_exports_and_erases(world, run_command):
    person = world.add("student")

    async def run(*words: str):
        return await run_command("people", *words)

    exported = await run("export", person.username)
    assert json.loads(exported.out)["user"]["id"] == person.id
    assert not any(secret in exported.out for secret in SECRETS)
    found = await run("find", person.username)
    assert json.loads(found.out) == {"user_id": person.id, "may_be_erased": True}
    erased = await run("erase", person.username)
    assert json.loads(erased.out) == {"user_id": person.id, "is_new": True}
    gone = await run("export", person.username)
    assert gone == (1, "", "User not found\n")
    again = await run("erase", f"id:{person.id}")
    assert json.loads(again.out) == {"user_id": person.id, "is_new": False}
