"""Everybody at once: a mass login while an exam runs (21), and the bell (22)."""

import asyncio
import itertools
import json
import random
import time
from collections import Counter
from dataclasses import dataclass

from load import client, ledger
from load.bench_login import Storm, come_in
from load.bench_save import save_body
from load.client import clock
from load.figures import percentile

from chaos.ends import set_end, states
from chaos.fault import Fault
from chaos.run import Run
from chaos.watch import ask

_MILLI = 1_000
_LOGIN_SECONDS = 10.0
_EXAM_P99_MS, _SUBMIT_P99_MS = 300.0, 2_000.0
_GIVE_UP_SECONDS = 600.0
_BELL_SECONDS = 15.0
"""How long from the moment that the end is set until it comes."""
_LAST_SECONDS = 5.0
_LATE_SHARE = 0.1
_LATE_SECONDS = (0.5, 4.0)
_SKEW_SECONDS = 120.0


async def log_in_at_once(run: Run) -> None:
    """Let a hall log in within ten seconds, then twice as many; the exam goes on beside it."""
    newcomers = list(run.rig.world.newcomer_ids)[: run.size.newcomers_of(run.fault)]
    third = len(newcomers) // 3
    access = run.rig.platform.database
    before = await asyncio.to_thread(ledger.logins, access)
    let_in: Counter[int] = Counter()
    for some in (newcomers[:third], newcomers[third:]):
        async with run.window():
            began = time.time()
            storm = await _storm(run, some)
            ended = time.time()
        exam = sorted(
            took
            for at, took, status in run.ledger.answered + run.saves.answered
            if began <= at < ended and 200 <= status < 300  # 2xx
        )
        let_in += storm.let_in
        p99 = percentile(exam, 99) * _MILLI
        run.words.append(
            f"{len(some)} logged in within {storm.lasted_seconds:.1f} s, "
            f"{storm.come_backs} times told to come again; the exam's p99 meanwhile {p99:.0f} ms"
        )
        if storm.errors:
            run.flaw(f"logins were refused for good: {dict(storm.errors)}")
        if p99 > _EXAM_P99_MS:
            run.was_late(f"the exam's p99 was {p99:.0f} ms, not {_EXAM_P99_MS:.0f}")
    verdict = await asyncio.to_thread(
        ledger.judge_logins, access, {who: let_in[who] for who in newcomers}, before
    )
    for text in verdict.flaws:
        run.flaw(text)


async def _storm(run: Run, newcomers: list[int]) -> Storm:
    storm, began, port = Storm(), clock(), run.rig.port("gateway")
    seconds = _LOGIN_SECONDS / 4 if run.size.is_short else _LOGIN_SECONDS
    async with asyncio.timeout(_GIVE_UP_SECONDS), asyncio.TaskGroup() as group:
        for place, who in enumerate(newcomers):
            due = began + place * seconds / len(newcomers)
            group.create_task(come_in(port, who, due, storm))
    storm.lasted_seconds = clock() - began
    return storm


@dataclass
class Paper:
    """What one student did at the bell; instants of `time.time`, 0 until it was done."""

    attempt_id: int
    token: str
    is_late: bool
    """Whether his clock is behind, so that he hands in when the time is over."""
    saved_at: float = 0.0
    save_status: int = 0
    submitted_at: float = 0.0
    submit_status: int = 0
    submit_seconds: float = 0.0


async def ring_the_bell(run: Run) -> None:
    """Let everybody save and submit in the last five seconds, some a little too late."""
    late = itertools.cycle([True] + [False] * (round(1 / _LATE_SHARE) - 1))
    papers = [
        Paper(attempt_id, token, next(late)) for attempt_id, token in run.spare_attempts.items()
    ]
    seconds = _BELL_SECONDS / 2 if run.size.is_short else _BELL_SECONDS
    async with run.window():
        end = time.time() + seconds
        await asyncio.to_thread(set_end, run, end, list(run.spare_attempts))
        await asyncio.gather(*(_hand_in(run, paper, end) for paper in papers))
    became = await asyncio.to_thread(states, run, list(run.spare_attempts))
    for paper in papers:
        if flaw := _misjudged(paper, became[paper.attempt_id], end):
            run.flaw(f"attempt {paper.attempt_id} {flaw}")
    p99 = percentile(sorted(paper.submit_seconds for paper in papers), 99) * _MILLI
    refused = sum(paper.save_status == 400 for paper in papers)
    run.words.append(
        f"{len(papers)} submits around the end, p99 {p99:.0f} ms; {refused} answers came after it"
    )
    if p99 > _SUBMIT_P99_MS:
        run.was_late(f"p99 of submits {p99:.0f} ms, not {_SUBMIT_P99_MS:.0f}")


async def _hand_in(run: Run, paper: Paper, end: float) -> None:
    span = _LATE_SECONDS if paper.is_late else (-_LAST_SECONDS, 0.0)
    await asyncio.sleep(max(0.0, end + random.uniform(*span) - time.time()))  # noqa: S311
    port, path = run.rig.port("gateway"), f"/api/v1/attempts/{paper.attempt_id}"
    head = client.request_head("POST", f"{path}/answers", paper.token)
    paper.saved_at = time.time()
    answer = await ask(port, client.with_body(head, save_body(run.questions[0], "at the bell")))
    paper.save_status = answer.status
    head = client.request_head("POST", f"{path}/submit", paper.token)
    paper.submitted_at = time.time()
    done = await ask(port, client.with_body(head, json.dumps({"confirm": True}).encode()))
    paper.submit_status, paper.submit_seconds = done.status, done.seconds


def _misjudged(paper: Paper, status: str, end: float) -> str:
    """Return in words what the server's clock decided wrongly."""
    if paper.submit_status != 200:
        return f"was submitted {paper.submitted_at - end:+.1f} s: {paper.submit_status}"
    if status not in {"submitted", "graded"}:
        return f"was submitted and is {status}"
    if paper.saved_at > end and paper.save_status != 400:
        return f"took an answer {paper.saved_at - end:.1f} s after its end: {paper.save_status}"
    is_in_time = paper.submitted_at < end  # so its answer was saved before
    if is_in_time and paper.save_status != 200:
        return f"refused an answer {end - paper.saved_at:.1f} s early: {paper.save_status}"
    return ""


MASS_FAULTS = (
    Fault(21, "a mass login", log_in_at_once, frozenset(), 10, has_saves=True, newcomers=3_000),
    Fault(
        22, "the bell", ring_the_bell, frozenset(), 10, has_spare=True, skew_seconds=_SKEW_SECONDS
    ),
)
