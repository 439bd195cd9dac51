"""`oep attempts`: looks at attempts, gives time, pauses and ends them, and makes them beforehand.

All but `assign` goes through the gateway as whoever signs in. `assign` is the service's own verb,
in a process of its own, and says what came of it.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from oep_local import state
from oep_local.asking import Login, Password, Url, sign_in
from oep_local.completing import known_exams
from oep_local.errors import RunnerError
from oep_local.layout import Layout
from oep_local.telling import AsJson, tell, tell_facts, tell_json, tell_table

MOST = 2**31 - 1
_COLUMNS = ("id", "student_name", "status", "start_time", "submit_time", "marks_obtained")
_SHOWN = (
    "id",
    "exam_id",
    "student_id",
    "status",
    "start_time",
    "deadline_at",
    "time_remaining_seconds",
    "submit_time",
    "questions_answered",
    "workstation_id",
    "transfer_count",
    "device_changes",
)


class Status(Enum):
    """Of an attempt."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    GRADED = "graded"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Why(Enum):
    """For what kind of reason an attempt is cancelled."""

    TECHNICAL = "technical"
    MISCONDUCT = "misconduct"
    ILLNESS = "illness"
    WRONG_STUDENT = "wrong_student"
    WITHDRAWN = "withdrawn"
    OTHER = "other"


class NotAssigned(RunnerError):
    """No attempt was made; the text says why."""


ExamId = Annotated[
    int,
    typer.Argument(metavar="EXAM", min=1, max=MOST, show_default=False, autocompletion=known_exams),
]
Id = Annotated[int, typer.Argument(metavar="ATTEMPT", min=1, max=MOST, show_default=False)]
Reason = Annotated[str, typer.Option(help="Kept and shown to staff; 3 characters or more.")]
Exam = Annotated[str, typer.Argument(help="The exam's id or its code.")]
Students = Annotated[
    Path, typer.Option(help="A file with a user id in each line's first column; - reads stdin.")
]


def register(app: typer.Typer) -> None:
    """Add `oep attempts` to the command line."""
    attempts = typer.Typer(no_args_is_help=True)
    app.add_typer(attempts, name="attempts")
    attempts.callback()(about)
    attempts.command("list")(list_attempts)
    for verb in (show, extend, pause, resume, cancel, reopen, assign):
        attempts.command()(verb)


def about() -> None:
    """Look at attempts, give time, pause and end them.

    `assign` works on this machine and needs no login; the others ask the platform as the person who
    signs in: `--login`, and OEP_PASSWORD or the question for it.

    Example: `oep attempts list 900001 --login demo-admin`
    """


def list_attempts(
    exam: ExamId,
    login: Login = None,
    password: Password = None,
    status: Annotated[Status | None, typer.Option(help="Only of this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the attempts at an exam, newest first.

    JSON: `[{id, student_id, student_name, status, start_time?, submit_time?, marks_obtained?,
    percentage?, is_passed?, …}]`, as `GET /api/v1/attempts/` gives them.

    Example: `oep attempts list 900001 --login demo-admin`

    Example: `oep attempts list 900001 --login demo-admin --status in_progress --json`
    """
    with sign_in(url, login, password) as gateway:
        wanted = status and status.value
        found = gateway.pages("/attempts/", limit, exam_id=exam, status_filter=wanted)
    if as_json:
        tell_json(found)
    else:
        tell_table(_COLUMNS, [[each[name] for name in _COLUMNS] for each in found])


def show(
    attempt: Id,
    login: Login = None,
    password: Password = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show an attempt, its clock and the extra time that it was given.

    JSON: `{attempt, allowances: [{id, seconds, factor?, reason, granted_by_id, created_at}]}`;
    `attempt` as `GET /api/v1/attempts/{id}` gives it.

    Example: `oep attempts show 900001 --login demo-admin`
    """
    with sign_in(url, login, password) as gateway:
        found = {
            "attempt": gateway.get(f"/attempts/{attempt}"),
            "allowances": gateway.get(f"/attempts/{attempt}/allowances"),
        }
    if as_json:
        tell_json(found)
        return
    tell_facts([(name, found["attempt"][name]) for name in _SHOWN])
    if found["allowances"]:
        columns = ("seconds", "reason", "granted_by_id", "created_at")
        tell_table(columns, [[each[name] for name in columns] for each in found["allowances"]])


def extend(
    attempt: Id,
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How much more.")],
    reason: Reason,
    login: Login = None,
    password: Password = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Give a student more time; the clock on his page follows at once.

    JSON: `{allowance, deadline_at?, time_remaining_seconds}`

    Example: `oep attempts extend 900001 --minutes 10 --reason "power cut" --login demo-admin`
    """
    with sign_in(url, login, password) as gateway:
        place = f"/attempts/{attempt}/allowances"
        done = gateway.post(place, seconds=60 * minutes, reason=reason)
    left = done["time_remaining_seconds"]
    tell(done, f"Attempt {attempt} has {left // 60} min {left % 60} s left.", as_json=as_json)


def pause(
    attempt: Id,
    reason: Reason,
    login: Login = None,
    password: Password = None,
    minutes: Annotated[
        int | None, typer.Option(min=1, max=1440, help="Goes on by itself after so long.")
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Stop a student's clock until `oep attempts resume`.

    JSON: the attempt, as `POST /api/v1/attempts/{id}/pause` answers

    Example: `oep attempts pause 900001 --reason "fire alarm" --login demo-admin`
    """
    body = {"reason": reason, "max_seconds": minutes and 60 * minutes}
    _steer(attempt, "pause", body, (url, login, password), "is paused", as_json=as_json)


def resume(
    attempt: Id,
    login: Login = None,
    password: Password = None,
    reason: Reason = "continued",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Let a paused clock go on.

    JSON: the attempt, as `POST /api/v1/attempts/{id}/unpause` answers

    Example: `oep attempts resume 900001 --login demo-admin`
    """
    body = {"reason": reason}
    _steer(attempt, "unpause", body, (url, login, password), "goes on", as_json=as_json)


def cancel(
    attempt: Id,
    reason: Reason,
    login: Login = None,
    password: Password = None,
    why: Annotated[Why, typer.Option(help="The kind of reason.")] = Why.OTHER,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """End an attempt for good, without a result.

    JSON: the attempt, as `POST /api/v1/attempts/{id}/cancel` answers

    Example: `oep attempts cancel 900012 --why illness --reason ill --yes --login demo-admin`
    """
    if not yes:
        typer.confirm(f"Cancel attempt {attempt}? It cannot be undone", abort=True, err=True)
    body = {"reason": reason, "reason_code": why.value}
    _steer(attempt, "cancel", body, (url, login, password), "is cancelled", as_json=as_json)


def reopen(
    attempt: Id,
    reason: Reason,
    login: Login = None,
    password: Password = None,
    minutes: Annotated[
        int | None, typer.Option(min=1, max=1440, help="Time beside what was left.")
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Let a student go on who submitted too early, or whose time ran out through a fault.

    JSON: the attempt that goes on, as `POST /api/v1/attempts/{id}/reopen` answers

    Example: `oep attempts reopen 900001 --reason "wrong button" --minutes 15 --login demo-admin`
    """
    body = {"reason": reason, "extra_seconds": minutes and 60 * minutes}
    _steer(attempt, "reopen", body, (url, login, password), "is open again", as_json=as_json)


def _steer(
    attempt: int,
    deed: str,
    body: Mapping[str, Any],
    who: tuple[str | None, str | None, str | None],
    words: str,
    *,
    as_json: bool,
) -> None:
    with sign_in(*who) as gateway:
        done = gateway.post(f"/attempts/{attempt}/{deed}", **body)
    tell(done, f"Attempt {done['id']} {words}; its status is {done['status']}.", as_json=as_json)


def assign(exam: Exam, students: Students, as_json: AsJson = False) -> None:
    """Give each student of a file an attempt at an exam, not started; repeat as you like.

    Who has one already keeps it. The first attempt freezes what the exam asks.

    JSON: `{made, kept}`

    Example: `oep attempts assign DEMO-ELEC-SAFETY --students ids.txt`
    """
    place = state.here()
    if not place.is_running():
        raise state.NotRunning
    said = assign_in(Layout.read(place), exam, students)
    made, kept = (int(number) for number in re.findall(r"\d+", said))
    tell({"made": made, "kept": kept}, said, as_json=as_json)


def assign_in(running: Layout, exam: str, students: Path) -> str:
    """Assign in a given platform and return what came of it; raises NotAssigned. Blocks."""
    file = "-" if str(students) == "-" else str(students.absolute())
    argv = [sys.executable, "-m", "attempts", "assign", exam, "--students", file]
    done = subprocess.run(  # noqa: S603  # our own module, our own arguments
        argv,
        env=dict(running.environment("attempts")),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotAssigned(f"No attempt was made: {done.stderr.strip()}")
    return done.stdout.strip()
