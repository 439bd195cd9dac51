"""One row that nobody can read, or one attempt that cannot be assessed, stops no other score."""

import asyncio
import json
import time
import uuid

import pytest
from proctoring.metrics import PASSED_OVER, UNREADABLE_RISKS
from proctoring.risk import assessing, filing, reading
from proctoring.risk.keeping import Keeper
from proctoring.risk.scoring import Contribution
from sqlalchemy import text

ONE = Contribution("copy-paste", 1, "Copying was tried.", 4, 20, 4, 1, (7,))


def test_what_is_written_is_read():
    assert filing.read(filing.written([ONE])) == (ONE,)


def test_what_a_newer_program_says_besides_is_passed_over():
    [item] = json.loads(filing.written([ONE]))
    assert filing.read(json.dumps([item | {"colour": "red"}])) == (ONE,)


GOOD = json.loads(filing.written([ONE]))[0]


@pytest.mark.parametrize(
    "stored",
    [
        {"a": 1},
        "contributions",
        None,
        7,
        [1],
        [None],
        [{}],
        [{name: value for name, value in GOOD.items() if name != "points"}],
        [GOOD | {"points": "4"}],
        [GOOD | {"event_ids": None}],
        [GOOD | {"event_ids": ["7"]}],
        [GOOD | {"rule_id": None}],
    ],
    ids=repr,
)
def test_anything_else_is_unreadable(stored):
    with pytest.raises(filing.Unreadable):
        filing.read(json.dumps(stored))


async def post(client, sat, event_type: str = "copy_paste_attempt") -> None:
    body = {"attempt_id": sat.attempt_id, "event_type": event_type, "event_id": str(uuid.uuid4())}
    answer = await client.post("/events", json=body)
    assert answer.status_code == 201


async def scored(rig, sat, score: int) -> None:
    until = time.monotonic() + 40
    while (await rig.rows(reading.risk_of, sat.attempt_id)).score != score:
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


async def spoil(rig, sat, contributions: str) -> None:
    spoiled = "UPDATE proctoring.risks SET contributions = CAST(:c AS json) WHERE attempt_id = :id"
    values = {"c": contributions, "id": sat.attempt_id}
    await rig.rows(lambda s: s.execute(text(spoiled), values))


@pytest.mark.parametrize("contributions", ['{"a": 1}', "[17]", '[{"rule_id": "copy-paste"}]'])
async def test_a_row_that_cannot_be_read_is_told_and_made_anew(rig, contributions):
    (bad, his), (good, hers) = rig.sits(), rig.sits()
    admin = rig.client(1, "admin")
    await post(his, bad)
    await scored(rig, bad, 4)
    await spoil(rig, bad, contributions)
    counted = UNREADABLE_RISKS._value.get()
    shown = await admin.get(f"/attempt/{bad.attempt_id}/risk")
    assert (shown.status_code, shown.json()["score"]) == (200, 4), "the score itself still stands"
    assert shown.json()["contributions"] == []
    report = await admin.get(f"/attempt/{bad.attempt_id}/report")
    assert report.status_code == 200
    listed = await admin.get(f"/exams/{bad.exam_id}/attempts", params={"rule": "copy-paste"})
    assert (listed.status_code, listed.json()["total"]) == (200, 0)
    assert UNREADABLE_RISKS._value.get() > counted
    await post(hers, good)
    await scored(rig, good, 4)
    await post(his, bad, "answer_change")
    until = time.monotonic() + 40
    while not (made := await rig.rows(reading.kept_of, bad.attempt_id)).risk.contributions:
        assert time.monotonic() < until
        await asyncio.sleep(0.05)
    assert (made.risk.score, made.risk.contributions[0].rule_id) == (4, "copy-paste")


async def test_what_cannot_be_made_anew_stays_as_it_is(rig, owner):
    """Where retention has been there is nothing to make it of: better the old score than none."""
    sat, client = rig.sits()
    visible = {"action": "visible", "duration_seconds": 40.0}
    body = {"attempt_id": sat.attempt_id, "event_type": "tab_switch", "event_data": visible}
    assert (await client.post("/events", json=body)).status_code == 201
    await post(client, sat)
    await scored(rig, sat, 5)
    await spoil(rig, sat, '{"not": "known"}')
    erased = "UPDATE proctoring.proctoring_events SET event_data = NULL, data_salt = NULL"

    def erase() -> None:
        with owner.transaction() as session:
            session.execute(text(f"{erased} WHERE attempt_id = :id"), {"id": sat.attempt_id})

    await asyncio.to_thread(erase)
    await rig.rows(lambda s: assessing.assess(s, {sat.attempt_id: sat.exam_id}, is_forced=True))
    kept = await rig.rows(reading.kept_of, sat.attempt_id)
    assert (kept.risk.score, json.loads(kept.unreadable)) == (5, {"not": "known"})


async def test_an_attempt_that_cannot_be_assessed_is_left_and_the_others_are_not(rig, monkeypatch):
    """Whatever it is: the keeper goes on, says so, and does not take it up again at once."""
    (bad, his), (good, hers) = rig.sits(), rig.sits()
    real, tried = assessing.assess, []

    def picky(session, exam_ids, **options):
        if bad.attempt_id in exam_ids:
            tried.append(len(exam_ids))
            raise KeyError("unheard of")
        return real(session, exam_ids, **options)

    monkeypatch.setattr(assessing, "assess", picky)
    counted = PASSED_OVER._value.get()
    await post(his, bad)
    await post(hers, good)
    keeper = Keeper(rig.database, wake=lambda: None)
    until = time.monotonic() + 40
    while (await rig.rows(reading.risk_of, good.attempt_id)).score != 4 or 1 not in tried:
        assert time.monotonic() < until
        await keeper.turn()
    assert PASSED_OVER._value.get() > counted
    before = len(tried)
    assert keeper._left_alone() == [bad.attempt_id]
    await keeper.turn()
    assert len(tried) <= before + 2, "not by this keeper; the app's own may have met it once"
    monkeypatch.setattr(assessing, "assess", real)
    await rig.rows(lambda s: assessing.assess(s, {bad.attempt_id: bad.exam_id}))
    assert (await rig.rows(reading.risk_of, bad.attempt_id)).score == 4
