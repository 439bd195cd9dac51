"""The list of an exam's attempts: sorted, filtered and paged by the database, never from events."""

import contextlib
import itertools
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

import pytest
from chassis.waiting import eventually
from oep.auth.v1 import auth_pb2
from proctoring.attempt import AttemptStatus, Roll
from proctoring.delivery import delivery
from proctoring.listing import store
from proctoring.listing.wanted import Direction, Order, Wanted
from proctoring.risk.keeping import Keeper
from proctoring.risk.scoring import Contribution
from sqlalchemy import event, text

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EXAMS = itertools.count(880_001)
WORDS = ("in_progress", "submitted", "graded", "not_started")

ADDED = Contribution("copy-paste", 1, "Copying was tried.", 4, 20, 4, 1, (7,))
TALLY = text("""
INSERT INTO proctoring.tallies (attempt_id, exam_id, info_count, warning_count, violation_count,
    last_event_type, last_severity, last_received_at, last_late, last_sequence, head_hash)
VALUES (:attempt_id, :exam_id, 1, :warnings, :violations, :type, 'warning', :at, false, :events,
        '\\x00')
""")
RISK = text("""
INSERT INTO proctoring.risks (attempt_id, exam_id, score, as_of_sequence, rules_version,
                              contributions, computed_at, event_types, types_as_of, came_as_of)
VALUES (:attempt_id, :exam_id, :score, :events, 1, CAST(:contributions AS json), now(),
        CAST(:types AS text[]), :events, :events)
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
                rules = [asdict(replace(ADDED, points=n % 5))]
                risk = {"score": n % 9, "events": facts["events"]}
                types = [kind, "odd"] if n % 5 else [kind]
                told = {"contributions": json.dumps(rules), "types": types}
                session.execute(RISK, key | risk | told)
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
    ({"severity": "info"}, lambda line: line["counts"]["info"] > 0),
    ({"severity": "warning"}, lambda line: line["counts"]["warning"] > 0),
    ({"severity": "violation"}, lambda line: line["counts"]["violation"] > 0),
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


@pytest.mark.parametrize(("query", "fits"), FILTERS, ids=[str(query) for query, _ in FILTERS])
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


async def test_it_can_be_narrowed_to_a_type_that_came_at_any_time(admin, crowd):
    exam_id, sats = crowd
    found = await listed(admin, exam_id, event_type="odd")
    assert ids(found) == [s.attempt_id for n, s in enumerate(sats) if n % 3 and n % 5]
    assert (await listed(admin, exam_id, event_type="fullscreen_exit"))["total"] == 0
    answer = await admin.get(f"/exams/{exam_id}/attempts", params={"event_type": "Odd!"})
    assert answer.status_code == 422


async def test_the_types_of_an_attempt_are_those_that_came_whenever_that_was(rig, admin):
    sat, client = rig.sits()

    async def post(*types: str) -> None:
        events = [{"attempt_id": sat.attempt_id, "event_type": each} for each in types]
        (await client.post("/events/batch", json={"events": events})).raise_for_status()

    async def has(event_type: str) -> bool:
        return bool((await listed(admin, sat.exam_id, event_type=event_type))["total"])

    await post("answer_change", "gaze_lost_2", "answer_change")
    await eventually(lambda: has("gaze_lost_2"), 20)
    await post("window_focus", "tab_switch")
    await eventually(lambda: has("tab_switch"), 20)
    for event_type in ("answer_change", "gaze_lost_2", "window_focus"):
        assert await has(event_type), event_type
    assert not await has("fullscreen_exit")
    query = text("SELECT event_types FROM proctoring.risks WHERE attempt_id = :id")
    [types] = await rig.rows(
        lambda session: list(session.execute(query, {"id": sat.attempt_id}).scalars())
    )
    assert sorted(types) == ["answer_change", "gaze_lost_2", "tab_switch", "window_focus"]


async def test_types_that_an_older_version_did_not_keep_are_found_later(rig, admin):
    sat, client = rig.sits()
    posted = {"attempt_id": sat.attempt_id, "event_type": "gaze_lost_2"}
    (await client.post("/events", json=posted)).raise_for_status()

    async def is_known() -> bool:
        return bool((await listed(admin, sat.exam_id, event_type="gaze_lost_2"))["total"])

    await eventually(is_known, 20)
    forget = text(
        "UPDATE proctoring.risks SET event_types = '{}', types_as_of = 0,"
        " computed_at = now() - interval '1 minute' WHERE attempt_id = :id"
    )
    await rig.rows(lambda session: session.execute(forget, {"id": sat.attempt_id}))
    await Keeper(rig.database, wake=lambda: None).turn()  # a first turn looks at everything
    await eventually(is_known, 20)


NUMBERS = {
    "none, nothing claimed": ((), None),
    "none, nothing sent": ((), 0),
    "none, one claimed": ((), 1),
    "all": ((1, 2, 3), 3),
    "all, from 0": ((0, 1, 2), 2),
    "all, doubled and in disorder": ((3, 1, 2, 2, 3), 3),
    "only 0": ((0,), None),
    "the first": ((2, 3), 3),
    "one between": ((1, 3), None),
    "the last": ((1, 2), 3),
    "more than claimed": ((1, 2, 3, 4), 2),
    "a huge number": ((2**63 - 1,), None),
    "a huge claim": ((1,), 2**63 - 1),
    "as large as is kept": ((0, 1, 2**62 - 1), None),
    "more holes than are kept": (tuple(range(1, 1_600, 2)), None),
}


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "read from events"])
async def test_what_is_missing_is_what_the_rule_says(rig, admin, is_kept):
    """Both ways to know it, beside the rule; the second is for what is not assessed yet."""
    exam_id = next(EXAMS)
    sats = {name: rig.stub.add(exam_id=exam_id) for name in NUMBERS}
    submit = text(
        "INSERT INTO proctoring.submissions (attempt_id, exam_id, last_event_sequence,"
        " submitted_at) VALUES (:id, :exam_id, :last, now())"
    )
    for name, (numbers, claimed) in NUMBERS.items():
        client, sat = rig.client(sats[name].student_id), sats[name]
        event = {"attempt_id": sat.attempt_id, "event_type": "odd"}
        for some in range(0, len(numbers), 400):
            events = [event | {"client_sequence": n} for n in numbers[some : some + 400]]
            (await client.post("/events/batch", json={"events": events})).raise_for_status()
        row = {"id": sat.attempt_id, "exam_id": exam_id, "last": claimed}
        await rig.rows(lambda s, row=row: s.execute(submit, row))
    behind = text(
        "SELECT count(*) FROM proctoring.tallies t LEFT JOIN proctoring.risks r USING (attempt_id)"
        " WHERE t.exam_id = :exam_id AND coalesce(r.came_as_of, 0) < t.last_sequence"
    )

    async def is_counted() -> bool:
        of = {"exam_id": exam_id}
        return await rig.rows(lambda s: s.execute(behind, of).scalar_one()) == 0

    await eventually(is_counted, 20)
    if not is_kept:
        forget = "UPDATE proctoring.risks SET came_as_of = -1, computed_at = now() + interval '1 h'"
        forget += " WHERE exam_id = :exam_id"
        await rig.rows(lambda s: s.execute(text(forget), {"exam_id": exam_id}))
    expected = [
        sats[name].attempt_id
        for name, (numbers, claimed) in NUMBERS.items()
        if delivery(claimed, sorted(set(numbers))).missing_count
    ]
    found = await listed(admin, exam_id, has_missing_events=True, limit=1000)
    assert ids(found) == expected
    assert [
        each["attempt_id"] for each in (await admin.get(f"/exams/{exam_id}/delivery")).json()
    ] == (expected)
    rest = await listed(admin, exam_id, has_missing_events=False, limit=1000)
    assert sorted(ids(rest) + expected) == sorted(sat.attempt_id for sat in sats.values())


async def test_missing_events_of_assessed_attempts_are_known_without_reading_events(rig, crowd):
    exam_id, sats = crowd

    def explain(session):
        roll = Roll(
            tuple(sat.attempt_id for sat in sats),
            tuple(sat.student_id for sat in sats),
            tuple(AttemptStatus.SUBMITTED for _ in sats),
        )
        sent = []

        def note(_, __, statement, parameters, ___, ____) -> None:
            sent.append((statement, parameters))

        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        try:
            store.page(session, exam_id, roll, Wanted(has_missing_events=True))
        finally:
            event.remove(engine, "before_cursor_execute", note)
        [(statement, parameters)] = sent
        plan = session.connection().exec_driver_sql(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
        )
        return plan.scalar_one()

    read = rows_read(await rig.rows(explain))
    assert read["tallies"] > 0
    assert not any(
        count for table, count in read.items() if table.startswith(("proctoring_e", "events"))
    )


async def test_it_can_be_narrowed_to_attempts_of_which_events_are_missing(rig, admin):
    exam_id = next(EXAMS)
    whole, holed, late, silent, running = (rig.stub.add(exam_id=exam_id) for _ in range(5))

    async def post(sat, *numbers: int) -> None:
        client = rig.client(sat.student_id)
        event = {"attempt_id": sat.attempt_id, "event_type": "tab_switch"}
        events = [event | {"client_sequence": number} for number in numbers]
        (await client.post("/events/batch", json={"events": events})).raise_for_status()

    await post(whole, 0, 1, 2, 2)
    await post(holed, 1, 3)
    await post(late, 1)
    await post(running, 5)
    claims = [(whole, 2), (holed, None), (late, 2), (silent, 4)]
    claimed = [
        {"id": sat.attempt_id, "exam_id": exam_id, "last": last, "at": BEGIN}
        for sat, last in claims
    ]
    submit = text(
        "INSERT INTO proctoring.submissions (attempt_id, exam_id, last_event_sequence,"
        " submitted_at) VALUES (:id, :exam_id, :last, :at)"
    )
    await rig.rows(lambda session: session.execute(submit, claimed))
    found = await listed(admin, exam_id, has_missing_events=True)
    assert ids(found) == [sat.attempt_id for sat in (holed, late, silent)]
    delivery = (await admin.get(f"/exams/{exam_id}/delivery")).json()
    assert [each["attempt_id"] for each in delivery] == ids(found), "as /delivery counts"
    rest = await listed(admin, exam_id, has_missing_events=False)
    assert ids(rest) == [whole.attempt_id, running.attempt_id]
    assert (await listed(admin, exam_id))["total"] == 5


async def test_it_can_be_searched_by_name_and_hall_ticket(rig, admin):
    one = rig.stub.add()
    others = [rig.stub.add(exam_id=one.exam_id) for _ in range(3)]
    rig.auth.named(one.student_id, "Asha Rao", "AP20250001")
    rig.auth.named(others[0].student_id, "Ravi Raó", "AP20250002")
    rig.auth.named(others[1].student_id, "Meena", "XY7")
    for search, wanted in (
        ("asha", [one]), ("RAÓ", [others[0]]), ("ra", [one, others[0]]), ("xy7", [others[1]]),
        ("ap2025", [one, others[0]]), ("%", []), ("nobody", []),
    ):  # fmt: skip
        found = await listed(admin, one.exam_id, search=search)
        assert ids(found) == [sat.attempt_id for sat in wanted], search
        assert found["total"] == len(wanted)
    found = await listed(admin, one.exam_id, search="ra", sort="attempt_id", limit=1, skip=1)
    assert (ids(found), found["total"]) == ([others[0].attempt_id], 2)
    assert found["attempts"][0]["student_name"] == "Ravi Raó"


async def test_who_is_shown_no_names_may_not_search_by_them(rig, crowd):
    exam_id, _ = crowd
    grader = rig.member("grader", assigned=[("grader", exam_id)])
    answer = await grader.get(f"/exams/{exam_id}/attempts", params={"search": "Student"})
    assert (answer.status_code, answer.json()["detail"]) == (403, "Access denied")


async def test_without_auth_nobody_is_found_by_name_and_that_is_said(rig, admin, crowd):
    async with rig.auth.away():
        answer = await admin.get(f"/exams/{crowd[0]}/attempts", params={"search": "Student"})
        assert answer.status_code == 503
        assert "Retry-After" in answer.headers

    async def is_back() -> bool:
        found = await admin.get(f"/exams/{crowd[0]}/attempts", params={"search": "Student"})
        return found.status_code == 200

    await eventually(is_back, 20)


@pytest.mark.parametrize("knows_columns", [True, False])
async def test_an_attempts_that_knows_no_columns_is_understood(rig, admin, crowd, knows_columns):
    exam_id, sats = crowd
    rig.stub.knows_standings = knows_columns
    try:
        found = await listed(admin, exam_id)
    finally:
        rig.stub.knows_standings = True
    told = [(line["attempt_id"], line["student_id"]) for line in found["attempts"]]
    assert told == [(sat.attempt_id, sat.student_id) for sat in sats]
    assert [line["status"] for line in found["attempts"]][:4] == list(WORDS)


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
    risk = {"score": 4, "events": 2, "contributions": "[]", "types": []}
    stored = RISK.text.replace("now()", "now() + interval '1 day'")  # the task leaves it alone

    def fill(session):
        session.execute(TALLY, key | counted)
        session.execute(text(stored), key | risk)

    await rig.rows(fill)
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
        statement = store._LIST[order, Direction.DESCENDING, False].text
        said = {k: v.value if isinstance(v, Enum) else v for k, v in asdict(Wanted()).items()}
        columns = {
            "exam_id": 1, "attempt_ids": "{1}", "student_ids": "{1}", "statuses": "{graded}",
            "lowest": 1, "highest": 1,
        }  # fmt: skip
        query = text(f"EXPLAIN (FORMAT JSON) {statement}")
        return session.execute(query, said | columns).scalar_one()

    touched = relations(await rig.rows(explain))
    assert touched == {"tallies", "risks", "submissions", "reviews"}


def rows_read(plan) -> dict[str, int]:
    """Return how many rows came out of each table."""
    if isinstance(plan, list):
        found = [rows_read(each) for each in plan]
    elif isinstance(plan, dict):
        found = [rows_read(each) for each in plan.values()]
        if "Relation Name" in plan:
            rows = int(plan["Actual Rows"] * plan["Actual Loops"])
            found.append({plan["Relation Name"]: rows})
    else:
        return {}
    return {name: sum(each.get(name, 0) for each in found) for each in found for name in each}


async def test_attempts_of_other_exams_cost_it_nothing_however_many(rig, crowd):
    exam_id, sats = crowd
    beside = text(
        "INSERT INTO proctoring.tallies (attempt_id, exam_id, head_hash)"
        " SELECT 70000000 + n, 70000000, '' FROM generate_series(1, 3000) n"
    )

    def explain(session):
        session.execute(beside)
        said = {k: v.value if isinstance(v, Enum) else v for k, v in asdict(Wanted()).items()}
        ids = "{" + ",".join(str(sat.attempt_id) for sat in sats) + "}"
        columns = {
            "exam_id": exam_id, "attempt_ids": ids, "student_ids": ids,
            "statuses": "{" + ",".join("graded" for _ in sats) + "}",
            "lowest": 1, "highest": 2**31 - 1,
        }  # fmt: skip
        statement = store._LIST[Order.RISK, Direction.DESCENDING, False].text
        query = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        plan = session.execute(query, said | columns).scalar_one()
        session.rollback()
        return plan

    read = rows_read(await rig.rows(explain))
    assert set(read) == {"tallies", "risks", "submissions", "reviews"}
    # also those of which no exam is known: other tests leave a few
    assert read["submissions"] == 20
    assert all(count < 3000 for count in read.values()), read


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

    async def is_back() -> bool:
        return (await admin.get(f"/exams/{crowd[0]}/attempts")).status_code == 200

    await eventually(is_back, 20)


async def test_an_exam_that_is_not_there_has_no_attempts(admin):
    assert await listed(admin, 2**31 - 1) == {"exam_id": 2**31 - 1, "total": 0, "attempts": []}


async def test_what_is_no_rule_is_no_filter(rig, admin):
    """Whatever letters it is made of: it never gets as far as the database."""
    exam_id = rig.stub.add().exam_id
    for rule in ("copy", "no-such-rule", "a\x00b", "\ud7ff", ""):
        for path in ("attempts", "report"):
            answer = await admin.get(f"/exams/{exam_id}/{path}", params={"rule": rule})
            assert answer.status_code == 422, (rule, path)
            assert answer.json()["errors"][0]["pointer"] == "/query/rule"
