"""Writing trades and question banks (contract §4.1, rows 1, 4, 5, 6)."""

import pytest
from attempts.authoring import Authoring
from attempts.errors import TradeExists

STAFF = ("admin", "hall_in_charge")
NOT_STAFF = ("student", "proctor", "technician", "grader", "hall_auth")
NEEDS_STAFF = "User does not have required role. Required: ['admin', 'hall_in_charge']"


@pytest.fixture
def staff(api, tidy):
    return api(7, "admin")


async def welder(client, **changed) -> dict:
    fields = {"name": "Welder", "code": "WELD"} | changed
    response = await client.post("/exams/trades", json=fields)
    assert response.status_code == 201
    return response.json()


@pytest.mark.contract("4.1/1", "4.1/3")
@pytest.mark.parametrize("role", STAFF)
async def test_row_1_staff_adds_a_trade(api, tidy, role):
    made = await welder(api(7, role), description="Joins metal")
    expected = {"name": "Welder", "code": "WELD", "description": "Joins metal", "is_active": True}
    assert made | expected == made
    assert set(made) == {*expected, "id", "created_at", "updated_at"}
    assert (await api().get(f"/exams/trades/{made['id']}")).json() == made


@pytest.mark.contract("4.1/1/code-taken", "4.1/1/name-taken")
async def test_row_1_a_code_and_a_name_are_taken_once(staff):
    await welder(staff)
    same_code = await staff.post("/exams/trades", json={"name": "Other", "code": "WELD"})
    assert same_code.status_code == 400
    assert same_code.json()["detail"] == "Trade with code WELD already exists"
    same_name = await staff.post("/exams/trades", json={"name": "Welder", "code": "W2"})
    assert same_name.status_code == 400
    assert same_name.json()["detail"] == "Trade with name Welder already exists"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "X"}, "/code"),
        ({"code": "X"}, "/name"),
        ({"name": " ", "code": "X"}, "/name"),
        ({"name": "X", "code": "C" * 51}, "/code"),
        ({"name": "a\0b", "code": "X"}, "/name"),
        ({"name": "X", "code": 5}, "/code"),
    ],
)
async def test_row_1_a_trade_without_name_or_code_is_invalid(staff, body, pointer):
    response = await staff.post("/exams/trades", json=body)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


@pytest.mark.contract("4.1/4", "4.1/put/present")
async def test_row_4_only_what_is_sent_changes(staff):
    made = await welder(staff, description="Joins metal")
    changed = await staff.put(f"/exams/trades/{made['id']}", json={"is_active": False})
    assert changed.status_code == 200
    body = changed.json()
    assert body == made | {"is_active": False, "updated_at": body["updated_at"]}
    emptied = await staff.put(f"/exams/trades/{made['id']}", json={"description": None})
    assert emptied.json()["description"] is None
    same = await staff.put(f"/exams/trades/{made['id']}", json={"name": "Welder", "code": "WELD"})
    assert same.status_code == 200, "its own name and code are not taken"


@pytest.mark.contract("4.1/4/unknown", "4.1/4/code-taken", "4.1/4/name-taken")
async def test_row_4_errors_are_those_of_rows_1_and_3(staff):
    made = await welder(staff)
    unknown = await staff.put("/exams/trades/99999", json={"code": "ELEC"})
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "Trade not found")
    code = await staff.put(f"/exams/trades/{made['id']}", json={"code": "ELEC"})
    assert (code.status_code, code.json()["detail"]) == (
        400,
        "Trade with code ELEC already exists",
    )
    name = await staff.put(f"/exams/trades/{made['id']}", json={"name": "Electrician"})
    assert name.json()["detail"] == "Trade with name Electrician already exists"
    nameless = await staff.put(f"/exams/trades/{made['id']}", json={"name": None})
    assert nameless.status_code == 422


@pytest.mark.contract("4.1/5", "4.1/5/unknown")
async def test_row_5_a_trade_is_deleted_without_a_body(staff):
    made = await welder(staff)
    deleted = await staff.delete(f"/exams/trades/{made['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    again = await staff.delete(f"/exams/trades/{made['id']}")
    assert (again.status_code, again.json()["detail"]) == (404, "Trade not found")


@pytest.mark.contract("4.1/5/in-use")
async def test_row_5_a_trade_in_use_stays(staff):
    response = await staff.delete("/exams/trades/1")
    assert response.status_code == 409
    assert (await staff.get("/exams/trades/1")).status_code == 200


@pytest.mark.contract("4.1/5/who", "2.3/role-missing")
async def test_row_5_only_admin_deletes_trades(api, tidy):
    made = await welder(api(7, "hall_in_charge"))
    response = await api(7, "hall_in_charge").delete(f"/exams/trades/{made['id']}")
    assert response.status_code == 403
    assert response.json()["detail"] == "User does not have required role. Required: ['admin']"


@pytest.mark.contract(
    "4.1/1/who",
    "4.1/4/who",
    "4.1/6/who",
    "4.1/8/who",
    "4.1/11/who",
    "4.1/12/who",
    "4.1/13/who",
    "4.1/14/who",
    "4.1/17/who",
    "4.1/19/who",
)
@pytest.mark.parametrize("role", NOT_STAFF)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/exams/trades"),
        ("PUT", "/exams/trades/1"),
        ("POST", "/exams/question-banks"),
        ("POST", "/exams/questions"),
        ("PUT", "/exams/questions/11"),
        ("DELETE", "/exams/questions/11"),
        ("POST", "/exams/question-banks/1/import-csv"),
        ("POST", "/exams/"),
        ("PUT", "/exams/21"),
        ("GET", "/exams/21/export-qti"),
    ],
)
async def test_nobody_but_staff_writes_content(api, role, method, path):
    response = await api(7, role).request(method, path, json={})
    assert (response.status_code, response.json()["detail"]) == (403, NEEDS_STAFF)


@pytest.mark.contract("4.1/6")
async def test_row_6_a_bank_belongs_to_a_trade(staff):
    response = await staff.post("/exams/question-banks", json={"name": "Basics", "trade_id": 1})
    assert response.status_code == 201
    body = response.json()
    assert (body["name"], body["trade_id"], body["trade"]["code"]) == ("Basics", 1, "ELEC")
    assert (body["description"], body["is_active"]) == (None, True)
    listed = (await staff.get("/exams/question-banks?trade_id=1")).json()
    assert body in listed


@pytest.mark.contract("4.1/6/no-trade")
async def test_row_6_a_bank_needs_a_trade_that_exists(staff):
    response = await staff.post("/exams/question-banks", json={"name": "Basics", "trade_id": 99})
    assert (response.status_code, response.json()["detail"]) == (404, "Trade not found")
    assert (await staff.post("/exams/question-banks", json={"name": "B"})).status_code == 422


def test_of_two_that_add_the_same_trade_at_once_one_wins(tidy, at_once):
    deeds = Authoring(tidy.db)
    fields = {"name": "Welder", "code": "WELD", "description": None}
    outcomes = at_once(*[lambda: deeds.add_trade(fields)] * 4)
    assert sum(isinstance(outcome, TradeExists) for outcome in outcomes) == 3
