"""The second step of a login, and looking after a second factor, over REST on a real Postgres."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from auth.passwords import hash_secret
from auth.people import RoleName

PASSWORD = "correct horse"
REQUIRED, DUE = "second-factor-required", "second-factor-due"


@pytest.fixture
def next_step(world):
    """Stop the time of second factors; return what moves it on by a step: a code counts once."""
    proving = world.app.state.proving
    usual, now = proving._clock, [datetime.now(UTC)]
    proving._clock = lambda: now[0]

    def move():
        now[0] += timedelta(seconds=30)

    yield move
    proving._clock = usual


@dataclass
class Member:
    """Somebody of the staff with a second factor, and his authenticator."""

    world: Any
    person: Any
    token: str
    totp: pyotp.TOTP
    recovery_codes: list[str]

    def code(self):
        return self.totp.at(self.world.app.state.proving._clock())

    def wrong_code(self):
        return f"{(int(self.code()) + 1) % 10**6:06}"

    async def challenge(self):
        answer = await self.world.login(self.person)
        assert (answer.status_code, slug(answer)) == (401, REQUIRED)
        return answer.json()["challenge"]

    async def finish(self, challenge, code):
        body = {"challenge": challenge, "code": code}
        return await self.world.post("/login/second-factor", body)


def slug(answer):
    return answer.json()["type"].rpartition(":")[2]


HASHED = hash_secret(PASSWORD)
"""Made once: an imported hash would be made anew at each first login."""


async def enrolled(world, *roles):
    person = world.add(*roles, hashed_password=HASHED)
    token = (await world.login(person)).json()["access_token"]
    begun = (await world.post("/second-factor", None, token)).json()
    totp = pyotp.parse_uri(begun["otpauth_uri"])
    member = Member(world, person, token, totp, [])
    done = await world.post("/second-factor/confirm", {"code": member.code()}, token)
    assert done.status_code == 200, done.text
    member.recovery_codes = done.json()["recovery_codes"]
    return member


@pytest.fixture
async def member(world, next_step):
    made = await enrolled(world, "proctor")
    next_step()
    return made


async def events(world, person):
    found = world.sql(
        "SELECT event_type FROM audit_logs WHERE subject_id = :id ORDER BY id", id=person.id
    )
    return [row.event_type for row in found]


async def test_without_a_second_factor_a_login_answers_as_ever(world):
    answer = await world.login(world.add("proctor", hashed_password=HASHED))
    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "refresh_token", "token_type", "user"}


async def test_with_one_the_password_gives_a_challenge_and_the_code_the_tokens(world, member):
    answer = await world.login(member.person)
    problem = answer.json()
    assert (answer.status_code, slug(answer)) == (401, REQUIRED)
    assert problem["expires_in_seconds"] == 300
    assert "access_token" not in answer.text
    done = await member.finish(problem["challenge"], member.code())
    assert done.status_code == 200
    assert done.headers["cache-control"] == "no-store"
    assert set(done.json()) == {"access_token", "refresh_token", "token_type", "user"}
    assert (await world.me(done.json()["access_token"])).json()["id"] == member.person.id
    method = world.sql(
        "SELECT method FROM logins WHERE user_id = :id ORDER BY opened_at DESC", id=member.person.id
    )
    assert method[0].method == "password"


async def test_rfc_6238_5_2_a_code_opens_one_login_also_when_two_come_at_once(world, member):
    challenges = [await member.challenge() for _ in range(3)]
    code = member.code()
    answers = await asyncio.gather(*(member.finish(each, code) for each in challenges))
    assert sorted(each.status_code for each in answers) == [200, 401, 401]
    again = await member.finish(await member.challenge(), code)
    assert (again.status_code, slug(again)) == (401, "second-factor-refused")


async def test_the_code_that_set_it_up_opens_no_login(world, next_step):
    member = await enrolled(world, "grader")
    refused = await member.finish(await member.challenge(), member.code())
    assert slug(refused) == "second-factor-refused"


async def test_a_challenge_is_used_up_by_a_login_and_outlasts_a_wrong_code(world, member):
    challenge = await member.challenge()
    assert slug(await member.finish(challenge, member.wrong_code())) == "second-factor-refused"
    assert (await member.finish(challenge, member.code())).is_success
    assert slug(await member.finish(challenge, member.code())) == "challenge-invalid"


async def test_a_challenge_that_is_over_or_made_up_is_refused(world, member):
    challenge = await member.challenge()
    world.sql("UPDATE challenges SET expires_at = now() WHERE user_id = :id", id=member.person.id)
    for token in (challenge, "made up"):
        assert slug(await member.finish(token, member.code())) == "challenge-invalid"


async def test_a_recovery_code_is_as_good_once(world, member):
    code = member.recovery_codes[3]
    assert (await member.finish(await member.challenge(), code.upper())).is_success
    assert slug(await member.finish(await member.challenge(), code)) == "second-factor-refused"
    seen = (await ask(world, "GET", "/second-factor", member.token)).json()
    assert seen["recovery_codes_left"] == 9
    assert "recovery_code_used" in await events(world, member.person)


async def test_codes_are_throttled_by_account_whatever_the_challenge(world, member):
    async def guess():
        return await member.finish(await member.challenge(), member.wrong_code())

    refused = await world.fail_until_delayed(guess)
    assert slug(refused) == "too-many-tries"
    right = await member.finish(await member.challenge(), member.code())
    assert (right.status_code, int(right.headers["retry-after"]) >= 1) == (429, True)


async def ask(world, method, path, token, **options):
    headers = {"Authorization": f"Bearer {token}"}
    return await world.client.request(method, f"/api/v1/auth{path}", headers=headers, **options)


async def test_a_wrong_code_sets_nothing_up_and_leaves_its_owner_signed_in(world, next_step):
    person = world.add("proctor", hashed_password=HASHED)
    token = (await world.login(person)).json()["access_token"]
    await world.post("/second-factor", None, token)
    refused = await world.post("/second-factor/confirm", {"code": "000000"}, token)
    assert (refused.status_code, slug(refused)) == (400, "code-wrong")
    assert (await world.login(person)).is_success
    assert (await ask(world, "GET", "/second-factor", token)).json() == {
        "is_on": False,
        "is_demanded": False,
        "confirmed_at": None,
        "recovery_codes_left": 0,
    }


async def test_before_it_is_begun_there_is_nothing_to_confirm_renew_or_remove(world):
    token = (await world.login(world.add("proctor", hashed_password=HASHED))).json()["access_token"]
    for path in ("confirm", "recovery-codes", "removal"):
        refused = await world.post(f"/second-factor/{path}", {"code": "000000"}, token)
        assert (refused.status_code, slug(refused)) == (409, "second-factor-off")


async def test_a_secret_that_guards_is_not_replaced(world, member):
    assert slug(await world.post("/second-factor", None, member.token)) == "second-factor-on"
    confirm = await world.post("/second-factor/confirm", {"code": member.code()}, member.token)
    assert slug(confirm) == "second-factor-on"
    assert (await member.finish(await member.challenge(), member.code())).is_success


async def test_new_recovery_codes_end_the_old_ones_and_need_the_device(world, member, next_step):
    path = "/second-factor/recovery-codes"
    by_old = await world.post(path, {"code": member.recovery_codes[0]}, member.token)
    assert slug(by_old) == "code-wrong"
    renewed = await world.post(path, {"code": member.code()}, member.token)
    codes = renewed.json()["recovery_codes"]
    assert len(set(codes) | set(member.recovery_codes)) == 20
    old = await member.finish(await member.challenge(), member.recovery_codes[0])
    assert slug(old) == "second-factor-refused"
    assert (await member.finish(await member.challenge(), codes[0])).is_success


@pytest.mark.parametrize("by", ["device", "recovery code"])
async def test_its_owner_removes_it_by_a_code(world, member, by):
    wrong = await world.post("/second-factor/removal", {"code": member.wrong_code()}, member.token)
    assert slug(wrong) == "code-wrong"
    code = member.code() if by == "device" else member.recovery_codes[0]
    gone = await world.post("/second-factor/removal", {"code": code}, member.token)
    assert gone.status_code == 204
    assert (await world.login(member.person)).is_success
    assert world.sql("SELECT 1 FROM recovery_codes WHERE user_id = :id", id=member.person.id) == []


async def test_an_administrator_resets_what_was_lost_and_open_steps_end_with_it(world, member):
    admin = (await world.login(world.add("admin", hashed_password=HASHED))).json()["access_token"]
    challenge = await member.challenge()
    path = f"/users/{member.person.id}/second-factor"
    assert (await ask(world, "DELETE", path, member.token)).status_code == 403
    assert (await ask(world, "DELETE", path, admin)).status_code == 204
    assert slug(await member.finish(challenge, member.code())) == "challenge-invalid"
    assert (await world.login(member.person)).is_success
    assert (
        await ask(world, "DELETE", f"/users/{2**31 - 1}/second-factor", admin)
    ).status_code == 404
    assert "second_factor_reset" in await events(world, member.person)


async def test_whoever_has_lost_all_is_let_in_by_command(world, member, run_command):
    done = await run_command("people", "reset-second-factor", member.person.username)
    assert (done.code, '"had_one": true' in done.out) == (0, True)
    assert (await world.login(member.person)).is_success


@pytest.mark.parametrize(
    "change", [{"password": "another horse"}, {"is_active": False}, {"roles": []}]
)
async def test_what_ends_logins_ends_a_login_that_is_half_done(world, member, change):
    admin = (await world.login(world.add("admin", hashed_password=HASHED))).json()["access_token"]
    challenge = await member.challenge()
    path = f"/users/{member.person.id}"
    assert (await ask(world, "PATCH", path, admin, json=change)).is_success
    assert slug(await member.finish(challenge, member.code())) == "challenge-invalid"


async def test_every_step_is_in_the_audit_and_no_code_or_secret_is(world, member):
    await member.finish(await member.challenge(), member.wrong_code())
    await member.finish(await member.challenge(), member.code())
    assert await events(world, member.person) == [
        "login_succeeded",
        "second_factor_set_up",
        "second_step_asked",
        "login_failed",
        "second_step_asked",
        "login_succeeded",
    ]
    text = str(world.sql("SELECT * FROM audit_logs WHERE subject_id = :id", id=member.person.id))
    assert member.totp.secret not in text
    assert member.code() not in text


async def test_the_database_alone_tells_no_secret_and_no_recovery_code(world, member):
    rows = world.sql(
        "SELECT s.*, r.code_hash, c.token_hash FROM second_factors s"
        " JOIN recovery_codes r USING (user_id) LEFT JOIN challenges c USING (user_id)"
        " WHERE user_id = :id",
        id=member.person.id,
    )
    assert len(rows) == 10
    raw = member.totp.byte_secret()
    assert all(raw not in bytes(row.sealed_secret) for row in rows)
    assert all(member.totp.secret.encode() not in bytes(row.sealed_secret) for row in rows)
    bare = [code.replace("-", "") for code in member.recovery_codes]
    assert not any(code in str(rows) for code in bare)


async def test_a_secret_opens_for_its_owner_only(world, member, next_step):
    other = await enrolled(world, "proctor")
    world.sql(
        "UPDATE second_factors SET sealed_secret ="
        " (SELECT sealed_secret FROM second_factors WHERE user_id = :mine) WHERE user_id = :id",
        mine=member.person.id,
        id=other.person.id,
    )
    next_step()
    refused = await other.finish(await other.challenge(), member.code())
    assert (refused.status_code, slug(refused)) == (503, "second-factor-sealed-otherwise")


async def test_students_have_none(world):
    token = (await world.login(world.add("student"))).json()["access_token"]
    for method, path in (("POST", "/second-factor"), ("GET", "/second-factor")):
        refused = await ask(world, method, path, token)
        assert (refused.status_code, slug(refused)) == (403, "second-factor-for-staff")


async def test_an_export_says_that_there_is_one_and_not_its_secret(world, member):
    await member.finish(await member.challenge(), member.recovery_codes[0])
    admin = (await world.login(world.add("admin", hashed_password=HASHED))).json()["access_token"]
    answer = await ask(world, "GET", f"/users/{member.person.id}/export", admin)
    found = answer.json()
    assert [set(each) for each in found["second_factor"]] == [{"created_at", "confirmed_at"}]
    assert len(found["recovery_codes_used_at"]) == 1
    assert "secret" not in str(found["second_factor"])


async def test_an_erasure_leaves_nothing_of_it(world, member):
    admin = (await world.login(world.add("admin", hashed_password=HASHED))).json()["access_token"]
    await member.challenge()
    path = f"/users/{member.person.id}"
    await ask(world, "PATCH", path, admin, json={"roles": ["student"]})
    erased = await ask(world, "POST", f"{path}/erasure", admin, json={"reason": "he asked"})
    assert erased.status_code == 200
    for table in ("second_factors", "recovery_codes", "challenges"):
        found = world.sql(f"SELECT 1 FROM {table} WHERE user_id = :id", id=member.person.id)  # noqa: S608
        assert found == [], table


@pytest.fixture(scope="module")
async def strict(auth_database, settings_for, running_world):
    """auth whose administrators must have a second factor."""
    settings = settings_for(auth_database, second_factor_roles=frozenset({RoleName.ADMIN}))
    async with running_world(settings) as made:
        yield made


async def due(strict, person):
    answer = await strict.login(person)
    assert (answer.status_code, slug(answer)) == (401, DUE)
    return answer.json()["challenge"]


async def test_whose_role_needs_one_sets_it_up_before_he_comes_in(strict):
    person = strict.add("admin", hashed_password=HASHED)
    challenge = await due(strict, person)
    begun = await strict.post("/login/second-factor/enrolment", {"challenge": challenge})
    totp = pyotp.parse_uri(begun.json()["otpauth_uri"])
    body = {"challenge": challenge, "code": totp.now()}
    done = await strict.post("/login/second-factor/enrolment/confirm", body)
    assert done.status_code == 200, done.text
    assert len(done.json()["recovery_codes"]) == 10
    standing = await ask(strict, "GET", "/second-factor", done.json()["access_token"])
    assert (standing.json()["is_on"], standing.json()["is_demanded"]) == (True, True)
    answer = await strict.login(person)
    assert slug(answer) == REQUIRED
    again = await strict.post("/login/second-factor/enrolment/confirm", body)
    assert slug(again) == "challenge-invalid"


async def test_other_roles_come_in_without(strict):
    assert (await strict.login(strict.add("proctor"))).is_success


async def test_a_wrong_first_code_lets_nobody_in(strict):
    person = strict.add("admin", hashed_password=HASHED)
    challenge = await due(strict, person)
    await strict.post("/login/second-factor/enrolment", {"challenge": challenge})
    body = {"challenge": challenge, "code": "000000"}
    refused = await strict.post("/login/second-factor/enrolment/confirm", body)
    assert (refused.status_code, slug(refused)) == (401, "second-factor-refused")
    assert slug(await strict.login(person)) == DUE


async def test_a_challenge_for_one_step_is_good_for_no_other(strict, world, next_step):
    member = await enrolled(world, "proctor")
    code_challenge, due_challenge = (
        await member.challenge(),
        await due(strict, strict.add("admin", hashed_password=HASHED)),
    )
    begun = await strict.post("/login/second-factor/enrolment", {"challenge": code_challenge})
    assert slug(begun) == "challenge-invalid"
    body = {"challenge": due_challenge, "code": "000000"}
    assert slug(await strict.post("/login/second-factor", body)) == "challenge-invalid"


async def test_a_challenge_that_is_over_is_forgotten(world, member):
    await member.challenge()
    world.sql("UPDATE challenges SET expires_at = now() WHERE user_id = :id", id=member.person.id)
    await asyncio.to_thread(world.app.state.parts.clock._tidy)
    assert world.sql("SELECT 1 FROM challenges WHERE user_id = :id", id=member.person.id) == []
