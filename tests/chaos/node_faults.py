"""What is done to nodes of realtime and to the sockets on them (5, 6, 7 and 23)."""

import asyncio
import contextlib
import time
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from load import listening
from load.figures import percentile
from load.listening import Refused

from chaos.acts import back, suspended, until
from chaos.fault import Fault
from chaos.run import Run

_SOCKETS = "oep_connections{"
_NODES = ("realtime#1", "realtime#2", "realtime#3")
_ALLOWED_CODES = frozenset({1000, 4000})
_RECONNECTS_PER_SECOND = 200
_RECONNECT_SECONDS = 5.0
_EJECT_SECONDS, _NOTICE_SECONDS, _COMPLETE_SECONDS = 10.0, 30.0, 30.0
_PROBE_SECONDS, _HANDSHAKE_SECONDS = 0.2, 2.0
"""How often a new socket is tried, and after how long one has not been let in."""
_GONE_SECONDS = 120.0


async def kill_a_realtime_node(run: Run) -> None:
    for target in _NODES[:1] if run.size.is_short else _NODES:
        async with run.window():
            await asyncio.to_thread(run.platform.kill, target)
            await back(run, target)
            await until(lambda: all_are_back(run), _GONE_SECONDS)
    p99 = percentile(sorted(run.sitters_saw.came_back + run.boards_saw.came_back), 99)
    if p99 > _RECONNECT_SECONDS:
        run.was_late(f"reconnect p99 {p99:.1f} s, not {_RECONNECT_SECONDS:.0f}")


async def roll_the_realtime_nodes(run: Run) -> None:
    """Ask each in turn to end cleanly, as an upgrade does."""
    async with run.window():
        for target in _NODES:
            before = await asyncio.to_thread(pids, run, target)
            await asyncio.to_thread(run.platform.term, target)
            await until(lambda: is_another(run, target, before), _GONE_SECONDS)  # noqa: B023  # it is awaited
            await back(run, target)
    closes = run.boards_saw.closes + run.sitters_saw.closes
    if strange := {code: n for code, n in closes.items() if code not in _ALLOWED_CODES}:
        run.flaw(f"closes of a rolling restart: {strange}")
    most = most_in_a_second(run.boards_saw.asked_at + run.sitters_saw.asked_at)
    there = most_in_a_second(run.boards_saw.back_at + run.sitters_saw.back_at)
    run.words.append(f"in one second at most {most} tried to come back and {there} were let in")
    if most > _RECONNECTS_PER_SECOND:
        run.was_late(f"{most} reconnects in one second, not {_RECONNECTS_PER_SECOND}")


async def stop_a_realtime_node(run: Run) -> None:
    seconds = 8.0 if run.size.is_short else 60.0
    sockets = [await asyncio.to_thread(_sockets_on, run, node) for node in _NODES]
    target = _NODES[sockets.index(max(sockets))]
    run.words.append(f"{target} had {max(sockets)} of {sum(sockets)} sockets")
    async with run.window():
        began = time.monotonic()
        async with tried(run) as tries:
            await suspended(run, target, seconds)
        lost = [at - began for at in run.boards_saw.lost_at + run.sitters_saw.lost_at]
    failed = [at - began for at, is_good in tries.made if not is_good]
    ejected, noticed = max(failed, default=0.0), max(lost, default=0.0)
    run.words.append(
        f"{len(failed)} of {len(tries.made)} new sockets were not let in, the last one "
        f"{ejected:.1f} s after the stop; {len(lost)} clients noticed, the last after "
        f"{noticed:.1f} s"
    )
    if ejected > _EJECT_SECONDS:
        run.was_late(f"new sockets were let in after {ejected:.1f} s, not {_EJECT_SECONDS:.0f}")
    if noticed > _NOTICE_SECONDS:
        run.was_late(f"a client noticed after {noticed:.1f} s, not {_NOTICE_SECONDS:.0f}")


async def drop_all_sockets(run: Run) -> None:
    before = await _reads(run)
    began = time.monotonic()
    await asyncio.sleep(run.size.quiet_seconds)
    normal = (await _reads(run) - before) / (time.monotonic() - began)
    async with run.window():
        before, began = await _reads(run), time.monotonic()
        wanted = _back_count(run) + len(run.lookers)
        for looker in run.lookers:
            looker.drop()
        complete = asyncio.create_task(_complete_after(run, began))
        await until(lambda: _have_come_back(run, wanted), _GONE_SECONDS)
        back_seconds = time.monotonic() - began
        await asyncio.sleep(max(0.0, run.size.quiet_seconds - back_seconds))
        after = (await _reads(run) - before) / (time.monotonic() - began)
        complete_seconds = await complete
    run.words.append(
        f"database: {normal:.0f} transactions a second before, {after:.0f} after; boards complete "
        f"after {complete_seconds:.1f} s, everybody back after {back_seconds:.1f} s"
    )
    if after > 2 * normal:
        run.was_late(f"{after:.0f} transactions a second, not {2 * normal:.0f}")
    if complete_seconds > _COMPLETE_SECONDS:
        run.was_late(f"boards complete after {complete_seconds:.1f} s, not {_COMPLETE_SECONDS:.0f}")


async def _complete_after(run: Run, began: float) -> float:
    """Return how long it took until every board was back and had been told everything."""
    await until(lambda: _boards_are_back(run), _GONE_SECONDS)
    await until(run.boards_are_complete, _GONE_SECONDS)
    return time.monotonic() - began


async def _boards_are_back(run: Run) -> bool:
    return len(run.boards_saw.came_back) >= len(run.watchers)


async def _have_come_back(run: Run, wanted: int) -> bool:
    return _back_count(run) >= wanted


def _back_count(run: Run) -> int:
    return len(run.boards_saw.back_at) + len(run.sitters_saw.back_at)


async def all_are_back(run: Run) -> bool:
    """Say whether whoever lost his socket has another one."""
    seen = (run.boards_saw, run.sitters_saw)
    return all(len(each.back_at) == len(each.lost_at) for each in seen)


async def _reads(run: Run) -> int:
    query = "SELECT sum(xact_commit) AS count FROM pg_stat_database"
    [row] = await asyncio.to_thread(run.reader.rows, query)
    return int(row["count"])


async def is_another(run: Run, target: str, before: list[int]) -> bool:
    """Say whether a replica runs as other processes than before."""
    try:
        return await asyncio.to_thread(pids, run, target) != before
    except KeyError:  # at this moment there is none
        return False


def _sockets_on(run: Run, target: str) -> int:
    port = run.platform.layout.ports.of("realtime", int(target.partition("#")[2]))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith(_SOCKETS))


def pids(run: Run, target: str) -> list[int]:
    """Return the processes of a replica; KeyError when there are none."""
    return run.rig.pids(target.removesuffix("#1"))  # the first replica has its service's name


def most_in_a_second(instants: list[float]) -> int:
    """Return the largest number of instants that lie within one second."""
    most, first, ordered = 0, 0, sorted(instants)
    for last, at in enumerate(ordered):
        while at - ordered[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most


@dataclass
class Tries:
    """New sockets that were tried: when, by the monotonic clock, and whether they were let in."""

    made: list[tuple[float, bool]] = field(default_factory=list)


@contextlib.asynccontextmanager
async def tried(run: Run) -> AsyncIterator[Tries]:
    """Open a new socket through the gateway all the time while the block runs."""
    tries, port = Tries(), run.rig.port("gateway")
    attempt_id, token = run.outsiders_attempt

    async def one() -> None:
        began, is_good = time.monotonic(), False
        with contextlib.suppress(OSError, TimeoutError, Refused):
            async with asyncio.timeout(_HANDSHAKE_SECONDS):
                request = listening.handshake(f"attempts/{attempt_id}", token)
                listener = await listening.opened(port, request, lambda *_: None)
            listener.close()
            is_good = True
        tries.made.append((began, is_good))

    async def all_the_time() -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(one())
                await asyncio.sleep(_PROBE_SECONDS)

    task = asyncio.create_task(all_the_time())
    try:
        yield tries
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


NODE_FAULTS = (
    Fault(
        5,
        "a realtime node killed",
        kill_a_realtime_node,
        frozenset(),
        60,
        has_boards=True,
        sockets=1_000,
    ),
    Fault(
        6,
        "realtime nodes restarted in turn",
        roll_the_realtime_nodes,
        frozenset(),
        60,
        has_boards=True,
        sockets=1_000,
    ),
    Fault(
        7,
        "a realtime node stopped",
        stop_a_realtime_node,
        frozenset(),
        30,
        has_boards=True,
        sockets=1_000,
        is_silent=True,
    ),
    Fault(
        23,
        "all sockets dropped at once",
        drop_all_sockets,
        frozenset(),
        30,
        has_boards=True,
        sockets=5_000,
    ),
)
