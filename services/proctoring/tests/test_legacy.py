"""The importer: legacy rows become events with a chain and merged timings, repeatably."""

import io
import itertools
import json

import pytest
from chassis.importing import run_importer
from proctoring import chain, legacy, store, timing_store
from proctoring.event import chained

ROWS = itertools.count(5_000_000, 100)


def event_row(number: int, attempt_id: int, **more) -> dict:
    return {
        "id": number,
        "attempt_id": attempt_id,
        "event_type": "tab_switch",
        "event_timestamp": "2025-10-27T10:00:00Z",
        "question_id": None,
        "event_data": {"action": "hidden"},
        "user_agent": "Firefox",
        "ip_address": "10.0.0.1",
        "severity": "warning",
        "created_at": "2025-10-27T10:00:01.5Z",
    } | more


def timing_row(number: int, attempt_id: int, seconds: int, **more) -> dict:
    return {
        "id": number,
        "attempt_id": attempt_id,
        "question_id": 1,
        "first_viewed_at": "2025-10-27T10:00:00Z",
        "last_viewed_at": "2025-10-27T10:05:00Z",
        "total_time_seconds": seconds,
        "answer_count": 1,
        "first_answered_at": None,
        "last_answered_at": None,
        "created_at": "2025-10-27T10:00:00Z",
        "updated_at": "2025-10-27T10:05:00Z",
    } | more


@pytest.fixture
def load(rig):
    async def run(*tables: tuple[str, dict]) -> tuple[int, dict]:
        lines = "\n".join(json.dumps({"table": t, "row": r}) for t, r in tables)
        target = io.StringIO()
        code = await rig.database.run(
            run_importer, rig.database, legacy.load, source=io.StringIO(lines), target=target
        )
        return code, json.loads(target.getvalue().splitlines()[-1])

    return run


async def test_events_keep_their_numbers_and_form_a_chain_twice_over(rig, load):
    sat, base = rig.stub.add(), next(ROWS)
    rows = [
        (
            "proctoring_events",
            event_row(base + 1, sat.attempt_id, created_at="2025-10-27T12:00:00"),
        ),
        ("proctoring_events", event_row(base, sat.attempt_id, severity="violation")),
    ]
    for _ in range(2):
        code, last = await load(*rows)
        assert code == 0
        assert last["report"]["imported"]["proctoring_events"] == 2
        events = await rig.rows(store.chained_events, sat.attempt_id)
        assert [e.id for e in events] == [base, base + 1]
        head = chain.GENESIS
        for event in events:
            head = chain.link(head, chained(event))
            assert event.hash == head
    summary = await rig.rows(store.summary, sat.attempt_id)
    assert (summary.tally.warning_count, summary.tally.violation_count) == (1, 1)
    client = rig.client(sat.student_id)
    posted = {"attempt_id": sat.attempt_id, "event_type": "tab_switch"}
    shown = (await client.post("/events", json=posted)).json()
    assert (shown["sequence"], shown["id"] > base + 1) == (3, True)


async def test_a_taken_row_number_is_renewed_and_reported(rig, load):
    sat, client = rig.sits()
    posted = {"attempt_id": sat.attempt_id, "event_type": "living"}
    living = (await client.post("/events", json=posted)).json()
    code, last = await load(
        ("proctoring_events", event_row(living["id"], sat.attempt_id)),
    )
    assert code == 0
    assert last["report"]["changed"] == [
        "proctoring_events: 1 row numbers were taken, new ones given"
    ]
    events = await rig.rows(store.chained_events, sat.attempt_id)
    assert [e.draft.event_type for e in events] == ["living", "tab_switch"]


async def test_repeated_timings_are_merged_and_go_on_living(rig, load):
    sat, base = rig.stub.add(), next(ROWS)
    rows = [
        ("question_timings", timing_row(base, sat.attempt_id, 30)),
        ("question_timings", timing_row(base + 1, sat.attempt_id, 12, question_id=1)),
        ("question_timings", timing_row(base + 2, sat.attempt_id, 5, question_id=2)),
    ]
    for _ in range(2):
        code, last = await load(*rows)
        assert code == 0
        one, two = await rig.rows(timing_store.list_timings, sat.attempt_id)
        assert (one.id, one.total_time_seconds, one.answer_count) == (base, 42, 2)
        assert (two.id, two.total_time_seconds) == (base + 2, 5)
    assert last["report"]["changed"] == ["question_timings: 1 repeated pairs merged"]
    client = rig.client(sat.student_id)
    posted = {"attempt_id": sat.attempt_id, "question_id": 1, "total_time_seconds": 8}
    shown = (await client.post("/question-timing", json=posted)).json()
    assert shown["total_time_seconds"] == 50
    _, last = await load(*rows)
    assert last["report"]["left"] == ["question_timings: 1 have moved on since and were kept"]


async def test_a_timing_without_a_first_view_begins_with_its_row(rig, load):
    sat, base = rig.stub.add(), next(ROWS)
    row = timing_row(base, sat.attempt_id, 30, first_viewed_at=None, last_viewed_at=None)
    code, _ = await load(("question_timings", row))
    assert code == 0
    [found] = await rig.rows(timing_store.list_timings, sat.attempt_id)
    assert found.first_viewed_at == found.last_viewed_at == found.created_at


async def test_a_bad_row_leaves_nothing_behind(rig, load):
    sat, base = rig.stub.add(), next(ROWS)
    code, last = await load(
        ("proctoring_events", event_row(base, sat.attempt_id)),
        ("question_timings", {"id": 1}),
    )
    assert code == 1
    assert "error" in last
    assert await rig.rows(store.chained_events, sat.attempt_id) == []


async def test_foreign_tables_are_left_and_no_rows_are_fine(load):
    code, last = await load(("users", {"id": 1}))
    assert (code, last["report"]["left"]) == (0, ["users: not proctoring's"])
