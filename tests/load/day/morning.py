"""(a) Exam morning: everybody logs in, begins, fetches the paper and connects, once each.

Open loop: students come to the door evenly, each on a connection of his own through the gateway;
what each does next follows at once when the last is answered. Beside it the twin with a commit per
request gets begins at the same moments, without any login beside them.
"""

import asyncio
import json
from dataclasses import dataclass, field

from load import client
from load.client import Due, Insistence, Run, clock, insist
from load.day import seat
from load.day.outcome import Outcome, cpu_ms, facts, latency, told, told_ms
from load.day.seat import Seat
from load.day.stage import Stage, costing
from load.figures import percentile
from load.rig import COMMIT_PER_REQUEST, login_request
from load.world import FIRST_QUESTION

WORDS = "exam morning"
BAR_SECONDS, BEGIN_BAR_SECONDS = 120.0, 1.0
_TWIN_LINES = 64


@dataclass
class Came:
    """What became of those who came."""

    logins: Insistence = field(default_factory=Insistence)
    begins: Insistence = field(default_factory=Insistence)
    papers: Insistence = field(default_factory=Insistence)
    begun_at: list[float] = field(default_factory=list)
    """When each pressed begin."""
    seated: list[float] = field(default_factory=list)
    """Seconds from the door to the socket, for each who got there."""
    seats: list[Seat] = field(default_factory=list)
    wrong_papers: int = 0

    @property
    def steps(self) -> dict[str, Insistence]:
        return {"logins": self.logins, "begins": self.begins, "papers": self.papers}


async def play(stage: Stage) -> Outcome:
    size, came = stage.size, Came()
    outcome = Outcome("a", WORDS)
    outcome.offered = f"open loop: all come within {size.morning_seconds:g} s"
    with seat.dropping(came.seats):
        with stage.measured(outcome):
            began = clock()
            await _all_come(stage, came, began)
            lasted = clock() - began
        _judge(stage, came, outcome)
    _tell(came, outcome, lasted)
    await _twin(stage, came, outcome)
    return outcome


async def _all_come(stage: Stage, came: Came, began: float) -> None:
    pause = stage.size.morning_seconds / stage.size.students
    async with asyncio.TaskGroup() as group:
        for place, student_id in enumerate(stage.world.sitter_ids):
            group.create_task(_come(stage, came, student_id, began + place * pause))


async def _come(stage: Stage, came: Came, student_id: int, due: float) -> None:
    await asyncio.sleep(max(0.0, due - clock()))
    line = await client.connect(stage.gateway)
    try:
        token = await _begin(stage, came, line, student_id, due)
    finally:
        line.close()
    if token is None:
        return
    [attempt_id] = stage.world.waiting_of(student_id)
    mine = Seat(stage.gateway, attempt_id, token)
    came.seats.append(mine)
    await mine.come()
    if not mine.has_given_up:
        came.seated.append(clock() - due)


async def _begin(
    stage: Stage, came: Came, line: client.Line, student_id: int, due: float
) -> str | None:
    """Log in, begin, fetch the paper; return the token, or None for whom something failed."""
    answer = await insist(line, login_request(student_id), came.logins, due)
    stage.book.let_in[student_id] += answer.is_good
    if not answer.is_good:
        return None
    token: str = json.loads(answer.body)["access_token"]
    [attempt_id] = stage.world.waiting_of(student_id)
    head = client.request_head("POST", f"/api/v1/attempts/{attempt_id}/begin", token)
    came.begun_at.append(clock())
    answer = await insist(line, client.with_body(head, b""), came.begins)
    if not answer.is_good:
        return None
    stage.book.begun.append(attempt_id)
    head = client.request_head("GET", f"/api/v1/exams/{stage.size.morning_exam}", token)
    answer = await insist(line, client.with_body(head, b""), came.papers)
    last = f"Question {FIRST_QUESTION + stage.size.questions - 1}:"
    came.wrong_papers += answer.is_good and last.encode() not in answer.body
    return token if answer.is_good else None


def _judge(stage: Stage, came: Came, outcome: Outcome) -> None:
    for name, step in came.steps.items():
        outcome.errors(name, step.errors)
    lost = sum(not one.is_here for one in came.seats)
    for name, count in (
        ("papers without the last question", came.wrong_papers),
        ("sockets that are not there in the end", lost),
        ("students who got no seat", stage.size.students - len(came.seated)),
    ):
        if count:
            outcome.flaws.append(f"{name}: {count}")


def _tell(came: Came, outcome: Outcome, lasted: float) -> None:
    refused = sum(one.refused for one in came.seats)
    outcome.ours = {
        "all_in_seconds": round(lasted, 1),
        "door_to_seat_ms": latency(came.seated),
        **{
            name: {"come_backs": step.come_backs, "ms": latency(step.waited)}
            for name, step in came.steps.items()
        },
        "sockets_refused": refused,
    }
    begins = percentile(came.begins.waited, 99)
    outcome.bar("all in", lasted, BAR_SECONDS)
    outcome.bar("begin, p99", begins, BEGIN_BAR_SECONDS)
    come_backs = sum(step.come_backs for step in came.steps.values()) + refused
    outcome.told = [
        (
            f"all in after {lasted:.1f} s; begin {told_ms(came.begins.waited)}, paper"
            f" {told_ms(came.papers.waited)}; told to come back {come_backs} times"
        )
    ]


async def _twin(stage: Stage, came: Came, outcome: Outcome) -> None:
    """Let the twin begin the first attempts again, at the moments at which they were begun."""
    name, run = COMMIT_PER_REQUEST.name, Run()
    first = min(came.begun_at, default=0.0)
    moments = sorted(at - first for at in came.begun_at)
    moments = [at for at in moments if at < stage.size.twin_seconds]
    students = list(stage.tokens.items())[: len(moments)]
    async with stage.lines(_TWIN_LINES, name) as lines:
        plan = []
        for place, (at, (student_id, token)) in enumerate(zip(moments, students, strict=True)):
            path = f"/api/v1/attempts/{stage.world.waiting_of(student_id)[0]}/begin"
            request = client.with_body(client.request_head("POST", path, token), b"")
            plan.append(Due(at, lines[place % _TWIN_LINES], request, run.note))
        began = clock()
        with costing(stage, name, "postgres") as used:
            await client.open_loop(plan)
        run.seconds = clock() - began
    outcome.naive = {**facts(run), "cpu_ms": cpu_ms(used, run.good_count)}
    outcome.told.append(f"{run.good_count} begins at the same pace, nobody logging in: {told(run)}")
    outcome.errors("twin's begins", run.failures)
