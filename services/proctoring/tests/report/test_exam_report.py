"""Reports, per exam: sorted and filtered in SQL, streamed as files, printed; never by events."""

import asyncio
import csv
import io
import itertools
import json
import tracemalloc

import pytest
from chassis.waiting import eventually
from oep.attempts.v1 import attempts_pb2 as pb
from pypdf import PdfReader
from sqlalchemy import event, text
from structlog.testing import capture_logs

EXAMS = itertools.count(900_001)
MANY = 20_000

TALLIES = text(
    """
    INSERT INTO proctoring.tallies (attempt_id, exam_id, info_count, warning_count,
        violation_count, last_event_type, last_severity, last_received_at, last_late,
        last_sequence, head_hash)
    SELECT :first + n, :exam_id, n % 7, n % 5, n % 3, 'tab_switch', 'warning', now(), false,
           n % 7 + n % 5 + n % 3, decode(repeat('00', 32), 'hex')
    FROM generate_series(0, :count - 1) AS n
    """
)
RISKS = text(
    """
    INSERT INTO proctoring.risks (attempt_id, exam_id, score, as_of_sequence, rules_version,
                                  contributions, computed_at)
    SELECT :first + n, :exam_id, n % 120, n % 7 + n % 5 + n % 3, 1, '[]', now()
    FROM generate_series(0, :count - 1) AS n
    """
)


@pytest.fixture
def hall(rig, owner):
    """Return a maker of exams with many attempts, whose tallies and scores are simply there."""
    exams = []

    async def make(count: int) -> tuple[int, int]:
        exam_id = next(EXAMS)
        first = 50_000_000 + (exam_id - 900_000) * MANY
        for number in range(first, first + count):
            rig.stub.known[number] = pb.Attempt(
                attempt_id=number,
                student_id=number + 7,
                exam_id=exam_id,
                status=pb.ATTEMPT_STATUS_GRADED if number % 2 else pb.ATTEMPT_STATUS_IN_PROGRESS,
            )
        exams.append((exam_id, first, count))

        def write() -> None:
            with owner.transaction() as session:
                for statement in (TALLIES, RISKS):
                    values = {"first": first, "exam_id": exam_id, "count": count}
                    session.execute(statement, values)

        await owner.run(write)
        return exam_id, first

    yield make
    for _, first, count in exams:
        for number in range(first, first + count):
            del rig.stub.known[number]


async def report(client, exam_id: int, **query) -> dict:
    answer = await client.get(f"/exams/{exam_id}/report", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_totals_and_scores_are_counted_over_all_attempts(admin, hall):
    exam_id, _ = await hall(240)
    told = await report(admin, exam_id, limit=3)
    assert told["totals"]["attempt_count"] == 240
    assert told["totals"]["attempts_with_violations"] == 160
    assert told["totals"]["warning_count"] == 480
    spread = {each["lowest"]: each["attempt_count"] for each in told["risk_histogram"]}
    assert spread == dict.fromkeys(range(0, 100, 10), 20) | {100: 40}
    assert (told["attempt_total"], len(told["attempts"])) == (240, 3)


async def test_attempts_come_sorted_and_filtered_by_the_database_in_pages(admin, hall):
    exam_id, first = await hall(240)
    query = {"sort": "risk", "min_violations": 2, "status": "graded"}
    told = await report(admin, exam_id, limit=1000, **query)
    rows = told["attempts"]
    expected = [n for n in range(240) if n % 3 == 2 and (first + n) % 2]
    expected.sort(key=lambda n: (-(n % 120), n))
    assert [row["attempt_id"] - first for row in rows] == expected
    assert told["attempt_total"] == len(expected)
    assert rows[0]["student_id"] == rows[0]["attempt_id"] + 7
    pages = [await report(admin, exam_id, limit=15, skip=skip, **query) for skip in (0, 15, 30)]
    assert [row for page in pages for row in page["attempts"]] == rows


async def test_no_event_is_read_for_a_page_and_statements_do_not_grow(rig, admin, hall, owner):
    exam_id, _ = await hall(1_000)
    asked = []

    def note(_connection, _cursor, statement, parameters, *_) -> None:
        """Keep what is asked for the page: the service's own tasks ask beside it."""
        if f"{exam_id}" in str(parameters) or "attempt_ids" in parameters:
            asked.append((statement, parameters))

    def plans() -> str:
        with owner.transaction() as session:
            connection = session.connection()
            found = [
                connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", values).scalar_one()
                for sql, values in asked
            ]
        return json.dumps(found)

    event.listen(rig.database.engine, "before_cursor_execute", note)
    try:
        await report(admin, exam_id, limit=5, sort="violations")
        few = len(asked)
        await report(admin, exam_id, limit=1000, sort="violations")
    finally:
        event.remove(rig.database.engine, "before_cursor_execute", note)
    assert few
    assert len(asked) == 2 * few
    read = await owner.run(plans)
    assert '"Relation Name": "tallies"' in read
    assert "proctoring_events" not in read
    assert "events_" not in read  # the days of the events' table


@pytest.mark.parametrize(
    ("role", "is_assigned", "status", "name"),
    [
        ("hall_in_charge", False, 200, "Asha Rao"),
        ("proctor", True, 200, "Asha Rao"),
        ("grader", True, 200, None),
        ("proctor", False, 403, None),
        ("grader", False, 403, None),
        ("student", False, 403, None),
        ("technician", False, 403, None),
    ],
)
async def test_an_exams_report_is_for_who_watches_and_names_are_not_for_markers(
    rig, role, is_assigned, status, name
):
    sat = rig.stub.add()
    rig.auth.named(sat.student_id, "Asha Rao", "HT-1")
    member = rig.member(role, assigned=[(role, sat.exam_id)] if is_assigned else [])
    path = f"/exams/{sat.exam_id}/report"
    for form in ({}, {"format": "json"}, {"format": "csv"}):
        answer = await member.get(path, params=form)
        assert answer.status_code == status
        if status != 200:
            assert answer.json()["type"] == "urn:oep:problem:report-denied"
        elif form.get("format") == "csv":
            [row] = csv.DictReader(io.StringIO(answer.text, newline=""))
            assert row["student_name"] == (name or "")
        else:
            assert answer.json()["attempts"][0]["student_name"] == name


async def test_without_auth_a_report_has_no_names_and_without_attempts_there_is_none(rig, admin):
    sat = rig.stub.add()
    rig.auth.named(sat.student_id, "Asha Rao")
    async with rig.auth.away():
        told = await report(admin, sat.exam_id)
    assert told["attempts"][0]["student_name"] is None
    async with rig.stub.away():
        answer = await admin.get(f"/exams/{sat.exam_id}/report", params={"format": "csv"})
    assert answer.status_code == 503


async def test_a_name_that_is_a_formula_is_only_text_in_the_file(rig, admin):
    sat = rig.stub.add()
    rig.auth.named(sat.student_id, '=HYPERLINK("http://x";"a, b")', "-1")
    answer = await admin.get(f"/exams/{sat.exam_id}/report", params={"format": "csv"})
    [row] = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert row["student_name"] == '\'=HYPERLINK("http://x";"a, b")'
    assert row["hall_ticket_number"] == "'-1"
    name = f'attachment; filename="exam-{sat.exam_id}-report.csv"'
    assert answer.headers["content-disposition"] == name


async def test_twenty_thousand_attempts_are_streamed_a_page_at_a_time(rig, admin, hall, slow):
    exam_id, _ = await hall(MANY)
    pool = rig.database.engine.pool
    held = []

    def before_part(part: int) -> None:
        held.append(pool.checkedout())
        if part == 0:
            tracemalloc.start()

    try:
        reader = slow(before_part, keeps_body=False)
        await reader.get(admin, f"/exams/{exam_id}/report", "format=csv")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reader.line_count == 1 + MANY
    assert len(reader.sizes) == 1 + MANY // 1_000
    assert max(reader.sizes) < 250_000
    assert set(held) == {0}, "a session was held while the client was waited for"
    assert peak < 8_000_000, "more than a page or two was in memory at a time"


@pytest.mark.parametrize("query", ["", "&sort=risk", "&sort=risk&direction=asc&min_warnings=3"])
async def test_a_json_file_is_the_report_with_all_attempts_in_it(admin, hall, query):
    exam_id, _ = await hall(2_500)
    path = f"/exams/{exam_id}/report"
    told = (await admin.get(f"{path}?format=json{query}")).json()
    pages = [
        (await admin.get(f"{path}?limit=1000&skip={skip}{query}")).json()["attempts"]
        for skip in (0, 1000, 2000)
    ]
    assert told["attempts"] == [row for page in pages for row in page]
    assert told["totals"]["attempt_count"] == 2_500


async def test_a_client_that_leaves_ends_the_reading(rig, admin, hall, slow):
    exam_id, _ = await hall(10_000)
    read = []

    def note(_connection, _cursor, statement, *_) -> None:
        if "roll (attempt_id" in statement:
            read.append(statement)

    event.listen(rig.database.engine, "before_cursor_execute", note)
    try:
        reader = slow(lambda _: None, leaves_at=2, keeps_body=False)
        async with asyncio.timeout(30):
            await reader.get(admin, f"/exams/{exam_id}/report", "format=csv")
    finally:
        event.remove(rig.database.engine, "before_cursor_execute", note)
    assert len(reader.sizes) == 2
    assert len(read) == 2
    assert rig.database.engine.pool.checkedout() == 0


async def test_storage_that_goes_away_before_the_first_line_is_a_readable_503(
    rig, admin, hall, monkeypatch
):
    exam_id, _ = await hall(10)
    monkeypatch.setattr(rig.database, "_places", 0)
    answer = await admin.get(f"/exams/{exam_id}/report", params={"format": "csv"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


async def test_storage_that_goes_away_later_breaks_the_file_off(
    rig, admin, hall, slow, monkeypatch
):
    exam_id, _ = await hall(5_000)

    def cut(part: int) -> None:
        if part == 2:
            monkeypatch.setattr(rig.database, "_places", 0)

    reader = slow(cut)
    with capture_logs() as logged:
        await reader.get(admin, f"/exams/{exam_id}/report", "format=json")
    assert "request.unforeseen" in [entry["event"] for entry in logged]
    assert reader.status == 200
    assert not reader.is_whole
    with pytest.raises(ValueError, match=r"Expecting|delimiter"):
        json.loads(reader.body)


async def test_an_exam_is_printed_with_its_distributions_and_attempts(rig, admin, past):
    one = rig.stub.add()
    two = rig.stub.add("graded", exam_id=one.exam_id)
    rig.stub.set_status(two, "in_progress")
    rig.auth.named(one.student_id, "Asha Rao", "HT-1")
    rig.auth.named(two.student_id, "శ్రీ", "HT-2")
    await past.did(one, "copy_paste_attempt", "tab_switch")
    await past.did(two, "window_focus")
    await past.took(one, 1, 30)

    async def are_assessed() -> bool:
        told = await report(admin, one.exam_id)
        return sum(each["attempt_count"] for each in told["risk_histogram"]) == 2

    await eventually(are_assessed, 10)
    answer = await admin.get(f"/exams/{one.exam_id}/report", params={"format": "pdf"})
    assert answer.status_code == 200, answer.text
    paper = PdfReader(io.BytesIO(answer.content))
    said = "\n".join(page.extract_text() for page in paper.pages)
    for words in ("Asha Rao", "HT-1", "శ్రీ", "copy_paste_attempt", "2 attempts have a score"):
        assert words in said
    assert said.index("Asha Rao") < said.index("శ్రీ"), "the highest risk comes first"
    assert paper.metadata.title == f"Report on exam {one.exam_id}"
    assert [entry.title for entry in paper.outline] == [
        "Risk",
        "Events by type",
        "When warnings and violations came",
        "Time for each question",
        "Attempts",
    ]
    filled = [
        [round(float(value) * 100) for value in operands]
        for page in paper.pages
        for operands, operator in page.get_contents().operations
        if operator == b"rg"
    ]
    assert [55, 11, 18] in filled, "no violation is drawn in the heat map"


async def test_an_exam_of_which_nobody_knows_has_an_empty_report(admin):
    told = await report(admin, 2**31 - 1)
    assert (told["attempts"], told["attempt_total"]) == ([], 0)
    answer = await admin.get(f"/exams/{2**31 - 1}/report", params={"format": "pdf"})
    assert answer.content.startswith(b"%PDF-")


async def test_pages_and_files_at_the_same_time_do_not_disturb_each_other(admin, hall):
    exam_id, _ = await hall(2_000)
    path = f"/exams/{exam_id}/report"
    answers = await asyncio.gather(
        *(admin.get(path, params={"format": "csv"}) for _ in range(3)),
        *(admin.get(path, params={"limit": 10}) for _ in range(3)),
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers[:3]}) == 1
