"""`oep watch`: an exam's board in the terminal, for as long as somebody looks.

`board_line` keeps the line, `board` what it tells; here it is shown: as a board that is drawn anew,
as lines where the output is no terminal, as JSON for programs.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from oep_local import board as boards
from oep_local.asking import Login, OutOfReach, Password, Url, sign_in
from oep_local.board import Board, Incident, Row
from oep_local.board_line import Line, Lost
from oep_local.completing import known_exams
from oep_local.telling import AsJson, instant, tell_line

PICTURES_A_SECOND = 4
SHOWN_INCIDENTS = 8
_FEWEST_ROWS = 5
_FRAME_LINES = 9
"""Of the screen, what neither rows nor incidents need."""
_STYLES = {
    boards.Group.WAITS: "bold magenta",
    boards.Group.VIOLATION: "bold red",
    boards.Group.LOST: "yellow",
    boards.Group.WARNING: "yellow",
    boards.Group.WORKS: "green",
    boards.Group.NOT_STARTED: "dim",
    boards.Group.OVER: "dim",
}

Exam = Annotated[
    int,
    typer.Argument(metavar="EXAM", min=1, show_default=False, autocompletion=known_exams),
]
Once = Annotated[bool, typer.Option("--once", help="Print the board as it is now, and end.")]
Patience = Annotated[
    float, typer.Option(min=1, help="Seconds to wait for the first board; later, for ever.")
]


class Screen(Protocol):
    """Somebody who is told what comes over the line."""

    def frame(self, frame: dict[str, Any], board: Board, *, is_news: bool) -> None: ...
    def lost(self, lost: Lost) -> None: ...


def register(app: typer.Typer) -> None:
    """Add `oep watch` to the command line."""
    app.command()(watch)


def watch(
    exam: Exam,
    login: Login = None,
    password: Password = None,
    once: Once = False,
    patience: Patience = 30.0,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Watch an exam live, in the terminal.

    Counts by what attempts need, those first who need somebody, the newest incidents, and whether
    the line stands. A broken line comes back by itself, where it was. Ctrl-C ends it, with 0. Where
    the output is no terminal, each incident and each change of the line is one line of text.

    JSON: each frame of the board's socket on a line of its own (`connected`, `snapshot`, `delta`,
    `resync`, …), and `{type: "lost", reason, again_in_seconds}` when the line is gone; with
    `--once` the first `snapshot` only

    Example: `oep watch 900001 --login demo-proctor`

    Example: `oep watch 900001 --login demo-proctor --once`

    Example: `oep watch 900001 --login demo-proctor --json | grep violation`
    """
    gateway = sign_in(url, login, password)
    board = Board()
    line = Line(gateway.url, exam, gateway.sign_in, lambda: board.position)
    with (
        contextlib.closing(gateway.http),
        contextlib.suppress(KeyboardInterrupt),
        _screen(exam, is_json=as_json, is_once=once) as screen,
    ):
        asyncio.run(_follow(line, board, screen, patience, is_once=once))


async def _follow(
    line: Line, board: Board, screen: Screen, patience: float, *, is_once: bool
) -> None:
    """Tell the screen what comes, until somebody ends it; raises OutOfReach when nothing does."""
    why = "it says nothing"
    try:
        async with asyncio.timeout(patience) as limit:
            async for said in line.listen():
                if isinstance(said, Lost):
                    why = said.reason
                    screen.lost(said)
                    continue
                screen.frame(said, board, is_news=board.hear(said))
                if board.is_whole:
                    limit.reschedule(None)
                    if is_once:
                        return
    except TimeoutError as failure:
        raise OutOfReach(f"No board within {patience:g} s: {why}") from failure


@contextlib.contextmanager
def _screen(exam_id: int, *, is_json: bool, is_once: bool) -> Iterator[Screen]:
    console = Console(highlight=False)
    if is_json:
        yield Frames(is_once=is_once)
    elif is_once:
        yield Print(exam_id, console)
    elif console.is_terminal:
        picture = Picture(exam_id, console)
        with Live(
            get_renderable=picture.drawn,
            console=console,
            screen=True,
            refresh_per_second=PICTURES_A_SECOND,
        ):
            yield picture
    else:
        yield Lines(exam_id)


class Frames:
    """JSON, a line each."""

    def __init__(self, *, is_once: bool) -> None:
        self._is_once = is_once

    def frame(self, frame: dict[str, Any], board: Board, *, is_news: bool) -> None:  # noqa: ARG002
        if not self._is_once or board.is_whole:
            tell_line(frame)

    def lost(self, lost: Lost) -> None:
        told = {"type": "lost", "reason": lost.reason}
        if not self._is_once:
            tell_line(told | {"again_in_seconds": round(lost.again_in_seconds, 2)})


class Picture:
    """The board as a picture, drawn when the terminal wants one."""

    def __init__(self, exam_id: int, console: Console) -> None:
        self._exam_id, self._console = exam_id, console
        self._board = Board()
        self._state = Text("connecting", "yellow")
        self._heard_at = time.monotonic()

    def frame(self, frame: dict[str, Any], board: Board, *, is_news: bool) -> None:  # noqa: ARG002
        self._board = board
        self._heard_at = time.monotonic()
        if frame["type"] in {"connected", "snapshot"}:
            self._state = Text("live", "green")
        if frame["type"] == "resync":
            self._state = Text("starting over", "yellow")

    def lost(self, lost: Lost) -> None:
        self._state = Text(f"{lost.reason}; again in {lost.again_in_seconds:.1f} s", "bold red")

    def drawn(self) -> RenderableType:
        incidents = SHOWN_INCIDENTS
        rows = max(_FEWEST_ROWS, self._console.height - incidents - _FRAME_LINES)
        heard = f", heard {time.monotonic() - self._heard_at:.0f} s ago"
        return drawn(self._exam_id, self._board, self._state + Text(heard, "dim"), rows, incidents)


class Print(Picture):
    """The picture, printed once with all that is known."""

    def frame(self, frame: dict[str, Any], board: Board, *, is_news: bool) -> None:
        super().frame(frame, board, is_news=is_news)
        if board.is_whole:
            rows = len(board.rows)
            state = Text(f"as of {instant(frame['as_of'])}")
            self._console.print(drawn(self._exam_id, board, state, rows, SHOWN_INCIDENTS))


class Lines:
    """Text for a log: what changes of the line, and each incident."""

    def __init__(self, exam_id: int) -> None:
        self._exam_id = exam_id

    def frame(self, frame: dict[str, Any], board: Board, *, is_news: bool) -> None:
        if frame["type"] == "snapshot":
            _say(f"exam {self._exam_id}: {summary(board)}")
        elif frame["type"] in {"connected", "resync"}:
            _say(frame["type"])
        elif is_news and frame.get("kind") == "event" and board.incidents:
            newest = board.incidents[0]
            if newest.attempt_id == frame["attempt_id"]:
                _say(described(newest))

    def lost(self, lost: Lost) -> None:
        _say(f"lost: {lost.reason}; again in {lost.again_in_seconds:.1f} s")


def summary(board: Board) -> str:
    """Return how many attempts are in each group, on one line."""
    counts = (f"{count} {_named(group)}" for group, count in board.groups().items())
    return f"{len(board.rows)} attempts: {', '.join(counts)}"


def described(incident: Incident) -> str:
    """Return an incident on one line."""
    who = f"{incident.student_name} ({incident.attempt_id})"
    return f"{incident.severity} {incident.event_type}: {who}"


def drawn(exam_id: int, board: Board, state: Text, rows: int, incidents: int) -> RenderableType:
    """Return the board as a picture with so many rows and incidents."""
    head = Text.assemble((f"Exam {exam_id}", "bold"), "  ", state)
    if not board.is_whole and not board.rows:
        return head
    counts = Text("  ").join(
        Text(f"{count} {_named(group)}", _STYLES[group]) for group, count in board.groups().items()
    )
    newest = Table.grid(padding=(0, 1))
    for incident in list(board.incidents)[:incidents]:
        newest.add_row(Text(_clock(incident.at), "dim"), Text(described(incident)))
    parts = (head, counts, _listed(board.neediest(rows)), Text("Newest incidents", "bold"), newest)
    left = len(board.rows) - rows
    return Group(*parts, Text(f"{left} more attempts", "dim") if left > 0 else Text())


def _listed(rows: list[Row]) -> Table:
    columns = (
        "attempt",
        "student",
        "needs",
        "status",
        "risk",
        "viol.",
        "warn.",
        "answered",
        "left",
    )
    table = Table(*columns, expand=False)
    for row in rows:
        group, counts = boards.group_of(row), row["counts"]
        numbers = (row["risk_score"] or 0, counts.get("violation", 0), counts.get("warning", 0))
        answered = f"{row['questions_answered'] or 0}/{row['total_questions'] or 0}"
        cells = (*numbers, answered, _left(row))
        table.add_row(
            str(row["attempt_id"]),
            Text(str(row["student_name"]), no_wrap=True, overflow="ellipsis"),
            Text(_named(group), _STYLES[group]),
            row["status"],
            *map(str, cells),
        )
    return table


def _left(row: Row) -> str:
    """Return the time that is left, by this machine's clock."""
    if row["status"] != "in_progress" or not row["deadline_at"]:
        return "-"
    if row["paused_at"]:
        return "paused"
    left = datetime.fromisoformat(row["deadline_at"]) - datetime.now(UTC)
    minutes, seconds = divmod(max(0, int(left.total_seconds())), 60)
    return f"{minutes}:{seconds:02}"


def _named(group: boards.Group) -> str:
    return group.name.lower().replace("_", " ")


def _clock(at: str) -> str:
    return (instant(at) or at)[11:]


def _say(text: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {text}\n")
    sys.stdout.flush()
