import asyncio
import random
import time
from collections import Counter, deque

import auth.turns
import pytest
from auth.errors import HashingBusy
from auth.turns import Turns


async def refusal(turns: Turns, who: str | None = None) -> float:
    with pytest.raises(HashingBusy) as refused:
        await turns.take(who)
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
    assert 17 <= max(times[200:]) <= 18
    assert times[200:] == sorted(times[200:])
    assert min(times) >= 2


async def test_no_crowd_is_told_to_stay_away_for_longer_than_two_minutes():
    turns = Turns(at_once=1, queue_size=0, wait_seconds=1)
    turns._pace_seconds = 60.0
    assert max([await refusal(turns) for _ in range(300)]) == 120


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.monotonic() + self.ahead

    def shift(self, seconds: float) -> None:
        self.ahead += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("auth.turns._now", clock.now)
    return clock


@pytest.fixture
async def busy():
    """Yield turns with a second and a half of work in front of whoever comes."""
    turns = Turns(at_once=1, queue_size=100, wait_seconds=2)
    await turns.take()
    turns._pace_seconds = 0.5
    waiting = [asyncio.ensure_future(turns.take()) for _ in range(3)]
    await asyncio.sleep(0)
    yield turns
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def comes(turns: Turns, who: str | None = None) -> bool:
    """Let somebody knock; return whether he waits at the door, and send him away again."""
    coming = asyncio.ensure_future(turns.take(who))
    await asyncio.sleep(0)
    waits = not coming.done()
    coming.cancel()
    await asyncio.gather(coming, return_exceptions=True)
    return waits


async def test_who_comes_back_when_he_was_told_goes_before_who_is_new(busy, clock):
    assert await comes(busy, "the third")
    for number in range(20):
        busy._keep(f"before him {number}", auth.turns._now() + 1)
    seconds = await refusal(busy, "late")
    assert seconds == round((3 + 20) * 0.5 * 0.9 - 1)
    assert not await comes(busy, "new")
    clock.shift(seconds)
    assert not await comes(busy, "newer")
    assert await comes(busy, "late")


async def test_who_comes_back_too_early_is_told_the_rest_and_keeps_his_place(busy, clock):
    for number in range(20):
        busy._keep(f"before him {number}", auth.turns._now() + 1)
    seconds = await refusal(busy, "hasty")
    clock.shift(4)
    assert await refusal(busy, "hasty") == seconds - 4
    clock.shift(seconds - 4)
    assert await comes(busy, "hasty")


async def test_a_place_that_nobody_claims_is_given_away(busy, clock):
    for number in range(20):
        busy._keep(f"never comes {number}", auth.turns._now() + 1)
    assert not await comes(busy, "new")
    clock.shift(60)
    assert await comes(busy, "newer")


async def test_places_of_people_who_are_away_keep_no_turn_idle():
    turns = Turns(at_once=1, queue_size=100, wait_seconds=2)
    turns._pace_seconds = 0.5
    for number in range(1_000):
        turns._keep(f"made up {number}", auth.turns._now() + 20)
    async with turns.turn("somebody"):
        assert turns.is_taken


async def test_no_more_places_are_kept_than_a_bound(busy, monkeypatch):
    monkeypatch.setattr("auth.turns._MOST_REMEMBERED", 5)
    for number in range(20):
        busy._keep(f"one of many {number}", auth.turns._now() + 1)
    assert len(busy._away) == len(busy._numbers) == 5


async def test_the_pace_is_learned_from_the_turns():
    turns = Turns(at_once=2, queue_size=1, wait_seconds=1)
    for _ in range(3):
        async with turns.turn():
            await asyncio.sleep(0)
    assert turns._pace_seconds > 0


async def test_who_was_told_too_early_is_told_again_for_those_before_him(busy, clock):
    for number in range(40):
        busy._keep(f"told too early {number}", auth.turns._now() + 1)
    clock.shift(1)
    busy._pace_seconds = 1.0  # turns have become slower: three seconds' work is here, he has two
    for number in (31, 17):
        seconds = await refusal(busy, f"told too early {number}")
        assert seconds == round((3 + number) * 0.9 - 1)
    assert len(busy._numbers) == 40


async def test_a_line_is_worked_off_in_the_order_of_coming(monkeypatch):
    """A crowd at a door that lets one in every 0.1 s: who was first refused first is let in first,
    nobody is told more than a few times, and no turn is idle while somebody is away."""
    now = 0.0
    monkeypatch.setattr("auth.turns._now", lambda: now)
    monkeypatch.setattr("auth.turns.random", random.Random(1))  # noqa: S311  # jitter
    turns = Turns(at_once=1, queue_size=100, wait_seconds=7)
    turns._pace_seconds = 0.1
    due = dict.fromkeys(range(400), 0.0)  # who is away, and when he comes
    told: Counter[int] = Counter()
    here: deque[int] = deque()
    served: list[int] = []
    idle = 0
    for tick in range(1_000):
        now = tick * 0.1
        for who in sorted((w for w, at in due.items() if at <= now), key=lambda w: due[w]):
            turns._waiting = len(here)
            if turns._is_in_vain(who):
                due[who] = now + turns._busy(who).retry_after_seconds
                told[who] += 1
            else:
                turns._give_up(who)
                del due[who]
                here.append(who)
        if here:
            served.append(here.popleft())
        elif due:
            idle += 1
    assert sorted(served) == list(range(400))
    assert max(told.values()) <= 6
    assert idle <= 20
    away = [abs(place - who) for place, who in enumerate(served)]
    assert sum(away) / len(away) < 40
