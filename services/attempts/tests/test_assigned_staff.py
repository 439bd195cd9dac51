"""Proctors and graders reach what they are assigned to, in that role, and nothing else (ADR 18)."""

import itertools

import pytest
from attempts.auth_client import AuthClient
from chassis.errors import Unavailable
from chassis.rpc import RpcServer, channel
from oep.auth.v1 import auth_pb2, auth_pb2_grpc

PEOPLE = itertools.count(7_000)
NOT_ASSIGNED = "You are not assigned to this exam"
OWN_ATTEMPTS = "You can only view your own attempts"
OWN_RESULTS = "You can only view your own results"
DEEDS = [
    ("post", "/cancel", {"reason": "left the hall"}),
    ("post", "/pause", {"reason": "power cut", "max_seconds": 60}),
    ("post", "/unpause", {"reason": "power is back"}),
    ("post", "/allowances", {"seconds": 300, "reason": "power cut"}),
    ("post", "/authorise", {}),
    ("post", "/release-device", {"reason": "new computer"}),
]
READS = [("", OWN_ATTEMPTS), ("/result", OWN_RESULTS), ("/allowances", OWN_ATTEMPTS)]


@pytest.fixture
def member(api, desk):
    """Return a factory of clients of staff that is assigned to exactly what is said."""

    def make(role, *assigned):
        user_id = next(PEOPLE)
        desk.by_user[user_id] = set(assigned)
        return api(user_id, role)

    return make


@pytest.fixture
def desk_away(desk):
    desk.is_away = True
    yield
    desk.is_away = False


@pytest.mark.parametrize(("path", "words"), READS)
async def test_a_proctor_of_another_exam_sees_no_attempt(world, member, path, words):
    attempt_id = world.attempt("submitted")
    proctor = member("proctor", ("proctor", world.written), ("grader", world.objective))
    answer = await proctor.get(f"/attempts/{attempt_id}{path}")
    assert (answer.status_code, answer.json()["detail"]) == (403, words)
    assigned = member("proctor", ("proctor", world.objective))
    assert (await assigned.get(f"/attempts/{attempt_id}{path}")).status_code == 200


@pytest.mark.parametrize(("method", "path", "body"), DEEDS, ids=[deed[1] for deed in DEEDS])
async def test_a_proctor_of_another_exam_does_nothing_to_an_attempt(
    world, member, method, path, body
):
    attempt_id = world.attempt()
    before = world.row(attempt_id)
    proctor = member("proctor", ("proctor", world.written), ("grader", world.objective))
    answer = await proctor.request(method, f"/attempts/{attempt_id}{path}", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (403, NOT_ASSIGNED)
    assert world.row(attempt_id) == before
    assigned = member("proctor", ("proctor", world.objective))
    answer = await assigned.request(method, f"/attempts/{attempt_id}{path}", json=body)
    assert answer.status_code != 403


@pytest.mark.parametrize(("method", "path", "body"), DEEDS, ids=[deed[1] for deed in DEEDS])
async def test_an_unknown_attempt_is_not_found_before_anybody_is_told_of_its_exam(
    world, member, method, path, body
):
    answer = await member("proctor").request(method, f"/attempts/999999{path}", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (404, "Attempt not found")


@pytest.mark.parametrize(
    ("method", "path"), [("get", "/allowances"), ("get", "/lobby"), ("post", "/authorise")]
)
async def test_what_concerns_a_whole_exam_is_for_its_proctors(world, member, method, path):
    path = f"/exams/{world.objective}{path}"
    assigned = member("proctor", ("proctor", world.objective))
    assert (await assigned.request(method, path)).status_code == 200
    other = member("proctor", ("proctor", world.written))
    unknown = path.replace(str(world.objective), "999999")
    for answer in (await other.request(method, path), await other.request(method, unknown)):
        assert (answer.status_code, answer.json()["detail"]) == (403, NOT_ASSIGNED)


async def test_a_grader_marks_only_exams_that_he_grades(world, member):
    attempt_id = world.attempt("submitted", exam=world.written)
    world.answer(attempt_id, world.short, '"ohm"')
    path = f"/attempts/{attempt_id}/answers/{world.short}/marks"
    other = member("grader", ("grader", world.objective), ("proctor", world.written))
    answer = await other.put(path, json={"marks_awarded": 2})
    assert (answer.status_code, answer.json()["detail"]) == (403, NOT_ASSIGNED)
    answer = await member("grader", ("grader", world.written)).put(path, json={"marks_awarded": 2})
    assert answer.status_code == 200


@pytest.mark.parametrize("roles", ["admin", "admin,proctor", "hall_in_charge,proctor"])
async def test_a_role_that_reaches_all_needs_no_assignment_and_no_auth(
    world, api, desk_away, roles
):
    client = api(next(PEOPLE), roles)
    assert (await client.get(f"/attempts/{world.attempt()}")).status_code == 200


async def test_without_auth_an_unknown_proctor_is_told_to_come_again(world, api, desk_away):
    attempt_id = world.attempt()
    answer = await api(next(PEOPLE), "proctor").get(f"/attempts/{attempt_id}")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert (await api(world.student, "student,proctor").get(f"/attempts/{attempt_id}")).is_success


class _Auth(auth_pb2_grpc.AuthServiceServicer):
    async def ListAssignments(self, request, context):  # noqa: N802
        found = auth_pb2.Assignment(exam_id=request.user_id * 10, role="grader")
        return auth_pb2.ListAssignmentsResponse(assignments=[found])


async def test_auth_is_asked_over_the_wire():
    server = RpcServer(
        "127.0.0.1", 0, lambda s: auth_pb2_grpc.add_AuthServiceServicer_to_server(_Auth(), s)
    )
    await server.start()
    async with channel(f"127.0.0.1:{server.port}") as connection:
        assert await AuthClient(connection).assigned(4) == {("grader", 40)}
        await server.stop(0)
        with pytest.raises(Unavailable):
            await AuthClient(connection, seconds=0.2).assigned(4)


@pytest.mark.parametrize("role", ["proctor", "grader"])
async def test_who_only_watches_or_marks_sees_the_exams_that_he_is_assigned_to(world, member, role):
    client = member(role, (role, world.written), (role, world.draft))
    listed = [exam["id"] for exam in (await client.get("/exams/")).json()]
    assert listed == [world.written, world.draft], "a draft, too: he prepares himself"
    assert (await client.get(f"/exams/{world.draft}")).status_code == 200
    answer = await client.get(f"/exams/{world.objective}")
    assert (answer.status_code, answer.json()["detail"]) == (404, "Exam not found")
    questions = [question["id"] for question in (await client.get("/exams/questions")).json()]
    assert questions == [world.choice, world.short, world.unseen]
    assert (await client.get(f"/exams/questions/{world.truth}")).status_code == 404


async def test_a_proctor_without_any_assignment_sees_no_exam(member):
    client = member("proctor")
    assert (await client.get("/exams/")).json() == []
    assert (await client.get("/exams/questions")).json() == []


async def test_a_proctor_who_is_a_student_too_sees_what_both_see(world, member):
    client = member("proctor,student", ("proctor", world.draft))
    listed = [exam["id"] for exam in (await client.get("/exams/")).json()]
    assert listed == [world.objective, world.written, world.draft, world.over]


async def test_who_watches_is_asked_to_come_again_while_nobody_knows_what(member, desk_away):
    answer = await member("proctor").get("/exams/")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
