import asyncio

import pytest
from auth.errors import HashingBusy
from auth.turns import Turns


async def refusal(turns: Turns) -> float:
    with pytest.raises(HashingBusy) as refused:
        await turns.take()
    return refused.value.retry_after_seconds


async def test_turns_are_given_in_the_order_of_coming():
    turns, order = Turns(at_once=1, queue_size=10, wait_seconds=5), []

    async def come(number):
        async with turns.turn():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(come, range(8)))
    assert order == list(range(8))


async def test_a_turn_that_fails_is_given_back():
    turns = Turns(at_once=1, queue_size=1, wait_seconds=5)
    with pytest.raises(ValueError, match="why"):
        async with turns.turn():
            raise ValueError("why")
    async with turns.turn():
        pass


async def test_who_leaves_the_queue_makes_room_in_it():
    turns = Turns(at_once=1, queue_size=1, wait_seconds=5)
    await turns.take()
    leaving = asyncio.ensure_future(turns.take())
    await asyncio.sleep(0)
    await refusal(turns)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    staying = asyncio.ensure_future(turns.take())
    await asyncio.sleep(0)
    turns.give_back()
    await staying


async def test_who_could_not_be_served_in_time_is_refused_at_once():
    turns = Turns(at_once=1, queue_size=100, wait_seconds=60)
    await turns.take()
    turns._pace_seconds = 25.0  # the third in the queue would have to wait for 75 s
    waiting = [asyncio.ensure_future(turns.take()) for _ in range(3)]
    await asyncio.sleep(0)
    await refusal(turns)
    assert [one.done() for one in waiting] == [False, False, False]
    for _ in waiting:
        turns.give_back()
    await asyncio.gather(*waiting)


async def test_one_who_is_refused_comes_back_within_seconds():
    times = {await refusal(Turns(at_once=1, queue_size=0, wait_seconds=1)) for _ in range(200)}
    assert times == {2, 3, 4, 5, 6}


async def test_a_crowd_comes_back_over_the_time_that_serving_it_takes():
    turns = Turns(at_once=1, queue_size=0, wait_seconds=1)
    turns._pace_seconds = 0.05
    times = [await refusal(turns) for _ in range(400)]
    assert max(times[:20]) <= 7
    assert 18 < max(times[200:]) <= 26
    assert min(times) >= 2


async def test_no_crowd_is_told_to_stay_away_for_longer_than_half_a_minute_or_so():
    turns = Turns(at_once=1, queue_size=0, wait_seconds=1)
    turns._pace_seconds = 60.0
    assert max([await refusal(turns) for _ in range(300)]) <= 36


async def test_the_pace_is_learned_from_the_turns():
    turns = Turns(at_once=2, queue_size=1, wait_seconds=1)
    for _ in range(3):
        async with turns.turn():
            await asyncio.sleep(0)
    assert turns._pace_seconds > 0
