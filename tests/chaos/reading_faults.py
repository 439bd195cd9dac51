"""Faults of who reads: fifty who are slow (18), and a node that is itself (19)."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from load.figures import percentile
from oep_local import ports, processes
from oep_local.layout import answers
from oep_local.processes import Command
from websockets.asyncio.client import ClientConnection, connect

from chaos.acts import until
from chaos.fault import Fault
from chaos.run import Run
from chaos.slow_reader import SlowReader

_SLOW_READERS = 50
_OF_AN_ATTEMPT = 5
_LARGE = json.dumps({"type": "notification", "message": "x" * 15_000})
_SAY_SECONDS = 0.2
_CUT_SECONDS = 120.0
_LAG_SECONDS = 0.5
_MOST_BYTES = 50 * 2**20
_TOO_SLOW = 4008
_TESTS = Path(__file__).parents[1]
_START_SECONDS = 60
_CLOSES = re.compile(rf'^oep_closes_total{{code="{_TOO_SLOW}"}} ([\d.e+]+)$', re.MULTILINE)


async def read_slowly(run: Run) -> None:
    """Have fifty sockets of ten students read 1 KiB a second while the staff speak to them."""
    attempts = dict(list(run.tokens_of_attempts.items())[: _SLOW_READERS // _OF_AN_ATTEMPT])
    places = [run.platform.layout.ports.of("realtime", number) for number in (1, 2, 3)]
    readers = [
        SlowReader(places[number % len(places)], f"/api/v1/ws/attempts/{attempt_id}?token={token}")
        for attempt_id, token in attempts.items()
        for number in range(_OF_AN_ATTEMPT)
    ]
    quiet, before = len(run.boards_saw.lags), await _weights(run)
    calm = list(run.boards_saw.lags)
    cut_before = await asyncio.gather(*(_cut(place) for place in places))
    async with run.window():
        tasks = [asyncio.create_task(reader.run()) for reader in readers]
        try:
            async with asyncio.timeout(_START_SECONDS):
                await asyncio.gather(*(reader.began.wait() for reader in readers))
            most = await _spoken_to(run, list(attempts), readers, before)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    cut_after = await asyncio.gather(*(_cut(place) for place in places))
    cut = sum(cut_after) - sum(cut_before)
    seen = sum(reader.close_code == _TOO_SLOW for reader in readers)
    _judge_reading(run, cut, max(0, most), calm, run.boards_saw.lags[quiet:])
    run.words.append(f"{cut} of {len(readers)} slow readers cut with {_TOO_SLOW}; {seen} read so")


def _judge_reading(
    run: Run, cut: int, more_bytes: int, calm: list[float], during: list[float]
) -> None:
    if cut < _SLOW_READERS:
        run.flaw(f"only {cut} of {_SLOW_READERS} slow readers were cut with {_TOO_SLOW}")
    if more_bytes > _MOST_BYTES:
        run.flaw(f"a node took {more_bytes / 2**20:.0f} MiB more for slow readers")
    if run.boards_saw.closes:
        run.flaw(f"others were closed, too: {dict(run.boards_saw.closes)}")
    lags = [percentile(sorted(some), 99) * 1_000 for some in (calm, during) if some]
    told = " before, ".join(f"{lag:.0f} ms" for lag in lags)
    run.words.append(
        f"{more_bytes / 2**20:.1f} MiB more in a node at most; boards were told after p99 {told}"
    )


async def _spoken_to(
    run: Run, attempt_ids: list[int], readers: list[SlowReader], before: list[int]
) -> int:
    """Speak to the attempts until every reader was cut; return how much more a node took."""
    url = f"{run.platform.ws_url}/api/v1/ws/admin/broadcast"
    most = 0
    async with contextlib.AsyncExitStack() as stack:
        lines = [
            await stack.enter_async_context(
                connect(f"{url}/{attempt_id}?token={run.staff_token}", proxy=None)
            )
            for attempt_id in attempt_ids
        ]
        deadline = time.monotonic() + _CUT_SECONDS
        while time.monotonic() < deadline and any(r.ended_at is None for r in readers):
            await asyncio.gather(*(_speak(line) for line in lines))
            after = await _weights(run)
            most = max(most, *(a - b for a, b in zip(after, before, strict=True)))
            await asyncio.sleep(_SAY_SECONDS)
    return most


async def _speak(line: ClientConnection) -> None:
    await line.send(_LARGE)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.01):
            while True:  # what is answered is of no interest, but must be taken
                await line.recv()


async def _weights(run: Run) -> list[int]:
    """Return how many bytes each node holds in memory."""
    return await asyncio.to_thread(lambda: [_resident(run.rig.pids(one)[0]) for one in _NODES])


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(kilobytes) * 1_024


async def _cut(port: int) -> int:
    """Return how many sockets a node has closed because their readers were too slow."""
    async with httpx.AsyncClient(trust_env=False) as http:
        text = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    found = _CLOSES.search(text)
    return int(float(found[1])) if found else 0


_NODES = ("realtime", "realtime#2", "realtime#3")


@contextlib.asynccontextmanager
async def a_slow_node(run: Run) -> AsyncIterator[None]:
    """Run a node that can be slow beside the others, and have the run's boards at it."""
    port = ports.free_port()
    environment = dict(run.platform.layout.environment("realtime"))
    environment |= {"REST_PORT": str(port), "NODE_ID": "slow", "PYTHONPATH": str(_TESTS)}
    argv = (sys.executable, "-m", "chaos.slow_node")
    command = Command(argv, environment, run.platform.state.root)
    process = processes.start(command, run.platform.state.log("slow-node"))
    try:
        await until(lambda: asyncio.to_thread(answers, port, "/health/ready"), _START_SECONDS)
        run.boards_at, run.slow_pid = f"ws://127.0.0.1:{port}", process.pid
        yield
    finally:
        await asyncio.to_thread(processes.stop, process, signal.SIGTERM, 5)


async def be_slow(run: Run) -> None:
    """Have the boards' node take 50 ms for each message, while more come than that allows."""
    seconds = 6.0 if run.size.is_short else 30.0
    before = len(run.boards_saw.lags)
    async with run.window():
        os.kill(run.slow_pid, signal.SIGUSR1)
        try:
            await asyncio.sleep(seconds)
        finally:
            os.kill(run.slow_pid, signal.SIGUSR2)
    lag = max(run.boards_saw.lags[before:], default=0.0)
    run.words.append(f"told after {lag:.1f} s at most")
    if lag < _LAG_SECONDS:
        run.flaw(f"a loop that takes 50 ms a message lagged {lag:.2f} s only")


READING_FAULTS = (
    Fault(18, "50 slow readers", read_slowly, frozenset(), 10, has_boards=True),
    Fault(19, "a slow loop", be_slow, frozenset(), 10, has_boards=True, beside=a_slow_node),
)
