"""oep.auth.v1: GetUsers, FindUsers and ListRevocations over a real channel."""

import jwt
import pytest
from chassis.errors import Invalid
from chassis.rpc import call, channel
from oep.auth.v1 import auth_pb2, auth_pb2_grpc


@pytest.fixture(scope="module")
async def stub(world):
    async with channel(f"127.0.0.1:{world.settings.grpc_port}") as made:
        yield auth_pb2_grpc.AuthServiceStub(made)


async def test_users_come_with_roles_and_unknown_ids_are_missing(world, stub):
    center = world.sql("INSERT INTO centers (name, code) VALUES ('C', 'RPC1') RETURNING id")[0].id
    person = world.add("student", "proctor", center_id=center)
    plain = world.add(hall_ticket_number=None, is_active=False)
    ids = [plain.id, person.id, 0, -5, 2**40, 99_999_999, person.id]
    answer = await call(stub.GetUsers, auth_pb2.GetUsersRequest(user_ids=ids), seconds=5)
    assert [user.user_id for user in answer.users] == [person.id, plain.id]
    first, second = answer.users
    assert (first.username, first.full_name) == (person.username, f"User {person.id}")
    assert list(first.roles) == ["proctor", "student"]
    assert (first.is_active, second.is_active) == (True, False)
    assert first.center_id == center
    assert first.center_name
    assert first.hall_ticket_number == person.hall_ticket
    assert not second.HasField("center_id")
    assert not second.HasField("hall_ticket_number")
    assert not first.HasField("trade_id")


async def test_addresses_are_told_of_those_only_who_may_sign_in(stub, world):
    person, gone = world.add("student"), world.add("student", is_active=False)
    request = auth_pb2.GetAddressesRequest(user_ids=[person.id, gone.id, 2**40])
    answer = await call(stub.GetAddresses, request, seconds=5)
    assert [(each.user_id, "@" in each.email) for each in answer.addresses] == [(person.id, True)]
    too_many = auth_pb2.GetAddressesRequest(user_ids=range(1001))
    with pytest.raises(Invalid):
        await call(stub.GetAddresses, too_many, seconds=5)


async def test_more_than_a_thousand_users_are_refused(stub):
    request = auth_pb2.GetUsersRequest(user_ids=range(1001))
    with pytest.raises(Invalid) as refused:
        await call(stub.GetUsers, request, seconds=5)
    assert refused.value.slug == "too-many-users-asked"


@pytest.mark.parametrize(
    ("part", "who"),
    [
        ("strasse", ["street"]),
        ("STRAßE", ["street"]),
        ("çelik", ["steel"]),
        ("find-77", ["ticket"]),
        ("%", []),
        ("_", []),
        ("ann", ["ann", "anne"]),
    ],
)
async def test_people_are_found_by_part_of_name_or_hall_ticket(
    world, stub, found_people, part, who
):
    ids = [*found_people.values(), 0, 2**40]
    request = auth_pb2.FindUsersRequest(user_ids=ids, called=part)
    answer = await call(stub.FindUsers, request, seconds=5)
    assert list(answer.user_ids) == [found_people[name] for name in who]


@pytest.fixture(scope="module")
def found_people(world):
    named = {
        "street": ("Straße", "F1"),
        "steel": ("Ali ÇELIK", "F2"),
        "ticket": ("Nobody", "FIND-77"),
        "ann": ("Ann", "F3"),
        "anne": ("Anne", None),
    }
    people = {}
    for key, (name, ticket) in named.items():
        people[key] = world.add("student", full_name=name, hall_ticket_number=ticket).id
    return people


async def test_who_is_not_asked_about_is_not_found(stub, found_people):
    request = auth_pb2.FindUsersRequest(user_ids=[found_people["ann"]], called="Ann")
    answer = await call(stub.FindUsers, request, seconds=5)
    assert list(answer.user_ids) == [found_people["ann"]]


@pytest.mark.parametrize(
    ("ids", "part"), [(range(20_001), "a"), ([1], ""), ([1], "a" * 101), ([1], "a\0")]
)
async def test_a_search_that_is_none_is_refused(stub, ids, part):
    request = auth_pb2.FindUsersRequest(user_ids=ids, called=part)
    with pytest.raises(Invalid) as refused:
        await call(stub.FindUsers, request, seconds=5)
    assert refused.value.slug == "no-search"


async def test_an_ended_login_is_listed_for_as_long_as_its_tokens_could_live(world, stub):
    pair = (await world.login(world.add("student"))).json()
    claims = jwt.decode(pair["access_token"], options={"verify_signature": False})
    await world.post("/logout", None, pair["access_token"])
    answer = await call(stub.ListRevocations, auth_pb2.ListRevocationsRequest(), seconds=5)
    found = [r for r in answer.revocations if r.login_id == claims["login_id"]]
    assert len(found) == 1
    assert found[0].WhichOneof("subject") == "login_id"
    assert found[0].login_user_id == int(claims["sub"])
    assert found[0].revoked_at.seconds >= claims["iat"]
    assert found[0].forget_at.seconds > claims["exp"]


async def test_what_is_over_is_listed_no_more(world, stub):
    pair = (await world.login(world.add("student"))).json()
    await world.post("/logout", None, pair["access_token"])
    world.sql("UPDATE revocations SET forget_at = now()")
    answer = await call(stub.ListRevocations, auth_pb2.ListRevocationsRequest(), seconds=5)
    assert len(answer.revocations) == 0
