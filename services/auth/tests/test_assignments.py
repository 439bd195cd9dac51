"""Assignments: administrators say it over REST, other services ask for it over gRPC."""

import pytest
from chassis.rpc import call, channel
from oep.auth.v1 import auth_pb2, auth_pb2_grpc


@pytest.fixture
async def ask(world):
    token = (await world.login(world.add("admin"))).json()["access_token"]

    async def send(method, path="", token=token):
        return await world.client.request(
            method,
            f"/api/v1/auth/assignments{path}",
            headers={"Authorization": f"Bearer {token}"},
        )

    return send


@pytest.fixture
async def told(world):
    """What another service is told about a user."""
    async with channel(f"127.0.0.1:{world.settings.grpc_port}") as made:
        stub = auth_pb2_grpc.AuthServiceStub(made)

        async def of(user_id):
            request = auth_pb2.ListAssignmentsRequest(user_id=user_id)
            answer = await call(stub.ListAssignments, request, seconds=5)
            return [(a.exam_id, a.role) for a in answer.assignments]

        yield of


async def test_an_assignment_is_made_once_listed_told_and_ended(world, ask, told):
    person = world.add("proctor", "grader")
    for path in ("7001/proctor", "7001/proctor", "7002/grader"):
        answer = await ask("PUT", f"/{path}/{person.id}")
        assert answer.status_code == 200
    assert answer.json() == {"exam_id": 7002, "role": "grader", "user_id": person.id}
    assert await told(person.id) == [(7001, "proctor"), (7002, "grader")]
    listed = (await ask("GET", f"?user_id={person.id}")).json()
    assert [(a["exam_id"], a["role"]) for a in listed] == [(7001, "proctor"), (7002, "grader")]
    for _ in range(2):
        gone = await ask("DELETE", f"/7001/proctor/{person.id}")
        assert (gone.status_code, gone.content) == (204, b"")
    assert await told(person.id) == [(7002, "grader")]


async def test_a_list_is_filtered_by_exam_and_paged(world, ask):
    people = [world.add("proctor") for _ in range(3)]
    for person in people:
        await ask("PUT", f"/7003/proctor/{person.id}")
    listed = (await ask("GET", "?exam_id=7003&skip=1&limit=1")).json()
    assert [a["user_id"] for a in listed] == [people[1].id]


async def test_nobody_is_assigned_in_a_role_that_he_does_not_hold(world, ask):
    answer = await ask("PUT", f"/7004/grader/{world.add('proctor').id}")
    assert answer.status_code == 400
    assert (await ask("PUT", "/7004/grader/99999999")).status_code == 404


async def test_an_assignment_counts_no_more_when_its_role_is_gone(world, ask, told):
    person = world.add("proctor")
    await ask("PUT", f"/7005/proctor/{person.id}")
    world.sql("DELETE FROM user_roles WHERE user_id = :id", id=person.id)
    assert await told(person.id) == []


@pytest.mark.parametrize("user_id", [0, -1, 2**40, 2**63 - 1])
async def test_a_user_who_cannot_be_has_no_assignments(told, user_id):
    assert await told(user_id) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/0/proctor/1"),
        ("PUT", "/1/student/1"),
        ("DELETE", "/1/king/1"),
        ("PUT", f"/1/proctor/{2**31}"),
        ("GET", "?exam_id=x"),
        ("GET", "?limit=0"),
    ],
)
async def test_bad_values_are_422(ask, method, path):
    assert (await ask(method, path)).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("PUT", "/1/proctor/1"), ("DELETE", "/1/proctor/1")]
)
async def test_only_administrators_pass(world, ask, method, path):
    token = (await world.login(world.add("proctor", "hall_in_charge"))).json()["access_token"]
    assert (await ask(method, path, token)).status_code == 403


@pytest.fixture
async def colleagues(world):
    """What somebody is told when he asks who has to do with an exam."""

    async def of(exam_id, person):
        token = (await world.login(person)).json()["access_token"]
        answer = await world.client.get(
            f"/api/v1/auth/exams/{exam_id}/staff", headers={"Authorization": f"Bearer {token}"}
        )
        body = answer.json()
        if answer.status_code != 200:
            return answer.status_code
        return {each["id"]: (each["full_name"], each["roles"]) for each in body}

    return of


async def test_colleagues_of_an_exam_know_each_others_names_and_roles_there(world, ask, colleagues):
    proctor, both = world.add("proctor"), world.add("proctor", "grader")
    chief, elsewhere = world.add("hall_in_charge"), world.add("proctor")
    for path in (f"proctor/{proctor.id}", f"proctor/{both.id}", f"grader/{both.id}"):
        await ask("PUT", f"/7010/{path}")
    await ask("PUT", f"/7011/proctor/{elsewhere.id}")
    for asking in (proctor, both, chief):
        told = await colleagues(7010, asking)
        assert told[proctor.id] == (f"User {proctor.id}", ["proctor"])
        assert told[both.id] == (f"User {both.id}", ["grader", "proctor"])
        assert told[chief.id] == (f"User {chief.id}", ["hall_in_charge"])
        assert elsewhere.id not in told


async def test_nobody_else_is_told_who_has_to_do_with_an_exam(world, ask, colleagues):
    proctor, elsewhere, student = world.add("proctor"), world.add("proctor"), world.add("student")
    await ask("PUT", f"/7012/proctor/{proctor.id}")
    await ask("PUT", f"/7013/proctor/{elsewhere.id}")
    assert [await colleagues(7012, each) for each in (elsewhere, student)] == [403, 403]
    await ask("DELETE", f"/7012/proctor/{proctor.id}")
    assert await colleagues(7012, proctor) == 403


async def test_who_may_not_come_in_or_lost_his_role_is_no_colleague(world, ask, colleagues):
    here, gone, roleless = (world.add("proctor") for _ in range(3))
    for each in (here, gone, roleless):
        await ask("PUT", f"/7014/proctor/{each.id}")
    world.sql("UPDATE users SET is_active = false WHERE id = :id", id=gone.id)
    world.sql("DELETE FROM user_roles WHERE user_id = :id", id=roleless.id)
    told = await colleagues(7014, here)
    assert here.id in told
    assert not {gone.id, roleless.id} & set(told)
