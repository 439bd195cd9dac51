"""Saves over REST that wait at the same moment are written together."""

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest
from attempts import grouping as groupings
from attempts.answer import Answer, Save
from attempts.errors import ActiveAttemptNotFound
from attempts.grouping import _QUEUE_LIMIT, GROUPS_IN_FLIGHT, LARGE, Grouping
from attempts.progress import Receipt, Refusal, Refused, Saved
from attempts.saving import told
from chassis.database import DatabaseUnavailable
from chassis.waiting import eventually

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MOST = 20
REFUSED, BROKEN = 404, 500
"""Attempts whose saves are refused, and those that the database cannot take."""


class Desk:
    """Stands in for the database and for the deed: writes groups when it is told to."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.is_away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, work, saves):
        self.groups.append([save.attempt_id for save in saves])
        await self.gate.wait()
        if self.is_away:
            raise DatabaseUnavailable
        return work(saves)

    def save_all(self, saves):
        if any(save.attempt_id == BROKEN for save in saves):
            raise RuntimeError("broken")
        return [self.outcome(save) for save in saves]

    def outcome(self, save: Save):
        if save.attempt_id == REFUSED:
            return Refused(Refusal.ATTEMPT_NOT_FOUND)
        answer = Answer(save.attempt_id, save.question_id, save.value)
        return Saved(Receipt(NOW, 1, 1, 1, ""), answer, ())


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def grouping(desk):
    grouping = Grouping(desk, desk.save_all, most=MOST)
    running = asyncio.create_task(grouping.run())
    yield grouping
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def save(grouping: Grouping, wish: Save) -> Answer:
    return told(await grouping.put(wish))


def saves(grouping: Grouping, *attempt_ids: int) -> list[asyncio.Task]:
    return [asyncio.create_task(save(grouping, Save(n, 2, 3, "B"))) for n in attempt_ids]


@contextlib.asynccontextmanager
async def while_written(desk: Desk, grouping: Grouping):
    """Hold up a first group for the length of the block."""
    desk.gate.clear()
    [first] = saves(grouping, 1)
    await eventually(lambda: desk.groups)
    yield
    desk.gate.set()
    await asyncio.gather(first, return_exceptions=True)


async def test_a_save_that_comes_alone_waits_for_nobody(desk, grouping):
    assert await save(grouping, Save(1, 2, 3, "B")) == Answer(1, 3, "B")
    assert desk.groups == [[1]]


async def test_what_comes_while_a_group_is_written_is_the_next_one(desk, grouping):
    async with while_written(desk, grouping):
        waiting = saves(grouping, 2, 3, 4)
        await eventually(lambda: len(grouping._line) == 3)
    assert [(await task).attempt_id for task in waiting] == [2, 3, 4]
    assert desk.groups == [[1], [2, 3, 4]]


async def test_a_group_is_bounded(desk, grouping):
    async with while_written(desk, grouping):
        waiting = saves(grouping, *range(1000, 1000 + MOST + 1))
        await eventually(lambda: len(grouping._line) == len(waiting))
    await asyncio.gather(*waiting)
    assert [len(group) for group in desk.groups] == [1, MOST, 1]


async def test_everybody_hears_what_became_of_his_own(desk, grouping):
    async with while_written(desk, grouping):
        waiting = saves(grouping, 2, REFUSED, BROKEN, 3)
        await eventually(lambda: len(grouping._line) == 4)
    heard = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in heard] == [Answer, ActiveAttemptNotFound, RuntimeError, Answer]


async def test_while_the_database_is_away_all_are_told_so_and_none_is_tried_again(desk, grouping):
    desk.is_away = True
    heard = await asyncio.gather(*saves(grouping, 1, 2), return_exceptions=True)
    assert [type(one) for one in heard] == [DatabaseUnavailable] * 2
    assert desk.groups == [[1, 2]]
    desk.is_away = False
    assert await save(grouping, Save(3, 2, 3, "B")) == Answer(3, 3, "B")


async def test_a_full_line_refuses_at_once(desk, grouping):
    async with while_written(desk, grouping):
        waiting = saves(grouping, *range(1000, 1000 + _QUEUE_LIMIT))
        await eventually(lambda: len(grouping._line) == _QUEUE_LIMIT)
        with pytest.raises(DatabaseUnavailable):
            await save(grouping, Save(2, 2, 3, "B"))
    await asyncio.gather(*waiting)


async def test_a_client_that_has_gone_does_not_stop_the_others(desk, grouping):
    async with while_written(desk, grouping):
        gone, stays = saves(grouping, 2, 3)
        await eventually(lambda: len(grouping._line) == 2)
        gone.cancel()
    assert (await stays).attempt_id == 3
    assert desk.groups == [[1], [2, 3]]


async def test_at_the_end_nobody_is_left_waiting(desk):
    grouping = Grouping(desk, desk.save_all, most=MOST)
    running = asyncio.create_task(grouping.run())
    async with while_written(desk, grouping):
        [waiting] = saves(grouping, 2)
        await eventually(lambda: len(grouping._line) == 1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        with pytest.raises(DatabaseUnavailable):
            await waiting
    with pytest.raises(DatabaseUnavailable):
        await save(grouping, Save(3, 2, 3, "B"))


@pytest.fixture
async def several(desk):
    """Yield one whose groups are written beside each other, as the service does it."""
    grouping = Grouping(desk, desk.save_all)
    running = [asyncio.create_task(grouping.run()) for _ in range(GROUPS_IN_FLIGHT)]
    yield grouping
    for one in running:
        one.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def test_a_small_group_waits_and_grows_and_a_large_one_is_written_beside(desk, several):
    async with while_written(desk, several):
        waiting = saves(several, *range(1000, 1000 + LARGE - 1))
        await eventually(lambda: len(several._line) == LARGE - 1)
        await asyncio.sleep(0)
        assert len(desk.groups) == 1
        waiting += saves(several, 2000)
        await eventually(lambda: len(desk.groups) == 2)
        waiting += saves(several, *range(3000, 3000 + LARGE + 1))
        await eventually(lambda: len(several._line) == LARGE + 1)
        await asyncio.sleep(0)
        assert [len(group) for group in desk.groups] == [1, LARGE]
    await asyncio.gather(*waiting)
    assert [len(group) for group in desk.groups] == [1, LARGE, LARGE + 1]


async def test_groups_that_stand_still_keep_nobody_waiting(desk, several, monkeypatch):
    monkeypatch.setattr(groupings, "STANDS_STILL_SECONDS", 0.01)
    async with while_written(desk, several):
        waiting = saves(several, 2)
        await eventually(lambda: len(desk.groups) == 2)
        waiting += saves(several, 3)
        await eventually(lambda: len(desk.groups) == 3)
        assert desk.groups == [[1], [2], [3]]
    await asyncio.gather(*waiting)
