"""ActOnAttempts and AdmitDevice over a real connection: the same deeds as over REST."""

import asyncio

import pytest
from attempts.using import Device
from chassis.errors import Invalid, NotFound
from chassis.rpc import call
from oep.attempts.v1 import attempts_pb2 as pb

ACTOR = {"actor_id": 9, "reason": "fire alarm", "ip_address": "10.0.0.3", "user_agent": "Firefox"}
PAUSE = {"pause": pb.Pause()}


async def act(stub, *attempt_ids: int, **action) -> list[pb.ActionResult]:
    request = pb.ActOnAttemptsRequest(attempt_ids=attempt_ids, **(ACTOR | action))
    return list((await call(stub.ActOnAttempts, request, seconds=20)).results)


async def done(stub, attempt_id: int, **action) -> pb.Attempt:
    [result] = await act(stub, attempt_id, **action)
    assert result.WhichOneof("outcome") == "done", result
    assert result.attempt_id == attempt_id
    return result.done


def last_entry(world, attempt_id: int) -> dict:
    return world.run(
        "SELECT event_type, user_id, ip_address, user_agent, details FROM attempts.audit_logs"
        " WHERE attempt_id = :id ORDER BY id DESC LIMIT 1",
        id=attempt_id,
    )[0]


async def test_a_pause_and_its_end(stub, world):
    attempt_id = world.attempt()
    paused = await done(stub, attempt_id, pause=pb.Pause(max_seconds=60))
    assert paused.HasField("paused_at")
    row = world.row(attempt_id)
    assert (row["pause_ends_at"] - row["paused_at"]).total_seconds() == 60
    going = await done(stub, attempt_id, unpause=pb.Unpause())
    assert not going.HasField("paused_at")
    assert abs(going.time_remaining_seconds - paused.time_remaining_seconds) <= 1


async def test_extra_time_for_one_who_runs(stub, world):
    attempt_id = world.attempt()
    extended = await done(stub, attempt_id, extend=pb.Extend(seconds=600))
    assert extended.duration_seconds == 4200
    assert world.row(attempt_id)["allowance_seconds"] == 600


async def test_letting_one_in(stub, world, rules):
    rules(requires_authorisation=True)
    attempt_id = world.attempt("not_started")
    let_in = await done(stub, attempt_id, authorise=pb.Authorise())
    assert not let_in.is_waiting_for_authorisation
    assert world.row(attempt_id)["authorised_by_id"] == 9
    [again] = await act(stub, attempt_id, authorise=pb.Authorise())
    assert again.refused.slug == "already-authorised"
    assert again.refused.detail == "Attempt is authorised already, by user 9"


async def test_cancelling_one_with_its_code(stub, world):
    attempt_id = world.attempt()
    cancelled = await done(stub, attempt_id, cancel=pb.Cancel(reason_code="illness"))
    assert cancelled.status == pb.ATTEMPT_STATUS_CANCELLED
    assert world.row(attempt_id)["close_reason"] == "illness"


async def test_freeing_ones_device(stub, world):
    attempt_id = world.attempt("not_started")
    await asyncio.to_thread(world.lifecycle.begin, attempt_id, world.student, Device("desk"))
    free = await done(stub, attempt_id, release_device=pb.ReleaseDevice())
    assert not free.HasField("active_login_id")
    [again] = await act(stub, attempt_id, release_device=pb.ReleaseDevice())
    assert (again.refused.slug, again.refused.detail) == (
        "no-device",
        "Attempt is used by no device",
    )


async def test_the_audit_knows_who_why_and_from_where(stub, world):
    attempt_id = world.attempt()
    await done(stub, attempt_id, **PAUSE)
    assert last_entry(world, attempt_id) == {
        "event_type": "attempt_paused",
        "user_id": 9,
        "ip_address": "10.0.0.3",
        "user_agent": "Firefox",
        "details": {"reason": "fire alarm", "reason_code": None, "max_seconds": None},
    }


async def test_one_refused_attempt_does_not_hold_up_the_others(stub, world):
    first, last = world.attempt(), world.attempt(student=world.other)
    graded = world.attempt("graded", student=3)
    results = await act(stub, first, graded, 999_999, last, **PAUSE)
    assert [result.attempt_id for result in results] == [first, graded, 999_999, last]
    assert [result.WhichOneof("outcome") for result in results] == [
        "done",
        "refused",
        "refused",
        "done",
    ]
    assert [(r.refused.slug, r.refused.detail) for r in results[1:3]] == [
        ("cannot-steer", "Cannot pause attempt with status: graded"),
        ("attempt-not-found", "Attempt not found"),
    ]
    assert len(world.notes("attempt_paused")) == 2


async def test_an_attempt_named_twice_is_paused_once(stub, world):
    attempt_id = world.attempt()
    results = await act(stub, attempt_id, attempt_id, **PAUSE)
    assert sorted(result.WhichOneof("outcome") for result in results) == ["done", "refused"]


async def test_a_hall_of_five_hundred_is_paused_with_one_call(stub, world):
    attempt_ids = [world.attempt(student=student) for student in range(500)]
    results = await act(stub, *attempt_ids, **PAUSE)
    assert {result.WhichOneof("outcome") for result in results} == {"done"}
    assert await act(stub, **PAUSE) == []


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"pause": pb.Pause(), "reason": ""},
        {"pause": pb.Pause(), "reason": "x" * 1001},
        {"pause": pb.Pause(), "reason": "null \0"},
        {"pause": pb.Pause(max_seconds=0)},
        {"pause": pb.Pause(max_seconds=86_401)},
        {"extend": pb.Extend(seconds=29)},
        {"extend": pb.Extend(seconds=14_401)},
        {"cancel": pb.Cancel(reason_code="boredom")},
    ],
)
async def test_what_is_incomplete_or_out_of_bounds_is_refused_whole(stub, world, action):
    attempt_id = world.attempt()
    version = world.row(attempt_id)["version"]
    with pytest.raises(Invalid):
        await act(stub, attempt_id, **action)
    assert world.row(attempt_id)["version"] == version


async def test_more_than_five_hundred_are_refused_whole(stub, world):
    attempt_id = world.attempt()
    with pytest.raises(Invalid, match="Too many items"):
        await act(stub, *[attempt_id] * 501, **PAUSE)
    assert world.row(attempt_id)["paused_at"] is None


async def test_an_address_that_is_none_is_not_stored(stub, world):
    attempt_id = world.attempt()
    await done(stub, attempt_id, ip_address="\0" * 99, user_agent="a\0b" * 999, **PAUSE)
    entry = last_entry(world, attempt_id)
    assert entry["ip_address"] is None
    assert entry["user_agent"].startswith("abab")


async def admit(stub, world, attempt_id: int, login_id: str, student: int | None = None) -> bool:
    request = pb.AdmitDeviceRequest(
        attempt_id=attempt_id, student_id=student or world.student, login_id=login_id
    )
    return (await call(stub.AdmitDevice, request, seconds=5)).is_admitted


async def test_a_socket_of_another_device_is_admitted_by_policy(stub, world, rules):
    attempt_id = world.attempt("not_started")
    await asyncio.to_thread(world.lifecycle.begin, attempt_id, world.student, Device("desk"))
    assert await admit(stub, world, attempt_id, "phone")
    assert world.row(attempt_id)["active_login_id"] == "desk"
    rules(device_policy="refuse")
    assert await admit(stub, world, attempt_id, "desk")
    assert not await admit(stub, world, attempt_id, "phone")
    rules(device_policy="flag")
    assert await admit(stub, world, attempt_id, "phone")
    assert world.row(attempt_id)["active_login_id"] == "phone"
    assert last_entry(world, attempt_id)["event_type"] == "device_changed"


async def test_nobody_asks_for_another_students_attempt(stub, world):
    attempt_id = world.attempt()
    with pytest.raises(NotFound, match="Attempt not found"):
        await admit(stub, world, attempt_id, "phone", world.other)


EXTEND = {"extend": pb.Extend(seconds=600)}


async def test_an_action_with_a_key_is_done_once_however_often_it_is_asked_for(stub, world):
    attempt_id = world.attempt()
    answers = await asyncio.gather(
        *(done(stub, attempt_id, action_id="key-1", **EXTEND) for _ in range(5))
    )
    assert {answer.duration_seconds for answer in answers} == {4200}
    assert world.row(attempt_id)["allowance_seconds"] == 600
    await done(stub, attempt_id, action_id="key-2", **EXTEND)
    assert world.row(attempt_id)["allowance_seconds"] == 1200


async def test_a_repeated_pause_does_not_pause_one_who_went_on(stub, world):
    attempt_id = world.attempt()
    await done(stub, attempt_id, action_id="pause", **PAUSE)
    await done(stub, attempt_id, action_id="unpause", unpause=pb.Unpause())
    again = await done(stub, attempt_id, action_id="pause", **PAUSE)
    assert not again.HasField("paused_at")
    assert len(world.notes("attempt_paused")) == 1


@pytest.mark.parametrize(
    "action",
    [{"cancel": pb.Cancel()}, {"authorise": pb.Authorise()}, EXTEND],
    ids=["cancel", "authorise", "extend"],
)
async def test_a_repeated_action_is_answered_done(stub, world, action):
    attempt_id = world.attempt("not_started")
    first = await done(stub, attempt_id, action_id="key", **action)
    assert (await done(stub, attempt_id, action_id="key", **action)).status == first.status


async def test_a_question_tells_what_was_done_and_does_nothing(stub, world):
    attempt_id, other = world.attempt(), world.attempt(student=world.other)
    question = {"action_id": "key", "is_question": True} | EXTEND
    assert (await act(stub, attempt_id, **question))[0].refused.slug == "not-done"
    assert world.row(attempt_id)["allowance_seconds"] == 0
    await done(stub, attempt_id, action_id="key", **EXTEND)
    await done(stub, attempt_id, **question)
    assert (await act(stub, other, **question))[0].refused.slug == "not-done"
    assert world.row(attempt_id)["allowance_seconds"] == 600
    with pytest.raises(Invalid, match="a question needs the action_id"):
        await act(stub, attempt_id, is_question=True, **EXTEND)


async def test_whoever_comes_second_is_told_the_number_of_the_first(stub, world):
    attempt_id = world.attempt()
    for action, slug in (
        (PAUSE, "already-paused"),
        ({"unpause": pb.Unpause()}, "already-resumed"),
        ({"cancel": pb.Cancel()}, "already-cancelled"),
    ):
        await done(stub, attempt_id, **action)
        [second] = await act(stub, attempt_id, actor_id=8, **action)
        assert (second.refused.slug, second.refused.by_id) == (slug, 9)
