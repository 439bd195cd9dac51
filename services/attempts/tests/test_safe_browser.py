"""Safe Exam Browser: each rule that SEB documents of its keys, the check, the file, the keys."""

import plistlib
from datetime import datetime
from hashlib import sha256

import pytest
from attempts.safe_browser import (
    Policy,
    Shown,
    config_key,
    request_hash,
    seb_file,
    seb_json,
    settings_of,
)
from attempts.safe_browsing import SafeBrowsing
from chassis.rpc import call
from chassis.waiting import eventually
from hypothesis import given
from hypothesis import strategies as st
from oep.attempts.v1 import attempts_pb2 as pb

PUBLIC = "http://localhost:8000"
KEY, OTHER_KEY = "a" * 64, "b" * 64
URL = f"{PUBLIC}/api/v1/attempts/7"


def test_a_request_is_hashed_as_its_address_and_then_the_key():
    expected = sha256((URL + KEY).encode()).hexdigest()
    assert request_hash(URL, KEY) == expected
    golden = "a4ad6f21404538b13f659042e3d1567ddac2afdd53705c8a164c0a8708ec595e"
    assert request_hash("https://exams.example.org/exam?id=7", KEY) == golden


def test_the_fragment_of_an_address_is_not_hashed():
    assert request_hash(f"{URL}#question-3", KEY) == request_hash(URL, KEY)


def test_the_query_of_an_address_is_hashed():
    assert request_hash(f"{URL}?a=1", KEY) != request_hash(URL, KEY)


def test_the_one_who_wrote_the_settings_is_no_part_of_them():
    assert seb_json({"originatorVersion": "SEB_OSX_2.1.4", "a": 1}) == '{"a":1}'


def test_names_are_sorted_whatever_their_case_in_every_dictionary():
    inner = {"Zoom": 1, "also": 2}
    settings = {"b": inner, "C": [inner], "aWLAN": True, "aWlan": False}
    text = '{"aWlan":false,"aWLAN":true,"b":{"also":2,"Zoom":1},"C":[{"also":2,"Zoom":1}]}'
    assert seb_json(settings) == text


def test_nothing_is_escaped():
    assert seb_json({"a": "ws:\\localhost/ü"}) == '{"a":"ws:\\localhost/ü"}'


def test_empty_dictionaries_are_left_out_and_empty_lists_stay():
    assert seb_json({"a": {}, "b": [], "c": {"d": {}}, "e": ""}) == '{"b":[],"e":""}'


def test_data_are_base64_and_dates_iso_8601():
    settings = {"d": b"\x00\xff", "t": datetime(2026, 3, 1, 10)}  # noqa: DTZ001  # as plists have it
    assert seb_json(settings) == '{"d":"AP8=","t":"2026-03-01T10:00:00+00:00"}'


def test_a_config_key_is_the_hash_of_that_text_in_lower_case_digits():
    text = (
        '{"allowDictionaryLookup":false,"allowQuit":true,"allowScreenSharing":false,'
        '"allowSpellCheck":false,"browserViewMode":1,"browserWindowAllowReload":true,'
        '"browserWindowWebView":3,"enablePrintScreen":false,"enablePrivateClipboard":true,'
        '"newBrowserWindowByLinkPolicy":0,"sendBrowserExamKey":true,'
        '"startURL":"http://localhost:8000/"}'
    )
    settings = settings_of(f"{PUBLIC}/")
    assert seb_json(settings) == text
    assert config_key(settings) == sha256(text.encode()).hexdigest()
    golden = "9efcee81615f67d90051965ce2acecba6fa546baae782fab8983f644aecb6096"
    assert config_key(settings) == golden


def test_the_file_is_a_plain_property_list_whose_settings_have_the_key():
    settings = settings_of(f"{PUBLIC}/")
    assert config_key(plistlib.loads(seb_file(settings))) == config_key(settings)
    assert seb_file(settings).startswith(b"<?xml")


def shown(config: str | None = None, browser: str | None = None) -> Shown:
    hashes = [key and request_hash(URL, key) for key in (config, browser)]
    return Shown(URL, *hashes)


def test_an_exam_without_keys_lets_nobody_in():
    assert not Policy(1, 1).admits(shown(KEY, KEY))
    assert not Policy(1, 1).admits(Shown(URL))


def test_one_of_several_keys_is_enough_and_a_kind_without_keys_is_not_asked_for():
    assert Policy(1, 1, (OTHER_KEY, KEY)).admits(shown(KEY))
    assert Policy(1, 1, (), (OTHER_KEY, KEY)).admits(shown(None, KEY))


def test_both_kinds_have_to_be_shown_where_an_exam_has_both():
    both = Policy(1, 1, (KEY,), (OTHER_KEY,))
    assert both.admits(shown(KEY, OTHER_KEY))
    assert not both.admits(shown(KEY))
    assert not both.admits(shown(None, OTHER_KEY))
    assert not both.admits(shown(OTHER_KEY, KEY))


@given(st.text(max_size=70))
def test_nothing_but_the_hash_is_let_in(text):
    assert not Policy(1, 1, (KEY,)).admits(Shown(URL, text))


# The whole service


def seb(url: str, key: str = KEY) -> dict[str, str]:
    return {"X-SafeExamBrowser-ConfigKeyHash": request_hash(url, key)}


def page(url: str, key: str = KEY) -> dict[str, str]:
    told = request_hash(url, key)
    return {"X-SafeExamBrowser-Page-Url": url, "X-SafeExamBrowser-Page-ConfigKeyHash": told}


@pytest.fixture
async def guarded(api, world):
    """An exam that is sat in Safe Exam Browser only, by KEY; off again afterwards."""
    door = f"/exams/{world.objective}/safe-browser"
    admin = api(1, "admin")
    (await admin.put(door, json={"is_required": True})).raise_for_status()
    added = await admin.post(f"{door}/keys", json={"kind": "config", "key": KEY})
    assert added.status_code == 201
    yield door
    world.run("DELETE FROM attempts.safe_browser_keys")
    world.run("DELETE FROM attempts.safe_browser_logins")
    (await admin.put(door, json={"is_required": False})).raise_for_status()


@pytest.mark.usefixtures("guarded")
async def test_every_route_that_sits_an_exam_is_refused_in_another_browser(api, world):
    running, waiting = world.attempt(), world.attempt("not_started", student=world.other)
    student, other = api(), api(world.other)
    answers = [
        await student.get(f"/attempts/{running}"),
        await student.get(f"/attempts/{running}/answers"),
        await student.get(f"/attempts/{running}/time-status"),
        await student.post(f"/attempts/{running}/answers", json={"question_id": 11, "answer": "A"}),
        await student.post(f"/attempts/{running}/submit", json={"confirm": True}),
        await student.post(f"/attempts/{running}/resume", json={}),
        await student.get(f"/exams/{world.objective}"),
        await other.post(f"/attempts/{waiting}/begin"),
        await other.post("/attempts/start", json={"exam_id": world.objective}),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)
    for answer in answers:
        problem = answer.json()
        assert problem["type"].endswith("safe-exam-browser-required")
        assert "Safe Exam Browser" in problem["detail"]
    assert world.row(running)["status"] == "in_progress"
    assert world.row(waiting)["status"] == "not_started"


@pytest.mark.usefixtures("guarded")
async def test_the_address_that_the_browser_sees_is_hashed_with_its_query(api, world):
    path = f"/attempts/{world.attempt()}/time-status"
    student, seen = api(), f"{PUBLIC}/api/v1{path}"
    assert (await student.get(path, headers=seb(seen))).status_code == 200
    assert (await student.get(f"{path}?x=1", headers=seb(f"{seen}?x=1"))).status_code == 200
    for wrong in (f"{seen}?x=1", f"http://test/api/v1{path}", seen.upper()):
        assert (await student.get(path, headers=seb(wrong))).status_code == 403
    assert (await student.get(path, headers=seb(seen, OTHER_KEY))).status_code == 403


@pytest.mark.usefixtures("guarded")
async def test_a_page_may_hand_on_what_its_browser_told_it_but_no_foreign_page(api, world):
    path, student = f"/attempts/{world.attempt()}/time-status", api()
    assert (await student.get(path, headers=page(f"{PUBLIC}/app/exam/7"))).status_code == 200
    for foreign in ("http://localhost:80001/", "https://evil.example/", f"{PUBLIC}.evil.example/"):
        assert (await student.get(path, headers=page(foreign))).status_code == 403


@pytest.mark.usefixtures("guarded")
async def test_staff_other_exams_and_finished_attempts_need_no_such_browser(api, world):
    running, done = world.attempt(), world.attempt("graded", student=world.other)
    free = world.attempt(exam=world.written, student=world.other)
    assert (await api(1, "admin").get(f"/attempts/{running}")).status_code == 200
    assert (await api(1, "admin").get(f"/exams/{world.objective}")).status_code == 200
    assert (await api(world.other).get(f"/attempts/{done}")).status_code == 200
    assert (await api(world.other).get(f"/attempts/{free}/time-status")).status_code == 200


async def test_only_administrators_manage_keys_and_no_key_is_sent_back(api, guarded):
    for roles in ("student", "proctor", "hall_in_charge"):
        assert (await api(1, roles).get(guarded)).status_code == 403
        assert (await api(1, roles).put(guarded, json={"is_required": False})).status_code == 403
        assert (await api(1, roles).post(f"{guarded}/keys", json={})).status_code == 403
        assert (await api(1, roles).delete(f"{guarded}/keys/1")).status_code == 403
    answer = await api(1, "admin").get(guarded)
    [key] = answer.json()["keys"]
    assert (key["kind"], key["begins_with"]) == ("config", KEY[:8])
    assert KEY not in answer.text


async def test_keys_are_judged_and_what_is_done_with_them_is_audited(api, world, guarded):
    admin = api(1, "admin")
    for bad in ({"kind": "config", "key": "A" * 64}, {"kind": "browser"}, {"kind": "x"}):
        assert (await admin.post(f"{guarded}/keys", json=bad)).status_code == 422
    again = await admin.post(f"{guarded}/keys", json={"kind": "config", "key": KEY})
    assert again.status_code == 409
    [key] = (await admin.get(guarded)).json()["keys"]
    assert (await admin.delete(f"{guarded}/keys/{key['id']}")).status_code == 204
    assert (await admin.delete(f"{guarded}/keys/{key['id']}")).status_code == 404
    assert (await admin.get("/exams/999999/safe-browser")).status_code == 404
    audited = world.run(
        "SELECT event_type, user_id, details FROM attempts.audit_logs"
        " WHERE event_type LIKE 'safe_browser%' ORDER BY id DESC LIMIT 3"
    )
    told = [entry["event_type"] for entry in reversed(audited)]
    assert told == ["safe_browser_switched", "safe_browser_key_added", "safe_browser_key_removed"]
    assert {entry["user_id"] for entry in audited} == {1}
    assert KEY not in str(audited)


async def test_the_file_that_is_handed_out_opens_the_exam_once_its_key_is_accepted(
    api, world, guarded
):
    student, path = api(), f"/attempts/{world.attempt()}/time-status"
    file = await student.get(f"{guarded}/config.seb")
    assert file.headers["content-type"] == "application/seb"
    assert f"exam-{world.objective}.seb" in file.headers["content-disposition"]
    settings = plistlib.loads(file.content)
    assert (settings["startURL"], settings["sendBrowserExamKey"]) == (f"{PUBLIC}/", True)
    headers = seb(f"{PUBLIC}/api/v1{path}", config_key(settings))
    assert (await student.get(path, headers=headers)).status_code == 403
    added = await api(1, "admin").post(f"{guarded}/keys", json={"kind": "config"})
    assert added.status_code == 201
    assert (await student.get(path, headers=headers)).status_code == 200


@pytest.mark.usefixtures("guarded")
async def test_a_socket_opens_for_the_login_that_has_shown_the_keys(api, world, stub):
    attempt_id = world.attempt()

    async def asks(login_id: str) -> pb.AdmitDeviceResponse:
        request = pb.AdmitDeviceRequest(
            attempt_id=attempt_id, student_id=world.student, login_id=login_id
        )
        return await call(stub.AdmitDevice, request, seconds=5)

    batch = pb.BatchGetAttemptsRequest(attempt_ids=[attempt_id])
    [state] = (await call(stub.BatchGetAttempts, batch, seconds=5)).attempts
    assert state.requires_safe_browser
    assert (await asks("desk")).lacks_safe_browser
    path = f"/attempts/{attempt_id}/time-status"
    shown = await api(login_id="desk").get(path, headers=seb(f"{PUBLIC}/api/v1{path}"))
    assert shown.status_code == 200
    assert (await asks("desk")).is_admitted
    assert not (await asks("phone")).is_admitted


@pytest.mark.usefixtures("guarded")
async def test_what_another_replica_changed_is_known_within_seconds(api, world):
    path, student = f"/attempts/{world.attempt()}/time-status", api()
    assert (await student.get(path)).status_code == 403
    world.run("UPDATE attempts.safe_browsers SET is_required = false")

    async def is_let_in() -> bool:
        return (await student.get(path)).status_code == 200

    assert await eventually(is_let_in)


@pytest.mark.usefixtures("guarded")
async def test_no_list_of_questions_is_a_way_around_the_browser(api, world):
    world.attempt()
    student, admin = api(), api(1, "admin")
    kept, free = world.several, world.short
    listed = {question["id"] for question in (await student.get("/exams/questions")).json()}
    assert kept not in listed
    assert free in listed, "no exam that asks it wants Safe Exam Browser"
    assert (await student.get(f"/exams/questions/{kept}")).status_code == 404
    assert (await student.get(f"/exams/questions/{free}")).status_code == 200
    assert (await admin.get(f"/exams/questions/{kept}")).status_code == 200
    assert kept in {question["id"] for question in (await admin.get("/exams/questions")).json()}


@pytest.fixture
async def noted(api, world, guarded):
    """The students who have shown the keys: two logins of the world's student, one of another."""
    for student, login_id in ((world.student, "desk"), (world.student, "den"), (world.other, "x")):
        path = f"/attempts/{world.attempt(student=student)}/time-status"
        client = api(student, login_id=login_id)
        told = await client.get(path, headers=seb(f"{PUBLIC}/api/v1{path}"))
        assert told.status_code == 200
        world.run("UPDATE attempts.attempts SET status = 'graded'")
    return guarded


def logins(world) -> list[str]:
    rows = world.run("SELECT login_id FROM attempts.safe_browser_logins ORDER BY login_id")
    return [row["login_id"] for row in rows]


async def test_what_is_noted_of_a_student_is_exported_and_erased(api, world, noted):
    admin = api(1, "admin")
    told = (await admin.get(f"/attempts/people/{world.student}/export")).json()
    assert [note["login_id"] for note in told["safe_browser_logins"]] == ["desk", "den"]
    assert {note["exam_id"] for note in told["safe_browser_logins"]} == {world.objective}
    wish = {"reason": "he asked for it"}
    (await admin.post(f"/attempts/people/{world.student}/erasure", json=wish)).raise_for_status()
    assert logins(world) == ["x"]


async def test_logins_that_have_ended_long_ago_are_forgotten(world, noted):
    browsing = SafeBrowsing(world.db, PUBLIC)
    world.run(
        "UPDATE attempts.safe_browser_logins SET passed_at = now() - interval '91 days'"
        " WHERE login_id = 'desk'"
    )
    assert await world.db.run(browsing.forget, world.db) == 1
    assert logins(world) == ["den", "x"]
    assert await world.db.run(browsing.forget, world.db) == 0
