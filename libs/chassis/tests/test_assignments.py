"""What is remembered of assignments, for how long, and what a role opens."""

import asyncio
from datetime import UTC, datetime

import pytest
from chassis.assignments import (
    EVERYWHERE,
    FRESH_SECONDS,
    LAST_WORD_SECONDS,
    NOWHERE,
    Assignments,
    AssignmentsUnknown,
)
from chassis.errors import Unavailable
from chassis.tokens import Caller

USER = 7


class Neighbour:
    """Knows who is assigned to what; can be away, and can be made to wait."""

    def __init__(self):
        self.assigned = {("watcher", 1)}
        self.is_away = False
        self.asked = 0
        self.now = 1_000.0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, user_id):
        self.asked += 1
        answer = frozenset(self.assigned)
        await self.may_answer.wait()
        if self.is_away:
            raise Unavailable
        return answer

    def clock(self):
        return self.now


@pytest.fixture
def neighbour():
    return Neighbour()


@pytest.fixture
def assignments(neighbour):
    return Assignments(neighbour, clock=neighbour.clock)


def caller(*roles):
    now = datetime.now(UTC)
    return Caller(USER, frozenset(roles), "login", "token", now, now)


async def reach(assignments, *roles):
    return await assignments.reach(caller(*roles), ("chief",), ("watcher", "marker"))


async def test_a_role_that_reaches_all_needs_no_assignment(assignments, neighbour):
    assert await reach(assignments, "chief", "watcher") == EVERYWHERE
    assert neighbour.asked == 0


async def test_who_holds_none_of_the_roles_reaches_nothing_and_costs_no_question(
    assignments, neighbour
):
    assert await reach(assignments, "visitor") == NOWHERE
    assert neighbour.asked == 0


async def test_an_assignment_counts_in_its_own_role_only(assignments, neighbour):
    neighbour.assigned = {("watcher", 1), ("marker", 2), ("visitor", 3)}
    found = await reach(assignments, "watcher", "visitor")
    assert [n for n in range(5) if found.covers(n)] == [1]
    both = await reach(assignments, "watcher", "marker")
    assert [n for n in range(5) if both.covers(n)] == [1, 2]


async def test_an_answer_is_remembered_for_five_seconds_and_no_longer(assignments, neighbour):
    assert (await reach(assignments, "watcher")).covers(1)
    neighbour.assigned = set()
    neighbour.now += FRESH_SECONDS - 0.1
    assert (await reach(assignments, "watcher")).covers(1)
    neighbour.now += 0.1
    assert not (await reach(assignments, "watcher")).covers(1)
    assert neighbour.asked == 2


async def test_an_answer_is_as_old_as_its_question(assignments, neighbour):
    neighbour.may_answer.clear()
    waiting = asyncio.create_task(assignments.of(USER))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    neighbour.now += FRESH_SECONDS
    neighbour.may_answer.set()
    await waiting
    neighbour.assigned = set()
    assert await assignments.of(USER) == frozenset()


async def test_all_who_ask_at_once_share_one_question(assignments, neighbour):
    neighbour.may_answer.clear()
    waiting = [asyncio.create_task(assignments.of(USER)) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    neighbour.may_answer.set()
    cancelled, *answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(cancelled, asyncio.CancelledError)
    assert answers == [frozenset({("watcher", 1)})] * 19
    assert neighbour.asked == 1


async def test_the_last_word_of_a_neighbour_that_is_away_counts_for_a_quarter_of_an_hour(
    assignments, neighbour
):
    await assignments.of(USER)
    neighbour.is_away = True
    neighbour.now += LAST_WORD_SECONDS
    assert await assignments.of(USER) == frozenset({("watcher", 1)})
    assert neighbour.asked == 2
    await assignments.of(USER)
    assert neighbour.asked == 2, "who is away is not asked at every request"
    neighbour.now += FRESH_SECONDS
    with pytest.raises(AssignmentsUnknown) as unknown:
        await assignments.of(USER)
    assert unknown.value.retry_after_seconds


async def test_of_whom_nothing_is_known_is_told_to_come_again(assignments, neighbour):
    neighbour.is_away = True
    with pytest.raises(AssignmentsUnknown):
        await reach(assignments, "watcher")
    neighbour.is_away = False
    assert (await reach(assignments, "watcher")).covers(1)


async def test_what_is_remembered_is_bounded(assignments, neighbour):
    for user_id in range(10_002):
        await assignments.of(user_id)
    await assignments.of(10_001)
    assert neighbour.asked == 10_002
    await assignments.of(0)
    assert neighbour.asked == 10_003
