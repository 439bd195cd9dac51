"""The list of an exam's attempts: sorted, filtered and paged by the database, never from events."""

import asyncio
import contextlib
import itertools
import json
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import Enum

import pytest
from oep.auth.v1 import auth_pb2
from proctoring.listing import store
from proctoring.listing.wanted import Direction, Order, Wanted
from sqlalchemy import event, text

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EXAMS = itertools.count(880_001)
WORDS = ("in_progress", "submitted", "graded", "not_started")

TALLY = text("""
INSERT INTO proctoring.tallies (attempt_id, exam_id, info_count, warning_count, violation_count,
    last_event_type, last_severity, last_received_at, last_late, last_sequence, head_hash)
VALUES (:attempt_id, :exam_id, 1, :warnings, :violations, :type, 'warning', :at, false, :events,
        '\\x00')
""")
RISK = text("""
INSERT INTO proctoring.risks (attempt_id, exam_id, score, as_of_sequence, rules_version,
                              contributions, computed_at)
VALUES (:attempt_id, :exam_id, :score, :events, 1, CAST(:contributions AS json), now())
""")
SUBMISSION = text("""
INSERT INTO proctoring.submissions (attempt_id, exam_id, submitted_at)
VALUES (:attempt_id, :exam_id, :at)
""")


@pytest.fixture(scope="module")
async def crowd(rig):
    """Forty attempts of one exam: every third without events, every second submitted."""
    exam_id = next(EXAMS)
    sats = [rig.stub.add(WORDS[n % 4], exam_id=exam_id) for n in range(40)]
    for sat in sats[:5]:
        rig.auth.users[sat.student_id] = auth_pb2.User(
            user_id=sat.student_id, full_name=f"Student {sat.student_id}", hall_ticket_number="H1"
        )

    def fill(session):
        for n, sat in enumerate(sats):
            key = {"attempt_id": sat.attempt_id, "exam_id": exam_id}
            if n % 3:
                facts = {"warnings": n % 7, "violations": n % 4, "events": 1 + n % 7 + n % 4}
                at = BEGIN + timedelta(minutes=(n * 17) % 40)
                kind = "tab_switch" if n % 2 else "window_blur"
                session.execute(TALLY, key | facts | {"at": at, "type": kind})
                rules = [{"rule_id": "copy-paste", "points": n % 5}]
                risk = {"score": n % 9, "events": facts["events"]}
                session.execute(RISK, key | risk | {"contributions": json.dumps(rules)})
            if n % 2:
                session.execute(SUBMISSION, key | {"at": BEGIN + timedelta(hours=1, minutes=-n)})

    await rig.rows(fill)
    return exam_id, sats


@pytest.fixture
def admin(rig):
    return rig.client(1, "admin")


async def listed(client, exam_id: int, **query) -> dict:
    answer = await client.get(f"/exams/{exam_id}/attempts", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(found: dict) -> list[int]:
    return [line["attempt_id"] for line in found["attempts"]]


async def test_every_attempt_is_there_also_those_without_events(rig, admin, crowd):
    exam_id, sats = crowd
    found = await listed(admin, exam_id)
    assert ids(found) == [sat.attempt_id for sat in sats]
    assert found["total"] == 40
    quiet, loud = found["attempts"][0], found["attempts"][5]
    assert (quiet["event_count"], quiet["risk_score"], quiet["last_event"]) == (0, 0, None)
    assert quiet["counts"] == {"info": 0, "warning": 0, "violation": 0}
    assert quiet["student_name"] == f"Student {quiet['student_id']}"
    assert loud["counts"] == {"info": 1, "warning": 5, "violation": 1}
    assert loud["last_event"]["event_type"] == "tab_switch"
    assert (loud["risk_score"], loud["is_risk_current"], loud["status"]) == (5, True, "submitted")
    assert loud["submitted_at"] is not None
    assert (loud["review_id"], loud["review_state"], loud["review_outcome"]) == (None, None, None)


KEYS = {
    "attempt_id": lambda line: line["attempt_id"],
    "risk": lambda line: line["risk_score"],
    "violations": lambda line: line["counts"]["violation"],
    "warnings": lambda line: line["counts"]["warning"],
    "events": lambda line: line["event_count"],
    "last_event": lambda line: line["last_event"] and line["last_event"]["received_at"],
    "submitted": lambda line: line["submitted_at"],
}


def expected(lines: list[dict], sort: str, direction: str) -> list[int]:
    key = KEYS[sort]
    there = sorted((line for line in lines if key(line) is not None), key=KEYS["attempt_id"])
    there.sort(key=key, reverse=direction == "desc")
    absent = [line for line in lines if key(line) is None]
    return [line["attempt_id"] for line in (*there, *absent)]


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("sort", KEYS)
async def test_it_is_sorted_both_ways_and_paged_without_gaps(admin, crowd, sort, direction):
    exam_id, _ = crowd
    everything = (await listed(admin, exam_id))["attempts"]
    asked = {"sort": sort, "direction": direction}
    pages = [await listed(admin, exam_id, **asked, skip=n, limit=7) for n in range(0, 42, 7)]
    assert list(itertools.chain(*map(ids, pages))) == expected(everything, sort, direction)
    assert {page["total"] for page in pages} == {40}


async def test_a_page_behind_the_last_one_is_empty_and_knows_the_total(admin, crowd):
    found = await listed(admin, crowd[0], skip=1000)
    assert (found["total"], found["attempts"]) == (40, [])


FILTERS = [
    ({"status": "graded"}, lambda line: line["status"] == "graded"),
    ({"min_risk": 5}, lambda line: line["risk_score"] >= 5),
    ({"min_risk": 0}, lambda line: True),
    ({"min_violations": 2}, lambda line: line["counts"]["violation"] >= 2),
    ({"min_warnings": 3}, lambda line: line["counts"]["warning"] >= 3),
    ({"last_event_type": "window_blur"}, lambda line: "window_blur" in str(line["last_event"])),
    ({"has_events": True}, lambda line: line["event_count"] > 0),
    ({"has_events": False}, lambda line: line["event_count"] == 0),
    ({"has_review": True}, lambda line: line["review_id"] is not None),
    ({"has_review": False}, lambda line: line["review_id"] is None),
    ({"review_state": "open"}, lambda line: line["review_state"] == "open"),
    (
        {"status": "submitted", "min_risk": 2, "min_violations": 1},
        lambda line: (
            line["status"] == "submitted"
            and line["risk_score"] >= 2
            and line["counts"]["violation"] >= 1
        ),
    ),
]


@pytest.mark.parametrize(("query", "fits"), FILTERS, ids=lambda value: str(value)[:40])
async def test_it_is_filtered(admin, crowd, query, fits):
    exam_id, _ = crowd
    everything = (await listed(admin, exam_id))["attempts"]
    found = await listed(admin, exam_id, **query)
    assert ids(found) == [line["attempt_id"] for line in everything if fits(line)]
    assert found["total"] == len(found["attempts"])


async def test_it_can_be_narrowed_to_a_rule_that_adds_points(admin, crowd):
    exam_id, sats = crowd
    found = await listed(admin, exam_id, rule="copy-paste")
    assert ids(found) == [s.attempt_id for n, s in enumerate(sats) if n % 3 and n % 5]
    assert (await listed(admin, exam_id, rule="tab-switch"))["total"] == 0


async def test_the_newest_review_stands_beside_an_attempt(rig, admin):
    sat = rig.stub.add("submitted")
    opened = await admin.post(f"/attempt/{sat.attempt_id}/reviews", json={"reason": "a phone"})
    assert opened.status_code == 201, opened.text
    [line] = (await listed(admin, sat.exam_id, review_state="open", has_review=True))["attempts"]
    assert (line["review_id"], line["review_state"]) == (opened.json()["id"], "open")
    assert (await listed(admin, sat.exam_id, has_review=False))["total"] == 0


async def test_a_score_that_events_have_overtaken_says_so(rig, admin, crowd):
    sat = rig.stub.add()
    key = {"attempt_id": sat.attempt_id, "exam_id": sat.exam_id, "at": BEGIN}
    counted = {"warnings": 1, "violations": 0, "events": 3, "type": "odd"}
    await rig.rows(lambda s: s.execute(TALLY, key | counted))
    risk = {"score": 4, "events": 2, "contributions": "[]"}
    stored = RISK.text.replace("now()", "now() + interval '1 day'")  # the task leaves it alone
    await rig.rows(lambda s: s.execute(text(stored), key | risk))
    [line] = (await listed(admin, sat.exam_id))["attempts"]
    assert (line["risk_score"], line["is_risk_current"]) == (4, False)


@contextlib.contextmanager
def statements(rig):
    """Collect every statement that the app sends meanwhile."""
    seen: list[str] = []

    def note(_, __, statement, *___):
        seen.append(statement)

    event.listen(rig.database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(rig.database.engine, "before_cursor_execute", note)


async def test_it_is_one_statement_however_long_and_reads_no_events(rig, admin, crowd):
    with statements(rig) as seen:
        await listed(admin, crowd[0], sort="risk", limit=1000)
    assert len([s for s in seen if "proctoring." in s]) == 1
    assert not [s for s in seen if "proctoring_events" in s]


def relations(plan) -> set[str]:
    if isinstance(plan, list):
        return set().union(*map(relations, plan))
    if not isinstance(plan, dict):
        return set()
    own = {plan["Relation Name"]} if "Relation Name" in plan else set()
    return own.union(*map(relations, plan.values()))


@pytest.mark.parametrize("order", Order)
async def test_its_plan_touches_tallies_risks_submissions_and_reviews_only(rig, crowd, order):
    def explain(session):
        statement = store._LIST[order, Direction.DESCENDING].text
        said = {k: v.value if isinstance(v, Enum) else v for k, v in asdict(Wanted()).items()}
        columns = {"attempt_ids": "{1}", "student_ids": "{1}", "statuses": "{graded}"}
        query = text(f"EXPLAIN (FORMAT JSON) {statement}")
        return session.execute(query, said | columns).scalar_one()

    touched = relations(await rig.rows(explain))
    assert touched == {"tallies", "risks", "submissions", "reviews"}


async def test_it_is_for_staff_who_reach_the_exam(rig, crowd):
    exam_id, _ = crowd
    for client in (
        rig.client(7, "student"),
        rig.client(7, "technician"),
        rig.member("proctor", assigned=[("proctor", 1)]),
        rig.member("grader", assigned=[("proctor", exam_id)]),
    ):
        answer = await client.get(f"/exams/{exam_id}/attempts")
        assert (answer.status_code, answer.json()["detail"]) == (403, "Access denied")
    for client in (
        rig.client(7, "hall_in_charge"),
        rig.member("proctor", assigned=[("proctor", exam_id)]),
    ):
        assert (await listed(client, exam_id))["attempts"][0]["student_name"]


async def test_who_only_marks_is_shown_no_names(rig, crowd):
    exam_id, _ = crowd
    grader = rig.member("grader", assigned=[("grader", exam_id)])
    lines = (await listed(grader, exam_id))["attempts"]
    assert {(line["student_name"], line["hall_ticket_number"]) for line in lines} == {(None, None)}


async def test_without_attempts_there_is_no_list_rather_than_half_of_one(rig, admin, crowd):
    async with rig.stub.away():
        answer = await admin.get(f"/exams/{crowd[0]}/attempts")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    deadline = time.monotonic() + 10  # until the line to attempts is there again
    while (await admin.get(f"/exams/{crowd[0]}/attempts")).status_code != 200:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_an_exam_that_is_not_there_has_no_attempts(admin):
    assert await listed(admin, 2**31 - 1) == {"exam_id": 2**31 - 1, "total": 0, "attempts": []}
