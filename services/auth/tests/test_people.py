"""/api/v1/auth/users and /centers: administrators add, list and change people."""

import pytest
from auth.errors import OwnRightsTaken
from auth.people import Change, Effect, effect_of


@pytest.fixture
async def admin(world):
    return (await world.login(world.add("admin"))).json()["access_token"]


@pytest.fixture
def ask(world, admin):
    async def send(method, path, token=None, **options):
        headers = {"Authorization": f"Bearer {token or admin}"}
        return await world.client.request(method, f"/api/v1/auth{path}", headers=headers, **options)

    return send


def newcomer(number, **changes):
    return {
        "email": f"new{number}@example.org",
        "username": f"new{number}",
        "full_name": f"New {number}",
        **changes,
    }


ROUTES = [
    ("GET", "/users"),
    ("POST", "/users"),
    ("GET", "/users/1"),
    ("PATCH", "/users/1"),
    ("GET", "/centers"),
    ("POST", "/centers"),
]
OTHERS = ["student", "proctor", "grader", "hall_in_charge", "hall_auth", "technician"]


async def test_only_administrators_pass(world, ask):
    token = (await world.login(world.add(*OTHERS))).json()["access_token"]
    for method, path in ROUTES:
        answer = await ask(method, path, token, json={})
        assert answer.status_code == 403, path
        assert answer.json()["detail"] == ("User does not have required role. Required: ['admin']")
        bare = await world.client.request(method, f"/api/v1/auth{path}", json={})
        assert (bare.status_code, bare.json()["detail"]) == (401, "Not authenticated")


async def test_an_admin_whose_login_or_role_is_gone_does_not_pass(world, ask):
    person = world.add("admin")
    token = (await world.login(person)).json()["access_token"]
    world.sql("DELETE FROM user_roles WHERE user_id = :id", id=person.id)
    assert (await ask("GET", "/users", token)).status_code == 403
    await world.post("/logout", None, token)
    assert (await ask("GET", "/users", token)).status_code == 401


async def test_a_student_who_was_added_comes_in_by_hall_ticket(world, ask):
    center = await ask("POST", "/centers", json={"name": "North", "code": "PEOPLE-N"})
    assert center.status_code == 201
    body = newcomer(
        1,
        roles=["student"],
        hall_ticket_number="PEOPLE01",
        date_of_birth="2001-02-02",
        security_answer="  KuMar ",
        center_id=center.json()["id"],
    )
    added = await ask("POST", "/users", json=body)
    assert added.status_code == 201
    assert added.json()["center"] == center.json()
    assert "security_answer" not in added.text
    assert (await ask("GET", f"/users/{added.json()['id']}")).json() == added.json()
    person = world.add().__class__(added.json()["id"], "new1", "", "PEOPLE01")
    assert (await world.ticket_login(person)).status_code == 200
    assert (await world.login(person, "!")).status_code == 401


async def test_what_is_unique_is_409_and_what_is_missing_400(world, ask):
    assert (await ask("POST", "/users", json=newcomer(2))).status_code == 201
    again = await ask("POST", "/users", json=newcomer(2))
    assert again.status_code == 409
    other = await ask("POST", "/users", json=newcomer(3, username="new2"))
    assert (other.status_code, other.json()["detail"]) == (
        409,
        "This user name is already taken",
    )
    nowhere = await ask("POST", "/users", json=newcomer(4, center_id=999_999))
    assert nowhere.status_code == 400
    code = {"name": "A", "code": "PEOPLE-A"}
    assert [(await ask("POST", "/centers", json=code)).status_code for _ in "12"] == [201, 409]
    taken = await ask("PATCH", f"/users/{world.add().id}", json={"username": "new2"})
    assert taken.status_code == 409


async def test_lists_are_filtered_and_paged(world, ask):
    center = (await ask("POST", "/centers", json={"name": "F", "code": "PEOPLE-F"})).json()["id"]
    people = [world.add("student", center_id=center) for _ in range(3)]
    proctor = world.add("proctor", "student", center_id=center)

    async def ids(query):
        answer = await ask("GET", f"/users?center_id={center}&{query}")
        assert answer.status_code == 200
        return [user["id"] for user in answer.json()]

    assert await ids("") == [p.id for p in [*people, proctor]]
    assert await ids("role=proctor") == [proctor.id]
    assert await ids("role=student&skip=1&limit=2") == [people[1].id, people[2].id]
    assert await ids("role=admin") == []
    listed = (await ask("GET", "/centers?limit=1000")).json()
    assert center in [each["id"] for each in listed]


async def test_people_are_found_by_a_part_of_what_they_are_called(world, ask):
    center = (await ask("POST", "/centers", json={"name": "Q", "code": "PEOPLE-Q"})).json()["id"]
    asha = world.add("student", center_id=center)
    named = {"full_name": "Asha 100% Rao", "hall_ticket_number": "QX77001"}
    assert (await ask("PATCH", f"/users/{asha.id}", json=named)).status_code == 200
    other = world.add("proctor", center_id=center)

    async def ids(part):
        answer = await ask("GET", "/users", params={"center_id": center, "q": part})
        assert answer.status_code == 200
        return [user["id"] for user in answer.json()]

    assert await ids("aSHA") == [asha.id]
    assert await ids("x7700") == [asha.id]
    assert await ids("0%") == [asha.id]
    assert await ids("h_") == []
    assert await ids(other.username) == [other.id]


@pytest.mark.parametrize(
    "query",
    [
        "role=king",
        "skip=-1",
        "limit=0",
        "limit=1001",
        "center_id=x",
        "center_id=0",
        "q=",
        "q=%00",
        f"q={'x' * 101}",
    ],
)
async def test_a_bad_filter_is_422(ask, query):
    assert (await ask("GET", f"/users?{query}")).status_code == 422


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"email": "nobody"}, "/email"),
        ({"username": ""}, "/username"),
        ({"username": None}, "/username"),
        ({"full_name": "a\u0000b"}, "/full_name"),
        ({"roles": ["king"]}, "/roles/0"),
        ({"is_active": "yes"}, "/is_active"),
        ({"date_of_birth": "02/02/2001"}, "/date_of_birth"),
        ({"hall_ticket_number": "1234"}, "/hall_ticket_number"),
        ({"center_id": 2**31}, "/center_id"),
        ({"is_admin": True}, "/is_admin"),
    ],
)
async def test_a_bad_value_is_422_for_a_new_and_for_a_known_user(world, ask, changes, pointer):
    made = await ask("POST", "/users", json=newcomer(5, **changes))
    changed = await ask("PATCH", f"/users/{world.add().id}", json=changes)
    for answer in (made, changed):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_patch_changes_only_what_it_names(world, ask):
    person = world.add("student")
    before = (await ask("GET", f"/users/{person.id}")).json()
    answer = await ask(
        "PATCH", f"/users/{person.id}", json={"full_name": "Other", "hall_ticket_number": None}
    )
    assert answer.json() == before | {"full_name": "Other", "hall_ticket_number": None}
    assert (await ask("PATCH", f"/users/{person.id}", json={})).json() == answer.json()


async def test_an_answer_that_is_taken_away_opens_nothing_any_more(world, ask):
    person = world.add("student")
    assert (await world.ticket_login(person)).status_code == 200
    await ask("PATCH", f"/users/{person.id}", json={"security_answer": None})
    assert (await world.ticket_login(person)).status_code == 401


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_an_unknown_user_is_404(ask, method):
    answer = await ask(method, "/users/99999999", json={})
    assert (answer.status_code, answer.json()["detail"]) == (404, "User not found")


@pytest.mark.parametrize("changes", [{"is_active": False}, {"roles": ["student"]}])
async def test_nobody_shuts_himself_out(world, ask, changes):
    person = world.add("admin")
    token = (await world.login(person)).json()["access_token"]
    answer = await ask("PATCH", f"/users/{person.id}", token, json=changes)
    assert answer.status_code == 400
    assert (await ask("GET", f"/users/{person.id}", token)).json()["is_active"] is True


class Someone:
    id = 1
    is_active = True
    role_names = ("admin", "student")


@pytest.mark.parametrize(
    ("change", "effect"),
    [
        (Change({"full_name": "x"}), Effect.NONE),
        (Change(roles=frozenset({"admin", "student", "grader"})), Effect.NONE),
        (Change(roles=frozenset({"student"})), Effect.END_LOGINS),
        (Change({"hashed_password": "x"}), Effect.END_LOGINS),
        (Change({"security_answer_hash": "x"}), Effect.END_LOGINS),
        (Change({"is_active": False}, frozenset({"student"})), Effect.REVOKE_USER),
        (Change({"is_active": True}), Effect.NONE),
    ],
)
def test_a_change_ends_logins_only_when_it_takes_something_away(change, effect):
    assert effect_of(Someone(), change, by=2) is effect


def test_an_admin_may_change_his_own_password():
    assert effect_of(Someone(), Change({"hashed_password": "x"}), by=1) is Effect.END_LOGINS
    with pytest.raises(OwnRightsTaken):
        effect_of(Someone(), Change(roles=frozenset()), by=1)
