"""Many submits in one transaction: each is what it would be alone, at a fraction of the cost."""

import asyncio
import json

from attempts.blob import received
from attempts.errors import AttemptNotFound, CannotSubmit
from attempts.receipt import Claim
from attempts.submitting import Submission, Wish, told, waves
from attempts.using import Device
from chassis.origins import Origin

FIRST = 7_000
"""The first of a class of students."""


def hall(world, count, **changes):
    return [world.attempt(student=FIRST + n, **changes) for n in range(count)]


def wishes(attempt_ids):
    return [Wish(attempt_id, FIRST + n) for n, attempt_id in enumerate(attempt_ids)]


def row(world, attempt_id):
    [found] = world.run("SELECT * FROM attempts.attempts WHERE id = :id", id=attempt_id)
    return found


SAME = ("status", "total_marks", "marks_obtained", "percentage", "is_passed", "submit_reason")


def test_in_a_group_each_gets_what_he_would_get_alone(world):
    one_by_one, together = hall(world, 4), hall(world, 2, exam=world.written)
    world.answer(together[1], world.short, '"in my own words"')
    alone = [world.attempt(student=FIRST + 10 + n) for n in range(4)]
    for attempt_ids in (one_by_one, alone):
        world.answer(attempt_ids[0], world.choice, '["B"]')
        world.answer(attempt_ids[1], world.choice, '["A"]')
        world.answer(attempt_ids[1], world.truth, "true")
        world.answer(attempt_ids[2], world.truth, "false")
    mixed = [*wishes(one_by_one), *wishes(together)]
    done = [told(outcome) for outcome in world.lifecycle.submit_all(mixed)]
    for n, attempt_id in enumerate(alone):
        world.lifecycle.submit(attempt_id, FIRST + 10 + n, None)
    assert [one.attempt.id for one in done] == [*one_by_one, *together]
    for grouped, single in zip(one_by_one, alone, strict=True):
        mine, his = row(world, grouped), row(world, single)
        assert {name: mine[name] for name in SAME} == {name: his[name] for name in SAME}
    assert len({row(world, each)["marks_obtained"] for each in one_by_one}) > 1
    assert [row(world, each)["status"] for each in together] == ["graded", "submitted"]
    for one in done:
        assert json.loads(one.receipt.body)["attempt_id"] == one.attempt.id


def test_one_that_is_refused_sinks_nobody(world):
    good, late, over, paused = hall(world, 4)
    foreign, cancelled = world.attempt(student=1), world.attempt("cancelled", student=FIRST + 5)
    world.run("UPDATE attempts.attempts SET status = 'expired' WHERE id = :id", id=late)
    first = world.lifecycle.submit(over, FIRST + 2, None, claim=Claim(4))
    world.run("UPDATE attempts.attempts SET paused_at = now() WHERE id = :id", id=paused)
    group = [
        Wish(good, FIRST),
        Wish(foreign, FIRST),
        Wish(10**9, FIRST),
        Wish(late, FIRST + 1),
        Wish(cancelled, FIRST + 5),
        Wish(over, FIRST + 2, claim=Claim(9)),
        Wish(paused, FIRST + 3),
    ]
    found = world.lifecycle.submit_all(group)
    kinds = [type(outcome) for outcome in found]
    wanted = [Submission, AttemptNotFound, AttemptNotFound, Submission, CannotSubmit]
    assert kinds == [*wanted, Submission, Submission]
    assert told(found[5]).receipt == first.receipt, "who comes again gets what he got"
    assert row(world, foreign)["status"] == "in_progress"
    assert row(world, cancelled)["status"] == "cancelled"
    assert row(world, paused)["paused_at"] is None


def test_who_presses_twice_in_a_group_gets_one_submit_and_one_receipt(world):
    [attempt_id] = hall(world, 1)
    blobs = [received("first", None, None), received("second", None, None)]
    group = [Wish(attempt_id, FIRST, blob, claim=Claim(n)) for n, blob in enumerate(blobs)]
    first, second = (told(outcome) for outcome in world.lifecycle.submit_all(group))
    assert first.receipt == second.receipt
    kept = row(world, attempt_id)
    assert (kept["encrypted_final_answers"], kept["last_event_sequence"]) == ("first", 0)
    count = "SELECT count(*) FROM attempts.grades WHERE attempt_id = :id"
    assert world.run(count, id=attempt_id) == [{"count": 1}]


def test_waves_hold_no_attempt_twice_and_keep_the_order():
    group = [Wish(1, 0), Wish(2, 0), Wish(1, 0), Wish(3, 0), Wish(1, 0), Wish(2, 0)]
    assert waves(group) == [[0, 1, 3], [2, 5], [4]]
    assert waves([]) == []


def test_the_audit_names_where_each_one_submitted(world):
    attempt_ids = hall(world, 3)
    where = [Origin(f"10.0.0.{n}", f"browser {n}") for n in range(3)]
    group = [
        Wish(attempt_id, FIRST + n, device=Device(None, where[n]))
        for n, attempt_id in enumerate(attempt_ids)
    ]
    world.lifecycle.submit_all(group)
    query = (
        "SELECT attempt_id, host(ip_address::inet) AS ip, user_agent FROM attempts.audit_logs"
        " WHERE event_type = 'attempt_submitted' AND attempt_id = ANY (:ids) ORDER BY attempt_id"
    )
    said = [tuple(entry.values()) for entry in world.run(query, ids=attempt_ids)]
    assert said == [
        (i, o.ip_address, o.user_agent) for i, o in zip(attempt_ids, where, strict=True)
    ]


def test_what_is_announced_belongs_to_the_request_that_asked_for_it(world):
    attempt_ids = hall(world, 3)
    texts = [f"00-{n:032x}-{n:016x}-01" for n in (1, 2)]
    group = [
        Wish(attempt_id, FIRST + n, traceparent=trace)
        for n, (attempt_id, trace) in enumerate(zip(attempt_ids, [*texts, None], strict=True))
    ]
    world.lifecycle.submit_all(group)
    query = (
        "SELECT order_key, traceparent FROM attempts.outbox WHERE order_key = ANY (:ids)"
        " AND payload ->> 'fact' = 'status_changed' ORDER BY order_key"
    )
    said = [tuple(note.values()) for note in world.run(query, ids=attempt_ids)]
    assert said == list(zip(attempt_ids, [*texts, None], strict=True))


async def test_a_hall_that_submits_at_once_is_answered_one_by_one(api, world):
    attempt_ids = hall(world, 30)
    ask = [
        api(FIRST + n).post(f"/attempts/{attempt_id}/submit", json={"confirm": True})
        for n, attempt_id in enumerate(attempt_ids)
    ]
    stranger = api(FIRST).post(f"/attempts/{attempt_ids[1]}/submit", json={"confirm": True})
    *answers, refused = await asyncio.gather(*ask, stranger)
    assert [answer.status_code for answer in answers] == [200] * 30
    said = [answer.json()["receipt"]["receipt"]["attempt_id"] for answer in answers]
    assert said == attempt_ids
    assert (refused.status_code, refused.json()["detail"]) == (404, "Attempt not found")
