"""REST as contract §6 says: order of checks, literals, shapes, batches, reads."""

import asyncio
import threading
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest
from chassis.waiting import eventually
from proctoring import edge, store
from sqlalchemy import text

EVENT_KEYS = {
    "id", "attempt_id", "event_type", "event_timestamp", "question_id", "event_data", "user_agent",
    "ip_address", "severity", "created_at", "event_id", "client_sequence", "late", "received_at",
}  # fmt: skip
TIMING_KEYS = {
    "id", "attempt_id", "question_id", "first_viewed_at", "last_viewed_at", "total_time_seconds",
    "answer_count", "first_answered_at", "last_answered_at", "created_at", "updated_at",
}  # fmt: skip
CLOSED = "Cannot log events for a completed exam"


def body(attempt_id: int, **more) -> dict:
    return {"attempt_id": attempt_id, "event_type": "tab_switch"} | more


def timing(attempt_id: int, seconds: int, **more) -> dict:
    return {"attempt_id": attempt_id, "question_id": 1, "total_time_seconds": seconds} | more


async def count(rig, attempt_id: int) -> int:
    return len(await rig.rows(store.chained_events, attempt_id))


@pytest.mark.parametrize("path", ["/events", "/events/batch", "/question-timing"])
async def test_the_token_comes_before_the_body(rig, path: str):
    answer = await rig.client(None).post(path, content=b"{broken")
    assert (answer.status_code, answer.json()["detail"]) == (401, "Not authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_event_is_stored_and_shown(rig):
    sat, client = rig.sits()
    event_id = str(uuid.uuid4())
    posted = body(
        sat.attempt_id,
        event_id=event_id,
        event_timestamp="2026-03-02T09:00:00.123Z",
        question_id=2,
        event_data={"key": "F12", "combo": None},
        client_sequence=4,
    )
    answer = await client.post("/events", json=posted, headers={"User-Agent": "Firefox"})
    shown = answer.json()
    assert answer.status_code == 201
    assert set(shown) >= EVENT_KEYS
    assert shown["severity"] == "warning"
    assert shown["event_timestamp"] == "2026-03-02T09:00:00.123000Z"
    assert shown["received_at"].endswith("Z")
    assert (shown["event_id"], shown["client_sequence"], shown["late"]) == (event_id, 4, False)
    assert shown["event_data"] == {"key": "F12", "combo": None}
    assert (shown["user_agent"], shown["ip_address"]) == ("Firefox", "127.0.0.1")
    listed = (await client.get(f"/attempt/{sat.attempt_id}/events")).json()
    assert listed == [shown]


async def test_both_times_are_kept_and_the_skew_is_shown(rig):
    """A clock that goes two hours wrong is seen as that, and changes nothing of when it arrived."""
    sat, client = rig.sits()
    said = datetime.now(UTC) - timedelta(hours=2)
    posted = body(sat.attempt_id, event_timestamp=said.isoformat())
    assert (await client.post("/events", json=posted)).status_code == 201
    [shown] = (await client.get(f"/attempt/{sat.attempt_id}/events")).json()
    received = datetime.fromisoformat(shown["received_at"])
    assert datetime.fromisoformat(shown["event_timestamp"]) == said
    assert abs(received - datetime.now(UTC)) < timedelta(minutes=1)
    assert shown["skew_ms"] == pytest.approx((said - received) / timedelta(milliseconds=1), abs=1)


async def test_the_clients_address_is_the_gateways_word_and_nobody_elses(rig):
    sat = rig.stub.add()
    forwarded = {"X-Forwarded-For": "198.51.100.7"}
    for peer, expected in (("127.0.0.1", "198.51.100.7"), ("203.0.113.9", "203.0.113.9")):
        client = rig.client(sat.student_id, peer=peer)
        answer = await client.post("/events", json=body(sat.attempt_id), headers=forwarded)
        assert answer.json()["ip_address"] == expected


@pytest.mark.contract("9.1/table/events")
@pytest.mark.parametrize("status", ["not_started", "in_progress", "expired"])
async def test_open_attempts_take_events_and_timings(rig, status: str):
    sat, client = rig.sits(status)
    event = await client.post("/events", json=body(sat.attempt_id))
    assert (event.status_code, event.json()["late"]) == (201, status == "expired")
    assert (await client.post("/question-timing", json=timing(sat.attempt_id, 5))).is_success


@pytest.mark.contract("9.1/table/events")
@pytest.mark.parametrize("status", ["submitted", "graded", "cancelled"])
async def test_closed_attempts_take_nothing(rig, status: str):
    sat, client = rig.sits(status)
    foreign = 99  # the status comes first
    for path, posted in (
        ("/events", body(sat.attempt_id, question_id=foreign)),
        ("/events", body(sat.attempt_id, event_id=str(uuid.uuid4()))),
        ("/question-timing", timing(sat.attempt_id, 5) | {"question_id": foreign}),
        ("/question-timing", timing(sat.attempt_id, 5, event_id=str(uuid.uuid4()))),
    ):
        answer = await client.post(path, json=posted)
        assert (answer.status_code, answer.json()["detail"]) == (400, CLOSED)
        assert answer.headers["content-type"] == "application/problem+json"
    assert await count(rig, sat.attempt_id) == 0


@pytest.mark.parametrize("attempt_id", [0, -1, 999_999_999, 2**31, 2**80])
async def test_an_unknown_attempt_is_404(rig, attempt_id: int):
    client = rig.client(1)
    for path, posted in (
        ("/events", body(attempt_id, question_id=2**40)),
        ("/question-timing", timing(attempt_id, 5)),
    ):
        answer = await client.post(path, json=posted)
        assert answer.status_code == 404
        assert answer.json()["detail"] == "Exam attempt not found or access denied"


async def test_somebody_elses_attempt_is_404_for_students_and_staff(rig):
    sat = rig.stub.add()
    for client in (rig.client(sat.student_id + 1), rig.client(3, "admin")):
        assert (await client.post("/events", json=body(sat.attempt_id))).status_code == 404


@pytest.mark.parametrize("question_id", [99, 0, -1, 2**31, 2**80])
async def test_a_foreign_question_is_refused_and_nothing_stored(rig, question_id: int):
    sat, client = rig.sits()
    for path, posted in (
        ("/events", body(sat.attempt_id, question_id=question_id)),
        ("/question-timing", timing(sat.attempt_id, 5) | {"question_id": question_id}),
        (
            "/question-timing",
            timing(sat.attempt_id, 5, event_id=str(uuid.uuid4())) | {"question_id": question_id},
        ),
    ):
        answer = await client.post(path, json=posted)
        assert answer.status_code == 400
        assert answer.json()["detail"] == "Question does not belong to this exam"
    assert await count(rig, sat.attempt_id) == 0


async def test_attempts_away_is_503_before_404_and_nothing_is_stored(rig):
    sat, client = rig.sits()
    posts = [
        ("/events", body(sat.attempt_id)),
        ("/events", body(0)),
        ("/events/batch", {"events": [body(sat.attempt_id)] * 3}),
        ("/question-timing", timing(sat.attempt_id, 5)),
    ]
    async with rig.stub.away():
        answers = await asyncio.gather(*(client.post(path, json=said) for path, said in posts))
        for answer in answers:
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
        bad = await client.post("/events", json=body(sat.attempt_id, severity="fatal"))
        assert bad.status_code == 422
        assert (await client.get(f"/attempt/{sat.attempt_id}/events")).status_code == 503
    assert await count(rig, sat.attempt_id) == 0

    async def taken() -> bool:  # the line to attempts is made anew within a second
        return (await client.post("/events", json=posts[0][1])).status_code == 201

    await eventually(taken)
    assert await count(rig, sat.attempt_id) == 1


async def test_a_known_event_id_has_its_first_answer_even_after_closing(rig):
    sat, client = rig.sits()
    posted = body(sat.attempt_id, event_id=str(uuid.uuid4()), event_data={"b": 1, "a": 1.5})
    first = await client.post("/events", json=posted)
    again = await client.post("/events", json=posted)
    rig.stub.set_status(sat, "submitted")
    closed = await client.post("/events", json=posted | {"question_id": 99})
    assert first.status_code == again.status_code == closed.status_code == 201
    assert first.content == again.content == closed.content
    assert await count(rig, sat.attempt_id) == 1


async def test_what_contradicts_a_known_id_is_kept_out_and_shown_to_the_staff(rig):
    sat, client = rig.sits()
    posted = body(sat.attempt_id, event_id=str(uuid.uuid4()), event_data={"key": "F12"})
    first = await client.post("/events", json=posted)
    other = await client.post("/events", json=posted | {"event_data": {"key": "F11"}})
    batch = await client.post("/events/batch", json={"events": [posted | {"severity": "info"}]})
    assert (other.status_code, other.content) == (201, first.content)
    assert batch.json()["results"][0]["event"] == first.json()
    assert await count(rig, sat.attempt_id) == 1
    reader = rig.member("proctor", assigned=[("proctor", sat.exam_id)])
    summary = (await reader.get(f"/attempt/{sat.attempt_id}/violations")).json()
    flagged = [(c["event_id"], c["differs"]) for c in summary["conflicts"]]
    assert sorted(flagged) == [
        (posted["event_id"], ["event_data"]),
        (posted["event_id"], ["severity"]),
    ]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"attempt_id": "5"}, "/attempt_id"),
        ({"attempt_id": 5.5}, "/attempt_id"),
        ({"attempt_id": True}, "/attempt_id"),
        ({"event_type": "Tab"}, "/event_type"),
        ({"event_type": "a"}, "/event_type"),
        ({"event_type": "a" * 51}, "/event_type"),
        ({"event_type": "tab_switch\n"}, "/event_type"),
        ({"event_timestamp": "yesterday"}, "/event_timestamp"),
        ({"event_timestamp": "0001-01-01T00:00:00+05:30"}, "/event_timestamp"),
        ({"question_id": "1"}, "/question_id"),
        ({"event_data": []}, "/event_data"),
        ({"event_data": {"x": "y" * 16 * 1024}}, "/event_data"),
        ({"event_data": {"x": "ü" * 9 * 1024}}, "/event_data"),
        ({"severity": "fatal"}, "/severity"),
        ({"event_id": "17"}, "/event_id"),
        ({"client_sequence": -1}, "/client_sequence"),
        ({"client_sequence": 2**63}, "/client_sequence"),
    ],
)
async def test_a_bad_event_is_422_with_its_pointer(rig, change: dict, pointer: str):
    calls = len(rig.stub.requests)
    answer = await rig.client(1).post("/events", json=body(5) | change)
    problem = answer.json()
    assert answer.status_code == 422
    assert problem["errors"][0]["pointer"] == pointer
    assert problem["errors"][0]["message"] in problem["detail"]
    assert len(rig.stub.requests) == calls


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'{"a": NaN}', b'{"attempt_id":1,"event_type":"\xff"}',
        b"[" * 60_000, b'{"attempt_id":1,"event_type":"ab","event_data":' + b'{"a":' * 5_000,
        b'{"attempt_id":1,"event_type":"ab","event_data":{"a":"\\ud800"}}',
        b'{"attempt_id":1,"event_type":"ab","event_data":{"a":1e999}}',
    ],
)  # fmt: skip
async def test_a_body_that_is_no_event_is_422(rig, content: bytes):
    answer = await rig.client(1).post("/events", content=content)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_a_missing_field_is_named(rig):
    answer = await rig.client(1).post("/question-timing", json={"attempt_id": 1})
    assert answer.json()["errors"] == [{"pointer": "/question_id", "message": "Field required"}]


async def test_a_huge_body_is_413(rig):
    answer = await rig.client(1).post("/events", content=b" " * 70_000)
    assert answer.status_code == 413


async def test_null_and_unknown_fields_are_tolerated(rig):
    sat, client = rig.sits()
    optional = ("event_timestamp", "question_id", "event_data", "severity", "event_id")
    posted = body(sat.attempt_id, extra=1) | dict.fromkeys(optional)
    answer = await client.post("/events", json=posted)
    assert (answer.status_code, answer.json()["severity"]) == (201, "warning")


async def test_odd_but_valid_event_data_is_kept_as_given(rig):
    sat, client = rig.sits()
    data = {"nul": "\x00", "big": 10**30, "deep": [[[[{}]]]], "ü": "ఆంధ్ర", "f": 1.5}
    answer = await client.post("/events", json=body(sat.attempt_id, event_data=data))
    assert answer.status_code == 201
    listed = (await client.get(f"/attempt/{sat.attempt_id}/events")).json()
    assert listed[0]["event_data"] == data


async def test_a_time_without_offset_is_read_as_utc(rig):
    sat, client = rig.sits()
    posted = body(sat.attempt_id, event_timestamp="2026-03-02T09:00:00")
    shown = (await client.post("/events", json=posted)).json()
    assert shown["event_timestamp"] == "2026-03-02T09:00:00Z"


@pytest.mark.parametrize("year", ["0001", "0999", "9999"])
async def test_a_client_with_an_absurd_clock_is_taken_at_its_word(rig, year: str):
    sat, client = rig.sits()
    posted = body(sat.attempt_id, event_timestamp=f"{year}-12-31T23:59:59.999999Z")
    shown = (await client.post("/events", json=posted)).json()
    assert shown["event_timestamp"] == f"{year}-12-31T23:59:59.999999Z"
    assert (await client.get(f"/attempt/{sat.attempt_id}/events")).json() == [shown]


async def test_a_batch_answers_each_item_in_order(rig):
    sat, client = rig.sits()
    closed = rig.stub.add("graded", student_id=sat.student_id)
    event_id = str(uuid.uuid4())
    calls = len(rig.stub.requests)
    items = [
        body(sat.attempt_id, event_id=event_id),
        body(sat.attempt_id, event_type="BAD"),
        body(closed.attempt_id),
        body(0),
        body(sat.attempt_id, question_id=99),
        body(sat.attempt_id, event_id=event_id, severity="info"),
        body(sat.attempt_id),
        17,
    ]
    answer = await client.post("/events/batch", json={"events": items})
    results = answer.json()["results"]
    assert answer.status_code == 200
    assert [r["index"] for r in results] == list(range(8))
    assert [r["status"] for r in results] == [201, 422, 400, 404, 400, 201, 201, 422]
    assert results[0]["event"] == results[5]["event"]
    assert results[1]["error"]["errors"][0]["pointer"] == "/events/1/event_type"
    assert results[2]["error"]["detail"] == CLOSED
    assert all(("event" in r) != ("error" in r) for r in results)
    assert [e.sequence for e in await rig.rows(store.chained_events, sat.attempt_id)] == [1, 2]
    assert len(rig.stub.requests) == calls + 1


@pytest.mark.parametrize("size", [0, 501])
async def test_a_batch_outside_its_size_is_422_as_a_whole(rig, size: int):
    sat, client = rig.sits()
    answer = await client.post("/events/batch", json={"events": [body(sat.attempt_id)] * size})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/events")
    assert await count(rig, sat.attempt_id) == 0


async def test_a_full_batch_is_stored(rig):
    sat, client = rig.sits()
    items = [body(sat.attempt_id, client_sequence=n) for n in range(500)]
    answer = await client.post("/events/batch", json={"events": items})
    assert {r["status"] for r in answer.json()["results"]} == {201}
    stored = await rig.rows(store.chained_events, sat.attempt_id)
    assert [e.draft.client_sequence for e in stored] == list(range(500))


async def test_timings_add_up_and_are_shown(rig):
    sat, client = rig.sits()
    for seconds in (10, 12, 3):
        answer = await client.post("/question-timing", json=timing(sat.attempt_id, seconds))
    shown = answer.json()
    assert set(shown) >= TIMING_KEYS
    assert shown["total_time_seconds"] == 15
    await client.post("/question-timing", json=timing(sat.attempt_id, 99) | {"question_id": 2})
    listed = (await client.get(f"/attempt/{sat.attempt_id}/question-timings")).json()
    assert [(t["question_id"], t["total_time_seconds"]) for t in listed] == [(2, 99), (1, 15)]
    assert listed[1] == shown


async def test_visit_ids_make_order_and_repeats_irrelevant(rig):
    sat, client = rig.sits()
    for visit, seconds in (("b", 7), ("a", 30), ("a", 10), ("b", 7), ("a", 30)):
        posted = timing(sat.attempt_id, seconds, visit_id=visit)
        answer = await client.post("/question-timing", json=posted)
    assert answer.json()["total_time_seconds"] == 37


async def test_a_known_timing_event_id_has_its_first_answer_and_counts_nothing(rig):
    sat, client = rig.sits()
    posted = timing(sat.attempt_id, 10, event_id=str(uuid.uuid4()), answer_changed=True)
    first = await client.post("/question-timing", json=posted)
    await client.post("/question-timing", json=timing(sat.attempt_id, 20))
    again = await client.post("/question-timing", json=posted)
    rig.stub.set_status(sat, "submitted")
    closed = await client.post("/question-timing", json=posted)
    assert first.json() == again.json() == closed.json()
    listed = (await client.get(f"/attempt/{sat.attempt_id}/question-timings")).json()
    assert (listed[0]["total_time_seconds"], listed[0]["answer_count"]) == (20, 1)


async def test_events_are_listed_newest_first_filtered_and_paged(rig):
    sat, client = rig.sits()
    for number, name in enumerate(["tab_switch", "window_focus", "tab_switch", "fullscreen_exit"]):
        await client.post("/events", json=body(sat.attempt_id, event_type=name, question_id=None)
                          | {"client_sequence": number})  # fmt: skip
    path = f"/attempt/{sat.attempt_id}/events"

    async def numbers(**query) -> list[int]:
        answer = await client.get(path, params=query)
        return [event["client_sequence"] for event in answer.json()]

    assert await numbers() == [3, 2, 1, 0]
    assert await numbers(event_type="tab_switch") == [2, 0]
    assert await numbers(severity="violation") == [3]
    assert await numbers(skip=1, limit=2) == [2, 1]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("severity=fatal", "/query/severity"),
        ("event_type=NO", "/query/event_type"),
        ("skip=-1", "/query/skip"),
        ("limit=0", "/query/limit"),
        ("limit=1001", "/query/limit"),
        ("skip=99999999999999999999", "/query/skip"),
    ],
)
async def test_a_bad_filter_is_422(rig, query: str, pointer: str):
    sat, client = rig.sits()
    answer = await client.get(f"/attempt/{sat.attempt_id}/events?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_who_may_read(rig):
    sat = rig.stub.add()
    everything = {"owner": 200, "student": 403, "admin": 200, "hall_in_charge": 200,
                  "proctor": 200, "grader": 200, "technician": 403}  # fmt: skip
    summary = everything | {"owner": 403, "hall_in_charge": 403}
    for name, status in everything.items():
        roles = ("student",) if name == "owner" else (name,)
        if name == "owner":
            client = rig.client(sat.student_id, *roles)
        else:
            client = rig.member(*roles, assigned=[(name, sat.exam_id)])
        for path, expected in (
            ("events", status), ("question-timings", status), ("violations", summary[name])
        ):  # fmt: skip
            answer = await client.get(f"/attempt/{sat.attempt_id}/{path}")
            assert answer.status_code == expected, (name, path)
            if expected == 403:
                words = (
                    "Only admins and graders can view violation summaries"
                    if path == "violations"
                    else "Access denied"
                )
                assert answer.json()["detail"] == words


READS = {
    "events": "Access denied",
    "question-timings": "Access denied",
    "violations": "Only admins and graders can view violation summaries",
}


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(("role", "other"), [("proctor", "grader"), ("grader", "proctor")])
async def test_an_exam_is_read_in_the_role_that_was_assigned_to_it(rig, path, role, other):
    sat, elsewhere = rig.stub.add(), rig.stub.add()
    member = rig.member(role, assigned=[(role, elsewhere.exam_id), (other, sat.exam_id)])
    answer = await member.get(f"/attempt/{sat.attempt_id}/{path}")
    assert (answer.status_code, answer.json()["detail"]) == (403, READS[path])
    assert (await member.get(f"/attempt/{elsewhere.attempt_id}/{path}")).status_code == 200


@pytest.mark.parametrize("path", READS)
async def test_while_auth_is_away_who_is_known_reads_on(rig, path):
    sat = rig.stub.add()
    known = rig.member("proctor", assigned=[("proctor", sat.exam_id)])
    unknown = rig.member("proctor", assigned=[("proctor", sat.exam_id)])
    path = f"/attempt/{sat.attempt_id}/{path}"

    async def is_read() -> bool:  # auth may have come back a moment ago
        return (await known.get(path)).status_code == 200

    assert await eventually(is_read, 10)
    await rig.auth.stop()
    try:
        assert (await known.get(path)).status_code == 200
        assert (await rig.client(5, "admin").get(path)).status_code == 200
        answer = await unknown.get(path)
    finally:
        await rig.auth.start()
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("path", ["events", "question-timings", "violations"])
@pytest.mark.parametrize("attempt_id", [0, 987_654_321, 2**70])
async def test_reading_an_unknown_attempt_is_404(rig, path: str, attempt_id: int):
    answer = await rig.client(5, "admin").get(f"/attempt/{attempt_id}/{path}")
    assert (answer.status_code, answer.json()["detail"]) == (404, "Exam attempt not found")


async def test_a_summary_counts_and_names_the_newest_violation(rig):
    sat, client = rig.sits()
    reader = rig.member("proctor", assigned=[("proctor", sat.exam_id)])
    path = f"/attempt/{sat.attempt_id}/violations"
    empty = (await reader.get(path)).json()
    assert (empty["total_events"], empty["event_type_counts"]) == (0, {})
    assert empty["most_recent_violation_time"] is None
    for name in ("tab_switch", "fullscreen_exit", "tab_switch", "answer_change"):
        await client.post("/events", json=body(sat.attempt_id, event_type=name))
    summary = (await reader.get(path)).json()
    listed = (await client.get(f"/attempt/{sat.attempt_id}/events")).json()
    assert summary == {
        "attempt_id": sat.attempt_id,
        "total_events": 4,
        "total_violations": 3,
        "info_count": 1,
        "warning_count": 2,
        "violation_count": 1,
        "event_type_counts": {"tab_switch": 2, "fullscreen_exit": 1},
        "most_recent_violation_time": listed[1]["received_at"],
        "most_recent_violation_type": "tab_switch",
        "delivery": {
            "claimed_last_sequence": None,
            "received_count": 0,
            "highest_received": None,
            "missing": [],
            "missing_count": 0,
        },
        "conflicts": [],
    }


async def decided(client, path: str, wish: dict) -> httpx.Response | None:
    """Return the answer unless it says to come again, as a database that is slow makes it."""
    answer = await client.post(path, json=wish)
    return None if answer.status_code == 503 else answer


async def test_a_row_that_the_database_refuses_is_500_without_its_text(rig, owner):
    sat, client = rig.sits()
    rule = (
        "ALTER TABLE proctoring.proctoring_events ADD CONSTRAINT refuse_some"
        " CHECK (event_type <> 'refused_by_database') NOT VALID"
    )

    def run(statement: str) -> None:
        with owner.transaction() as session:
            session.execute(text(statement))

    await owner.run(run, rule)
    try:
        bad = body(sat.attempt_id, event_type="refused_by_database")
        answer = await eventually(partial(decided, client, "/events", bad), 30)
        assert (answer.status_code, answer.json()["detail"]) == (500, "Internal Server Error")
        items = [body(sat.attempt_id), bad, body(sat.attempt_id)]
        answer = await client.post("/events/batch", json={"events": items})
        assert [r["status"] for r in answer.json()["results"]] == [201, 500, 201]
    finally:
        await owner.run(run, "ALTER TABLE proctoring.proctoring_events DROP CONSTRAINT refuse_some")
    assert [e.sequence for e in await rig.rows(store.chained_events, sat.attempt_id)] == [1, 2]


async def test_a_read_of_a_postgres_that_stands_still_is_503_before_the_gateway_gives_up(
    rig, monkeypatch
):
    sat, client = rig.sits()
    goes_on = threading.Event()
    monkeypatch.setattr(edge, "READ_SECONDS", 0.1)
    monkeypatch.setattr(store, "list_events", lambda *_, **__: goes_on.wait(30) and [])
    try:
        answer = await client.get(f"/attempt/{sat.attempt_id}/events")
    finally:
        goes_on.set()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    monkeypatch.undo()
    assert (await client.get(f"/attempt/{sat.attempt_id}/events")).json() == []


def test_nobody_waits_for_a_query_as_long_as_the_gateway_does():
    assert edge.READ_SECONDS <= 5
