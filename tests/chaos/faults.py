"""The faults: what is done to the platform while students post. Each undoes what it did."""

import asyncio
import time

from chassis.bus import EVENTS, Bus, BusUnavailable

from chaos import locks
from chaos.abuse_faults import ABUSE_FAULTS
from chaos.acts import back, down, until
from chaos.bus_faults import BUS_FAULTS
from chaos.clock_faults import CLOCK_FAULTS
from chaos.disk_faults import DISK_FAULTS
from chaos.fault import Fault
from chaos.gateway_faults import GATEWAY_FAULTS
from chaos.line_faults import LINE_FAULTS
from chaos.mass_faults import MASS_FAULTS
from chaos.node_faults import NODE_FAULTS
from chaos.reading_faults import READING_FAULTS
from chaos.run import Run
from chaos.service_faults import SERVICE_FAULTS
from chaos.stream_faults import STREAM_FAULTS
from chaos.student import EVENT, TIMING
from chaos.trust_faults import TRUST_FAULTS
from chaos.upgrade_faults import UPGRADE_FAULTS
from chaos.watch import felt

UNAVAILABLE = frozenset({503})
CUT_OFF = frozenset({0, 502, 503, 504})
"""What a client may see of a service that died while it answered."""

_THREADS_BEYOND_POOL = 40
_ROUNDS_BEYOND = 3
_LOCK_EVENTS = "LOCK TABLE proctoring.proctoring_events IN ACCESS EXCLUSIVE MODE"
_LOCK_OUTBOX_ROWS = "SELECT id FROM proctoring.outbox ORDER BY id FOR UPDATE"


async def kill_one_of_attempts(run: Run) -> None:
    times, pause = (2, 1.0) if run.size.is_short else (5, 20.0)
    for number in range(times):
        target = f"attempts#{number % 2 + 1}"
        async with run.window():
            await asyncio.to_thread(run.platform.kill, target)
            await back(run, target)
        await asyncio.sleep(pause)


async def kill_all_of_attempts(run: Run) -> None:
    async with run.window():
        await down(run, "attempts", 1.0 if run.size.is_short else 10.0)


async def lose_answers_of_proctoring(run: Run) -> None:
    """Kill the first replica when its answer is on the way, and lose that answer, too."""
    times = 1 if run.size.is_short else 10
    for number in range(1, times + 1):
        await _lose_one_answer(run, EVENT)
        await until(lambda: _were_known_again(run, number))  # noqa: B023  # it is awaited here
        if run.ledger.known_again < number:
            run.flaw(f"round {number}: the lost answer was not given again")
        await _lose_one_answer(run, TIMING)
    for _ in range(times):  # and once more without looking: a group may be under way anywhere
        async with run.window():
            await asyncio.to_thread(run.platform.kill, "proctoring")
            await back(run, "proctoring")
    run.words.append(f"{run.ledger.known_again} posts were answered with what was stored already")


async def _lose_one_answer(run: Run, path: str) -> None:
    assert run.way is not None  # laid before the students began
    async with run.window():
        await run.way.lose_one(path, lambda: asyncio.to_thread(run.platform.kill, "proctoring#1"))
        await back(run, "proctoring#1")


async def stop_nats(run: Run) -> None:
    seconds = 8.0 if run.size.is_short else 300.0
    async with run.window():
        began = time.time()
        await down(run, "nats", seconds)
        answers = run.answers_between(began, began + seconds)
    good = sum(200 <= status < 300 for _, status in answers)  # 2xx
    run.words.append(f"{good} posts accepted in {seconds:.0f} s without NATS")
    if not good:
        run.flaw("nothing was accepted while NATS was down")


async def kill_postgres(run: Run) -> None:
    times = 1 if run.size.is_short else 3
    for _ in range(times):
        async with run.window():
            await asyncio.to_thread(run.platform.kill, "postgres")
            await back(run, "postgres")


async def stop_postgres_and_lock_a_table(run: Run) -> None:
    seconds = 4.0 if run.size.is_short else 20.0
    ports = [run.platform.layout.ports.of("proctoring", number) for number in (1, 2)]
    async with felt(ports, lambda: [run.rig.pids(one)[0] for one in _REPLICAS]) as pulse:
        async with run.window():
            await asyncio.to_thread(run.platform.suspend, "postgres")
            try:
                await asyncio.sleep(seconds)
            finally:
                await asyncio.to_thread(run.platform.cont, "postgres")
        url = run.platform.database.url("postgres")
        async with run.window(), locks.held(url, _LOCK_EVENTS):
            await asyncio.sleep(seconds)
    run.words.append(
        f"live {pulse.asked - pulse.missed} of {pulse.asked} times, after "
        f"{pulse.slowest_seconds * 1000:.0f} ms at most; {pulse.most_threads} threads at most"
    )
    if pulse.missed:
        run.flaw(f"{pulse.missed} of {pulse.asked} times a replica was not live")
    if pulse.refused_slowly:
        run.was_late(f"{pulse.refused_slowly} requests without a token were not refused in time")
    if pulse.most_threads > _THREADS_BEYOND_POOL:
        run.flaw(f"{pulse.most_threads} threads")


_REPLICAS = ("proctoring", "proctoring#2")


async def kill_the_relay_before_it_marks(run: Run) -> None:
    """Kill proctoring when the stream has a notice that still stands in the outbox.

    NATS rests until notices wait; their rows are locked, so that they can be read and not deleted;
    NATS goes on, the relay publishes and cannot mark; then every replica is killed.
    """
    times = 1 if run.size.is_short else 20
    hits = tries = 0
    bus = Bus(run.platform.nats_url, "chaos-relay")
    await bus.start()
    try:
        while hits < times and tries < times + _ROUNDS_BEYOND:
            tries += 1
            async with run.window():
                hits += await _killed_before_mark(run, bus)
    finally:
        await bus.close()
    run.words.append(f"killed {hits} times between publish and mark")
    if hits < times:
        run.flaw(f"only {hits} of {tries} kills came between publish and mark")


async def _killed_before_mark(run: Run, bus: Bus) -> bool:
    url = run.platform.database.url("postgres")
    await bus.wait_ready()
    head = (await bus.head(EVENTS)).sequence
    await asyncio.to_thread(run.platform.suspend, "nats")
    try:
        await until(lambda: asyncio.to_thread(run.reader.outbox_ids))
        async with locks.held(url, _LOCK_OUTBOX_ROWS) as locked:
            await asyncio.to_thread(run.platform.cont, "nats")
            waiting = {f"proctoring-{row[0]}" for row in locked}
            said = await until(lambda: _said(bus, head, waiting))
            await asyncio.to_thread(run.platform.kill, "proctoring")
            still = set(await asyncio.to_thread(run.reader.outbox_ids))
    finally:
        await asyncio.to_thread(run.platform.cont, "nats")
    await back(run, "proctoring")
    return bool(said) and any(f"proctoring-{one}" in said for one in still)


async def _said(bus: Bus, after: int, wanted: set[str]) -> set[str]:
    """Return which of the wanted messages lie in the stream by now."""
    try:
        head = (await bus.head(EVENTS)).sequence
        found = await bus.replay(EVENTS, ["oep.v1.>"], after, head)
    except BusUnavailable:
        return set()
    return {one for one in wanted if any(f'"{one}"'.encode() in d.data for d in found)}


async def _were_known_again(run: Run, times: int) -> bool:
    return run.ledger.known_again >= times


FAULTS = {
    fault.number: fault
    for fault in (
        Fault(1, "one attempts replica killed", kill_one_of_attempts, UNAVAILABLE, 5, 250),
        Fault(2, "all attempts replicas killed", kill_all_of_attempts, UNAVAILABLE, 5),
        Fault(3, "proctoring killed after its commit", lose_answers_of_proctoring, CUT_OFF, 5),
        Fault(10, "NATS down", stop_nats, frozenset(), 60, has_boards=True),
        Fault(12, "Postgres killed", kill_postgres, UNAVAILABLE, 5),
        Fault(
            13, "Postgres stopped, a table locked", stop_postgres_and_lock_a_table, UNAVAILABLE, 5
        ),
        *SERVICE_FAULTS,
        *LINE_FAULTS,
        *CLOCK_FAULTS,
        *DISK_FAULTS,
        *GATEWAY_FAULTS,
        *UPGRADE_FAULTS,
        *ABUSE_FAULTS,
        *TRUST_FAULTS,
        *MASS_FAULTS,
        *NODE_FAULTS,
        *BUS_FAULTS,
        *STREAM_FAULTS,
        *READING_FAULTS,
        Fault(17, "relay killed before it marks", kill_the_relay_before_it_marks, CUT_OFF, 10),
    )
}
