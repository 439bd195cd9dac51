"""Risk as a whole: assessed behind the events' backs, kept, explained, eased, recomputable."""

import asyncio
import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg2
import pytest
from chassis.bus import EVENTS, Reader
from proctoring.risk import assessing, reading, store
from proctoring.risk.keeping import AT_ONCE, Keeper, bounded
from proctoring.risk.rules import newest
from proctoring.risk.store import Moved
from sqlalchemy import text

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WITHIN_SECONDS = 10.0


def body(sat, event_type: str, seconds: float, **data) -> dict:
    at = (BEGIN + timedelta(seconds=seconds)).isoformat()
    posted = {"attempt_id": sat.attempt_id, "event_type": event_type, "event_timestamp": at}
    return posted | {"event_id": str(uuid.uuid4()), "event_data": data or None}


async def post(client, *bodies: dict) -> list[dict]:
    answer = await client.post("/events/batch", json={"events": bodies})
    assert answer.status_code == 200, answer.text
    return [result["event"] for result in answer.json()["results"]]


async def risk(client, sat, **query) -> dict:
    answer = await client.get(f"/attempt/{sat.attempt_id}/risk", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def assessed(client, sat, sequence: int) -> dict:
    """Return the risk once it counts up to `sequence`."""
    until = time.monotonic() + WITHIN_SECONDS
    while (found := await risk(client, sat))["as_of_sequence"] < sequence:
        assert time.monotonic() < until, found
        await asyncio.sleep(0.02)
    return found


@pytest.fixture
def admin(rig):
    return rig.client(1, "admin")


def conduct(sat) -> list[dict]:
    return [
        body(sat, "fullscreen_exit", 0),
        body(sat, "fullscreen_exit", 0.4),
        body(sat, "copy_paste_attempt", 30, key="c"),
        body(sat, "tab_switch", 60, action="hidden"),
        body(sat, "tab_switch", 125, action="visible", duration_seconds=65.0),
        body(sat, "answer_change", 130, new_answer="secret"),
    ]


def points(found: dict) -> dict[str, int]:
    return {c["rule_id"]: c["points"] for c in found["contributions"]}


async def test_a_score_follows_events_and_names_what_it_is_made_of(rig, admin):
    sat, client = rig.sits()
    events = await post(client, *conduct(sat))
    found = await assessed(admin, sat, 6)
    assert points(found) == {"fullscreen-exit": 4, "copy-paste": 4, "tab-switch": 0, "time-away": 2}
    assert found["score"] == 10
    assert found["rules_version"] == newest()
    told = found["contributions"][0]
    assert told["event_ids"] == [events[0]["id"]]
    assert {"rule_id", "version", "weight", "cap", "event_ids", "description"} <= told.keys()
    assert "secret" not in json.dumps(found)


async def test_an_attempt_without_events_has_no_score_yet(rig, admin):
    sat, _ = rig.sits()
    found = await risk(admin, sat)
    assert (found["score"], found["as_of_sequence"], found["computed_at"]) == (0, 0, None)


async def test_a_score_is_recomputable_to_the_same_number(rig, admin):
    sat, client = rig.sits()
    await post(client, *conduct(sat))
    found = await assessed(admin, sat, 6)
    compared = (await risk(admin, sat, recompute=True))["recomputed"]
    assert compared == {"score": found["score"], "is_equal": True, "is_erased": False}


async def test_a_stored_score_that_somebody_changed_is_found_by_recomputing(rig, admin, owner):
    sat, client = rig.sits()
    await post(client, *conduct(sat))
    found = await assessed(admin, sat, 6)
    forged = "UPDATE proctoring.risks SET score = 0 WHERE attempt_id = :id"
    await asyncio.to_thread(change, owner, forged, sat)
    compared = await risk(admin, sat, recompute=True)
    assert compared["score"] == 0
    expected = {"score": found["score"], "is_equal": False, "is_erased": False}
    assert compared["recomputed"] == expected


def change(owner, statement: str, sat) -> None:
    with owner.transaction() as session:
        session.execute(text(statement), {"id": sat.attempt_id})


ERASE = """
UPDATE proctoring.proctoring_events SET event_data = NULL, data_salt = NULL WHERE attempt_id = :id
"""


async def test_after_erasure_the_stored_score_stands_and_says_so(rig, admin, owner):
    sat, client = rig.sits()
    await post(client, *conduct(sat))
    found = await assessed(admin, sat, 6)
    await asyncio.to_thread(change, owner, ERASE, sat)
    again = await risk(admin, sat, recompute=True)
    assert again["recomputed"]["is_erased"]
    assert (again["score"], again["contributions"]) == (found["score"], found["contributions"])
    await rig.rows(lambda s: assessing.assess(s, {sat.attempt_id: sat.exam_id}, is_forced=True))
    assert (await risk(admin, sat))["contributions"] == found["contributions"]
    answer = await ease(admin, sat, ["copy-paste"])
    assert answer.status_code == 200
    assert (await risk(admin, sat))["score"] == found["score"] - 4


async def test_what_waited_for_the_network_weighs_what_it_would_have_weighed_at_once(rig, admin):
    (there, straight), (away, late) = rig.sits(), rig.sits()
    for event in conduct(there):
        await post(straight, event)
    rig.stub.set_status(away, "expired")
    names = ("connection_lost", "offline", "heartbeat_missed", "connection_closed")
    lost = [
        body(away, name, n, duration_seconds=600, action="visible") | {"severity": "violation"}
        for n, name in enumerate(names)
    ]
    await post(late, *reversed([*lost, *conduct(away)]))
    one, other = await assessed(admin, there, 6), await assessed(admin, away, 10)
    assert points(one) == points(other)
    assert one["score"] == other["score"] > 0


async def test_a_payload_that_says_nothing_useful_hurts_nobody(rig, admin):
    sat, client = rig.sits()
    odd = [
        {"action": ["visible"], "duration_seconds": "long"},
        {"action": "visible", "duration_seconds": True, "note": "\x00"},
        {"action": "visible", "duration_seconds": 1e300},
        {"action": "visible", "duration_seconds": -5},
        {"action": "visible", "duration_seconds": 40, "padding": "x" * 3000},
    ]
    await post(client, *(body(sat, "tab_switch", 60 * n, **data) for n, data in enumerate(odd)))
    found = await assessed(admin, sat, 5)
    assert points(found) == {"tab-switch": 2, "time-away": 0}


async def ease(client, sat, rule_ids, reason="Needs breaks: migraine"):
    asked = {"rule_ids": rule_ids, "reason": reason}
    return await client.put(f"/attempt/{sat.attempt_id}/accommodations", json=asked)


async def test_accommodations_switch_rules_off_and_say_so(rig, admin):
    sat, client = rig.sits()
    await post(client, *conduct(sat))
    before = await assessed(admin, sat, 6)
    answer = await ease(admin, sat, ["fullscreen-exit", "window-blur"])
    assert answer.status_code == 200
    assert answer.json()["rule_ids"] == ["fullscreen-exit", "window-blur"]
    eased = await risk(admin, sat, recompute=True)
    assert eased["score"] == before["score"] - 4
    assert eased["recomputed"]["is_equal"]
    off = [c for c in eased["contributions"] if c["switched_off"]]
    assert [c["rule_id"] for c in off] == ["fullscreen-exit", "window-blur"]
    assert all((c["points"], c["event_ids"]) == (0, []) for c in off)
    await post(client, body(sat, "fullscreen_exit", 500), body(sat, "fullscreen_exit", 600))
    assert (await assessed(admin, sat, 8))["score"] == eased["score"]
    assert (await ease(admin, sat, [], "Given by mistake")).status_code == 200
    assert (await risk(admin, sat))["score"] == before["score"] + 8
    path = f"/attempt/{sat.attempt_id}/accommodations"
    decided = (await admin.get(path)).json()
    assert decided["rule_ids"] == []
    assert [d["version"] for d in decided["decisions"]] == [1, 2]
    assert [d["author_id"] for d in decided["decisions"]] == [1, 1]


async def test_the_reason_of_an_accommodation_is_for_few_eyes(rig, admin):
    sat, _ = rig.sits()
    await ease(admin, sat, ["tab-switch"])
    grader = rig.member("grader", assigned=[("grader", sat.exam_id)])
    proctor = rig.member("proctor", assigned=[("proctor", sat.exam_id)])
    for curious in (grader, proctor):
        [told] = (await risk(curious, sat))["contributions"]
        assert told["switched_off"] == "switched off: accommodation"
        answer = await curious.get(f"/attempt/{sat.attempt_id}/accommodations")
        assert answer.status_code == 403
    for knowing in (admin, rig.member("hall_in_charge")):
        [told] = (await risk(knowing, sat))["contributions"]
        assert told["switched_off"] == "switched off: Needs breaks: migraine"


async def test_a_student_sees_neither_his_score_nor_that_there_is_one(rig):
    sat, client = rig.sits()
    for attempt_id in (sat.attempt_id, 2**31 - 1):
        answer = await client.get(f"/attempt/{attempt_id}/risk")
        assert answer.status_code == 403
        assert answer.json()["detail"] == "Access denied"


async def test_a_rule_that_is_not_there_cannot_be_switched_off(rig, admin):
    sat, _ = rig.sits()
    answer = await ease(admin, sat, ["fullscreen"])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/rule_ids"
    assert "fullscreen-exit" in answer.json()["detail"]


async def test_accommodations_can_be_added_but_neither_changed_nor_removed(rig, admin, urls):
    sat, _ = rig.sits()
    await ease(admin, sat, ["tab-switch"])
    for statement in (
        "DELETE FROM proctoring.accommodations",
        "UPDATE proctoring.accommodations SET rule_ids = '[]'",
        "UPDATE proctoring.accommodations SET reason = 'another'",
        "TRUNCATE proctoring.accommodations",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            await asyncio.to_thread(execute, urls.app_url, statement)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        await asyncio.to_thread(
            execute, urls.exam_user_url, "SELECT reason FROM proctoring.accommodations"
        )
    assert await rig.rows(store.forget_reasons, sat.attempt_id) == 1
    assert await rig.rows(store.forget_reasons, sat.attempt_id) == 0
    [decided] = await rig.rows(reading.decided, sat.attempt_id)
    assert (decided.reason, decided.rule_ids) == (None, ("tab-switch",))


def execute(url: str, statement: str) -> None:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)


async def heard(bus, sat, sequence_before: int, score: int) -> list[dict]:
    """Return all that was said of an attempt, up to the notice of `score`."""
    subject = f"oep.v1.{sat.exam_id}.{sat.attempt_id}.*"
    told: list[dict] = []
    async with asyncio.timeout(WITHIN_SECONDS):
        async for batch in Reader(bus, EVENTS, [subject], after=sequence_before).batches():
            told += [msgspec.json.decode(delivery.data) for delivery in batch]
            if any(n["fact"] == "risk_changed" and n["data"]["score"] == score for n in told):
                break
    return told


async def test_a_changed_score_is_announced_and_no_status_ever(rig, bus, admin):
    sat, client = rig.sits()
    before = (await bus.head(EVENTS)).sequence
    await post(client, *conduct(sat))
    told = await heard(bus, sat, before, 10)
    [changed] = [n for n in told if n["fact"] == "risk_changed"]
    assert changed["data"] == {"score": 10, "as_of_sequence": 6, "rules_version": newest()}
    assert {n["fact"] for n in told} <= {"event_recorded", "risk_changed"}
    assert rig.stub.known[sat.attempt_id].status == 2


async def test_a_score_that_stays_is_not_announced_again(rig, bus, admin):
    sat, client = rig.sits()
    before = (await bus.head(EVENTS)).sequence
    await post(client, body(sat, "fullscreen_exit", 0))
    await assessed(admin, sat, 1)
    await post(client, body(sat, "fullscreen_exit", 0.5), body(sat, "answer_change", 1))
    await assessed(admin, sat, 3)
    await post(client, body(sat, "fullscreen_exit", 60))
    told = await heard(bus, sat, before, 8)
    assert [n["data"]["score"] for n in told if n["fact"] == "risk_changed"] == [4, 8]


async def test_two_replicas_assess_each_attempt_once(rig, admin):
    """What one holds the other passes over; behind it there is nothing left to do."""
    sat, client = rig.sits()
    ids = {sat.attempt_id: sat.exam_id}

    await rig.rows(store.make, ids, 1)

    def beside(session):
        assert list(store.hold(session, list(ids), passing_over=False)) == [sat.attempt_id]
        with rig.database.transaction() as other:
            return assessing.assess(other, ids, passing_over=True)

    assert await rig.rows(beside) == 0
    await post(client, *conduct(sat))
    assert (await assessed(admin, sat, 6))["score"] == 10


async def test_an_attempt_under_a_flood_is_left_alone_for_a_second(rig):
    sat, client = rig.sits()
    now = await rig.rows(lambda s: s.execute(text("SELECT now()")).scalar_one())
    await post(client, body(sat, "fullscreen_exit", 0))
    await rig.rows(lambda s: assessing.assess(s, {sat.attempt_id: sat.exam_id}))
    await post(client, body(sat, "fullscreen_exit", 60))

    def found(session, rest: float):
        moved = store.moved(session, now, newest(), rest_seconds=rest, limit=1000)
        return {each.attempt_id for each in moved}

    assert sat.attempt_id not in await rig.rows(found, 600.0)
    found_at_once = await rig.rows(found, 0.0)
    kept = await rig.rows(reading.kept_of, sat.attempt_id)
    assert sat.attempt_id in found_at_once or kept.as_of_sequence == 2


def test_a_turn_is_bounded_by_attempts_and_by_their_events():
    small = [Moved(n, 7, 10) for n in range(200)]
    assert len(bounded(small)) == AT_ONCE
    flooded = [Moved(1, 7, 500_000), Moved(2, 7, 500_000)]
    assert bounded(flooded) == {1: 7}
    mixed = [Moved(1, None, 4_000), Moved(2, 7, 6_000), Moved(3, 7, 1)]
    assert bounded(mixed) == {1: None, 2: 7}


async def test_a_flood_is_bounded_and_hides_no_other_kind(rig, admin, monkeypatch):
    monkeypatch.setattr(store, "MOST_OF_A_KIND", 50)
    sat, client = rig.sits()
    await post(client, *(body(sat, "context_menu_blocked", 10 * n) for n in range(60)))
    await post(client, body(sat, "developer_tools_attempt", 900))
    found = await assessed(admin, sat, 61)
    assert points(found) == {"developer-tools": 10, "context-menu": 3}
    [menu] = [c for c in found["contributions"] if c["rule_id"] == "context-menu"]
    assert menu["event_count"] == 50


async def test_the_keeper_takes_up_what_was_left_when_it_was_down(rig, settings):
    """A first turn looks at everything, however long ago it was written."""
    sat, client = rig.sits()
    await post(client, body(sat, "fullscreen_exit", 0))
    await assessed(rig.client(1, "admin"), sat, 1)
    reset = "UPDATE proctoring.risks SET as_of_sequence = 0, score = 0, computed_at = NULL"
    reset += " WHERE attempt_id = :id"
    old = "UPDATE proctoring.tallies SET updated_at = now() - interval '3 days'"
    old += " WHERE attempt_id = :id"
    for statement in (reset, old):
        await rig.rows(lambda s, q: s.execute(text(q), {"id": sat.attempt_id}), statement)
    keeper = Keeper(rig.database, wake=lambda: None)
    until = time.monotonic() + WITHIN_SECONDS
    while (await rig.rows(reading.risk_of, sat.attempt_id)).score != 4:
        assert time.monotonic() < until
        await keeper.turn()
        await asyncio.sleep(0.05)


async def test_an_exam_is_assessed_to_its_end_by_the_rules_that_it_began_with(rig):
    first, second = rig.stub.add(), rig.stub.add()

    def made(session):
        store.make(session, {first.attempt_id: 77_001}, 1)
        store.make(session, {second.attempt_id: 77_001}, 2)
        return store.find(session, [second.attempt_id])[second.attempt_id].risk.rules_version

    assert await rig.rows(made) == 1


async def test_rules_are_shown_to_staff(rig, admin):
    rules = (await admin.get("/risk/rules")).json()
    assert rules[0].keys() >= {"id", "version", "description", "weight", "cap"}
    assert (await rig.client(5, "student").get("/risk/rules")).status_code == 403


async def test_a_persons_erasure_takes_reasons_and_his_export_has_them(rig, admin):
    sat, client = rig.sits()
    await post(client, *conduct(sat))
    await ease(admin, sat, ["copy-paste"], "Uses a reading aid")
    exported = (await admin.get(f"/people/{sat.student_id}/export")).text
    assert "Uses a reading aid" in exported
    assert "fullscreen-exit" in exported
    asked = {"reason": "asked to be forgotten"}
    answer = await admin.post(f"/people/{sat.student_id}/erasure", json=asked)
    assert answer.status_code == 200, answer.text
    [decided] = await rig.rows(reading.decided, sat.attempt_id)
    assert (decided.reason, decided.rule_ids) == (None, ("copy-paste",))
    off = [c for c in (await risk(admin, sat))["contributions"] if c["switched_off"]]
    assert [c["switched_off"] for c in off] == ["switched off: accommodation"]


async def test_rules_that_are_newer_than_this_program_are_left_to_one_that_knows_them(rig, admin):
    sat, client = rig.sits()
    await post(client, *conduct(sat))
    found = await assessed(admin, sat, 6)
    newer = "UPDATE proctoring.risks SET rules_version = :version WHERE attempt_id = :id"
    values = {"version": newest() + 1, "id": sat.attempt_id}
    await rig.rows(lambda s: s.execute(text(newer), values))
    await post(client, body(sat, "fullscreen_exit", 700))
    await ease(admin, sat, ["copy-paste"])
    eased = await risk(admin, sat)
    assert (eased["score"], eased["rules_version"]) == (found["score"] - 4, newest() + 1)
