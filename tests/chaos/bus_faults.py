"""What is done to one server of a bus of three (8 and 9); with one server, to that one.

A cluster goes on without any one of its servers: publishing pauses while a stream elects a leader.
"""

import asyncio
import itertools
import json
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from typing import Any

from chassis.bus import EVENTS, Bus
from load.figures import percentile

from chaos import found
from chaos.acts import back, suspended, until
from chaos.fault import Fault
from chaos.run import Run

_GAP_SECONDS = _SWITCH_SECONDS = 10.0
_SERVICES = ("auth", "attempts", "proctoring", "realtime")
_LOOK_SECONDS = 1.0


async def kill_nats(run: Run) -> None:
    """Kill whichever server leads the stream, three times."""
    spans = []
    for _ in range(1 if run.size.is_short else 3):
        target = await _leader(run)
        async with run.window():
            began = time.time()
            await asyncio.to_thread(run.platform.kill, target)
            await back(run, target)
        spans.append((began, time.time()))
        run.words.append(f"{target} was the leader")
    await _tell_accepts(run, spans)
    await _tell_gaps(run, spans)


async def suspend_nats(run: Run) -> None:
    """Stop the server that most of the services are connected to."""
    target, clients = await asyncio.to_thread(_most_wanted, run)
    leader = await _leader(run)
    async with run.window():
        began, started = time.time(), time.monotonic()
        stop = asyncio.create_task(suspended(run, target, 8.0 if run.size.is_short else 30.0))
        if _count(run) > 1:
            await until(lambda: asyncio.to_thread(_are_elsewhere, run, target, clients))
            seconds = time.monotonic() - started
            names = ", ".join(sorted(clients))
            run.words.append(f"{names} went from {target} to another in {seconds:.1f} s")
            if seconds > _SWITCH_SECONDS:
                run.was_late(f"switched after {seconds:.1f} s, not {_SWITCH_SECONDS:.0f}")
        await stop
    run.words.append("it led the stream, too" if leader == target else f"{leader} led the stream")
    await _tell_accepts(run, [(began, time.time())])
    if _count(run) > 1:
        await _tell_gaps(run, [(began, time.time())])


async def _leader(run: Run) -> str:
    """Return the server that leads the stream of events, as the runner calls it."""
    if _count(run) == 1:
        return "nats"
    bus = Bus(run.platform.nats_url, "chaos-leader")
    await bus.start()
    try:
        await bus.wait_ready()

        async def leader() -> str | None:
            cluster = (await bus.jetstream.stream_info(EVENTS)).cluster
            return cluster.leader if cluster else None

        name = await until(leader)
    finally:
        await bus.close()
    return _target(int(str(name).removeprefix("oep-")))


async def _tell_accepts(run: Run, spans: list[tuple[float, float]]) -> None:
    inside = [each for span in spans for each in run.answers_between(*span)]
    before = run.answers_between(0.0, spans[0][0])
    good = [seconds for seconds, status in inside if 200 <= status < 300]  # 2xx
    earlier = [seconds for seconds, status in before if 200 <= status < 300]
    run.words.append(
        f"{len(good)} of {len(inside)} posts accepted meanwhile, p99 "
        f"{percentile(good, 99) * 1000:.0f} ms ({percentile(earlier, 99) * 1000:.0f} before)"
    )


async def _tell_gaps(run: Run, spans: list[tuple[float, float]]) -> None:
    """Measure the longest time in which nothing came into the stream, while all post."""
    stream = await found.stream_of(run.platform.nats_url, run.exam_id)
    instants = sorted(heard.at.timestamp() for heard in stream)
    gaps = [_gap(instants, *span) for span in spans]
    run.words.append(f"nothing was published for {', '.join(f'{gap:.1f}' for gap in gaps)} s")
    if max(gaps) > _GAP_SECONDS:
        run.was_late(f"nothing was published for {max(gaps):.1f} s, not {_GAP_SECONDS:.0f}")


def _gap(instants: list[float], began: float, ended: float) -> float:
    """Return the longest pause that begins in a span."""
    pairs = itertools.pairwise(instants)
    return max((b - a for a, b in pairs if began - _LOOK_SECONDS <= a < ended), default=0.0)


def _count(run: Run) -> int:
    return run.platform.layout.count("nats")


def _target(number: int) -> str:
    return f"nats#{number}"


def _most_wanted(run: Run) -> tuple[str, frozenset[str]]:
    """Return the server with the most services, and their names."""
    if _count(run) == 1:
        return "nats", frozenset()
    there = {number: frozenset(_clients(run, number)) for number in range(1, _count(run) + 1)}
    number = max(there, key=lambda one: len(there[one]))
    return _target(number), there[number]


def _are_elsewhere(run: Run, target: str, clients: frozenset[str]) -> bool:
    others = [n for n in range(1, _count(run) + 1) if _target(n) != target]
    return clients <= set(itertools.chain.from_iterable(_clients(run, n) for n in others))


def _clients(run: Run, number: int) -> Iterator[str]:
    """Yield the names of our services' connections to a server, as its monitor tells them."""
    port = run.platform.layout.ports.of("nats_monitor", number)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/connz", timeout=2) as answer:
        told: dict[str, Any] = json.load(answer)
    names = Counter(one.get("name", "") for one in told["connections"])
    return (name for name in names if name.split("-")[0] in _SERVICES)


BUS_FAULTS = (
    Fault(8, "the leader of NATS killed", kill_nats, frozenset(), 10, has_boards=True),
    Fault(9, "a server of NATS stopped", suspend_nats, frozenset(), 10, has_boards=True),
)
