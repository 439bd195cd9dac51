"""POST /api/v1/auth/refresh: rotation, reuse, and the contract's four refusals."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from auth.tokens import Claims, sign


def unread(token):
    return jwt.decode(token, options={"verify_signature": False})


@pytest.fixture
def forge(world):
    """Make a token that our own key signs, with any content."""

    def make(person, **changes):
        now = datetime.now(UTC)
        values = {
            "typ": "refresh",
            "user_id": person.id,
            "roles": (),
            "login_id": uuid4(),
            "token_id": uuid4(),
            "issued_at": now,
            "expires_at": now + timedelta(hours=1),
            **changes,
        }
        return sign(world.app.state.keyring.active, Claims(**values), "oep")

    return make


def spent_ago(world, token, seconds):
    world.sql(
        "UPDATE refresh_tokens SET spent_at = now() - make_interval(secs => :seconds)"
        " WHERE id = :id",
        id=unread(token)["jti"],
        seconds=seconds,
    )


async def refused(world, token, detail):
    answer = await world.post("/refresh", {"refresh_token": token})
    assert (answer.status_code, answer.json()["detail"]) == (401, detail)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.contract("3/refresh")
async def test_a_refresh_gives_a_new_pair_of_the_same_login(world):
    first = (await world.login(world.add("student"))).json()
    answer = await world.post("/refresh", {"refresh_token": first["refresh_token"]})
    second = answer.json()
    assert answer.status_code == 200
    assert second.keys() == {"access_token", "refresh_token", "token_type"}
    assert second["token_type"] == "bearer"
    assert unread(first["access_token"])["login_id"] == unread(second["access_token"])["login_id"]
    assert (await world.me(second["access_token"])).is_success


async def test_a_chain_of_refreshes_goes_on(world):
    pair = (await world.login(world.add("student"))).json()
    for _ in range(4):
        answer = await world.post("/refresh", {"refresh_token": pair["refresh_token"]})
        assert answer.status_code == 200
        pair = answer.json()


async def test_new_roles_appear_with_the_next_refresh(world):
    person = world.add("student")
    first = (await world.login(person)).json()
    world.sql("INSERT INTO user_roles VALUES (:id, 6)", id=person.id)
    second = (await world.post("/refresh", {"refresh_token": first["refresh_token"]})).json()
    assert unread(second["access_token"])["roles"] == ["proctor", "student"]


@pytest.mark.contract("3/refresh/spent", "2.3/rotation")
async def test_a_spent_token_is_refused_and_ends_the_whole_login(world):
    first = (await world.login(world.add("student"))).json()
    second = (await world.post("/refresh", {"refresh_token": first["refresh_token"]})).json()
    spent_ago(world, first["refresh_token"], 16)
    await refused(world, first["refresh_token"], "Invalid refresh token")
    await refused(world, second["refresh_token"], "Invalid refresh token")
    answer = await world.me(second["access_token"])
    assert (answer.status_code, answer.json()["detail"]) == (401, "Could not validate credentials")


async def test_reuse_leaves_the_other_logins_of_the_user_alone(world):
    person = world.add("student")
    one, other = (await world.login(person)).json(), (await world.login(person)).json()
    await world.post("/refresh", {"refresh_token": one["refresh_token"]})
    spent_ago(world, one["refresh_token"], 16)
    await refused(world, one["refresh_token"], "Invalid refresh token")
    assert (await world.me(other["access_token"])).is_success


async def test_of_many_uses_at_once_all_get_the_same_successor(world):
    for _ in range(5):
        token = (await world.login(world.add("student"))).json()["refresh_token"]
        answers = await asyncio.gather(
            *(world.post("/refresh", {"refresh_token": token}) for _ in range(6))
        )
        assert {a.status_code for a in answers} == {200}
        assert len({a.json()["refresh_token"] for a in answers}) == 1
        assert (await world.me(answers[-1].json()["access_token"])).is_success
        count = "SELECT count(*) FROM refresh_tokens WHERE login_id = :id"
        assert world.sql(count, id=unread(token)["login_id"])[0][0] == 2


async def test_a_lost_answer_is_given_again_with_the_same_successor(world):
    first = (await world.login(world.add("student"))).json()
    second = (await world.post("/refresh", {"refresh_token": first["refresh_token"]})).json()
    spent_ago(world, first["refresh_token"], 13)
    again = (await world.post("/refresh", {"refresh_token": first["refresh_token"]})).json()
    assert again["refresh_token"] == second["refresh_token"]
    third = await world.post("/refresh", {"refresh_token": again["refresh_token"]})
    assert third.status_code == 200


async def test_once_the_successor_is_used_the_spent_token_is_reuse_at_once(world):
    first = (await world.login(world.add("student"))).json()
    second = (await world.post("/refresh", {"refresh_token": first["refresh_token"]})).json()
    third = (await world.post("/refresh", {"refresh_token": second["refresh_token"]})).json()
    await refused(world, first["refresh_token"], "Invalid refresh token")
    await refused(world, third["refresh_token"], "Invalid refresh token")


@pytest.mark.contract("3/refresh/revoked")
async def test_a_login_that_has_ended_repeats_no_answer(world):
    first = (await world.login(world.add("student"))).json()
    second = (await world.post("/refresh", {"refresh_token": first["refresh_token"]})).json()
    await world.post("/logout", None, second["access_token"])
    await refused(world, first["refresh_token"], "Invalid refresh token")


@pytest.mark.contract("3/refresh/type")
async def test_an_access_token_is_no_refresh_token(world):
    pair = (await world.login(world.add("student"))).json()
    await refused(world, pair["access_token"], "Invalid token type. Expected refresh token")


@pytest.mark.contract("3/refresh/expired")
async def test_an_expired_token_is_refused(world, forge):
    long_ago = datetime.now(UTC) - timedelta(days=8)
    token = forge(world.add(), issued_at=long_ago, expires_at=long_ago + timedelta(days=7))
    await refused(world, token, "Invalid refresh token")


async def test_a_token_that_was_never_stored_is_refused(world, forge):
    await refused(world, forge(world.add()), "Invalid refresh token")


async def test_a_stored_token_under_another_users_name_is_refused(world, forge):
    pair = (await world.login(world.add("student"))).json()
    claims = unread(pair["refresh_token"])
    token = forge(world.add(), login_id=claims["login_id"], token_id=claims["jti"])
    await refused(world, token, "Invalid refresh token")


@pytest.mark.contract("3/refresh/payload")
async def test_without_a_usable_sub_the_payload_is_invalid(world):
    key = world.app.state.keyring.active
    now = int(datetime.now(UTC).timestamp())
    for sub in (
        {},
        {"sub": "abc"},
        {"sub": ""},
        {"sub": "-1"},
        {"sub": "\u0663"},
        {"sub": "9" * 30},
    ):
        payload = {"typ": "refresh", "iat": now, "exp": now + 60, "iss": "oep", **sub}
        token = jwt.encode(payload, key.private, "EdDSA", headers={"kid": key.kid})
        await refused(world, token, "Invalid token payload")


@pytest.mark.contract("3/refresh/user")
async def test_a_user_who_is_gone_or_inactive_is_named_so(world, forge):
    gone = world.add("student")
    pair = (await world.login(gone)).json()
    world.sql("UPDATE users SET is_active = false WHERE id = :id", id=gone.id)
    await refused(world, pair["refresh_token"], "User not found or inactive")
    world.sql("DELETE FROM users WHERE id = :id", id=gone.id)
    await refused(world, pair["refresh_token"], "User not found or inactive")


@pytest.mark.contract("3/refresh/undecodable")
@pytest.mark.parametrize("token", ["", "x", "a.b.c", "🙂.🙂.🙂", "eyJhbGciOiJub25lIn0.e30."])
async def test_what_cannot_be_decoded_is_refused(world, token):
    await refused(world, token, "Invalid refresh token")


@pytest.mark.parametrize("body", [{}, {"refresh_token": None}, {"refresh_token": 1}])
async def test_a_body_without_a_token_is_422(world, body):
    answer = await world.post("/refresh", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/refresh_token"


async def test_a_changed_payload_breaks_the_signature(world):
    token = (await world.login(world.add("student"))).json()["refresh_token"]
    head, _, signature = token.split(".")
    payload = json.dumps(unread(token) | {"sub": "1"}).encode()
    forged = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    await refused(world, f"{head}.{forged}.{signature}", "Invalid refresh token")
