"""PATCH /api/v1/auth/users/{id}: what a change does to the logins that are open, everywhere."""

import asyncio

import pytest
from chassis.bus import Bus
from chassis.errors import Unauthenticated
from chassis.rpc import call, channel
from chassis.tokens import KeySet, Revocations, TokenVerifier
from chassis.waiting import eventually
from oep.auth.v1 import auth_pb2, auth_pb2_grpc
from oep_local.ports import free_port


@pytest.fixture
async def admin(world):
    return (await world.login(world.add("admin"))).json()["access_token"]


@pytest.fixture
async def elsewhere(world, nats_server):
    """Another service's token check: published keys, the control stream, no database of auth."""
    bus = Bus(nats_server.url, f"test-{free_port()}")
    await bus.start()
    keys, revocations = KeySet("unused"), Revocations()
    keys.load((await world.client.get("/.well-known/jwks.json")).json())
    following = asyncio.create_task(revocations.follow(bus))
    yield TokenVerifier(keys, revocations, "oep")
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await bus.close()


def refuses(verifier, token):
    try:
        verifier.verify(token)
    except Unauthenticated:
        return True
    return False


async def patch(world, admin, user_id, **changes):
    return await world.client.patch(
        f"/api/v1/auth/users/{user_id}",
        json=changes,
        headers={"Authorization": f"Bearer {admin}"},
    )


@pytest.mark.contract("2.3/deactivation")
async def test_a_deactivated_users_tokens_are_refused_in_every_service(world, admin, elsewhere):
    person = world.add("student")
    tokens = [(await world.login(person)).json()["access_token"] for _ in range(2)]
    assert not any(refuses(elsewhere, token) for token in tokens)
    answer = await patch(world, admin, person.id, is_active=False)
    assert (answer.status_code, answer.json()["is_active"]) == (200, False)

    async def all_refused():
        return all(refuses(elsewhere, token) for token in tokens)

    await eventually(all_refused, 5)
    assert not refuses(elsewhere, admin)
    me = await world.me(tokens[0])
    assert (me.status_code, me.json()["detail"]) == (403, "Inactive user")


async def test_a_deactivated_user_neither_refreshes_nor_logs_in_until_he_is_let_in_again(
    world, admin
):
    person = world.add("student")
    pair = (await world.login(person)).json()
    await patch(world, admin, person.id, is_active=False)
    old = {"refresh_token": pair["refresh_token"]}
    refused = await world.post("/refresh", old)
    assert (refused.status_code, refused.json()["detail"]) == (401, "User not found or inactive")
    assert (await world.login(person)).status_code == 403
    assert (await patch(world, admin, person.id, is_active=True)).json()["is_active"] is True
    refused = await world.post("/refresh", old)
    assert (refused.status_code, refused.json()["detail"]) == (401, "Invalid refresh token")
    again = (await world.login(person)).json()
    assert (await world.me(again["access_token"])).is_success
    assert (await world.me(pair["access_token"])).status_code == 401


async def test_list_revocations_names_the_whole_user(world, admin):
    person = world.add("student")
    await world.login(person)
    await patch(world, admin, person.id, is_active=False)
    async with channel(f"127.0.0.1:{world.settings.grpc_port}") as made:
        stub = auth_pb2_grpc.AuthServiceStub(made)
        listed = await call(stub.ListRevocations, auth_pb2.ListRevocationsRequest(), seconds=5)
    found = [r for r in listed.revocations if r.user_id == person.id]
    assert [r.WhichOneof("subject") for r in found] == ["user_id"]
    assert found[0].forget_at.seconds - found[0].revoked_at.seconds > 8 * 3600


async def test_deactivating_twice_announces_once(world, admin):
    person = world.add("student")
    for _ in range(2):
        await patch(world, admin, person.id, is_active=False)
    counted = world.sql("SELECT count(*) FROM revocations WHERE user_id = :id", id=person.id)
    assert counted[0][0] == 1


async def test_a_refresh_at_the_same_moment_leaves_no_token_that_counts(world, admin, elsewhere):
    for _ in range(4):
        person = world.add("student")
        pair = (await world.login(person)).json()
        answers = await asyncio.gather(
            world.post("/refresh", {"refresh_token": pair["refresh_token"]}),
            patch(world, admin, person.id, is_active=False),
            world.login(person),
        )
        tokens = [a.json()["access_token"] for a in answers if "access_token" in a.json()]

        async def all_refused(tokens=tokens):
            return all(refuses(elsewhere, token) for token in tokens)

        await eventually(all_refused, 5)


async def test_who_loses_a_role_loses_his_logins_and_may_come_back(world, admin, elsewhere):
    person = world.add("proctor", "grader")
    pair = (await world.login(person)).json()
    answer = await patch(world, admin, person.id, roles=["grader"])
    assert [role["name"] for role in answer.json()["roles"]] == ["grader"]

    async def is_refused():
        return refuses(elsewhere, pair["access_token"])

    await eventually(is_refused, 5)
    assert (await world.login(person)).json()["user"]["roles"][0]["name"] == "grader"


async def test_who_gets_a_role_keeps_his_logins(world, admin):
    person = world.add("grader")
    pair = (await world.login(person)).json()
    await patch(world, admin, person.id, roles=["grader", "proctor"])
    assert (await world.me(pair["access_token"])).is_success


async def test_a_new_password_ends_the_logins_of_the_old_one(world, admin):
    person = world.add("grader")
    pair = (await world.login(person)).json()
    await patch(world, admin, person.id, password="another horse")
    assert (await world.me(pair["access_token"])).status_code == 401
    assert (await world.login(person)).status_code == 401
    assert (await world.login(person, "another horse")).status_code == 200
