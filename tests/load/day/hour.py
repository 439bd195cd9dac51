"""(c) A steady hour, in ten minutes: what 5,000 students do in one hour, six times as quickly.

All of them have a socket. Open loop: they save answers and post events, evenly spread; some log in
late; proctors look at boards, whole ones and windows, turn pages of the list and open reviews.
Everything passes the gateway. Beside it, afterwards, the twins with a commit per request get saves
and events at the same rates.
"""

import asyncio
import gc
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from load import client, listening
from load.bench_boards import Score, Whole, seat_halls
from load.bench_login import Storm, come_in
from load.client import Due, Line, Run, clock, open_loop
from load.day import posting, seat
from load.day.outcome import Outcome, facts, latency, told, told_ms
from load.day.seat import Seat, seated
from load.day.size import EXAM, IN_HOUR
from load.day.stage import Stage
from load.listening import Hear, Listener, handshake, open_all
from load.rig import COMMIT_PER_EVENT, COMMIT_PER_REQUEST
from load.world import FIRST_ATTEMPT

WORDS = "steady hour in ten minutes"
_LINES = 64
_FIRST_PROCTOR = 910_001
_PAGES = 5
"""Pages of the list that are turned for each review that is opened."""
_SETTLE_SECONDS = 20.0


@dataclass
class Hour:
    """What was sent and seen."""

    saves: Run = field(default_factory=Run)
    events: Run = field(default_factory=Run)
    pages: Run = field(default_factory=Run)
    reviews: Run = field(default_factory=Run)
    comers: Storm = field(default_factory=Storm)
    board: Score = field(default_factory=lambda: Score("whole"))
    window_frames: int = 0

    @property
    def runs(self) -> dict[str, Run]:
        return {
            "saves": self.saves,
            "events": self.events,
            "pages": self.pages,
            "reviews": self.reviews,
        }


async def play(stage: Stage) -> Outcome:
    size, outcome, hour = stage.size, Outcome("c", WORDS), Hour()
    outcome.offered = (
        f"open loop, {size.hour_seconds:g} s: {_rate(stage, size.saves_each):.0f} saves/s,"
        f" {_rate(stage, size.events_each):.0f} events/s, {size.latecomers} latecomers,"
        f" {size.whole_boards} whole boards, {size.windows} windows, a page or a review every"
        f" {size.review_every_seconds:g} s"
    )
    seats = [Seat(stage.gateway, a, token) for a, token in stage.attempts(IN_HOUR).items()]
    with seat.dropping(seats):
        await seated(seats)
        stage.say(f"  {sum(one.is_here for one in seats):,} students have sockets")
        hears = [Whole(hour.board) for _ in range(size.whole_boards)]
        boards = await _boards(stage, hour, hears)
        gc.collect()
        gc.freeze()  # a collection among so many sockets of ours stops this clock
        with listening.closing(boards), stage.measured(outcome):
            await _go_on(stage, hour)
            lacks = await _lacking(hears)
        lost = sum(not one.is_here for one in seats) + sum(board.is_lost for board in boards)
    gc.unfreeze()
    if lost:
        outcome.flaws.append(f"sockets that are not there in the end: {lost}")
    if lacks:
        outcome.flaws.append(f"events that a whole board does not show: {lacks}")
    _tell(hour, outcome)
    await _twin(stage, outcome)
    return outcome


def _rate(stage: Stage, each: int) -> float:
    return stage.size.students * each / stage.size.hour_seconds


async def _boards(stage: Stage, hour: Hour, hears: list[Whole]) -> list[Listener]:
    size, path = stage.size, f"exams/{EXAM}/monitor"
    per_hall = max(1, size.students // max(1, size.windows))
    await asyncio.to_thread(seat_halls, stage.rig, per_hall)

    def count(_: bytes, __: float) -> None:
        hour.window_frames += 1

    wanted: list[tuple[bytes, Hear]] = []
    for number in range(size.whole_boards + size.windows):
        token = stage.sign(_FIRST_PROCTOR + number, "admin")
        if number < size.whole_boards:
            wanted.append((handshake(path, token), hears[number]))
        else:
            hall = f"HALL-{number - size.whole_boards:03}-"
            window = f"{path}?view=page&limit={min(per_hall, 100)}&search={hall}"
            wanted.append((handshake(window, token), count))
    boards = await open_all(stage.gateway, wanted)
    async with asyncio.timeout(_SETTLE_SECONDS):
        await asyncio.gather(*(board.begun.wait() for board in hears))
    return boards


async def _go_on(stage: Stage, hour: Hour) -> None:
    size = stage.size
    saves, events = _rate(stage, size.saves_each), _rate(stage, size.events_each)
    pause = size.hour_seconds / max(1, size.latecomers)
    began = clock()
    async with (
        stage.lines(_LINES) as one,
        stage.lines(_LINES) as other,
        stage.lines(2) as office,
        asyncio.TaskGroup() as group,
    ):
        plan = posting.saves(
            stage.world, stage.tokens, one, hour.saves, stage.book, saves, size.hour_seconds
        )
        group.create_task(open_loop(plan))

        def stored(attempt_id: int, ids: list[str]) -> None:
            stage.book.events.stored(attempt_id, ids)
            hour.board.seen.committed[ids[0].encode()] = clock()
            hour.board.seen.severity[ids[0].encode()] = "warning"

        attempts = stage.attempts(IN_HOUR)
        plan = posting.events(attempts, other, hour.events, stored, events, size.hour_seconds)
        group.create_task(open_loop(plan))
        group.create_task(open_loop(_office(stage, hour, office)))
        for place, student_id in enumerate(stage.world.newcomer_ids):
            due = began + place * pause
            group.create_task(come_in(stage.gateway, student_id, due, hour.comers))
    for run in hour.runs.values():
        run.seconds = clock() - began
    stage.book.let_in.update(hour.comers.let_in)


def _office(stage: Stage, hour: Hour, lines: Sequence[Line]) -> Iterator[Due]:
    """Yield what proctors ask for: pages of the list, and now and then they open a review."""
    token = stage.sign(_FIRST_PROCTOR, "admin")
    every = stage.size.review_every_seconds
    page = f"/api/v1/proctoring/exams/{EXAM}/attempts?limit=100"
    for number in range(int(stage.size.hour_seconds / every)):
        at, line = number * every, lines[number % len(lines)]
        if number % _PAGES:
            request = client.with_body(client.request_head("GET", page, token), b"")
            yield Due(at, line, request, hour.pages.note)
        else:
            attempt_id = FIRST_ATTEMPT + number // _PAGES
            path = f"/api/v1/proctoring/attempt/{attempt_id}/reviews"
            body = json.dumps({"reason": "Left the page while others wrote."}).encode()
            request = client.with_body(client.request_head("POST", path, token), body)
            yield Due(at, line, request, hour.reviews.note)


async def _lacking(hears: list[Whole]) -> int:
    """Wait until whole boards have shown everything; return what they lack in the end."""
    until = clock() + _SETTLE_SECONDS
    while clock() < until:  # frames of another process are waited for
        if not (lacks := sum(hear.lacks for hear in hears)):
            break
        await asyncio.sleep(0.1)
    return lacks


def _tell(hour: Hour, outcome: Outcome) -> None:
    outcome.ours = {
        **{name: facts(run) for name, run in hour.runs.items()},
        "latecomers": {
            "come_backs": hour.comers.told.come_backs,
            "ms": latency(hour.comers.told.waited),
        },
        "commit_to_whole_board_ms": latency(hour.board.seen.latencies("warning")),
        "window_frames": hour.window_frames,
    }
    for name, run in {**hour.runs, "latecomers": hour.comers.told.run}.items():
        outcome.errors(name, run.failures)
    board = told_ms(hour.board.seen.latencies("warning"))
    outcome.told = [
        (
            f"saves {told(hour.saves)}, events {told(hour.events)}, pages {told(hour.pages)},"
            f" on a whole board {board}"
        )
    ]


async def _twin(stage: Stage, outcome: Outcome) -> None:
    size, saved, posted = stage.size, Run(), Run()
    saves, events = _rate(stage, size.saves_each), _rate(stage, size.events_each)
    async with (
        stage.lines(_LINES, COMMIT_PER_REQUEST.name) as one,
        stage.lines(_LINES, COMMIT_PER_EVENT.name) as other,
    ):
        seconds, began, attempts = size.twin_seconds, clock(), stage.attempts(IN_HOUR)
        await asyncio.gather(
            open_loop(posting.saves(stage.world, stage.tokens, one, saved, None, saves, seconds)),
            open_loop(posting.events(attempts, other, posted, posting.nowhere, events, seconds)),
        )
    saved.seconds = posted.seconds = clock() - began
    outcome.naive = {"saves": facts(saved), "events": facts(posted)}
    outcome.told.append(f"saves {told(saved)}, events {told(posted)}")
    outcome.errors("twin's saves", saved.failures)
    outcome.errors("twin's events", posted.failures)
