"""Who looks after whom: first wins, hand-over, taking over, a list at once, end and history."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from chassis.waiting import eventually
from hypothesis import given
from hypothesis import strategies as st
from proctoring.acting.claim import BEGINNINGS, ENDS, Change, Claim, Holder

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@given(st.lists(st.sampled_from(sorted(ENDS, key=lambda c: c.value)), min_size=1))
def test_a_claim_ends_once_and_in_the_way_in_which_it_ended_first(ways):
    claim = Claim(1, 7, 3, Holder(9, "ann"), Change.CLAIMED, 9, START)
    assert claim.is_open
    for place, way in enumerate(ways):
        claim = claim.end(way, place, START + timedelta(seconds=place))
    assert not claim.is_open
    assert (claim.ended, claim.ended_by_id, claim.ended_at) == (ways[0], 0, START)


def test_every_change_begins_or_ends_a_claim():
    assert set(Change) == BEGINNINGS | ENDS


async def test_of_many_who_claim_at_once_one_wins_and_the_others_are_told_who_and_since_when(hall):
    sat, _ = hall.sits()
    people = [hall.watcher() for _ in range(6)]
    path = f"/attempt/{sat.attempt_id}/claim"
    answers = await asyncio.gather(*(client.post(path) for _, client in people))
    won = [(user_id, a) for (user_id, _), a in zip(people, answers, strict=True) if a.is_success]
    assert len(won) == 1
    winner, claim = won[0][0], won[0][1].json()
    assert (claim["claimed_by_id"], claim["claimed_by"]) == (winner, f"proctor-{winner}")
    for answer in answers:
        if not answer.is_success:
            told = answer.json()
            assert answer.status_code == 409
            assert told["claimed_by_id"] == winner
            assert told["claimed_at"] == claim["claimed_at"]
            assert told["detail"] == (
                f"Attempt is claimed by proctor-{winner} since {claim['claimed_at']}"
            )
    [said] = await hall.said(sat.attempt_id)
    assert said["data"] == {
        "change": "claimed",
        "claimed_by_id": winner,
        "claimed_by": f"proctor-{winner}",
        "claimed_at": claim["claimed_at"],
        "changed_by_id": winner,
        "changed_at": claim["claimed_at"],
    }


async def test_claiming_twice_is_harmless_and_giving_back_makes_room(hall):
    sat, _ = hall.sits()
    (_, one), (two_id, two) = hall.watcher(), hall.watcher()
    path = f"/attempt/{sat.attempt_id}/claim"
    first = await one.post(path)
    assert (await one.post(path)).json() == first.json()
    refused = await two.delete(path)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:oep:problem:not-your-claim")
    assert (await one.delete(path)).status_code == 204
    assert (await one.delete(path)).status_code == 204
    assert (await two.post(path)).json()["claimed_by_id"] == two_id
    changes = [n["data"]["change"] for n in await hall.said(sat.attempt_id)]
    assert changes == ["claimed", "released", "claimed"]


async def test_a_student_is_handed_over_to_a_colleague_of_the_same_exam_only(hall):
    sat, _ = hall.sits()
    (one_id, one), (two_id, two) = hall.watcher(), hall.watcher()
    elsewhere, _ = hall.watcher("proctor", exam_id=1)
    path = f"/attempt/{sat.attempt_id}/claim"
    to_two = {"to_user_id": two_id, "reason": "my shift ends"}
    unheld = await one.post(f"{path}/hand-over", json=to_two)
    assert unheld.json()["type"] == "urn:oep:problem:not-claimed"
    await one.post(path)
    foreign = await one.post(f"{path}/hand-over", json={"to_user_id": elsewhere})
    assert (foreign.status_code, foreign.json()["detail"]) == (
        400,
        f"User {elsewhere} is not assigned to this exam as a proctor",
    )
    stolen = await two.post(f"{path}/hand-over", json=to_two)
    assert stolen.json()["claimed_by_id"] == one_id
    given = await one.post(f"{path}/hand-over", json=to_two)
    assert (given.status_code, given.json()["claimed_by_id"]) == (200, two_id)
    assert (given.json()["began"], given.json()["reason"]) == ("handed_over", "my shift ends")
    [_, said] = await hall.said(sat.attempt_id)
    assert said["data"]["claimed_by"] == f"proctor-{two_id}"
    assert (said["data"]["change"], said["data"]["changed_by_id"]) == ("handed_over", one_id)


@pytest.mark.parametrize("role", ["admin", "hall_in_charge"])
async def test_who_is_in_charge_takes_over_with_a_reason(hall, role):
    sat, _ = hall.sits()
    (_, one), (chief_id, chief) = hall.watcher(), hall.watcher(role)
    path = f"/attempt/{sat.attempt_id}/claim"
    await one.post(path)
    assert (await chief.post(path)).status_code == 409
    assert (await chief.post(f"{path}/take-over", json={})).status_code == 422
    body = {"reason": "colleague is ill"}
    assert (await hall.proctor().post(f"{path}/take-over", json=body)).status_code == 403
    taken = await chief.post(f"{path}/take-over", json=body)
    assert (taken.status_code, taken.json()["claimed_by_id"]) == (200, chief_id)


async def test_a_whole_list_is_claimed_at_once_and_says_who_was_faster(hall):
    ids = [hall.sits()[0].attempt_id for _ in range(4)]
    gone = hall.sits("graded")[0].attempt_id
    foreign = hall.rig.stub.add().attempt_id
    (one_id, one), (two_id, two) = hall.watcher(), hall.watcher()
    await one.post(f"/attempt/{ids[0]}/claim")
    path = f"/exams/{hall.exam_id}/claims"
    answer = (await two.post(path, json={"attempt_ids": [*ids, gone, foreign]})).json()
    assert [claim["attempt_id"] for claim in answer["claimed"]] == ids[1:]
    assert [(c["attempt_id"], c["claimed_by_id"]) for c in answer["taken"]] == [(ids[0], one_id)]
    assert {r["attempt_id"]: r["error"]["status"] for r in answer["refused"]} == {
        gone: 400,
        foreign: 404,
    }
    listed = (await one.get(path)).json()
    assert {c["attempt_id"]: c["claimed_by_id"] for c in listed} == {
        ids[0]: one_id,
        **dict.fromkeys(ids[1:], two_id),
    }


async def test_two_lists_that_overlap_are_divided_without_a_rest(hall):
    ids = [hall.sits()[0].attempt_id for _ in range(20)]
    (_, one), (_, two) = hall.watcher(), hall.watcher()
    path = f"/exams/{hall.exam_id}/claims"
    first, second = await asyncio.gather(
        one.post(path, json={"attempt_ids": ids}),
        two.post(path, json={"attempt_ids": ids[::-1]}),
    )
    mine, theirs = ({c["attempt_id"] for c in a.json()["claimed"]} for a in (first, second))
    assert mine | theirs == set(ids)
    assert mine & theirs == set()


async def test_a_claim_locks_nobody_out_of_acting(hall):
    sat, _ = hall.sits()
    await hall.proctor().post(f"/attempt/{sat.attempt_id}/claim")
    items = await hall.act(hall.proctor(), sat.attempt_id, action="pause")
    assert items[sat.attempt_id]["status"] == 201


async def test_claims_end_with_the_attempt_and_the_history_stays(hall):
    sat, _ = hall.sits()
    proctor = hall.proctor()
    await proctor.post(f"/attempt/{sat.attempt_id}/claim")
    await proctor.delete(f"/attempt/{sat.attempt_id}/claim")
    await proctor.post(f"/attempt/{sat.attempt_id}/claim")
    hall.rig.stub.set_status(sat, "graded")
    await hall.rig.app.state.acting.sweep.close()
    path = f"/exams/{hall.exam_id}/claims"

    async def is_over() -> bool:
        return (await proctor.get(path)).json() == []

    await eventually(is_over, 5)
    history = (await proctor.get(path, params={"with_ended": "true"})).json()
    assert [claim["ended"] for claim in history] == ["released", "closed"]
    refused = await proctor.post(f"/attempt/{sat.attempt_id}/claim")
    assert (refused.status_code, refused.json()["detail"]) == (400, "Attempt is graded")


async def test_students_neither_claim_nor_see_claims(hall):
    sat, student = hall.sits()
    assert (await student.post(f"/attempt/{sat.attempt_id}/claim")).status_code == 403
    assert (await student.get(f"/exams/{hall.exam_id}/claims")).status_code == 403
