"""Actions over REST: bulk and single, once under a key, live until acknowledged, one winner."""

import asyncio
import json
import uuid

import pytest
from chassis.waiting import eventually
from proctoring.acting import store
from sqlalchemy import text


async def test_a_message_to_three_is_live_until_each_has_acknowledged_it(hall):
    sats = [hall.sits() for _ in range(3)]
    ids = [sat.attempt_id for sat, _ in sats]
    proctor_id, proctor = hall.watcher()
    items = await hall.act(proctor, *ids)
    assert [item["status"] for item in items.values()] == [201] * 3
    first = items[ids[0]]["action"]
    assert (first["state"], first["text"]) == ("live", "Please sit down")
    assert (first["requested_by_id"], first["requested_by"]) == (
        proctor_id,
        f"proctor-{proctor_id}",
    )

    student = sats[0][1]
    path = f"/attempt/{ids[0]}/actions"
    [seen] = (await student.get(path, params={"live": "true"})).json()
    assert seen == first
    done = await student.post(f"{path}/{seen['id']}/acknowledge")
    assert (done.status_code, done.json()["state"]) == (200, "acknowledged")
    assert (await student.post(f"{path}/{seen['id']}/acknowledge")).json() == done.json()
    assert (await student.get(path, params={"live": "true"})).json() == []

    unseen = await proctor.get(f"/exams/{hall.exam_id}/actions", params={"live": "true"})
    assert {each["attempt_id"] for each in unseen.json()} == set(ids[1:])
    [requested, acknowledged] = await hall.said(ids[0])
    assert requested["data"] == {
        "id": first["id"],
        "action_id": first["action_id"],
        "action": "message",
        "text": "Please sit down",
        "warning_code": None,
        "seconds": None,
        "requested_by_id": proctor_id,
        "requested_by": f"proctor-{proctor_id}",
        "requested_at": first["requested_at"],
    }
    assert acknowledged["fact"] == "action_acknowledged"


@pytest.mark.parametrize(
    "action", ["message", "warn", "pause", "resume", "extend", "authorise", "terminate"]
)
async def test_every_kind_of_action_is_done_to_one_and_to_many(hall, action):
    one, *many = (hall.sits()[0].attempt_id for _ in range(3))
    proctor, attempts = hall.proctor(), hall.rig.stub
    before = len(attempts.acts)
    single = await proctor.post(f"/attempt/{one}/actions", json=hall.wish(action))
    items = await hall.act(proctor, *many, action=action)
    assert single.status_code == 201, single.text
    done = [single.json(), *(items[each]["action"] for each in many)]
    assert {each["action"] for each in done} == {action}
    assert [each["attempt_id"] for each in done] == [one, *many]
    state = "expired" if action == "terminate" else "live"
    assert {each["state"] for each in done} == {state}
    asked = [list(request.attempt_ids) for request in attempts.acts[before:]]
    assert asked == ([] if action in {"message", "warn"} else [[one], many])


async def test_one_bad_attempt_does_not_sink_the_others(hall):
    (good, _), (closed, _) = hall.sits(), hall.sits("graded")
    elsewhere = hall.rig.stub.add()
    wanted = (good.attempt_id, closed.attempt_id, elsewhere.attempt_id, 999_999)
    items = await hall.act(hall.proctor(), *wanted, action="warn")
    told = {i: (item["status"], (item["error"] or {}).get("detail")) for i, item in items.items()}
    assert told == {
        good.attempt_id: (201, None),
        closed.attempt_id: (400, "Attempt is graded"),
        elsewhere.attempt_id: (404, "Exam attempt not found"),
        999_999: (404, "Exam attempt not found"),
    }
    assert items[good.attempt_id]["action"]["warning_code"] == "PROCTOR_WARNING"
    assert await hall.said(closed.attempt_id) == []


@pytest.mark.parametrize("action", ["message", "pause", "extend"])
async def test_a_repeated_action_id_gets_the_first_result_and_does_nothing(hall, action):
    ids = [hall.sits()[0].attempt_id for _ in range(2)]
    proctor = hall.proctor()
    body = hall.wish(action, attempt_ids=[*ids, 999_999])
    path = f"/exams/{hall.exam_id}/actions"
    answers = await asyncio.gather(*(proctor.post(path, json=body) for _ in range(5)))
    again = await proctor.post(path, json=body)
    assert {answer.status_code for answer in answers} == {200}
    bodies = [without_request(answer) for answer in [*answers, again]]
    assert all(each == bodies[0] for each in bodies)
    assert len(await hall.said(ids[0], "action_requested")) == 1


def without_request(answer) -> list:
    items = answer.json()["results"]
    for item in items:
        (item["error"] or {}).pop("request_id", None)
    return items


async def test_another_body_under_the_same_action_id_is_refused(hall):
    sat, _ = hall.sits()
    body = hall.wish(attempt_ids=[sat.attempt_id])
    path, proctor = f"/exams/{hall.exam_id}/actions", hall.proctor()
    (await proctor.post(path, json=body)).raise_for_status()
    for client, changed in (
        (proctor, body | {"text": "Please stand up"}),
        (proctor, body | {"attempt_ids": [sat.attempt_id, 5]}),
        (hall.proctor(), body),
    ):
        refused = await client.post(path, json=changed)
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:oep:problem:action-id-taken"


async def test_all_in_progress_are_reached_without_naming_them(hall):
    running = [hall.sits()[0].attempt_id for _ in range(3)]
    for status in ("not_started", "graded", "expired"):
        hall.sits(status)
    body = hall.wish(filter="in_progress")
    answer = await hall.proctor().post(f"/exams/{hall.exam_id}/actions", json=body)
    assert [item["attempt_id"] for item in answer.json()["results"]] == running


async def test_an_exam_where_nobody_sits_is_said_so(hall):
    hall.sits("graded")
    body = hall.wish(filter="in_progress")
    refused = await hall.proctor().post(f"/exams/{hall.exam_id}/actions", json=body)
    assert (refused.status_code, refused.json()["detail"]) == (
        400,
        "No attempt of this exam is in progress",
    )


@pytest.mark.parametrize("action", ["pause", "authorise", "terminate"])
async def test_of_two_proctors_one_wins_and_the_other_is_told_who(hall, action):
    sat, _ = hall.sits()
    (one_id, one), (two_id, two) = hall.watcher(), hall.watcher()
    path = f"/attempt/{sat.attempt_id}/actions"
    answers = await asyncio.gather(
        *(client.post(path, json=hall.wish(action)) for client in (one, two))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    winner = one_id if answers[0].status_code == 201 else two_id
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["by_id"], refused["by"]) == (winner, f"proctor-{winner}")
    assert refused["detail"].endswith(f"already, by proctor-{winner}")
    assert len(await hall.said(sat.attempt_id, "action_requested")) == 1


async def test_two_messages_at_once_are_both_said(hall):
    sat, _ = hall.sits()
    path = f"/attempt/{sat.attempt_id}/actions"
    answers = await asyncio.gather(*(hall.proctor().post(path, json=hall.wish()) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len(await hall.said(sat.attempt_id, "action_requested")) == 4


async def test_attempts_is_told_who_acts_why_and_under_which_key(hall):
    sat, _ = hall.sits()
    user_id, proctor = hall.watcher()
    body = hall.wish("pause", seconds=90)
    (await proctor.post(f"/attempt/{sat.attempt_id}/actions", json=body)).raise_for_status()
    request = hall.rig.stub.acts[-1]
    assert list(request.attempt_ids) == [sat.attempt_id]
    assert (request.actor_id, request.reason) == (user_id, "fire alarm")
    assert (request.action_id, request.ip_address) == (body["action_id"], "127.0.0.1")
    assert request.pause.max_seconds == 90


async def test_without_attempts_nothing_is_stored(hall):
    sat, _ = hall.sits()
    admin = hall.watcher("admin")[1]
    body = hall.wish("pause", attempt_ids=[sat.attempt_id])
    async with hall.rig.stub.away():
        refused = await admin.post(f"/exams/{hall.exam_id}/actions", json=body)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) >= 1
    assert "nothing was stored" in refused.json()["detail"]
    listed = await admin.get(f"/exams/{hall.exam_id}/actions")
    assert listed.json() == []
    again = await admin.post(f"/exams/{hall.exam_id}/actions", json=body)
    assert again.json()["results"][0]["status"] == 201


async def test_whose_answer_got_lost_asks_again_and_nothing_is_done_twice(hall, quick):
    sat, _ = hall.sits()
    proctor, path = hall.proctor(), f"/attempt/{sat.attempt_id}/actions"
    body = hall.wish("extend")
    with hall.rig.stub.silent():
        lost = await proctor.post(path, json=body)
    assert (lost.status_code, lost.json()["type"]) == (503, "urn:oep:problem:action-unfinished")
    assert "Retry-After" in lost.headers
    [kept] = (await proctor.get(f"/exams/{hall.exam_id}/actions")).json()
    assert kept["state"] == "asked"
    assert await hall.said(sat.attempt_id) == []
    again = await proctor.post(path, json=body)
    assert (again.status_code, again.json()["state"]) == (201, "live")
    assert [key for key in hall.rig.stub.done if key[0] == sat.attempt_id] == [
        (sat.attempt_id, body["action_id"])
    ]


@pytest.fixture
def quick(rig):
    """Let a call to attempts last half a second at most."""
    steering = rig.app.state.acting.doing._steering
    usual, steering._seconds = steering._seconds, 0.5
    yield
    steering._seconds = usual


@pytest.fixture
def settle(rig, monkeypatch):
    """Sweep when the test says so, and at no other time."""
    sweep = rig.app.state.acting.sweep
    settle = sweep.settle

    async def rest() -> int:
        return 0

    monkeypatch.setattr(sweep, "settle", rest)
    return settle


async def left_behind(hall, action: str = "extend", *, is_done: bool):
    """Leave an action behind as a crash between storing and settling does."""
    sat, student = hall.sits()
    body = hall.wish(action)
    with hall.rig.stub.silent() if is_done else hall.rig.stub.idle():
        await hall.proctor().post(f"/attempt/{sat.attempt_id}/actions", json=body)
    return sat, student, body


async def state_of(hall, sat) -> dict:
    [action] = await hall.rig.rows(actions_of, sat.attempt_id)
    return {"state": action.state.value, "refusal": action.refusal}


def actions_of(session, attempt_id):
    return store.of_attempt(session, attempt_id, live=None)


async def age(run, sat, seconds: int) -> None:
    await run(
        "UPDATE proctoring.actions SET asked_at = now() - :age * interval '1 s'"
        " WHERE attempt_id = :id",
        age=seconds,
        id=sat.attempt_id,
    )


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "not done"])
async def test_what_a_crash_left_behind_is_finished_by_the_sweep(hall, run, quick, settle, is_done):
    sat, _, body = await left_behind(hall, is_done=is_done)
    assert (await state_of(hall, sat))["state"] == "asked"
    await age(run, sat, 30)
    await asyncio.gather(*(settle() for _ in range(3)))
    assert (await state_of(hall, sat))["state"] == "live"
    assert (sat.attempt_id, body["action_id"]) in hall.rig.stub.done
    assert len(await hall.said(sat.attempt_id, "action_requested")) == 1


@pytest.mark.parametrize(("is_done", "state"), [(True, "live"), (False, "refused")])
async def test_what_nobody_expects_any_more_is_not_begun_only_found_out(
    hall, run, quick, settle, is_done, state
):
    sat, _, body = await left_behind(hall, is_done=is_done)
    await age(run, sat, 120)
    key = (sat.attempt_id, body["action_id"])
    assert (key in hall.rig.stub.done) is is_done

    async def found_out():
        await settle()  # attempts may be too slow for one sweep: the next asks again
        return (await state_of(hall, sat))["state"] != "asked"

    await eventually(found_out, 30)
    found = await state_of(hall, sat)
    assert found["state"] == state
    assert (key in hall.rig.stub.done) is is_done
    if not is_done:
        assert found["refusal"].slug == "not-carried-out"


async def test_in_between_nothing_is_begun_and_nothing_is_decided(hall, run, quick, settle):
    sat, _, _ = await left_behind(hall, is_done=True)
    await age(run, sat, 75)
    calls = len(acts_on(hall, sat))
    await settle()
    assert (await state_of(hall, sat))["state"] == "asked"
    assert len(acts_on(hall, sat)) == calls


def acts_on(hall, sat) -> list:
    return [act for act in hall.rig.stub.acts if sat.attempt_id in act.attempt_ids]


@pytest.mark.parametrize("status", ["submitted", "graded", "cancelled"])
async def test_live_actions_expire_with_the_attempt(hall, status):
    sat, _ = hall.sits()
    await hall.act(hall.proctor(), sat.attempt_id)
    hall.rig.stub.set_status(sat, status)
    await tell_closed(hall, sat, status)

    async def expired() -> bool:
        return (await state_of(hall, sat))["state"] == "expired"

    await eventually(expired, 10)
    assert [n["fact"] for n in await hall.said(sat.attempt_id)].count("action_expired") == 1


async def tell_closed(hall, sat, status: str) -> None:
    notice = {
        "id": str(uuid.uuid4()),
        "fact": "status_changed",
        "exam_id": hall.exam_id,
        "attempt_id": sat.attempt_id,
        "data": {"status": status},
    }
    subject = f"oep.v1.{hall.exam_id}.{sat.attempt_id}.status_changed"
    await hall.rig.bus.publish(subject, json.dumps(notice).encode(), notice["id"])


async def test_expired_is_late_not_closed_so_actions_stay_live(hall):
    sat, _ = hall.sits("expired")
    await hall.act(hall.proctor(), sat.attempt_id)
    await hall.rig.app.state.acting.sweep.close()
    assert (await state_of(hall, sat))["state"] == "live"


async def test_who_looks_sees_nothing_live_of_a_closed_attempt_even_before_the_bus_tells(hall):
    sat, student = hall.sits()
    await hall.act(hall.proctor(), sat.attempt_id)
    hall.rig.stub.set_status(sat, "graded")
    path = f"/attempt/{sat.attempt_id}/actions"
    assert (await student.get(path, params={"live": "true"})).json() == []
    [action] = (await student.get(path)).json()
    assert action["state"] == "expired"
    late = await student.post(f"{path}/{action['id']}/acknowledge")
    assert (late.status_code, late.json()["state"]) == (200, "expired")


async def test_a_lost_notice_of_closing_is_found_out_by_the_sweep(hall):
    sat, _ = hall.sits()
    await hall.act(hall.proctor(), sat.attempt_id)
    hall.rig.stub.set_status(sat, "cancelled")
    await hall.rig.app.state.acting.sweep.close()
    assert (await state_of(hall, sat))["state"] == "expired"


async def test_termination_ends_itself_and_whatever_was_live(hall):
    sat, student = hall.sits()
    admin = hall.watcher("admin")[1]
    await hall.act(admin, sat.attempt_id)
    ended = await hall.act(admin, sat.attempt_id, action="terminate", reason_code="misconduct")
    assert ended[sat.attempt_id]["action"]["state"] == "expired"
    assert hall.rig.stub.acts[-1].cancel.reason_code == "misconduct"
    live = await student.get(f"/attempt/{sat.attempt_id}/actions", params={"live": "true"})
    assert live.json() == []


async def test_only_the_student_acknowledges_and_only_his_own(hall):
    (sat, student), (other, _) = hall.sits(), hall.sits()
    items = await hall.act(hall.proctor(), sat.attempt_id, other.attempt_id)
    mine, theirs = (items[s.attempt_id]["action"]["id"] for s in (sat, other))
    path = f"/attempt/{sat.attempt_id}/actions/{{}}/acknowledge"
    assert (await student.post(path.format(theirs))).status_code == 404
    foreign = await student.post(f"/attempt/{other.attempt_id}/actions/{theirs}/acknowledge")
    assert foreign.json()["detail"] == "Exam attempt not found"
    assert (await hall.proctor().post(path.format(mine))).status_code == 403
    assert (await state_of(hall, sat))["state"] == "live"


async def test_a_student_does_not_see_what_was_refused(hall):
    sat, student = hall.sits()
    for _ in range(2):
        await hall.act(hall.proctor(), sat.attempt_id, action="pause")
    path = f"/attempt/{sat.attempt_id}/actions"
    assert len((await student.get(path)).json()) == 1
    assert len((await hall.proctor().get(path)).json()) == 2


async def test_who_may_act_is_asked_before_anything_is_read(hall):
    sat, student = hall.sits()
    body = hall.wish("message")
    stranger = hall.watcher("proctor", exam_id=1)[1]
    for client, path, status in (
        (student, f"/attempt/{sat.attempt_id}/actions", 403),
        (student, "/attempt/999999/actions", 403),
        (stranger, f"/attempt/{sat.attempt_id}/actions", 403),
        (stranger, f"/exams/{hall.exam_id}/actions", 403),
        (hall.rig.client(7, "grader"), f"/attempt/{sat.attempt_id}/actions", 403),
        (hall.rig.client(None), f"/attempt/{sat.attempt_id}/actions", 401),
    ):
        for posted in (body, {"nonsense": 1}):
            assert (await client.post(path, json=posted)).status_code == status


async def test_a_hall_in_charge_sends_words_but_does_not_stop_the_clock(hall):
    sat, _ = hall.sits()
    chief = hall.watcher("hall_in_charge")[1]
    path = f"/attempt/{sat.attempt_id}/actions"
    assert (await chief.post(path, json=hall.wish("warn"))).status_code == 201
    assert (await chief.post(path, json=hall.wish("extend"))).status_code == 201
    for action in ("pause", "resume", "terminate"):
        refused = await chief.post(path, json=hall.wish(action))
        assert refused.json()["detail"] == f"Only administrators and proctors may {action} attempts"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"text": None}, "message needs text"),
        ({"text": " \n"}, "must not be blank"),
        ({"text": "x" * 1001}, "at most 1000 characters"),
        ({"text": "a\0b"}, "null character"),
        ({"seconds": 5}, "message takes no seconds"),
        ({"action": "extend", "text": None, "reason": "fire"}, "extend needs seconds"),
        ({"action": "warn", "warning_code": "no code"}, "String should match pattern"),
        ({"action": "dance"}, "Input should be"),
        ({"action_id": "1"}, "UUID"),
        ({"attempt_ids": []}, "at least 1 item"),
        ({"attempt_ids": list(range(1, 502))}, "at most 500 items"),
        ({"filter": "in_progress"}, "give either attempt_ids or filter"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_body_that_does_not_fit_is_told_what_is_wrong(hall, changed, message):
    body = hall.wish(attempt_ids=[1]) | changed
    refused = await hall.proctor().post(f"/exams/{hall.exam_id}/actions", json=body)
    assert refused.status_code == 422
    assert message in refused.json()["detail"]


async def test_what_was_asked_cannot_be_changed_or_deleted_by_the_service(hall):
    sat, _ = hall.sits()
    await hall.act(hall.proctor(), sat.attempt_id)
    for statement in (
        "UPDATE proctoring.actions SET actor_id = 1",
        "UPDATE proctoring.actions SET kind = 'warn'",
        "DELETE FROM proctoring.actions",
        "UPDATE proctoring.action_orders SET actor_id = 1",
        "DELETE FROM proctoring.claims",
        "UPDATE proctoring.chat_messages SET sender_id = 1",
    ):
        with pytest.raises(Exception, match="permission denied"):
            await hall.rig.rows(execute, statement)


def execute(session, statement):
    session.execute(text(statement))
