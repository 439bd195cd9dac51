"""What waits together goes together; keys never meet themselves; the line is bounded."""

import asyncio
import contextlib
import time

import pytest
from chassis.waiting import eventually
from hypothesis import given, settings
from hypothesis import strategies as st
from proctoring.errors import IntakeFull, IntakeStopping
from proctoring.grouping import LARGE, Grouping, Ticket


class Gate:
    """Work that waits to be let through and remembers what it was given."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.finished: list[str] = []
        self.inside = 0
        self.most_inside = 0
        self.open = asyncio.Event()

    async def __call__(self, group: list[Ticket[str, str]], _learnt: None) -> list[str]:
        self.groups.append([ticket.content for ticket in group])
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        await self.open.wait()
        self.inside -= 1
        self.finished += [ticket.content for ticket in group]
        return [ticket.content.upper() for ticket in group]


async def nothing(_group: list[Ticket[str, str]]) -> None:
    """Prepare what needs no preparation."""


@contextlib.asynccontextmanager
async def grouping(work, prepare=nothing, **changed):
    bounds = {"capacity": 100, "group_size": 50, "patience_seconds": 5.0} | changed
    groups: Grouping[str, str, None] = Grouping(prepare, work, **bounds)
    task = asyncio.create_task(groups.run())
    yield groups, task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def submit(groups, content: str, *keys: int, weight: int = 1) -> asyncio.Future[str]:
    """Submit at the loop's next turn, as a request does that has been read."""

    async def wait() -> str:
        return await groups.submit(content, frozenset(keys), weight)

    return asyncio.create_task(wait())


async def test_what_waits_at_the_same_moment_is_one_group():
    gate = Gate()
    gate.open.set()
    async with grouping(gate) as (groups, _):
        answers = await asyncio.gather(*(submit(groups, c, n) for n, c in enumerate("abcd")))
    assert answers == ["A", "B", "C", "D"]
    assert gate.groups == [["a", "b", "c", "d"]]


async def test_no_more_groups_are_in_flight_than_places_and_never_two_for_one_key():
    gate = Gate()
    async with grouping(gate, places=2, capacity=1_000, group_size=500) as (groups, _):
        first = submit(groups, "a1", 1)
        await eventually(lambda: gate.groups == [["a1"]])
        rest = [submit(groups, "a2", 1), submit(groups, "b1", 2, weight=LARGE)]
        await eventually(lambda: len(gate.groups) == 2)
        rest += [submit(groups, "c1", 3), submit(groups, "a3", 1)]
        await asyncio.sleep(0)
        assert gate.groups == [["a1"], ["b1"]]
        gate.open.set()
        await asyncio.gather(first, *rest)
    assert gate.most_inside == 2
    assert [c for c in gate.finished if c.startswith("a")] == ["a1", "a2", "a3"]


@pytest.mark.parametrize(
    ("first", "second", "is_formed"),
    [(1, LARGE, True), (LARGE, LARGE, True), (LARGE, LARGE - 1, False), (1, 1, False)],
)
async def test_behind_a_small_group_none_forms_and_behind_a_large_one_it_does(
    first, second, is_formed
):
    gate, prepared = Gate(), []

    async def prepare(group: list[Ticket[str, str]]) -> None:
        prepared.extend(ticket.content for ticket in group)

    bounds = {"places": 2, "capacity": 1_000, "group_size": 500}
    async with grouping(gate, prepare, **bounds) as (groups, _):
        tasks = [submit(groups, "first", 1, weight=first)]
        await eventually(lambda: gate.inside == 1)
        tasks.append(submit(groups, "second", 2, weight=second))
        await eventually(lambda: prepared == ["first", "second"])
        tasks.append(submit(groups, "third", 3, weight=LARGE))
        if is_formed:
            await eventually(lambda: prepared == ["first", "second", "third"])
        else:
            await eventually(lambda: groups.waiting)
        assert prepared[2:] == ["third"] * is_formed
        gate.open.set()
        await asyncio.gather(*tasks)


async def test_a_later_ticket_does_not_overtake_one_with_the_same_key():
    gate = Gate()
    async with grouping(gate) as (groups, _):
        tasks = [submit(groups, "a", 1)]
        await eventually(lambda: gate.groups == [["a"]])
        tasks += [submit(groups, "ab", 1, 2), submit(groups, "b", 2)]  # b waits behind ab
        await eventually(lambda: groups.waiting == 2)
        assert gate.groups == [["a"]]
        gate.open.set()
        await asyncio.gather(*tasks)
    assert gate.groups == [["a"], ["ab", "b"]]


async def test_a_group_has_a_size_but_a_single_ticket_is_never_split():
    gate = Gate()
    gate.open.set()
    async with grouping(gate, group_size=3) as (groups, _):
        await asyncio.gather(
            submit(groups, "big", 1, weight=9),
            submit(groups, "a", 2, weight=2),
            submit(groups, "b", 3, weight=2),
        )
    assert gate.groups == [["big"], ["a"], ["b"]]


async def test_a_full_line_refuses_at_once_and_takes_again_later():
    gate = Gate()
    async with grouping(gate, capacity=2) as (groups, _):
        tasks = [submit(groups, "a", 1)]
        await eventually(lambda: gate.inside == 1)
        tasks += [submit(groups, "b", 1), submit(groups, "c", 1)]
        await eventually(lambda: groups.waiting == 2)
        with pytest.raises(IntakeFull) as caught:
            await groups.submit("d", frozenset({1}), 1)
        assert caught.value.retry_after_seconds
        gate.open.set()
        await asyncio.gather(*tasks)
        assert await groups.submit("e", frozenset({1}), 1) == "E"


async def test_who_waited_too_long_is_refused_and_not_done():
    gate = Gate()
    async with grouping(gate, patience_seconds=0.05) as (groups, _):
        first, second = submit(groups, "a", 1), submit(groups, "late", 1)
        third = submit(groups, "b", 1)
        await eventually(lambda: gate.inside == 1)
        fourth = submit(groups, "too late", 1)
        await eventually(lambda: groups.waiting)
        impatient_at = time.monotonic() + 0.05
        await eventually(lambda: time.monotonic() > impatient_at)
        gate.open.set()
        await asyncio.gather(first, second, third)
        with pytest.raises(IntakeFull):
            await fourth
    assert "too late" not in gate.finished


async def test_a_newcomer_sees_who_waited_too_long_off_while_nothing_moves():
    gate = Gate()
    async with grouping(gate, patience_seconds=0.05, capacity=1) as (groups, _):
        first = submit(groups, "a", 1)
        await eventually(lambda: gate.inside)
        second = submit(groups, "b", 1)
        await eventually(lambda: groups.waiting)
        impatient_at = time.monotonic() + 0.06
        await eventually(lambda: time.monotonic() > impatient_at)
        third = submit(groups, "c", 1)  # there would be no place for it beside the second
        with pytest.raises(IntakeFull):
            await second
        assert gate.groups == [["a"]]
        gate.open.set()
        await asyncio.gather(first, third)


async def test_a_cancelled_client_loses_its_answer_but_not_the_group():
    gate = Gate()
    async with grouping(gate) as (groups, _):
        gone, stays = submit(groups, "a", 1), submit(groups, "b", 2)
        await eventually(lambda: gate.inside == 1)
        gone.cancel()
        waiting = submit(groups, "c", 1)
        await asyncio.sleep(0)
        waiting.cancel()
        gate.open.set()
        assert await stays == "B"
        await eventually(lambda: gate.finished == ["a", "b", "c"])


async def test_stopping_finishes_what_is_in_flight_and_refuses_what_waits():
    gate = Gate()
    async with grouping(gate) as (groups, task):
        inside = submit(groups, "a", 1)
        await eventually(lambda: gate.inside == 1)
        waits = submit(groups, "b", 1)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        gate.open.set()
        assert await inside == "A"
        with pytest.raises(IntakeStopping):
            await waits
        with pytest.raises(IntakeStopping):
            await groups.submit("c", frozenset(), 1)
    assert gate.finished == ["a"]


async def test_a_defect_fails_its_group_and_the_next_one_goes_on():
    async def work(group: list[Ticket[str, str]], _learnt: None) -> list[str | Exception]:
        match group[0].content:
            case "bad":
                raise LookupError("defect")
            case "refused":
                return [LookupError("refused")]
            case "forgotten":
                return []
        return ["good"]

    async with grouping(work) as (groups, _):
        with pytest.raises(LookupError):
            await groups.submit("bad", frozenset({1}), 1)
        with pytest.raises(LookupError, match="refused"):
            await groups.submit("refused", frozenset({1}), 1)
        with pytest.raises(ValueError, match="shorter"):
            await groups.submit("forgotten", frozenset({1}), 1)
        assert await groups.submit("next", frozenset({1}), 1) == "good"


@settings(deadline=None, max_examples=50)
@given(st.lists(st.frozensets(st.integers(0, 4), min_size=1, max_size=3), max_size=40))
def test_every_ticket_is_done_once_in_order_per_key(key_sets: list[frozenset[int]]):
    async def scenario() -> None:
        done: list[int] = []
        busy: set[int] = set()

        async def work(group: list[Ticket[str, str]], _learnt: None) -> list[str]:
            keys = set().union(*(ticket.keys for ticket in group))
            assert busy.isdisjoint(keys)
            busy.update(keys)
            await asyncio.sleep(0)
            busy.difference_update(keys)
            done.extend(int(ticket.content) for ticket in group)
            return [""] * len(group)

        async with grouping(work, group_size=3) as (groups, _):
            await asyncio.gather(
                *(submit(groups, str(n), *keys) for n, keys in enumerate(key_sets))
            )
        assert sorted(done) == list(range(len(key_sets)))
        for key in range(5):
            line = [n for n in done if key in key_sets[n]]
            assert line == sorted(line)

    asyncio.run(scenario())


async def test_one_group_is_prepared_while_another_is_done_and_no_second_one():
    gate, prepared = Gate(), []

    async def prepare(group: list[Ticket[str, str]]) -> None:
        prepared.append([ticket.content for ticket in group])

    async with grouping(gate, prepare) as (groups, _):
        tasks = [submit(groups, "a", 1)]
        await eventually(lambda: gate.inside)
        tasks.append(submit(groups, "b", 2))
        await eventually(lambda: prepared == [["a"], ["b"]])
        tasks += [submit(groups, "c", 3), submit(groups, "a2", 1), submit(groups, "b2", 2)]
        await eventually(lambda: groups.waiting == 3)
        assert prepared == [["a"], ["b"]]
        gate.open.set()
        await asyncio.gather(*tasks)
    assert prepared == gate.groups
    assert gate.most_inside == 2, "one is at the door"


async def test_stopping_also_finishes_the_group_that_is_being_prepared():
    ready, begun = asyncio.Event(), []
    gate = Gate()
    gate.open.set()

    async def prepare(group: list[Ticket[str, str]]) -> None:
        begun.extend(group)
        await ready.wait()

    async with grouping(gate, prepare) as (groups, task):
        first = submit(groups, "a", 1)
        await eventually(lambda: begun)
        task.cancel()
        await asyncio.sleep(0)
        ready.set()
        assert await first == "A"


async def test_what_cannot_be_prepared_fails_and_the_next_group_goes_on():
    async def prepare(group: list[Ticket[str, str]]) -> None:
        if group[0].content == "bad":
            raise LookupError("defect")

    gate = Gate()
    gate.open.set()
    async with grouping(gate, prepare) as (groups, _):
        with pytest.raises(LookupError):
            await groups.submit("bad", frozenset({1}), 1)
        assert await groups.submit("next", frozenset({1}), 1) == "NEXT"


async def test_the_next_group_is_begun_before_the_last_one_is_told():
    begun: list[str] = []

    async def work(group: list[Ticket[str, str]], _learnt: None) -> list[str]:
        begun.extend(ticket.content for ticket in group)
        await gate.wait()
        return [""] * len(group)

    gate = asyncio.Event()
    async with grouping(work) as (groups, _):
        first = groups.submit("first", frozenset({1}), 1)
        heard: list[list[str]] = []
        first.add_done_callback(lambda _: heard.append(list(begun)))
        await eventually(lambda: begun)
        second = submit(groups, "second", 2)
        await eventually(lambda: not groups.waiting and len(groups._busy) == 2)
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, second)
    assert heard == [["first", "second"]]
