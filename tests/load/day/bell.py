"""(d) The bell: everybody hands in within five seconds.

Answers are saved before, in batches, so that there is something to mark. Open loop: each student
has a connection of his own through the gateway, opened before, and hands in once, evenly spread. A
latency counts from the moment a submit was due until it was taken, come-backs included. Beside it
the twin with a commit per request gets a fifth of the submits in a fifth of the time.
"""

import asyncio
import base64
import itertools
import json

from chassis import rpc

from load import client
from load.bench_boards import stride
from load.bench_events import drain
from load.bench_save import batches
from load.client import Due, Insistence, Line, Run, clock, insist, open_loop
from load.day.outcome import Outcome, cpu_ms, facts, latency, told, told_ms
from load.day.size import AT_BELL
from load.day.stage import Stage, costing
from load.figures import percentile
from load.rig import COMMIT_PER_REQUEST

WORDS = "bell"
BAR_SECONDS = 2.0
_SAVES_IN_BATCH = 500
_CONNECTS_AT_ONCE = 200
_TWIN_LINES = 64


async def play(stage: Stage) -> Outcome:
    size, outcome, asked = stage.size, Outcome("d", WORDS), Insistence()
    outcome.offered = f"open loop: {size.students:,} submits in {size.bell_seconds:g} s"
    await _answers(stage, outcome)
    lines = await _connected(stage, size.students)
    try:
        with stage.measured(outcome):
            began = clock()
            await _ring(stage, lines, asked, began)
            lasted = clock() - began
            await drain(stage.rig)
            outcome.ours["announced_after_seconds"] = round(clock() - began - lasted, 2)
    finally:
        for line in lines:
            line.close()
    outcome.ours |= {
        "all_in_after_seconds": round(lasted, 2),
        "come_backs": asked.come_backs,
        "ms": latency(asked.waited),
    }
    outcome.errors("submits", asked.errors)
    outcome.bar("submit, p99", percentile(asked.waited, 99), BAR_SECONDS)
    outcome.told = [
        (
            f"all in after {lasted:.1f} s, {told_ms(asked.waited)};"
            f" told to come back {asked.come_backs} times"
        )
    ]
    await _twin(stage, outcome)
    return outcome


async def _answers(stage: Stage, outcome: Outcome) -> None:
    """Let every student have saved something."""
    async with rpc.channel(stage.rig.platform.grpc_address("attempts")) as channel:
        run = await batches(
            channel,
            stage.world,
            min(_SAVES_IN_BATCH, stage.size.students),
            stage.size.answers_seconds,
            stage.book.saves,
            stage.book.numbers,
        )
    outcome.errors("saves before", run.failures)


async def _connected(stage: Stage, count: int) -> list[Line]:
    gate = asyncio.Semaphore(_CONNECTS_AT_ONCE)

    async def one() -> Line:
        async with gate:
            return await client.connect(stage.gateway)

    return await asyncio.gather(*(one() for _ in range(count)))


async def _ring(stage: Stage, lines: list[Line], asked: Insistence, began: float) -> None:
    attempts = list(stage.attempts(AT_BELL).items())
    step, pause = stride(len(attempts)), stage.size.bell_seconds / len(attempts)
    async with asyncio.TaskGroup() as group:
        for number, line in enumerate(lines):
            attempt_id, token = attempts[number * step % len(attempts)]
            due = began + number * pause
            group.create_task(_hand_in(stage, line, attempt_id, token, asked, due))


async def _hand_in(
    stage: Stage, line: Line, attempt_id: int, token: str, asked: Insistence, due: float
) -> None:
    request = submit_request(attempt_id, token)
    await asyncio.sleep(max(0.0, due - clock()))
    answer = await insist(line, request, asked, due)
    if answer.is_good:
        signature = json.loads(answer.body)["receipt"]["signature"]
        stage.book.submitted[attempt_id] = base64.b64decode(signature)


def submit_request(attempt_id: int, token: str) -> bytes:
    path = f"/api/v1/attempts/{attempt_id}/submit"
    return client.with_body(client.request_head("POST", path, token), b'{"confirm":true}')


async def _twin(stage: Stage, outcome: Outcome) -> None:
    name, run, size = COMMIT_PER_REQUEST.name, Run(), stage.size
    pause = size.bell_seconds / size.students
    some = dict(itertools.islice(stage.attempts(AT_BELL).items(), size.twin_students))
    async with stage.lines(min(_TWIN_LINES, len(some)), name) as lines:
        plan = [
            Due(place * pause, lines[place % len(lines)], submit_request(*one), run.note)
            for place, one in enumerate(some.items())
        ]
        began = clock()
        with costing(stage, name, "postgres") as used:
            await open_loop(plan)
        run.seconds = clock() - began
    outcome.naive = {**facts(run), "cpu_ms": cpu_ms(used, run.good_count)}
    outcome.told.append(
        f"{len(some):,} at the same pace: all in after {run.seconds:.1f} s, {told(run)}"
    )
    outcome.errors("twin's submits", run.failures)
