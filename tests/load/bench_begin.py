"""Beginning attempts, each once, 64 at a time, as in an exam's first second; against the echo."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from rich.console import Console

from load import client, ledger
from load.bench_save import SERVICE
from load.client import Answer, Run
from load.figures import Report, Score, score_table
from load.meters import Neighbours
from load.rig import BARE_ECHO, ECHO, Rig, running
from load.rounds import Say, Subject, in_turn
from load.world import World


@dataclass(frozen=True)
class Size:
    """How much is measured: every waiting attempt of `world`, in `rounds` equal parts."""

    world: World = field(
        default_factory=lambda: World(running_exams=0, waiting_exams=36, questions=10)
    )
    rounds: int = 4


def bench(size: Size, console: Console, say: Say) -> Report:
    """Measure and print; the report holds what was not as promised. Blocking."""
    with running(size.world, (BARE_ECHO, ECHO), say=say) as rig:
        begun: list[int] = []
        neighbours = Neighbours()
        scores = asyncio.run(measure(rig, size, begun, say))
        others = neighbours.share()
        waiting = [a for who in size.world.sitter_ids for a in size.world.waiting_of(who)]
        verdict = ledger.judge_begins(rig.platform.database, begun, waiting)
    ours, bare, echo = scores
    console.print(score_table("POST /attempts/{id}/begin", scores, bare))
    console.print(f"oracle: {verdict}", highlight=False)
    return _report(others, ours, bare, echo, verdict)


class Beginner:
    """One student at one connection, who begins `attempts` one after the other."""

    def __init__(self, token: str, attempts: Sequence[int], begun: list[int] | None) -> None:
        self._token = token
        self._attempts = iter(attempts)
        self._begun = begun
        self._sent = 0

    def next(self) -> bytes | None:
        attempt_id = next(self._attempts, None)
        if attempt_id is None:
            return None
        self._sent = attempt_id
        path = f"/api/v1/attempts/{attempt_id}/begin"
        return client.with_body(client.request_head("POST", path, self._token), b"")

    def took(self, answer: Answer) -> None:
        if answer.is_good and self._begun is not None:
            self._begun.append(self._sent)


async def measure(rig: Rig, size: Size, begun: list[int], say: Say) -> list[Score]:
    say("students sign in")
    tokens = await rig.sign_in(rig.world.sitter_ids)
    names = {"ours": SERVICE, "echo, bare": BARE_ECHO.name, "echo, in our chassis": ECHO.name}
    subjects = []
    for name, part in names.items():
        parts = _parts(rig.world, tokens, size.rounds + 1, begun if part == SERVICE else None)
        subjects.append(Subject(Score(name, part), partial(_round, rig.port(part), parts)))
    for subject in subjects:
        await subject.play()  # not counted: pools fill, tokens are seen for the first time
    await in_turn(subjects, rig.meters(*names.values(), "postgres"), size.rounds, say)
    return [subject.score for subject in subjects]


async def _round(port: int, parts: Iterator[list[Beginner]]) -> Run:
    return await client.closed_loop(port, next(parts))


def _parts(
    world: World, tokens: Mapping[int, str], count: int, begun: list[int] | None
) -> Iterator[list[Beginner]]:
    """Yield `count` times all students, each time with another part of their attempts."""
    for n in range(count):
        yield [Beginner(t, world.waiting_of(who)[n::count], begun) for who, t in tokens.items()]


def _report(
    others: float, ours: Score, bare: Score, echo: Score, verdict: ledger.Verdict
) -> Report:
    ratio, in_chassis = (ours.per_cpu_second / e.per_cpu_second for e in (bare, echo))
    facts = {
        "ours": ours.facts(),
        "echo": bare.facts(),
        "echo_in_chassis": echo.facts(),
        "ratio": round(ratio, 3),
        "ratio_in_chassis": round(in_chassis, 3),
        "oracle": str(verdict),
    }
    row = [
        f"{ours.per_second:,.0f}/s",
        f"{ours.per_cpu_second:,.0f}",
        f"{bare.per_cpu_second:,.0f}",
        f"{ratio:.2f} ({in_chassis:.2f})",
        f"{ours.ms(50):.0f} / {ours.ms(99):.0f} ms",
        str(verdict),
    ]
    failed = [f"{ours.name}: {ours.run.failures}"] if ours.run.failures else []
    return Report("begin", others, facts, row, [*failed, *verdict.flaws])
