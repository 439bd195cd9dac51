"""Reading an attempt looks into the partition of its day, and into no other of many."""

from datetime import UTC, datetime

import pytest
from proctoring import store
from proctoring.report import store as report_store
from sqlalchemy import text

READS = {
    "its events": store._LIST_EVENTS,
    "its chain": store._CHAIN,
    "its types": store._TYPE_COUNTS,
    "its newest violation": store._NEWEST_VIOLATION,
    "its bursts": report_store._BURSTS,
    "its moments": report_store._MOMENTS,
    "its skew": report_store._SKEW,
    "its bounds": report_store._BOUNDS,
    "its heat": report_store._HEAT,
    "its exam's types": report_store._TYPES,
}


def looked_into(plan) -> set[str]:
    """Return the tables of a plan that were really looked into."""
    if isinstance(plan, list):
        return set().union(*map(looked_into, plan))
    if not isinstance(plan, dict):
        return set()
    below = set().union(*map(looked_into, plan.values()))
    return below | (
        {plan["Relation Name"]}
        if plan.get("Actual Loops", 0) > 0 and "Relation Name" in plan
        else set()
    )


@pytest.fixture(scope="module")
async def sat(rig):
    sat, client = rig.sits()
    events = [{"attempt_id": sat.attempt_id, "event_type": "tab_switch"}] * 3
    (await client.post("/events/batch", json={"events": events})).raise_for_status()
    return sat


@pytest.mark.parametrize("name", READS)
async def test_reading_an_attempt_looks_into_one_partition(rig, sat, name):
    wanted = {
        "attempt_id": sat.attempt_id, "attempt_ids": [sat.attempt_id], "event_type": None,
        "severity": None, "skip": 0, "limit": 10, "after": 0, "gap": 10,
        "exam_id": sat.exam_id, "width": 60, "begin": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip

    def explain(session):
        wanted["days"] = report_store._days(session, attempt_ids=[sat.attempt_id])
        query = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {READS[name].text}")
        asked = {key: wanted[key] for key in query._bindparams}
        return session.execute(query, asked).scalar_one()

    tables = looked_into(await rig.rows(explain))
    assert len({table for table in tables if table.startswith("events_")}) == 1, tables
    partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = CAST(:t AS regclass)"
    of = {"t": "proctoring.proctoring_events"}
    assert await rig.rows(lambda s: s.execute(text(partitions), of).scalar_one()) > 10
