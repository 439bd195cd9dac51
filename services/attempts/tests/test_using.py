"""Which device uses an attempt: noted by what students do, freed by staff or by signing out."""

from datetime import timedelta
from functools import partial

import pytest
from attempts import auditing
from attempts.answer import Save
from attempts.device import DevicePolicy
from attempts.errors import CannotSteer, NoDevice, OtherDevice
from attempts.lifecycle import Lifecycle
from attempts.order import Order
from attempts.progress import Refusal, Refused, Saved
from attempts.releasing import Releasing
from attempts.saving import Saving
from attempts.starting import Seat, Starting
from attempts.using import Device
from chassis.origins import NOWHERE, Origin
from chassis.tokens import Ended

HERE = Origin("10.0.0.7", "Firefox")
DESK, PHONE = Device("desk", HERE), Device("phone", Origin("10.0.0.8", "Chrome"))
TIMES = 12


@pytest.fixture
def releasing(world) -> Releasing:
    return Releasing(world.db, lambda: None)


@pytest.fixture
def starting(world) -> Starting:
    return Starting(world.db, lambda: None)


def order(attempt_id: int) -> Order:
    return Order(attempt_id, 9, "power cut at the desk", NOWHERE)


def begun(world, device: Device = DESK, student: int | None = None) -> int:
    student = world.student if student is None else student
    attempt_id = world.attempt("not_started", student=student)
    world.lifecycle.begin(attempt_id, student, device)
    return attempt_id


def save(world, attempt_id: int, device: Device, value="B", student: int | None = None, **more):
    student = world.student if student is None else student
    wish = Save(attempt_id, student, world.choice, value, login_id=device.login_id, **more)
    return world.saving.save_all([wish])[0]


def user(world, attempt_id: int) -> tuple[str | None, int]:
    row = world.row(attempt_id)
    return row["active_login_id"], row["device_changes"]


def flags(world, attempt_id: int) -> list[dict]:
    return world.run(
        "SELECT details, ip_address FROM attempts.audit_logs"
        " WHERE attempt_id = :id AND event_type = 'device_changed' ORDER BY id",
        id=attempt_id,
    )


def test_whoever_begins_uses_the_attempt(world):
    attempt_id = begun(world)
    row = world.row(attempt_id)
    assert row["active_login_id"] == "desk"
    assert row["active_since"] == row["start_time"]


def test_start_notes_the_device_too(world, starting):
    seat = Seat(world.student, world.objective, HERE, trade_id=1, login_id="desk")
    assert starting.start(seat).active_login_id == "desk"


# allow


def test_where_any_device_may_the_newest_wins_and_nobody_is_told(world, starting):
    attempt_id = begun(world)
    before = world.notes()
    assert starting.resume(attempt_id, world.student, None, PHONE).active_login_id == "phone"
    assert world.lifecycle.begin(attempt_id, world.student, DESK).active_login_id == "desk"
    assert user(world, attempt_id) == ("desk", 2)
    assert (world.notes(), flags(world, attempt_id)) == (before, [])


def test_where_any_device_may_saves_write_nothing_more_than_before(world, statements):
    attempt_id = begun(world)
    with statements() as known:
        save(world, attempt_id, DESK, "A")
    with statements() as foreign:
        assert isinstance(save(world, attempt_id, PHONE, "B"), Saved)
    once = [one for one in known if not one.startswith("PREPARE")]
    assert [one for one in foreign if not one.startswith("PREPARE")] == once
    assert user(world, attempt_id) == ("desk", 0)


def test_beginning_again_on_the_same_device_writes_nothing(world):
    attempt_id = begun(world)
    version = world.row(attempt_id)["version"]
    world.lifecycle.begin(attempt_id, world.student, DESK)
    assert world.row(attempt_id)["version"] == version


# flag


def test_a_flagged_change_is_made_and_the_audit_and_the_proctors_are_told(world, rules, starting):
    rules(device_policy="flag")
    attempt_id = begun(world)
    assert isinstance(save(world, attempt_id, PHONE), Saved)
    assert user(world, attempt_id) == ("phone", 1)
    starting.resume(attempt_id, world.student, None, DESK)
    assert user(world, attempt_id) == ("desk", 2)
    told = [note["data"]["device_changes"] for note in world.notes("device_changed")]
    assert told == [1, 2]
    assert [entry["details"] for entry in flags(world, attempt_id)] == [
        {"previous_login_id": "desk", "login_id": "phone", "device_changes": 1},
        {"previous_login_id": "phone", "login_id": "desk", "device_changes": 2},
    ]
    assert flags(world, attempt_id)[1]["ip_address"] == "10.0.0.7"
    payloads = [str(note) for note in world.notes("device_changed")]
    assert not any("phone" in text or "desk" in text for text in payloads)


def test_a_begin_on_another_device_is_flagged_likewise_and_its_chain_is_whole(world, rules):
    rules(device_policy="flag")
    attempt_id = begun(world)
    save(world, attempt_id, PHONE)
    again = world.lifecycle.begin(attempt_id, world.student, DESK)
    assert (again.active_login_id, again.device_changes) == ("desk", 2)
    save(world, attempt_id, Device('sly "details":{"@":"@"} \\ stay'))
    facts = [note["fact"] for note in world.notes()][2:]
    assert facts == ["device_changed", "answer_saved", "device_changed", "device_changed"]
    told = world.notes("device_changed")[1]["data"]
    assert told == {
        "device_changes": 2,
        "active_since": again.active_since.isoformat().replace("+00:00", "Z"),
        "student_id": world.student,
    }
    assert [entry["ip_address"] for entry in flags(world, attempt_id)] == [None, "10.0.0.7", None]
    with world.db.transaction() as session:
        assert auditing.flaw_in(session, f"attempt:{attempt_id}") is None


def test_a_group_of_saves_from_two_devices_flags_each_change_once(world, rules):
    rules(device_policy="flag")
    attempt_id = begun(world)
    wishes = [
        Save(attempt_id, world.student, world.choice, value, login_id=login_id)
        for value, login_id in (("A", "phone"), ("B", "phone"), ("C", "desk"), ("A", "desk"))
    ]
    assert all(isinstance(outcome, Saved) for outcome in world.saving.save_all(wishes))
    assert user(world, attempt_id) == ("desk", 2)
    assert len(flags(world, attempt_id)) == len(world.notes("device_changed")) == 2


# refuse


def test_a_second_device_is_refused_wherever_it_comes_in(world, rules, starting, releasing):
    rules(device_policy="refuse")
    attempt_id = begun(world)
    with pytest.raises(OtherDevice, match="Attempt is open on another device"):
        world.lifecycle.begin(attempt_id, world.student, PHONE)
    with pytest.raises(OtherDevice):
        starting.resume(attempt_id, world.student, "WS-2", PHONE)
    assert save(world, attempt_id, PHONE) == Refused(Refusal.OTHER_DEVICE)
    assert releasing.admit(attempt_id, world.student, PHONE) is False
    assert world.reading.own_answers(attempt_id, world.student) == []
    assert user(world, attempt_id) == ("desk", 0)
    assert releasing.admit(attempt_id, world.student, DESK) is True
    assert isinstance(save(world, attempt_id, DESK), Saved)


def test_a_refused_device_may_submit(world, rules):
    rules(device_policy="refuse")
    attempt_id = begun(world)
    done = world.lifecycle.submit(attempt_id, world.student, None, login_id="phone")
    assert done.attempt.status == "graded"
    [entry] = world.run(
        "SELECT details FROM attempts.audit_logs WHERE event_type = 'submitted_elsewhere'"
        " AND attempt_id = :id",
        id=attempt_id,
    )
    assert entry["details"] == {"active_login_id": "desk", "login_id": "phone"}


def test_a_submit_by_the_device_that_uses_the_attempt_is_nothing_special(world, rules):
    rules(device_policy="refuse")
    attempt_id = begun(world)
    world.lifecycle.submit(attempt_id, world.student, None, login_id="desk")
    again = world.lifecycle.submit(attempt_id, world.student, None, login_id="phone")
    assert again.attempt.status == "graded"
    found = "SELECT id FROM attempts.audit_logs WHERE event_type = 'submitted_elsewhere'"
    assert world.run(found + " AND attempt_id = :id", id=attempt_id) == []


def test_a_message_that_was_saved_is_acknowledged_again_to_any_device(world, rules):
    rules(device_policy="refuse")
    attempt_id = begun(world)
    first = save(world, attempt_id, DESK, message_id="m")
    again = save(world, attempt_id, PHONE, message_id="m")
    assert again.receipt == first.receipt


def test_a_device_of_which_nothing_is_known_is_not_refused(world, rules):
    rules(device_policy="refuse")
    attempt_id = begun(world)
    assert isinstance(save(world, attempt_id, Device()), Saved)
    assert user(world, attempt_id) == ("desk", 0)


def test_a_question_of_another_exam_does_not_take_the_attempt_over(world, rules):
    rules(device_policy="flag")
    attempt_id = begun(world)
    wish = Save(attempt_id, world.student, world.foreign, "x", login_id="phone")
    assert world.saving.save_all([wish]) == [Refused(Refusal.INVALID_QUESTION)]
    assert user(world, attempt_id) == ("desk", 0)


# freed


def test_the_staff_frees_an_attempt_and_the_next_device_has_it(world, rules, releasing):
    rules(device_policy="refuse")
    attempt_id = begun(world)
    free = releasing.release(order(attempt_id))
    assert (free.active_login_id, free.active_since) == (None, None)
    [note] = world.notes("device_released")
    assert note["data"] == {
        "device_changes": 0,
        "active_since": None,
        "student_id": world.student,
    }
    assert world.lifecycle.begin(attempt_id, world.student, PHONE).active_login_id == "phone"
    assert user(world, attempt_id) == ("phone", 0)
    assert save(world, attempt_id, DESK) == Refused(Refusal.OTHER_DEVICE)
    with pytest.raises(NoDevice):
        releasing.release(order(begun(world, Device(), student=world.other)))


def test_the_page_left_behind_loses_nothing_and_takes_nothing_back(world, rules, releasing):
    rules(device_policy="refuse")
    attempt_id = begun(world)
    releasing.release(order(attempt_id))
    assert isinstance(save(world, attempt_id, DESK), Saved)
    assert releasing.admit(attempt_id, world.student, DESK) is True
    assert user(world, attempt_id) == (None, 0)
    world.lifecycle.begin(attempt_id, world.student, PHONE)
    assert save(world, attempt_id, DESK, "C") == Refused(Refusal.OTHER_DEVICE)
    assert releasing.admit(attempt_id, world.student, DESK) is False


@pytest.mark.parametrize("status", ["not_started", "graded", "cancelled"])
def test_only_a_running_attempt_has_a_device_to_free(world, releasing, status):
    with pytest.raises(
        CannotSteer, match=f"Cannot release device of attempt with status: {status}"
    ):
        releasing.release(order(world.attempt(status)))


def test_a_stay_that_was_signed_out_holds_nobody_up(world, rules):
    rules(device_policy="refuse")
    attempt_id = begun(world)
    asked = []

    def ended_of(user_ids) -> Ended:
        asked.extend(user_ids)
        return Ended(frozenset({"desk"}))

    wish = Save(attempt_id, world.student, world.choice, "B", login_id="phone")
    [outcome] = Saving(world.db, list, ended_of).save_all([wish])
    assert isinstance(outcome, Saved)
    assert asked == [world.student]
    assert user(world, attempt_id) == ("phone", 1)
    lifecycle = Lifecycle(world.db, list, world.key, ended_of=ended_of)
    with pytest.raises(OtherDevice):
        lifecycle.begin(attempt_id, world.student, DESK)


def test_a_user_who_was_revoked_holds_nobody_up_until_he_comes_again(world, rules):
    rules(device_policy="refuse")
    attempt_id = begun(world)
    since = world.row(attempt_id)["start_time"]

    def until(moment) -> Saving:
        return Saving(world.db, list, lambda _: Ended(until={world.student: moment}))

    wish = Save(attempt_id, world.student, world.choice, "B", login_id="phone")
    [outcome] = until(since - timedelta(microseconds=1)).save_all([wish])
    assert outcome == Refused(Refusal.OTHER_DEVICE)
    [outcome] = until(since).save_all([wish])
    assert isinstance(outcome, Saved)


def test_before_the_start_any_device_may_listen_and_nobody_is_bound(world, rules, releasing):
    rules(device_policy="refuse")
    attempt_id = world.attempt("not_started")
    assert releasing.admit(attempt_id, world.student, DESK) is True
    assert releasing.admit(attempt_id, world.student, PHONE) is True
    assert user(world, attempt_id) == (None, 0)


# races


def test_of_two_devices_that_begin_at_once_exactly_one_does(world, rules, at_once):
    rules(device_policy="refuse")
    for student in range(TIMES):
        attempt_id = world.attempt("not_started", student=student)
        devices = [Device(name) for name in ("desk", "phone", "pad")]
        results = at_once(
            *[partial(world.lifecycle.begin, attempt_id, student, device) for device in devices]
        )
        [won] = [r for r in results if not isinstance(r, Exception)]
        assert {type(r) for r in results if isinstance(r, Exception)} == {OtherDevice}
        assert user(world, attempt_id) == (won.active_login_id, 0)


def test_release_beside_a_save_of_another_device_lets_it_in_or_refuses_it_whole(
    world, rules, releasing, at_once
):
    rules(device_policy="refuse")
    for student in range(TIMES):
        attempt_id = begun(world, student=student)
        released, saved = at_once(
            partial(releasing.release, order(attempt_id)),
            partial(save, world, attempt_id, PHONE, student=student),
        )
        assert not isinstance(released, Exception), released
        stored = world.reading.own_answers(attempt_id, student)
        if isinstance(saved, Refused):
            assert (saved.reason, stored) == (Refusal.OTHER_DEVICE, [])
            assert user(world, attempt_id) == (None, 0)
        else:
            assert (len(stored), user(world, attempt_id)) == (1, (None, 0))


def test_of_two_releases_one_wins(world, releasing, at_once):
    attempt_id = begun(world)
    results = at_once(*[partial(releasing.release, order(attempt_id))] * 4)
    assert sum(isinstance(r, NoDevice) for r in results) == 3
    assert len(world.notes("device_released")) == 1


def test_after_a_release_of_two_devices_that_come_back_at_once_one_has_it(
    world, rules, releasing, at_once
):
    rules(device_policy="refuse")
    for student in range(TIMES):
        attempt_id = begun(world, student=student)
        releasing.release(order(attempt_id))
        results = at_once(
            *[partial(world.lifecycle.begin, attempt_id, student, d) for d in (DESK, PHONE)]
        )
        [won] = [r for r in results if not isinstance(r, Exception)]
        assert {type(r) for r in results if isinstance(r, Exception)} == {OtherDevice}
        assert user(world, attempt_id) == (won.active_login_id, 0)


def test_every_policy_of_the_rule_may_stand_in_the_database(world, rules):
    for policy in DevicePolicy:
        rules(device_policy=policy.value)
        assert world.reading.paper(world.objective).exam.device_policy is policy


# over REST


async def test_the_way_of_a_second_device_over_rest(api, world, rules):
    rules(device_policy="refuse")
    url = f"/attempts/{world.attempt('not_started')}"
    desk, phone = api(login_id="desk"), api(login_id="phone")
    answer = {"question_id": world.choice, "answer": "B"}
    assert (await desk.post(f"{url}/begin")).status_code == 200
    for path, body in (("begin", None), ("resume", {}), ("answers", answer)):
        refused = await phone.post(f"{url}/{path}", json=body)
        assert (refused.status_code, refused.json()["detail"]) == (
            409,
            "Attempt is open on another device",
        ), path
    assert (await desk.post(f"{url}/answers", json=answer)).status_code == 200
    free = await api(9, "proctor").post(f"{url}/release-device", json={"reason": "broken desk"})
    assert (free.status_code, free.json()["active_since"]) == (200, None)
    assert (await phone.post(f"{url}/resume", json={})).status_code == 200
    assert (await phone.post(f"{url}/answers", json=answer)).status_code == 200
    assert (await desk.post(f"{url}/answers", json=answer)).status_code == 409
    assert (await desk.post(f"{url}/submit", json={"confirm": True})).status_code == 200
    late = await api(9, "admin").post(f"{url}/release-device", json={"reason": "broken desk"})
    assert late.json()["detail"] == "Cannot release device of attempt with status: graded"


async def test_only_those_named_free_a_device(api, world):
    url = f"/attempts/{world.attempt()}/release-device"
    for role in ("student", "technician", "hall_auth", "grader"):
        refused = await api(9, role).post(url, json={"reason": "broken desk"})
        assert refused.status_code == 403, role
    assert (await api(9, "admin").post(url, json={})).status_code == 422
    free = await api(9, "hall_in_charge").post(url, json={"reason": "broken desk"})
    assert (free.status_code, free.json()["detail"]) == (409, "Attempt is used by no device")
