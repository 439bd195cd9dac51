"""REST of transfers: every literal of contract §8.3, who may, the order of checks, the shapes."""

import contextlib
import dataclasses

import pytest
from attempts.auth_client import Names
from chassis.rpc import RpcServer, channel
from oep.auth.v1 import auth_pb2, auth_pb2_grpc

HALL, HALL_OF_CENTER, DEMOTED, TECHNICIAN = 701, 702, 703, 704
TRANSFER = {
    "id",
    "attempt_id",
    "from_workstation",
    "to_workstation",
    "requested_by_id",
    "approved_by_id",
    "status",
    "reason",
    "migration_checksum",
    "answers_transferred",
    "error_message",
    "created_at",
    "approved_at",
    "rejected_at",
    "completed_at",
}
AUDIT = {
    "id",
    "event_type",
    "event_category",
    "user_id",
    "username",
    "attempt_id",
    "exam_id",
    "transfer_id",
    "description",
    "details",
    "ip_address",
    "user_agent",
    "success",
    "error_message",
    "created_at",
}


class Auth(auth_pb2_grpc.AuthServiceServicer):
    """auth, knowing two students of two centers and four of the hall's staff."""

    async def GetUsers(self, request, context):  # noqa: N802
        known = {
            101: {"username": "asha", "roles": ["student"], "center_id": 1},
            102: {"username": "ravi", "roles": ["student"], "center_id": 2},
            HALL: {"username": "hall", "roles": ["hall_in_charge"]},
            HALL_OF_CENTER: {"username": "hall1", "roles": ["hall_in_charge"], "center_id": 1},
            DEMOTED: {"username": "was", "roles": ["technician"]},
        }
        found = [auth_pb2.User(user_id=i, **known[i]) for i in request.user_ids if i in known]
        return auth_pb2.GetUsersResponse(users=found)


@contextlib.asynccontextmanager
async def knowing(app, names):
    state = app.app.state
    before = state.parts
    state.parts = dataclasses.replace(before, names=names)
    yield
    state.parts = before


@pytest.fixture
async def auth(app):
    """The service can ask auth."""
    server = RpcServer(
        "127.0.0.1", 0, lambda s: auth_pb2_grpc.add_AuthServiceServicer_to_server(Auth(), s)
    )
    await server.start()
    async with (
        channel(f"127.0.0.1:{server.port}") as connection,
        knowing(app, Names(connection, seconds=5)),
    ):
        yield
    await server.stop(0)


def detail(response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()["detail"]


def body(attempt_id, **changed) -> dict:
    given = {"attempt_id": attempt_id, "to_workstation": "PC-2", "reason": "Screen is broken"}
    return given | changed


async def requested(api, attempt_id, user=101, **changed) -> dict:
    response = await api(user).post("/transfers/request", json=body(attempt_id, **changed))
    assert response.status_code == 201
    return response.json()


async def decided(api, transfer_id, user=HALL, **given):
    client = api(user, "hall_in_charge")
    return await client.post(f"/transfers/{transfer_id}/approve", json={"approved": True} | given)


@pytest.mark.contract("8.3/request")
async def test_the_owner_asks_and_gets_a_pending_transfer(api, world):
    attempt_id = world.attempt()
    made = await requested(api, attempt_id)
    assert set(made) == TRANSFER
    assert (made["status"], made["from_workstation"]) == ("pending", "UNKNOWN")
    assert (made["requested_by_id"], made["answers_transferred"]) == (world.student, 0)
    assert made["created_at"].endswith("Z")


@pytest.mark.contract("8.3/request/bounds")
@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"to_workstation": ""}, "/to_workstation"),
        ({"to_workstation": "x" * 51}, "/to_workstation"),
        ({"to_workstation": "a\0b"}, "/to_workstation"),
        ({"reason": "too short"}, "/reason"),
        ({"reason": "x" * 1001}, "/reason"),
        ({"attempt_id": "1"}, "/attempt_id"),
        ({"attempt_id": 2**63}, "/attempt_id"),
    ],
)
async def test_a_request_outside_its_bounds_is_invalid(api, world, changed, pointer):
    response = await api().post("/transfers/request", json=body(1) | changed)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer


@pytest.mark.contract("8.3/request/bounds")
@pytest.mark.parametrize("changed", [{"to_workstation": "x" * 50, "reason": "x" * 10}])
async def test_a_request_at_its_bounds_is_taken(api, world, changed):
    made = await requested(api, world.attempt(), **changed)
    assert made.items() >= changed.items()


@pytest.mark.contract("8.3/request/1")
async def test_an_unknown_attempt_is_named(api, world):
    response = await api().post("/transfers/request", json=body(999999))
    assert (response.status_code, detail(response)) == (404, "Attempt 999999 not found")


@pytest.mark.contract("8.3/request/who", "8.3/request/2")
@pytest.mark.parametrize("role", ["student", "proctor", "grader"])
async def test_others_may_not_ask_whatever_the_status(api, world, role):
    attempt_id = world.attempt("graded")
    response = await api(world.other, role).post("/transfers/request", json=body(attempt_id))
    assert (response.status_code, detail(response)) == (
        403,
        "User not authorized to request transfer for this attempt",
    )


@pytest.mark.contract("8.3/request/who")
@pytest.mark.parametrize("role", ["technician", "hall_in_charge", "hall_auth", "admin"])
async def test_the_halls_staff_asks_for_a_student(api, world, role):
    attempt_id = world.attempt()
    response = await api(900, role).post("/transfers/request", json=body(attempt_id))
    assert (response.status_code, response.json()["requested_by_id"]) == (201, 900)


@pytest.mark.contract("8.3/request/3", "9.1/table/transfer")
@pytest.mark.parametrize("status", ["not_started", "submitted", "graded", "expired", "cancelled"])
async def test_only_a_running_attempt_is_transferred(api, world, status):
    response = await api().post("/transfers/request", json=body(world.attempt(status)))
    expected = f"Attempt must be in_progress, current status: {status}"
    assert (response.status_code, detail(response)) == (400, expected)


@pytest.mark.contract("8.3/request/5", "9.1/table/transfer")
async def test_the_last_five_minutes_are_too_late(api, world):
    attempt_id = world.attempt(begun_seconds_ago=3305)
    response = await api().post("/transfers/request", json=body(attempt_id))
    assert (response.status_code, detail(response)) == (
        400,
        "Insufficient time remaining for transfer. Minimum 5 minutes required.",
    )


@pytest.mark.contract("8.3/request/6", "8.3/request/7")
async def test_a_second_request_is_told_of_the_first(api, world):
    attempt_id = world.attempt()
    made = await requested(api, attempt_id)
    response = await api().post("/transfers/request", json=body(attempt_id))
    assert detail(response) == f"Transfer already pending (Transfer ID: {made['id']})"
    world.run("UPDATE attempts.transfers SET status = 'approved' WHERE id = :id", id=made["id"])
    response = await api().post("/transfers/request", json=body(attempt_id))
    assert detail(response) == f"Transfer already in progress (Transfer ID: {made['id']})"


@pytest.mark.contract("8.3/request/8", "8.3/request/unknown", "8.3/request/long-names")
async def test_the_target_must_be_another_workstation(api, world):
    attempt_id = world.attempt()
    expected = "Target workstation must be different from current workstation"
    unbound = await api().post(
        "/transfers/request", json=body(attempt_id, to_workstation="UNKNOWN")
    )
    assert (unbound.status_code, detail(unbound)) == (400, expected)
    long = "W" * 100
    world.run(
        "UPDATE attempts.attempts SET workstation_id = :w WHERE id = :a", w=long, a=attempt_id
    )
    made = await requested(api, attempt_id)
    assert made["from_workstation"] == long


@pytest.mark.contract("8.3/approve", "8.3/approve/pending")
async def test_an_approval_moves_at_once(auth, api, world):
    attempt_id = world.attempt()
    world.answer(attempt_id, world.choice, '"B"')
    made = await requested(api, attempt_id)
    response = await decided(api, made["id"])
    assert response.status_code == 200
    done = response.json()
    assert (done["status"], done["approved_by_id"]) == ("completed", HALL)
    assert (done["answers_transferred"], len(done["migration_checksum"])) == (1, 64)
    seen = (await api().get(f"/attempts/{attempt_id}")).json()
    assert (seen["workstation_id"], seen["transfer_count"]) == ("PC-2", 1)
    again = await decided(api, made["id"])
    assert (again.status_code, detail(again)) == (
        400,
        "Transfer must be pending, current status: completed",
    )


@pytest.mark.contract("8.3/approve", "8.3/approve/rejected")
async def test_a_rejection_answers_rejected(auth, api, world):
    made = await requested(api, world.attempt())
    response = await decided(api, made["id"], approved=False, reason="No")
    done = response.json()
    assert (response.status_code, done["status"], done["error_message"]) == (200, "rejected", "No")
    assert done["approved_by_id"] == HALL


@pytest.mark.contract("8.3/approve/failed", "8.3/move/failed")
async def test_a_failed_move_is_400_and_stays_failed(auth, api, world):
    attempt_id = world.attempt()
    made = await requested(api, attempt_id)
    await api().post(f"/attempts/{attempt_id}/submit", json={"confirm": True})
    response = await decided(api, made["id"])
    assert (response.status_code, detail(response)) == (
        400,
        "State migration failed: attempt is graded",
    )
    assert (await api().get(f"/transfers/{made['id']}")).json()["status"] == "failed"


@pytest.mark.contract("8.3/approve/who", "2.3/role-missing")
@pytest.mark.parametrize("role", ["admin", "technician", "hall_auth", "student", "proctor"])
async def test_only_a_hall_in_charge_decides(auth, api, world, role):
    made = await requested(api, world.attempt())
    client = api(HALL, role)
    response = await client.post(f"/transfers/{made['id']}/approve", json={"approved": True})
    assert (response.status_code, detail(response)) == (
        403,
        "User does not have required role. Required: ['hall_in_charge']",
    )


@pytest.mark.contract("8.3/approve/rule/approve", "8.3/approve/rule/reject")
@pytest.mark.parametrize(("approved", "verb"), [(True, "approve"), (False, "reject")])
async def test_who_lost_the_role_since_his_token_is_refused(auth, api, world, approved, verb):
    made = await requested(api, world.attempt())
    response = await decided(api, made["id"], DEMOTED, approved=approved)
    assert (response.status_code, detail(response)) == (
        403,
        f"Only hall in-charge can {verb} transfers",
    )


@pytest.mark.contract("8.3/approve/center")
async def test_a_center_decides_for_its_own_students_only(auth, api, world):
    foreign = await requested(api, world.attempt(student=world.other), world.other)
    response = await decided(api, foreign["id"], HALL_OF_CENTER)
    assert response.status_code == 403
    assert "center" in detail(response)
    assert (await decided(api, foreign["id"], HALL)).status_code == 200
    own = await requested(api, world.attempt())
    assert (await decided(api, own["id"], HALL_OF_CENTER)).json()["status"] == "completed"


async def test_nothing_is_decided_while_auth_cannot_be_asked(api, world):
    made = await requested(api, world.attempt())
    response = await decided(api, made["id"])
    assert response.status_code == 503
    assert "retry-after" in response.headers
    assert (await api().get(f"/transfers/{made['id']}")).json()["status"] == "pending"


@pytest.mark.contract("8.3/approve/unknown")
async def test_a_decision_on_nothing_names_it(auth, api):
    response = await decided(api, 999999)
    assert (response.status_code, detail(response)) == (404, "Transfer 999999 not found")


@pytest.mark.contract("8.3/approve/bounds")
@pytest.mark.parametrize(
    "given", [{"approved": "yes"}, {"approved": None}, {"reason": "x" * 1001}, {"reason": "\0"}]
)
async def test_a_decision_outside_its_bounds_is_invalid(api, given):
    assert (await decided(api, 1, **given)).status_code == 422


@pytest.mark.contract("8.3/get", "8.3/get/unknown", "8.3/get/forbidden")
async def test_a_transfer_is_seen_by_its_student_and_the_hall(api, world):
    made = await requested(api, world.attempt())
    url = f"/transfers/{made['id']}"
    assert (await api().get(url)).json() == made
    for role in ("technician", "hall_in_charge", "hall_auth", "admin"):
        assert (await api(900, role).get(url)).json() == made
    for role in ("student", "proctor", "grader"):
        refused = await api(world.other, role).get(url)
        assert (refused.status_code, detail(refused)) == (
            403,
            "Not authorized to view this transfer",
        )
    unknown = await api().get("/transfers/999999")
    assert (unknown.status_code, detail(unknown)) == (404, "Transfer not found")


@pytest.mark.contract("8.3/list", "8.3/list/page")
async def test_the_list_is_newest_first_in_pages(auth, api, world):
    ids = []
    for student in (101, 102):
        made = await requested(api, world.attempt(student=student), student)
        ids.insert(0, made["id"])
    client = api(900, "technician")
    found = (await client.get("/transfers")).json()
    assert [t["id"] for t in found["transfers"]] == ids
    assert (found["total"], found["page"], found["page_size"]) == (2, 1, 20)
    assert set(found["transfers"][0]) == TRANSFER
    second = (await client.get("/transfers/?page=2&page_size=1")).json()
    assert [t["id"] for t in second["transfers"]] == ids[1:]
    assert (second["total"], second["page"], second["page_size"]) == (2, 2, 1)
    assert (await client.get("/transfers?page_size=500")).json()["page_size"] == 100
    assert (await client.get("/transfers?page=99")).json()["transfers"] == []


@pytest.mark.contract("8.3/list/who")
async def test_others_list_the_transfers_of_their_own_attempts(api, world):
    mine = await requested(api, world.attempt())
    await requested(api, world.attempt(student=world.other), world.other)
    found = (await api().get("/transfers")).json()
    assert ([t["id"] for t in found["transfers"]], found["total"]) == ([mine["id"]], 1)
    assert (await api(900, "proctor").get("/transfers")).json()["total"] == 0


@pytest.mark.contract("8.3/list/filters", "8.3/list/who")
async def test_the_list_is_filtered(auth, api, world):
    first = await requested(api, world.attempt())
    await decided(api, first["id"])
    attempt_id = world.attempt(student=world.other, exam=world.written)
    second = await requested(api, attempt_id, world.other, to_workstation="PC-9")

    async def ids(query: str) -> list[int]:
        found = (await api(900, "admin").get(f"/transfers?{query}")).json()
        assert found["total"] == len(found["transfers"])
        return [t["id"] for t in found["transfers"]]

    assert await ids("status_filter=completed") == [first["id"]]
    assert await ids("status_filter=pending") == [second["id"]]
    assert await ids(f"exam_id={world.written}") == [second["id"]]
    assert await ids(f"attempt_id={attempt_id}") == [second["id"]]
    assert await ids("to_workstation=PC-2") == [first["id"]]
    assert await ids("from_workstation=UNKNOWN") == [second["id"], first["id"]]
    assert await ids("from_workstation=unknown") == []


@pytest.mark.contract("8.3/list/page")
@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        f"page={2**63}",
        "page_size=0",
        "status_filter=dancing",
        "exam_id=x",
        "to_workstation=a%00b",
    ],
)
async def test_bad_queries_are_invalid(api, query):
    response = await api(900, "admin").get(f"/transfers?{query}")
    assert response.status_code == 422
    name = query.partition("=")[0]
    assert response.json()["errors"][0]["pointer"] == f"/query/{name}"


@pytest.mark.contract(
    "8.3/audit",
    "9.5/transfer_requested",
    "9.5/transfer_approved",
    "9.5/transfer_completed",
    "9.5/transfer/ids",
)
async def test_the_audit_tells_everything_oldest_first(auth, api, world):
    attempt_id = world.attempt()
    made = await requested(api, attempt_id)
    await decided(api, made["id"])
    response = await api(900, "admin").get(f"/transfers/audit/{made['id']}")
    assert response.status_code == 200
    entries = response.json()
    assert [(e["event_type"], e["username"]) for e in entries] == [
        ("transfer_requested", "asha"),
        ("transfer_approved", "hall"),
        ("transfer_completed", "hall"),
    ]
    for entry in entries:
        assert set(entry) == AUDIT
        assert entry["event_category"] == "transfer"
        assert (entry["attempt_id"], entry["exam_id"]) == (attempt_id, world.objective)
        assert (entry["transfer_id"], entry["success"]) == (made["id"], True)
        assert entry["ip_address"] == "127.0.0.1"
        assert "httpx" in entry["user_agent"]
        assert entry["created_at"].endswith("Z")
    assert entries[0]["details"]["reason"] == "Screen is broken"
    assert entries[-1]["details"]["answers_transferred"] == 0


async def test_the_gateway_says_whose_address_it_is(api, world):
    attempt_id = world.attempt()
    headers = {"X-Forwarded-For": "203.0.113.9"}
    client = api()
    made = await client.post("/transfers/request", json=body(attempt_id), headers=headers)
    trail = await api(900, "hall_in_charge").get(f"/transfers/audit/{made.json()['id']}")
    assert [e["ip_address"] for e in trail.json()] == ["203.0.113.9"]
    assert [e["username"] for e in trail.json()] == [""]


@pytest.mark.contract("8.3/audit/who")
@pytest.mark.parametrize("role", ["student", "technician", "hall_auth", "proctor"])
async def test_others_do_not_see_the_audit(api, world, role):
    made = await requested(api, world.attempt())
    response = await api(101, role).get(f"/transfers/audit/{made['id']}")
    assert (response.status_code, detail(response)) == (
        403,
        "User does not have required role. Required: ['admin', 'hall_in_charge']",
    )


@pytest.mark.contract("8.3/audit/unknown")
async def test_the_audit_of_nothing_is_not_found(api):
    response = await api(900, "admin").get("/transfers/audit/999999")
    assert (response.status_code, detail(response)) == (404, "Transfer not found")
