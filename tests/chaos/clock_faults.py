"""Services on machines whose clocks are an hour wrong (25): the database's clock decides.

Beside the platform run four replicas that no gateway knows: attempts and proctoring, an hour ahead
and an hour behind. Students speak to them directly. Some attempts end soon and some in half an
hour; who believes his own clock ends the wrong ones, or none.
"""

import asyncio
import contextlib
import json
import signal
import sys
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from load import client
from load.bench_save import save_body
from load.client import Answer
from oep_local import ports, processes
from oep_local.layout import answers
from oep_local.processes import Command

from chaos.acts import until
from chaos.ends import set_end, states
from chaos.fault import Fault
from chaos.run import Run
from chaos.student import EVENT
from chaos.watch import ask

_HOUR = 3_600
_ATTEMPTS = 20
_SERVICES = ("attempts", "proctoring")
_START_SECONDS = 90
_SOON_SECONDS, _LATER_SECONDS = 8.0, 1_800.0
_EXPIRED_SECONDS = 5.0
_NEAR_SECONDS = 30.0
_EXPIRY_SECONDS = 3.0
"""What the clock job is given beyond its second or two, on a machine that is busy."""
_TESTS = Path(__file__).parents[1]


@contextlib.asynccontextmanager
async def with_wrong_clocks(run: Run) -> AsyncIterator[None]:
    """Run the four replicas."""
    made = []
    try:
        for service in _SERVICES:
            for seconds in (_HOUR, -_HOUR):
                port = ports.free_port()
                made.append(await asyncio.to_thread(_started, run, service, seconds, port))
                run.skewed_ports[service, seconds] = port
        for port in run.skewed_ports.values():
            is_ready = await until(partial(_is_ready, port), _START_SECONDS)
            assert is_ready, "a replica with a wrong clock is not ready"
        yield
    finally:
        for process in made:
            await asyncio.to_thread(processes.stop, process, signal.SIGTERM, 5)


async def _is_ready(port: int) -> bool:
    return await asyncio.to_thread(answers, port, "/health/ready")


def _started(run: Run, service: str, seconds: int, port: int) -> Any:
    told = {"REST_PORT": str(port), "GRPC_PORT": str(ports.free_port())}
    environment = run.platform.layout.environment(service) | told | {"PYTHONPATH": str(_TESTS)}
    argv = (sys.executable, "-m", "chaos.skewed", service, str(seconds))
    command = Command(argv, environment, run.platform.state.root)
    return processes.start(command, run.platform.state.log(f"{service}{seconds:+}"))


async def be_an_hour_wrong(run: Run) -> None:
    """Let half of the attempts end soon, half later, and try both on both clocks."""
    everybody = list(run.spare_attempts.items())[:_ATTEMPTS]
    soon, later = everybody[::2], everybody[1::2]
    async with run.window():
        end = time.time() + _SOON_SECONDS
        await asyncio.to_thread(set_end, run, end, [one for one, _ in soon])
        await asyncio.to_thread(set_end, run, end + _LATER_SECONDS, [one for one, _ in later])
        for ahead in (_HOUR, -_HOUR):
            await _in_time(run, ahead, soon + later, end)
        await asyncio.sleep(max(0.0, end + _EXPIRED_SECONDS - time.time()))
        after = await asyncio.to_thread(states, run, [one for one, _ in everybody])
        for ahead in (_HOUR, -_HOUR):
            await _over(run, ahead, soon)
            await _in_time(run, ahead, later, time.time() + _LATER_SECONDS)
    early = [one for one, _ in later if after[one] != "in_progress"]
    if early:
        run.flaw(f"{len(early)} attempts ended half an hour early")
    lagging = [one for one, _ in soon if after[one] != "expired"]
    if lagging:
        run.was_late(f"{len(lagging)} attempts had not ended {_EXPIRED_SECONDS:.0f} s after it")
    await _submitted(run, later)
    run.words.append(
        f"{len(soon)} attempts ended by the database's clock, {len(later)} went on until they "
        "were handed in"
    )


async def _in_time(run: Run, ahead: int, some: list[tuple[int, str]], end: float) -> None:
    """Save an answer and post an event: both are taken while the time is not over."""
    for attempt_id, token in some:
        saved = await _save(run, ahead, attempt_id, token)
        if saved.status != 200 and time.time() < end:
            run.flaw(f"a clock {ahead:+} s off refused an answer in time: {saved.status}")
        before = time.time()
        event = await _event(run, ahead, attempt_id, token)
        if event.status != 201:
            run.flaw(f"a clock {ahead:+} s off refused an event: {event.status}")
            continue
        told = json.loads(event.body)
        stored_at = datetime.fromisoformat(told["created_at"]).timestamp()
        if not before - _NEAR_SECONDS < stored_at < time.time() + _NEAR_SECONDS:
            run.flaw(f"a clock {ahead:+} s off stored an event at {told['created_at']}")


async def _over(run: Run, ahead: int, some: list[tuple[int, str]]) -> None:
    for attempt_id, token in some:
        saved = await _save(run, ahead, attempt_id, token)
        if saved.status != 400:
            run.flaw(f"a clock {ahead:+} s off took an answer after the end: {saved.status}")


async def _submitted(run: Run, some: list[tuple[int, str]]) -> None:
    """Hand in at both clocks, half of the time before the end: it is no late submit."""
    for place, (attempt_id, token) in enumerate(some):
        ahead = -_HOUR if place % 2 else _HOUR
        path = f"/api/v1/attempts/{attempt_id}/submit"
        head = client.request_head("POST", path, token)
        done = await ask(_port(run, "attempts", ahead), client.with_body(head, b'{"confirm":true}'))
        at = json.loads(done.body).get("submit_time") if done.is_good else None
        if at is None:
            run.flaw(f"a clock {ahead:+} s off refused a submit: {done.status}")
        elif (
            abs(datetime.fromisoformat(at).timestamp() - datetime.now(UTC).timestamp())
            > _NEAR_SECONDS
        ):
            run.flaw(f"a clock {ahead:+} s off wrote a submit at {at}")


async def _save(run: Run, ahead: int, attempt_id: int, token: str) -> Answer:
    head = client.request_head("POST", f"/api/v1/attempts/{attempt_id}/answers", token)
    body = save_body(run.questions[0], "by the database's clock")
    return await ask(_port(run, "attempts", ahead), client.with_body(head, body))


async def _event(run: Run, ahead: int, attempt_id: int, token: str) -> Answer:
    body = {"attempt_id": attempt_id, "event_type": "tab_switch", "event_id": str(uuid.uuid4())}
    head = client.request_head("POST", EVENT, token)
    return await ask(
        _port(run, "proctoring", ahead), client.with_body(head, json.dumps(body).encode())
    )


def _port(run: Run, service: str, ahead: int) -> int:
    return run.skewed_ports[service, ahead]


CLOCK_FAULTS = (
    Fault(
        25,
        "clocks an hour wrong",
        be_an_hour_wrong,
        frozenset(),
        10,
        has_boards=True,
        has_spare=True,
        beside=with_wrong_clocks,
    ),
)
