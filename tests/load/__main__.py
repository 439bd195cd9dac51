"""`python -m load <benchmark>`: one of them each, with its sizes."""

import asyncio
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from load import (
    bench_begin,
    bench_boards,
    bench_connects,
    bench_events,
    bench_fanout,
    bench_list,
    bench_login,
    bench_nodes,
    bench_render,
    bench_report,
    bench_save,
    bench_screen,
    bench_units,
)
from load.day import course
from load.day.size import SHORT, of_students
from load.figures import Report
from load.world import World

app = typer.Typer(add_completion=False, help="Benchmarks; see tests/load/README.md.")
console = Console(width=None if sys.stdout.isatty() else 120)
_began = time.monotonic()


def _say(text: str) -> None:
    console.print(f"[dim]{time.monotonic() - _began:6.1f} s[/]  {text}", highlight=False)


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # this is what it is for


def _end(report: Report) -> None:
    report.print(console)
    sys.exit(1 if report.flaws else 0)


@app.command()
def save(
    rounds: Annotated[int, typer.Option(min=1)] = 4,
    seconds: Annotated[float, typer.Option(help="Length of a round.")] = 3.0,
) -> None:
    """Save answers one by one over REST, against the echo, and in batches over gRPC."""
    _end(bench_save.bench(bench_save.Size(rounds=rounds, seconds=seconds), console, _say))


@app.command()
def events(
    rounds: Annotated[int, typer.Option(min=1)] = 4,
    seconds: Annotated[float, typer.Option(help="Length of a round.")] = 3.0,
) -> None:
    """Take events in: one by one against the echo, in batches against bare inserts."""
    _end(bench_events.bench(bench_events.Size(rounds=rounds, seconds=seconds), console, _say))


@app.command()
def screen(
    students: Annotated[int, typer.Option(min=10)] = 5_000,
    seconds: Annotated[float, typer.Option(help="Length of a stretch.")] = 15.0,
) -> None:
    """Count the frames of a board in Chromium while events arrive."""
    size = bench_screen.Size(students=students, seconds=seconds)
    _end(bench_screen.bench(size, console, _say))


@app.command()
def render(times: Annotated[int, typer.Option(min=1, help="Openings of each page.")] = 10) -> None:
    """Open sign-in, exam room and board in Chromium until they are there."""
    _end(bench_render.bench(bench_render.Size(times), console, _say))


@app.command()
def begin(rounds: Annotated[int, typer.Option(min=1, max=12)] = 4) -> None:
    """Begin attempts, against the echo."""
    _end(bench_begin.bench(bench_begin.Size(rounds=rounds), console, _say))


@app.command()
def units(
    seconds: Annotated[float, typer.Option(help="Of saves and events, each.")] = 6.0,
    keep: Annotated[bool, typer.Option(help="Write them down for `oep capacity`.")] = False,
) -> None:
    """Count what one login, begin, event, save and submit take of every part."""
    size = bench_units.Size(seconds=seconds, is_kept=keep)
    _end(bench_units.bench(size, console, _say))


@app.command()
def login(
    students: Annotated[int, typer.Option(help="Who log in at once.")] = 1000,
    within: Annotated[float, typer.Option(help="Seconds in which they come.")] = 10.0,
    imported: Annotated[bool, typer.Option(help="With bcrypt hashes, as imported.")] = False,
) -> None:
    """Let a thousand students log in while an exam runs."""
    size = bench_login.Size(newcomers=students, within_seconds=within, are_imported=imported)
    _end(bench_login.bench(size, console, _say))


@app.command("list")
def list_(
    students: Annotated[int, typer.Option(help="Attempts of the exam.")] = 5_000,
    rounds: Annotated[int, typer.Option(min=1)] = 4,
) -> None:
    """Ask for pages of the list of an exam's attempts."""
    world = World(students, running_exams=1, questions=10)
    _end(bench_list.bench(bench_list.Size(world=world, rounds=rounds), console, _say))


@app.command()
def boards(
    students: Annotated[int, typer.Option(help="Who are online.")] = 5_000,
    boards: Annotated[int, typer.Option(help="Proctors.")] = 50,
    per_second: Annotated[int, typer.Option(help="Events.")] = 500,
    seconds: Annotated[float, typer.Option(help="For each way of boards.")] = 20.0,
) -> None:
    """From the commit of an event to the board."""
    size = bench_boards.Size(students, boards, per_second, seconds)
    _end(bench_boards.bench(size, console, _say))


@app.command()
def nodes(
    sockets: Annotated[int, typer.Option(help="Of each of two exams.")] = 200,
    seconds: Annotated[float, typer.Option(help="Length of a round.")] = 10.0,
) -> None:
    """Two realtime nodes: the CPU of each follows its own sockets' traffic."""
    _end(bench_nodes.bench(bench_nodes.Size(sockets, seconds=seconds), console, _say))


@app.command()
def report(
    attempts: Annotated[int, typer.Option(help="Of the exam that is reported on.")] = 5000,
    events: Annotated[int, typer.Option(help="Of each attempt.")] = 60,
    rounds: Annotated[int, typer.Option(min=1)] = 30,
) -> None:
    """Ask for reports on an exam: pages, figures, files, paper."""
    size = bench_report.Size(attempts=attempts, events=events, rounds=rounds)
    _end(bench_report.bench(size, console, _say))


@app.command()
def fanout(
    sockets: Annotated[int, typer.Option(min=1, help="On one channel.")] = 1_000,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    idle: Annotated[int, typer.Option(min=1, help="Students who only stay.")] = 10_000,
    most: Annotated[int | None, typer.Option(help="Sockets at the end; else all files.")] = None,
    source: Annotated[Path | None, typer.Option(help="Another realtime/src to measure.")] = None,
) -> None:
    """Send messages to many sockets, and hold many; nats-server's WebSocket beside it."""
    size = bench_fanout.Size(sockets=sockets, rounds=rounds, idle=idle, most=most)
    _end(bench_fanout.bench(size, console, _say, source))


@app.command()
def connects(
    students: Annotated[int, typer.Option(min=1, help="Who come, and stay.")] = 10_000,
    rounds: Annotated[int, typer.Option(min=1, help="Of each kind of client.")] = 2,
    source: Annotated[Path | None, typer.Option(help="Another realtime/src to measure.")] = None,
) -> None:
    """Let students in as quickly as they can come, and have them there while they are silent."""
    _end(bench_connects.bench(bench_connects.Size(students, rounds), console, _say, source))


@app.command()
def day(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(help="a: morning, b: storm, c: hour, d: bell, e: wave; all if none."),
    ] = None,
    students: Annotated[int, typer.Option(min=10, help="All rates in proportion.")] = 5_000,
    hour: Annotated[float, typer.Option(help="Seconds that the hour is compressed to.")] = 600.0,
    attempts: Annotated[int, typer.Option(min=1, max=4, help="Replicas of that service.")] = 1,
    short: Annotated[bool, typer.Option(help="As in `make test`: no time decides.")] = False,
) -> None:
    """An exam day: morning, event storm, steady hour, bell and reconnect wave, beside twins."""
    letters = sorted({*"".join(scenarios or course.SCENARIOS)})
    if not course.SCENARIOS.keys() >= set(letters):
        raise typer.BadParameter(f"scenarios are {', '.join(course.SCENARIOS)}")
    size = SHORT if short else replace(of_students(students), hour_seconds=hour)
    with course.platform(size, _say, {"attempts": attempts}) as rig:
        outcomes, book = asyncio.run(
            course.play(rig, size, letters, _say, lambda told: _print(told.line))
        )
        verdicts = book.judge(rig.platform.database, rig.world)
    _print(course.told(verdicts))
    for outcome in outcomes:
        _print(outcome.row)
    sys.exit(not course.is_well(size, outcomes, verdicts))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the platform ends with us
    app()
