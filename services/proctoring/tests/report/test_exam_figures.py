"""Reports, per exam: distributions, heat map, question times with outliers, all counted in SQL."""

from datetime import datetime

import pytest


async def figures(client, sat, what: str, **query) -> dict:
    answer = await client.get(f"/exams/{sat.exam_id}/report/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def class_of(rig):
    """Return a maker of attempts at one new exam."""

    def make(count: int) -> list:
        first = rig.stub.add()
        return [first, *(rig.stub.add(exam_id=first.exam_id) for _ in range(count - 1))]

    return make


async def test_events_are_counted_by_type_and_severity_with_their_attempts(
    rig, admin, past, class_of
):
    one, two = class_of(2)
    await past.did(one, "tab_switch", "tab_switch", "copy_paste_attempt")
    await past.told(two, past.event(two, "tab_switch", severity="violation"), past.event(two))
    await past.did(rig.stub.add(), "tab_switch")
    counted = (await figures(admin, one, "events"))["event_types"]
    shown = [tuple(each.values()) for each in counted]
    assert shown == [
        ("tab_switch", "warning", 3, 2),
        ("copy_paste_attempt", "violation", 1, 1),
        ("tab_switch", "violation", 1, 1),
    ]


async def test_the_heat_map_shows_who_and_when_most_violations_first(admin, past, owner, class_of):
    calm, one, two = class_of(3)
    await past.did(calm, "window_focus")
    await past.did(one, *["tab_switch"] * 3)
    await past.did(two, "copy_paste_attempt", "tab_switch")
    await past.moved(owner, one, up_to=2, seconds=600)
    heat = (await figures(admin, one, "events", bucket_seconds=300))["heat_map"]
    assert [row["attempt_id"] for row in heat["attempts"]] == [two.attempt_id, one.attempt_id]
    of_two, of_one = (row["cells"] for row in heat["attempts"])
    assert of_one == [[0, 2, 0], [2, 1, 0]]
    assert of_two == [[2, 1, 1]]
    assert (heat["bucket_seconds"], heat["bucket_count"]) == (300, 3)
    assert datetime.fromisoformat(heat["begins_at"]).timestamp() % 300 == 0
    second = (await figures(admin, one, "events", skip=1, limit=1))["heat_map"]
    assert [row["attempt_id"] for row in second["attempts"]] == [one.attempt_id]


async def test_a_long_exam_is_cut_into_at_most_288_spans(admin, past, owner, class_of):
    [sat] = class_of(1)
    await past.did(sat, "tab_switch", "tab_switch")
    await past.moved(owner, sat, up_to=1, seconds=3 * 86_400)
    heat = (await figures(admin, sat, "events", bucket_seconds=60))["heat_map"]
    assert 144 <= heat["bucket_count"] <= 288
    assert sum(cell[1] for cell in heat["attempts"][0]["cells"]) == 2


async def test_each_question_has_its_quartiles_and_names_its_outliers(admin, past, class_of):
    sats = class_of(8)
    for sat, seconds in zip(sats, (30, 31, 32, 33, 34, 35, 400, 1), strict=True):
        await past.took(sat, 2, seconds)
        await past.took(sat, 1, 5)
        await past.did(sat, "window_focus")
    one, two = (await figures(admin, sats[0], "questions"))["questions"]
    assert (one["question_id"], one["outlier_count"], one["outliers"]) == (1, 0, [])
    assert two["class_pace"]["median"] == 32.5
    assert (two["student_count"], two["total_time_seconds"]) == (8, 596)
    assert two["outliers"] == [
        {"attempt_id": sats[6].attempt_id, "total_time_seconds": 400},
        {"attempt_id": sats[7].attempt_id, "total_time_seconds": 1},
    ]
    assert two["outlier_count"] == 2


async def test_of_a_question_that_four_have_seen_no_spread_is_shown(admin, past, class_of):
    sats = class_of(4)
    for sat, seconds in zip(sats, (1, 1, 1, 900), strict=True):
        await past.took(sat, 1, seconds)
        await past.did(sat, "window_focus")
    [question] = (await figures(admin, sats[0], "questions"))["questions"]
    assert (question["class_pace"], question["outlier_count"]) == (None, 0)


@pytest.mark.parametrize("what", ["events", "questions"])
async def test_an_exam_of_which_nothing_came_has_empty_figures(rig, admin, what):
    shown = await figures(admin, rig.stub.add(), what)
    assert shown.get("event_types", []) == shown.get("questions", []) == []


@pytest.mark.parametrize("what", ["events", "questions"])
@pytest.mark.parametrize(
    ("role", "is_assigned", "status"),
    [
        ("hall_in_charge", False, 200),
        ("proctor", True, 200),
        ("grader", True, 200),
        ("proctor", False, 403),
        ("grader", False, 403),
        ("student", False, 403),
        ("technician", False, 403),
    ],
)
async def test_figures_are_for_staff_and_who_is_assigned(rig, what, role, is_assigned, status):
    sat = rig.stub.add()
    member = rig.member(role, assigned=[(role, sat.exam_id)] if is_assigned else [])
    answer = await member.get(f"/exams/{sat.exam_id}/report/{what}")
    assert answer.status_code == status
