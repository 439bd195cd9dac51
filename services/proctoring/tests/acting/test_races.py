"""Two at the same moment, on connections of their own: one changes something, both see the same."""

import asyncio
import threading
import uuid
from datetime import UTC, datetime

import pytest
from chassis.origins import NOWHERE
from proctoring.acting import store
from proctoring.acting.action import Action, Kind, Order, State, Wish

AT_ONCE = 6


async def together(work, *arguments) -> list:
    """Run the same blocking work on several threads that begin together."""
    barrier = threading.Barrier(AT_ONCE)

    def one():
        barrier.wait(10)
        return work(*arguments)

    return await asyncio.gather(*(asyncio.to_thread(one) for _ in range(AT_ONCE)))


@pytest.fixture
async def asked(hall) -> Action:
    """An action that attempts has not been asked to carry out yet."""
    sat, _ = hall.sits()
    wish = Wish(Kind.PAUSE, "fire alarm")
    order = Order(uuid.uuid4(), hall.exam_id, 9, wish, (sat.attempt_id,), NOWHERE)
    facts = await hall.rig.app.state.attempts.ask([sat.attempt_id], with_questions=False)
    record = hall.rig.app.state.acting.doing._record
    [action] = await asyncio.to_thread(record, order, [sat.attempt_id], facts, "ann")
    assert action.state is State.ASKED
    return action


@pytest.mark.parametrize("_", range(3))
async def test_an_outcome_that_many_bring_is_written_and_announced_once(hall, asked, _):
    settle = hall.rig.app.state.acting.doing._settle
    settled = await together(settle, [asked], {asked.attempt_id: False}, {})
    assert len({actions[0].settled_at for actions in settled}) == 1
    assert len(await hall.said(asked.attempt_id, "action_requested")) == 1


async def test_whoever_settles_waits_for_who_is_at_it(hall, asked):
    """Holding the row keeps others out until the outcome is written: they find it, then."""
    doing, database = hall.rig.app.state.acting.doing, hall.rig.database
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with database.transaction() as session:
            [mine] = store.lock(session, [asked.id])
            is_held.set()
            may_go.wait(10)
            store.save(session, [mine.done(datetime.now(UTC), is_closed=True)])

    holding = asyncio.create_task(asyncio.to_thread(hold))
    await asyncio.to_thread(is_held.wait, 10)
    outcomes = {asked.attempt_id: False}
    settling = asyncio.create_task(asyncio.to_thread(doing._settle, [asked], outcomes, {}))
    done, _ = await asyncio.wait({settling}, timeout=0.3)
    assert not done, "it did not wait"
    may_go.set()
    await holding
    [found] = await settling
    assert found.state is State.EXPIRED, "the first outcome stands"


async def test_an_acknowledgement_that_several_sockets_send_is_one(hall):
    sat, student = hall.sits()
    item = (await hall.act(hall.proctor(), sat.attempt_id))[sat.attempt_id]
    path = f"/attempt/{sat.attempt_id}/actions/{item['action']['id']}/acknowledge"
    answers = await asyncio.gather(*(student.post(path) for _ in range(AT_ONCE)))
    assert len({answer.json()["acknowledged_at"] for answer in answers}) == 1
    assert len(await hall.said(sat.attempt_id, "action_acknowledged")) == 1
