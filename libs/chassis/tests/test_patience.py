"""A request waits no longer than its patience; what has no request behind it waits as it did."""

import asyncio
import time

import pytest
from chassis import patience, rpc
from chassis.errors import Unavailable
from chassis.patience import Spent, within


async def test_waiting_ends_with_the_patience_of_the_request():
    began = time.monotonic()
    with patience.begun(0.05, "POST"), pytest.raises(Spent):
        async with within():
            await asyncio.Event().wait()
    assert time.monotonic() - began < 5


async def test_all_waits_of_a_request_share_one_deadline():
    with patience.begun(0.05, "POST") as mine:
        async with within():
            await asyncio.sleep(0.01)
        assert 0 < mine.left() < 0.05
        with pytest.raises(Spent):
            async with within():
                await asyncio.Event().wait()
        assert mine.left() == 0


async def test_tasks_of_a_request_share_its_patience():
    async def left() -> float:
        return patience.current().left()

    with patience.begun(7, "POST"):
        assert 0 < await asyncio.create_task(left()) <= 7


async def test_without_a_request_nothing_ends_a_wait():
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(0.02, done.set)
    async with within():
        await done.wait()
    assert patience.current() is None


async def test_an_answer_that_has_begun_gives_each_wait_the_whole_time():
    with patience.begun(0.05, "GET") as mine:
        with pytest.raises(Spent):
            async with within():
                await asyncio.Event().wait()
        patience.for_each_wait()
        assert mine.left() == 0.05


async def test_what_the_gateway_waits_for_longer_may_take_longer():
    with patience.begun(0.0, "POST") as mine:
        patience.allow(50)
        assert 49 < mine.left() <= 50


@pytest.mark.parametrize(("method", "is_reading"), [("GET", True), ("HEAD", True), ("PUT", False)])
def test_who_reads_can_have_stored_nothing(method, is_reading):
    with patience.begun(1, method) as mine:
        assert mine.is_reading is is_reading


async def test_an_error_of_what_is_waited_for_stays_what_it_is():
    with patience.begun(5, "POST"), pytest.raises(TimeoutError, match="of its own"):
        async with within():
            raise TimeoutError("of its own")


async def test_a_neighbour_is_waited_for_no_longer_than_the_request_may_take():
    asked: list[float] = []

    async def method(_: object, *, timeout: float) -> None:  # noqa: ASYNC109  # as gRPC calls it
        asked.append(timeout)
        raise Unavailable

    with patience.begun(2, "POST"), pytest.raises(Unavailable):
        await rpc.call(method, object(), seconds=9)
    with pytest.raises(Unavailable):
        await rpc.call(method, object(), seconds=9)
    assert asked[0] <= 2
    assert 8 < asked[1] <= 9
