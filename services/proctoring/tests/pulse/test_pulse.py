"""The pulse of an exam: what came of which attempt when, and how far that has been counted."""

import uuid
from datetime import datetime, timedelta

import pytest
from proctoring.pulse import store
from sqlalchemy import text

MOVE = text("""
UPDATE proctoring.proctoring_events SET received_at = received_at - make_interval(secs => :seconds)
WHERE attempt_id = :attempt_id AND sequence <= :up_to
""")
CROWD = text("""
INSERT INTO proctoring.proctoring_events (attempt_id, event_type, event_timestamp, received_at,
    sequence, network_hash, hash, exam_day, notice_id)
SELECT :attempt_id, 'tab_switch', now(), now() - make_interval(hours => 1), 1000000 + n, '\\x00',
       sha256('a'), (SELECT exam_day FROM proctoring.tallies WHERE attempt_id = :attempt_id),
       CASE WHEN :is_announced THEN n END
FROM generate_series(1, :count) AS n
""")


@pytest.fixture
def admin(rig):
    return rig.client(1, "admin")


async def told(rig, sat, *kinds: str) -> None:
    events = [
        {"attempt_id": sat.attempt_id, "event_type": kind, "event_id": str(uuid.uuid4())}
        for kind in kinds
    ]
    client = rig.client(sat.student_id)
    (await client.post("/events/batch", json={"events": events})).raise_for_status()


async def changed(owner, statement, **values) -> None:
    def work() -> None:
        with owner.transaction() as session:
            session.execute(statement, values)

    await owner.run(work)


async def pulse(client, exam_id: int, **query) -> dict:
    answer = await client.get(f"/exams/{exam_id}/pulse", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def when(found: dict, bucket: int) -> datetime:
    """Return when a bucket begins."""
    begins = datetime.fromisoformat(found["begins_at"])
    return begins + timedelta(seconds=found["bucket_seconds"] * bucket)


async def test_each_attempt_has_its_events_where_they_came_with_the_gravest(rig, owner, admin):
    sat = rig.stub.add()
    other = rig.stub.add(exam_id=sat.exam_id)
    rig.stub.add(exam_id=sat.exam_id)  # of whom nothing came
    await told(rig, sat, "window_focus", "tab_switch", "window_focus", "window_focus")
    await told(rig, other, "copy_paste_attempt")
    await changed(owner, MOVE, attempt_id=sat.attempt_id, up_to=2, seconds=300)
    found = await pulse(admin, sat.exam_id)
    assert (found["bucket_seconds"], found["bucket_count"], found["is_whole"]) == (60, 15, True)
    mine, theirs = found["attempts"]
    assert (mine["attempt_id"], mine["event_count"]) == (sat.attempt_id, 4)
    (before, two, _), (after, rest, height) = mine["cells"]
    assert (after - before, two, rest, height) == (5, 2, 2, 0)
    assert [cell[1:] for cell in theirs["cells"]] == [[1, 2]]


async def test_what_is_older_is_counted_and_not_shown(rig, owner, admin):
    sat = rig.stub.add()
    await told(rig, sat, "tab_switch", "tab_switch", "tab_switch")
    await changed(owner, MOVE, attempt_id=sat.attempt_id, up_to=1, seconds=3600)
    [line] = (await pulse(admin, sat.exam_id))["attempts"]
    assert (line["event_count"], sum(cell[1] for cell in line["cells"])) == (3, 2)


async def test_its_buckets_are_as_long_and_as_many_as_is_asked(rig, owner, admin):
    sat = rig.stub.add()
    await told(rig, sat, "tab_switch", "tab_switch")
    await changed(owner, MOVE, attempt_id=sat.attempt_id, up_to=1, seconds=100)
    found = await pulse(admin, sat.exam_id, bucket_seconds=10, bucket_count=5)
    [(bucket, count, _)] = found["attempts"][0]["cells"]
    assert count == 1
    assert when(found, 0).timestamp() % 10 == 0
    assert 3 <= bucket <= 5  # a span may have ended since
    assert (await admin.get(f"/exams/{sat.exam_id}/pulse?bucket_count=121")).status_code == 422


@pytest.mark.parametrize("is_announced", [True, False], ids=["old", "imported"])
async def test_thousands_that_are_older_hide_nothing(rig, owner, admin, is_announced):
    sat = rig.stub.add()
    await told(rig, sat, "tab_switch")
    crowd = {"attempt_id": sat.attempt_id, "count": 5000, "is_announced": is_announced}
    await changed(owner, CROWD, **crowd)
    await told(rig, sat, "tab_switch")
    if is_announced:  # as it is: ids grow with time
        await changed(owner, MOVE, attempt_id=sat.attempt_id, up_to=1, seconds=7200)
    [line] = (await pulse(admin, sat.exam_id))["attempts"]
    assert sum(cell[1] for cell in line["cells"]) == (1 if is_announced else 2)


async def test_more_attempts_than_an_answer_holds_are_left_out_and_that_is_said(
    rig, admin, monkeypatch
):
    monkeypatch.setattr(store, "MOST_ATTEMPTS", 1)
    sat = rig.stub.add()
    for each in (sat, rig.stub.add(exam_id=sat.exam_id)):
        await told(rig, each, "tab_switch")
    found = await pulse(admin, sat.exam_id)
    assert [line["attempt_id"] for line in found["attempts"]] == [sat.attempt_id]
    assert found["is_whole"] is False


async def test_an_exam_of_which_nothing_came_has_no_pulse(rig, admin):
    assert (await pulse(admin, rig.stub.add().exam_id))["attempts"] == []


@pytest.mark.parametrize(
    ("role", "is_assigned", "status"),
    [
        ("admin", False, 200),
        ("proctor", True, 200),
        ("proctor", False, 403),
        ("grader", True, 403),
        ("hall_in_charge", False, 403),
        ("student", False, 403),
    ],
)
async def test_it_is_for_who_may_watch_the_board(rig, role, is_assigned, status):
    sat = rig.stub.add()
    member = rig.member(role, assigned=[(role, sat.exam_id)] if is_assigned else [])
    answer = await member.get(f"/exams/{sat.exam_id}/pulse")
    assert answer.status_code == status
