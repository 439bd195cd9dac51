"""GET /api/v1/auth/me and POST /api/v1/auth/logout: every row of contract §2.3."""

import json

import jwt
import pytest
from chassis.bus import CONTROL, Bus, Reader
from chassis.waiting import eventually
from oep_local.ports import free_port


async def access(world, person):
    return (await world.login(person)).json()["access_token"]


@pytest.mark.contract("2.3/no-header", "2.3/other-scheme", "2.3/malformed")
@pytest.mark.parametrize(
    ("header", "detail"),
    [
        (None, "Not authenticated"),
        ("", "Not authenticated"),
        ("Basic YTpi", "Invalid authentication credentials"),
        ("token", "Invalid authentication credentials"),
        ("Bearer", "Could not validate credentials"),
        ("Bearer a.b.c", "Could not validate credentials"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/me"), ("POST", "/logout")])
async def test_without_a_good_header_nobody_comes_through(world, method, path, header, detail):
    headers = {} if header is None else {"Authorization": header}
    answer = await world.client.request(method, f"/api/v1/auth{path}", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (401, detail)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.contract("2.3/before-body")
async def test_the_header_is_checked_before_the_body(world):
    answer = await world.client.post("/api/v1/auth/logout", json={"refresh_token": 5})
    assert answer.status_code == 401


@pytest.mark.contract("2.3/other-type")
async def test_a_refresh_token_opens_nothing(world):
    pair = (await world.login(world.add("student"))).json()
    answer = await world.me(pair["refresh_token"])
    assert (answer.status_code, answer.json()["detail"]) == (401, "Invalid token type")


@pytest.mark.contract("3/me")
async def test_me_is_the_user_who_asks(world):
    person = world.add("student")
    body = (await world.login(person)).json()
    answer = await world.me(body["access_token"])
    assert answer.status_code == 200
    assert answer.json() == body["user"]


@pytest.mark.contract("2.3/user-gone")
async def test_a_deleted_user_is_404(world):
    person = world.add("student")
    token = await access(world, person)
    world.sql("DELETE FROM users WHERE id = :id", id=person.id)
    answer = await world.me(token)
    assert (answer.status_code, answer.json()["detail"]) == (404, "User not found")


@pytest.mark.contract("2.3/user-inactive")
@pytest.mark.parametrize("path", ["/me", "/logout"])
async def test_an_inactive_user_is_403(world, path):
    person = world.add("student")
    token = await access(world, person)
    world.sql("UPDATE users SET is_active = false WHERE id = :id", id=person.id)
    answer = await world.client.request(
        "GET" if path == "/me" else "POST",
        f"/api/v1/auth{path}",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (answer.status_code, answer.json()["detail"]) == (403, "Inactive user")


@pytest.mark.contract("3/logout", "2.3/revoked")
async def test_logout_ends_this_login_everywhere_and_no_other(world):
    person = world.add("student")
    mine, other = (await world.login(person)).json(), (await world.login(person)).json()
    answer = await world.post("/logout", None, mine["access_token"])
    assert answer.status_code == 200
    assert isinstance(answer.json(), dict)
    after = await world.me(mine["access_token"])
    assert (after.status_code, after.json()["detail"]) == (401, "Could not validate credentials")
    again = await world.post("/logout", None, mine["access_token"])
    assert again.status_code == 401
    refresh = await world.post("/refresh", {"refresh_token": mine["refresh_token"]})
    assert (refresh.status_code, refresh.json()["detail"]) == (401, "Invalid refresh token")
    assert (await world.me(other["access_token"])).is_success


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"refresh_token": null}', b'{"refresh_token": "x"}']
)
async def test_logout_works_with_any_body_that_is_allowed(world, content):
    token = await access(world, world.add("student"))
    answer = await world.client.post(
        "/api/v1/auth/logout",
        content=content,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    assert answer.status_code == 200


@pytest.mark.contract("3/logout/refresh-token")
async def test_logout_ends_the_login_of_ones_own_refresh_token_too_and_nobody_elses(world):
    person, stranger = world.add("student"), world.add("student")
    one, two = (await world.login(person)).json(), (await world.login(person)).json()
    foreign = (await world.login(stranger)).json()
    three = (await world.login(person)).json()
    await world.post("/logout", {"refresh_token": two["refresh_token"]}, one["access_token"])
    await world.post("/logout", {"refresh_token": foreign["refresh_token"]}, three["access_token"])
    assert (await world.me(two["access_token"])).status_code == 401
    assert (await world.me(foreign["access_token"])).is_success


@pytest.mark.parametrize("way", ["logout", "reuse"])
async def test_the_end_of_a_login_is_announced_on_the_control_stream(world, nats_server, way):
    person = world.add("student")
    pair = (await world.login(person)).json()
    claims = jwt.decode(pair["access_token"], options={"verify_signature": False})
    bus = Bus(nats_server.url, f"test-{free_port()}")
    await bus.start()
    await bus.wait_ready()
    heard = []
    reader = Reader(bus, CONTROL, ["oep.control.login_revoked"], after=0)
    if way == "logout":
        await world.post("/logout", None, pair["access_token"])
    else:
        first = {"refresh_token": pair["refresh_token"]}
        second = (await world.post("/refresh", first)).json()
        await world.post("/refresh", {"refresh_token": second["refresh_token"]})
        await world.post("/refresh", first)

    batches = reader.batches()

    async def announced():
        heard.extend(json.loads(d.data) for d in await anext(batches))
        return [n for n in heard if n["data"]["login_id"] == claims["login_id"]]

    found = await eventually(announced, 30)
    await batches.aclose()
    await bus.close()
    assert len(found) == 1
    notice = found[0]
    assert notice["fact"] == "login_revoked"
    assert notice["data"]["user_id"] == person.id
    assert notice["data"]["revoked_at"] < notice["data"]["forget_at"]
    assert notice["data"]["forget_at"].endswith("Z")
