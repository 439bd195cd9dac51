"""Reports, per attempt: timeline, timings against the class median, facts; who may have them."""

import csv
import io
import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from chassis.waiting import eventually
from proctoring import delivery_store
from proctoring.delivery import Submission


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


async def report(client, sat, **query) -> dict:
    answer = await client.get(f"/attempt/{sat.attempt_id}/report", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_timeline_has_both_times_and_the_skew_between_them(rig, admin, past):
    sat, _ = rig.sits()
    await past.told(
        sat, past.event(sat, "copy_paste_attempt", event_timestamp=ago(90), question_id=2)
    )
    [line] = (await report(admin, sat))["timeline"]
    assert line["first_event_at"] < line["first_received_at"]
    assert line["least_skew_seconds"] == line["most_skew_seconds"] == pytest.approx(90, abs=20)
    assert (line["event_type"], line["severity"]) == ("copy_paste_attempt", "violation")
    assert line["question_ids"] == [2]


async def test_what_repeats_at_once_is_one_line_with_a_count(rig, admin, past):
    sat, _ = rig.sits()
    kinds = ["keyboard_blocked"] * 5 + ["tab_switch"] + ["keyboard_blocked"] * 2
    await past.did(sat, *kinds)
    lines = (await report(admin, sat))["timeline"]
    told_of = [
        (x["event_type"], x["count"], x["first_sequence"], x["last_sequence"]) for x in lines
    ]
    assert told_of == [
        ("keyboard_blocked", 5, 1, 5),
        ("tab_switch", 1, 6, 6),
        ("keyboard_blocked", 2, 7, 8),
    ]


async def test_a_pause_ends_a_burst(rig, admin, owner, past):
    sat, _ = rig.sits()
    await past.did(sat, *["tab_switch"] * 4)
    await past.moved(owner, sat, up_to=2, seconds=11)
    lines = (await report(admin, sat))["timeline"]
    assert [line["count"] for line in lines] == [2, 2]


async def test_the_timeline_comes_in_pages_that_cut_no_burst(rig, admin, past):
    sat, _ = rig.sits()
    kinds = ["tab_switch", "tab_switch", "window_blur", "tab_switch", "window_focus"]
    await past.did(sat, *kinds)
    seen, after = [], 0
    while after is not None:
        page = await report(admin, sat, after=after, limit=1)
        assert len(page["timeline"]) == 1
        seen += page["timeline"]
        after = page["timeline_continues_after"]
    assert seen == (await report(admin, sat))["timeline"]
    assert [line["count"] for line in seen] == [2, 1, 1, 1]


async def test_times_are_shown_against_the_class_median_and_its_quartiles(rig, admin, past):
    sats = [rig.stub.add()]
    sats += [rig.stub.add(exam_id=sats[0].exam_id) for _ in range(4)]
    for sat, seconds in zip(sats, (100, 10, 20, 30, 40), strict=True):
        await past.took(sat, 1, seconds)
        await past.did(sat, "window_focus")
    other = rig.stub.add()
    await past.took(other, 1, 9_000)
    await past.did(other, "window_focus")
    [timing] = (await report(admin, sats[0]))["question_timings"]
    assert timing["total_time_seconds"] == 100
    assert timing["class_pace"] == {
        "student_count": 5,
        "lower_quartile": 20.0,
        "median": 30.0,
        "upper_quartile": 40.0,
    }
    assert (timing["times_median"], timing["pace"]) == (3.333, "slower")


async def test_the_class_holds_those_who_submitted_although_no_event_came(rig, admin, past):
    sats = [rig.stub.add()]
    sats += [rig.stub.add(exam_id=sats[0].exam_id) for _ in range(4)]
    for sat in sats:
        await past.took(sat, 1, 10)
        submission = Submission(sat.attempt_id, sat.exam_id, None, None)
        await rig.rows(delivery_store.record, [submission])
    [timing] = (await report(admin, sats[0]))["question_timings"]
    assert timing["class_pace"]["student_count"] == 5


async def test_of_a_class_of_four_no_median_is_shown(rig, admin, past):
    sats = [rig.stub.add()]
    sats += [rig.stub.add(exam_id=sats[0].exam_id) for _ in range(3)]
    for sat in sats:
        await past.took(sat, 1, 10)
        await past.did(sat, "window_focus")
    [timing] = (await report(admin, sats[0]))["question_timings"]
    assert (timing["class_pace"], timing["times_median"], timing["pace"]) == (None, None, None)


async def test_the_header_has_counts_times_delivery_and_the_name(rig, admin, past):
    sat, _ = rig.sits()
    rig.auth.named(sat.student_id, "Asha Rao", "HT-77")
    await past.told(sat, past.event(sat, client_sequence=1), past.event(sat, client_sequence=3))
    rig.stub.known[sat.attempt_id].start_time.FromJsonString("2026-03-01T12:00:00Z")
    rig.stub.submit(sat, 4)
    told_of = await report(admin, sat)
    attempt = told_of["attempt"]
    assert (attempt["student_name"], attempt["hall_ticket_number"]) == ("Asha Rao", "HT-77")
    assert attempt["status"] == "graded"
    assert attempt["started_at"] == "2026-03-01T12:00:00Z"
    assert attempt["submitted_at"] is not None
    assert told_of["counts"] == {
        "total_events": 2,
        "info_count": 0,
        "warning_count": 2,
        "violation_count": 0,
    }
    assert told_of["delivery"]["missing"] == [[2, 2], [4, 4]]
    assert told_of["skew"]["event_count"] == 2


async def test_an_attempt_of_which_nothing_came_has_a_report(rig, admin):
    sat, _ = rig.sits()
    told_of = await report(admin, sat)
    assert told_of["timeline"] == told_of["question_timings"] == []
    assert told_of["skew"]["median_seconds"] is None


@pytest.mark.parametrize(
    ("role", "is_assigned", "status", "name"),
    [
        ("admin", False, 200, "Asha Rao"),
        ("hall_in_charge", False, 200, "Asha Rao"),
        ("proctor", True, 200, "Asha Rao"),
        ("grader", True, 200, None),
        ("proctor", False, 403, None),
        ("grader", False, 403, None),
        ("technician", False, 403, None),
        ("student", False, 403, None),
    ],
)
async def test_a_report_is_for_who_watches_and_who_marks_sees_no_name(
    rig, role, is_assigned, status, name
):
    sat, _ = rig.sits()
    rig.auth.named(sat.student_id, "Asha Rao")
    member = rig.member(role, assigned=[(role, sat.exam_id)] if is_assigned else [])
    for form in (None, "json"):
        query = {"format": form} if form else {}
        answer = await member.get(f"/attempt/{sat.attempt_id}/report", params=query)
        assert answer.status_code == status
        if status == 200:
            assert answer.json()["attempt"]["student_name"] == name


async def test_the_student_himself_gets_none_and_no_id_can_be_tried(rig, admin):
    sat, client = rig.sits()
    for attempt_id in (sat.attempt_id, 2**31 - 1):
        answer = await client.get(f"/attempt/{attempt_id}/report")
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:oep:problem:report-denied")
    unknown = await admin.get(f"/attempt/{2**31 - 1}/report")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "Exam attempt not found")


async def test_without_auth_the_report_comes_without_a_name(rig, admin):
    sat, _ = rig.sits()
    async with rig.auth.away():
        assert (await report(admin, sat))["attempt"]["student_name"] is None


async def test_without_attempts_there_is_no_report(rig, admin):
    sat, _ = rig.sits()
    async with rig.stub.away():
        answer = await admin.get(f"/attempt/{sat.attempt_id}/report")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


@pytest.mark.parametrize("form", ["xml", "PDF", ""])
async def test_an_unknown_form_is_a_readable_422(rig, admin, form):
    sat, _ = rig.sits()
    answer = await admin.get(f"/attempt/{sat.attempt_id}/report", params={"format": form})
    assert answer.status_code == 422


async def test_a_csv_file_has_every_event_and_no_formula(rig, admin, past):
    sat, _ = rig.sits()
    await past.told(sat, *(past.event(sat, client_sequence=n) for n in (1, 2, 3)))
    path = f"/attempt/{sat.attempt_id}/report"
    answer = await admin.get(path, params={"format": "csv", "bom": "true"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    name = f'attachment; filename="attempt-{sat.attempt_id}-events.csv"'
    assert answer.headers["content-disposition"] == name
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["sequence"] for row in rows] == ["1", "2", "3"]
    assert {row["event_type"] for row in rows} == {"tab_switch"}
    by_header = await admin.get(path, headers={"Accept": "text/csv;q=0.9"})
    assert by_header.content == answer.content.removeprefix(b"\xef\xbb\xbf")


async def test_a_json_file_has_the_whole_timeline_and_is_written_in_pages(
    rig, admin, monkeypatch, past, slow
):
    sat, _ = rig.sits()
    kinds = [kind for kind, _ in zip(itertools.cycle(["tab_switch", "window_blur"]), range(45))]
    await past.did(sat, *kinds)
    monkeypatch.setattr("proctoring.report.about_attempt.PAGE_ROWS", 10)
    held = []
    pool = rig.database.engine.pool
    reader = slow(lambda _: held.append(pool.checkedout()))
    await reader.get(admin, f"/attempt/{sat.attempt_id}/report", "format=json")
    assert len(json.loads(reader.body)["timeline"]) == 45
    assert len(reader.sizes) == 7  # the head, five pages, the end
    assert set(held) == {0}, "a session was held while the client was waited for"


async def assessed(client, sat, sequence: int) -> dict:
    """Return the report once its risk counts up to `sequence`."""

    async def found() -> dict | None:
        told_of = await report(client, sat)
        return told_of if told_of["risk"]["as_of_sequence"] >= sequence else None

    return await eventually(found, 10)


async def test_risk_is_explained_point_by_point(rig, admin, past):
    sat, _ = rig.sits()
    await past.did(sat, "fullscreen_exit", "copy_paste_attempt", "window_focus")
    events = (await admin.get(f"/attempt/{sat.attempt_id}/events")).json()
    ids = {event["event_type"]: event["id"] for event in events}
    risk = (await assessed(admin, sat, 3))["risk"]
    parts = {part["rule_id"]: part for part in risk["contributions"]}
    assert risk["score"] == sum(part["points"] for part in parts.values()) > 0
    assert parts["fullscreen-exit"]["event_ids"] == [ids["fullscreen_exit"]]
    assert {"version", "weight", "cap", "description", "switched_off"} <= set(parts["copy-paste"])
    asked = (await admin.get(f"/attempt/{sat.attempt_id}/risk")).json()
    assert [part["points"] for part in asked["contributions"]] == [
        part["points"] for part in risk["contributions"]
    ]


async def test_why_a_rule_does_not_count_is_not_told_in_a_report(rig, admin, past):
    sat, _ = rig.sits()
    await past.did(sat, "fullscreen_exit")
    await assessed(admin, sat, 1)
    body = {"rule_ids": ["fullscreen-exit"], "reason": "an illness"}
    path = f"/attempt/{sat.attempt_id}/accommodations"
    assert (await admin.put(path, json=body)).status_code == 200
    [part] = (await report(admin, sat))["risk"]["contributions"]
    assert (part["points"], part["switched_off"]) == (0, "switched off: accommodation")


async def test_the_report_says_where_the_review_stands_without_its_texts(rig, admin):
    sat, _ = rig.sits("submitted")
    assert (await report(admin, sat))["review"] is None
    opened = await admin.post(f"/attempt/{sat.attempt_id}/reviews", json={"reason": "a phone"})
    assert opened.status_code == 201
    review = (await report(admin, sat))["review"]
    assert (review["state"], review["opened_by_id"]) == ("open", 1)
    assert "a phone" not in json.dumps(review)
    decision = {"decision": "cleared", "reason_code": "no_breach", "explanation": "Nothing seen"}
    await admin.post(f"/reviews/{review['id']}/decision", json=decision)
    review = (await report(admin, sat))["review"]
    assert (review["state"], review["outcome"], review["reason_code"]) == (
        "closed",
        "cleared",
        "no_breach",
    )


async def test_nobody_reports_on_an_attempt_of_his_own(rig):
    sat, _ = rig.sits()
    himself = rig.client(sat.student_id, "admin")
    answer = await himself.get(f"/attempt/{sat.attempt_id}/report")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:oep:problem:own-report")
