"""(b) Event storm: more and more single events a second, then batches, through the gateway.

Open loop, evenly spread over time and students. Beside it the twin with a commit per event gets the
first step's rate, past the gateway.
"""

from load.bench_events import drain
from load.client import Run, clock, open_loop
from load.day import posting
from load.day.outcome import Outcome, cpu_ms, facts, told
from load.day.size import BATCH, IN_HOUR
from load.day.stage import PARTS, Stage, costing
from load.rig import COMMIT_PER_EVENT

WORDS = "event storm"
_LINES, _BATCH_LINES = 128, 32
_KEEPS_UP = 0.95
"""Of what is offered, which is served in the time that it is offered in."""


async def play(stage: Stage) -> Outcome:
    size, outcome = stage.size, Outcome("b", WORDS)
    rates = " → ".join(f"{rate:,}" for rate in size.event_rates)
    outcome.offered = (
        f"open loop: {rates} events/s single, {size.batched_rate:,}/s in batches of {BATCH},"
        f" {size.step_seconds:g} s each"
    )
    with stage.measured(outcome):
        cells = [await _step(stage, outcome, f"{rate}/s", rate) for rate in size.event_rates]
        cells.append(await _step(stage, outcome, "batched", size.batched_rate, BATCH))
        began = clock()
        await drain(stage.rig)
        outcome.ours["announced_after_seconds"] = round(clock() - began, 2)
    outcome.told = ["; ".join(cells)]
    await _twin(stage, outcome)
    return outcome


async def _step(stage: Stage, outcome: Outcome, name: str, rate: int, batch: int = 1) -> str:
    run, seconds = Run(), stage.size.step_seconds
    async with stage.lines(_LINES if batch == 1 else _BATCH_LINES) as lines:
        stored = stage.book.events.stored
        attempts = stage.attempts(IN_HOUR)
        plan = posting.events(attempts, lines, run, stored, rate, seconds, batch)
        before, began = stage.book.events.count, clock()
        with costing(stage, *PARTS) as used:
            await open_loop(plan)
        run.seconds = clock() - began
    served = (stage.book.events.count - before) / run.seconds
    offered = round(rate / batch * seconds) * batch
    kept = stage.book.events.count - before
    outcome.ours[name] = {
        **facts(run),
        "events_per_second": round(served, 1),
        "cpu_ms": cpu_ms(used, kept),
    }
    outcome.errors(name, run.failures)
    if kept != offered and not run.failures:
        outcome.flaws.append(f"{name}: {offered - kept} of {offered} events refused in batches")
    if served < rate * _KEEPS_UP:
        outcome.late.append(f"{name}: {served:,.0f} events/s of {rate:,} offered")
    stage.say(f"  {name}: {served:,.0f} events/s, {told(run)}")
    return f"{served:,.0f}/s, {told(run)}"


async def _twin(stage: Stage, outcome: Outcome) -> None:
    run, rate, size = Run(), stage.size.event_rates[0], stage.size
    async with stage.lines(_LINES, COMMIT_PER_EVENT.name) as lines:
        plan = posting.events(
            stage.attempts(IN_HOUR), lines, run, posting.nowhere, rate, size.step_seconds / 2
        )
        began = clock()
        await open_loop(plan)
        run.seconds = clock() - began
    outcome.naive = facts(run)
    outcome.told.append(f"{rate:,}/s offered: {run.good_count / run.seconds:,.0f}/s, {told(run)}")
    outcome.errors("twin's events", run.failures)
