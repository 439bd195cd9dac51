"""Faults of what the bus keeps: its store is lost (11), its messages come again (29)."""

import asyncio
import random
import shutil
from collections.abc import Sequence
from typing import Any

import msgspec
from chassis.bus import EVENTS, Bus, Delivery
from oep_local.replay import run_in

from chaos.acts import back, until
from chaos.fault import Fault
from chaos.run import Run

_LONGEST, _ATTEMPTS = 5, 20
"""How many events of how many attempts come again in a row, as from a relay that never marked."""
_PRESENCE = ("connection_opened", "connection_closed", "connection_changed", "connection_refused")
_RESYNC_SECONDS = 60.0


async def wipe_the_stream(run: Run) -> None:
    """Lose NATS's store under load, and put back what it should hold, while all goes on."""
    before = await _head_epoch(run)
    async with run.window():
        await asyncio.to_thread(_wipe, run)
        await back(run, "nats")
        after = await _head_epoch(run)
        await until(lambda: _are_in(run, after), _RESYNC_SECONDS)
    if after == before:
        run.flaw("the epoch is the same after the store was lost")
    if left := sum(one.epoch != after for one in run.lookers):
        run.flaw(f"{left} of {len(run.lookers)} sockets did not resync")
    first = await _replayed(run)
    if not first["rebuilt"]:
        run.flaw("nothing was put back")
    await asyncio.sleep(run.size.quiet_seconds)
    again = await _replayed(run)
    if again["rebuilt"]:
        run.flaw(f"{again['rebuilt']} events were put back a second time")
    run.words.append(f"replay: {first['rebuilt']} of {first['stored']} events put back, then 0")


def _wipe(run: Run) -> None:
    run.platform.kill("nats", hold=True)
    root = run.platform.state.root
    for store in (*root.glob("nats/jetstream"), *root.glob("nats-of-*/*/jetstream")):
        shutil.rmtree(store)
    run.platform.cont("nats")


async def _head_epoch(run: Run) -> str:
    bus = Bus(run.platform.nats_url, "chaos-epoch")
    await bus.start()
    try:
        await bus.wait_ready()
        return (await bus.head(EVENTS)).epoch
    finally:
        await bus.close()


async def _are_in(run: Run, epoch: str) -> bool:
    """Say whether everybody who looks on has a place in that stream."""
    return all(one.epoch == epoch for one in run.lookers)


async def _replayed(run: Run) -> dict[str, Any]:
    """Run `oep replay` beside everything, and return its report."""
    lines = await asyncio.to_thread(lambda: list(run_in(run.platform.layout, exam_id=run.exam_id)))
    report: dict[str, Any] = lines[-1]["report"]
    return report


async def say_again(run: Run) -> None:
    """Have messages come again: in order, each twice; and old events in any order.

    What comes in order is what a relay says again that could not mark for longer than the stream
    knows ids. Old events out of order no relay says; a board must not count backwards for them.
    """
    times = 1 if run.size.is_short else 5
    bus = Bus(run.platform.nats_url, "chaos-again")
    await bus.start()
    try:
        await bus.wait_ready()
        for _ in range(times):
            async with run.window():
                await _say_again(run, bus)
            await asyncio.sleep(run.size.quiet_seconds)
    finally:
        await bus.close()
    run.words.append(f"{len(run.injected)} messages came again")


async def _say_again(run: Run, bus: Bus) -> None:
    head = (await bus.head(EVENTS)).sequence
    lies = await bus.replay(EVENTS, [f"oep.v1.{run.exam_id}.>"], 0, head, limit=1_000_000)
    mine = [one for one in lies if one.sequence not in run.injected and not _is_presence(one)]
    old = [one for one in mine if one.subject.endswith(".event_recorded")][:-1]
    random.shuffle(old)
    for one in (*_tails(mine), *old[: _LONGEST * _ATTEMPTS]):
        run.injected.add(await bus.publish(one.subject, one.data, None))


def _tails(said: Sequence[Delivery]) -> list[Delivery]:
    """Return the last events of each attempt, each twice, attempts after one another."""
    by_attempt: dict[int, list[Delivery]] = {}
    for one in said:
        if one.subject.endswith(".event_recorded"):
            notice = msgspec.json.decode(one.data)
            by_attempt.setdefault(notice["attempt_id"], []).append(one)
    tails = [line[-_LONGEST:] for line in by_attempt.values()][:_ATTEMPTS]
    return [one for tail in tails for each in tail for one in (each, each)]


def _is_presence(one: Delivery) -> bool:
    return one.subject.endswith(_PRESENCE)


STREAM_FAULTS = (
    Fault(
        11,
        "NATS's store lost",
        wipe_the_stream,
        frozenset(),
        60,
        has_boards=True,
        sockets=400,
    ),
    Fault(29, "messages of the bus come again", say_again, frozenset(), 10, has_boards=True),
)
