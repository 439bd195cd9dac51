"""Groups form while a group is away, keep order per key and share a failure."""

import asyncio
import contextlib

import pytest
from chassis.waiting import eventually
from realtime.errors import Overloaded
from realtime.grouping import Grouper


class Call:
    """Records groups; waits at a gate."""

    def __init__(self):
        self.groups = []
        self.gate = asyncio.Event()
        self.failure = None

    async def __call__(self, items):
        self.groups.append(list(items))
        await self.gate.wait()
        if self.failure:
            raise self.failure
        return [f"done {item}" for item in items]


@pytest.fixture
def call():
    return Call()


@pytest.fixture
async def grouper(call):
    found = Grouper(call, lambda item: str(item)[0], group_limit=3, queue_limit=10)
    workers = [asyncio.create_task(found.run()) for _ in range(2)]
    yield found
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


async def test_requests_that_wait_together_leave_together(grouper, call):
    first = grouper.submit("a1")
    await eventually(lambda: len(call.groups) == 1)
    answers = [grouper.submit(item) for item in ("b1", "c1", "d1", "e1")]
    await eventually(lambda: len(call.groups) == 2)
    call.gate.set()
    assert await first == "done a1"
    assert await asyncio.gather(*answers) == ["done b1", "done c1", "done d1", "done e1"]
    assert call.groups == [["a1"], ["b1", "c1", "d1"], ["e1"]]


async def test_two_groups_away_never_hold_the_same_key(grouper, call):
    answers = [grouper.submit("a1")]
    await eventually(lambda: len(call.groups) == 1)
    answers += [grouper.submit(item) for item in ("a2", "b1", "a3")]
    await eventually(lambda: len(call.groups) == 2)
    assert call.groups[1] == ["b1"]
    call.gate.set()
    await asyncio.gather(*answers)
    assert call.groups[2] == ["a2", "a3"]


async def test_kinds_are_not_mixed_and_do_not_overtake(grouper, call):
    blocker = grouper.submit("x")
    await eventually(lambda: len(call.groups) == 1)
    call.gate.set()
    answers = [blocker, *(grouper.submit(item) for item in ("11", 12, "13", "21"))]
    await asyncio.gather(*answers)
    order = [item for group in call.groups for item in group]
    assert order.index("11") < order.index(12) < order.index("13")
    assert all(len({type(item) for item in group}) == 1 for group in call.groups)


async def test_a_failure_is_everyones_and_the_next_group_goes_on(grouper, call):
    call.gate.set()
    call.failure = OSError("away")
    answers = [grouper.submit(item) for item in ("a", "b")]
    found = await asyncio.gather(*answers, return_exceptions=True)
    assert [type(error) for error in found] == [OSError, OSError]
    call.failure = None
    assert await grouper.submit("c") == "done c"


async def test_what_exceeds_the_queue_is_refused(call):
    found = Grouper(call, lambda item: item, group_limit=3, queue_limit=2)
    found.submit("a")
    found.submit("b")
    with pytest.raises(Overloaded):
        found.submit("c")


async def test_those_who_wait_hear_of_a_shutdown(call):
    found = Grouper(call, lambda item: item, group_limit=3, queue_limit=2)
    worker = asyncio.create_task(found.run())
    answer = found.submit("a")
    await eventually(lambda: call.groups)
    worker.cancel()
    with pytest.raises(Overloaded):
        await answer
    with contextlib.suppress(asyncio.CancelledError):
        await worker
