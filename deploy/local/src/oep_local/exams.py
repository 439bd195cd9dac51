"""`oep exams`: what an exam office does about exams, from a terminal.

All of it goes through the gateway as whoever signs in. An exam comes from a file (`exam_file`).
"""

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from oep_local import exam_file
from oep_local.asking import ALL, Gateway, Login, Password, Url, sign_in, user_id
from oep_local.completing import known_exams, note_exams
from oep_local.errors import RunnerError
from oep_local.exam_file import Paper
from oep_local.telling import AsJson, tell, tell_facts, tell_json, tell_table

MOST = 2**31 - 1
Id = Annotated[
    int,
    typer.Argument(metavar="EXAM", min=1, max=MOST, show_default=False, autocompletion=known_exams),
]
User = Annotated[str, typer.Argument(help="User name or id.", show_default=False)]
Limit = Annotated[int, typer.Option(min=1, help="How many at most.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
_COLUMNS = ("id", "exam_code", "title", "status", "start_time", "end_time", "duration_minutes")
_SHOWN = (*_COLUMNS, "total_marks", "passing_marks", "total_questions", "max_attempts")


class Status(Enum):
    """Of an exam; students see it when it is published or active."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ACTIVE = "active"
    COMPLETED = "completed"
    ARCHIVED = "archived"


class Role(Enum):
    """In which somebody can be assigned to an exam."""

    PROCTOR = "proctor"
    GRADER = "grader"


class NotMade(RunnerError):
    """The exam was not made; the text says why, and what is left."""


def register(app: typer.Typer) -> None:
    """Add `oep exams` to the command line."""
    exams = typer.Typer(no_args_is_help=True)
    app.add_typer(exams, name="exams")
    exams.callback()(about)
    exams.command("list")(list_exams)
    for verb in (show, create, status, delete, staff, assign, withdraw):
        exams.command()(verb)


def about() -> None:
    """Look at exams, make and publish them, assign staff.

    Everything is asked of the platform as the person who signs in: `--login`, and OEP_PASSWORD or
    the question for it.

    Example: `oep exams list --login demo-admin`
    """


def list_exams(
    login: Login = None,
    password: Password = None,
    status: Annotated[Status | None, typer.Option(help="Only of this status.")] = None,
    limit: Limit = 100,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the exams, with what an exam office looks for first.

    JSON: `[{id, exam_code, title, status, start_time?, end_time?, duration_minutes, …}]`, as
    `GET /api/v1/exams/` gives them.

    Example: `oep exams list --login demo-admin`

    Example: `oep exams list --login demo-admin --status published --json`
    """
    with sign_in(url, login, password) as gateway:
        wanted = status and status.value
        found = gateway.pages("/exams/", limit, status_filter=wanted)
    note_exams([exam["id"] for exam in found])
    if as_json:
        tell_json(found)
    else:
        tell_table(_COLUMNS, [[exam[name] for name in _COLUMNS] for exam in found])


def show(
    exam: Id,
    login: Login = None,
    password: Password = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show an exam: its facts, its questions, who is assigned and how far its attempts are.

    JSON: `{exam, statistics, staff: [{id, full_name, roles}]}`; `exam` as `GET
    /api/v1/exams/{id}` gives it, questions included.

    Example: `oep exams show 900001 --login demo-admin`
    """
    with sign_in(url, login, password) as gateway:
        found = {
            "exam": gateway.get(f"/exams/{exam}"),
            "statistics": gateway.get(f"/attempts/statistics/{exam}"),
            "staff": gateway.get(f"/auth/exams/{exam}/staff"),
        }
    if as_json:
        tell_json(found)
        return
    tell_facts([(name, found["exam"][name]) for name in _SHOWN])
    tell_facts([(name, value) for name, value in found["statistics"].items()])
    columns = ("id", "question_type", "marks", "question_text")
    tell_table(columns, [[each[name] for name in columns] for each in found["exam"]["questions"]])
    _tell_staff(found["staff"])


def create(
    file: Annotated[Path, typer.Argument(help="YAML or JSON; see below.", show_default=False)],
    login: Login = None,
    password: Password = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only read the file and look up its trade.")
    ] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make an exam, with its questions, from a file; it begins as a draft.

    The file has the fields of `POST /api/v1/exams/`; `trade` may be a trade's code instead of
    `trade_id`, and `total_marks` may be left out where all questions are new. `questions` are ids
    of questions that are there, or whole new ones (fields of `POST /api/v1/exams/questions`), which
    go into the question bank named by `question_bank`; it is made where it is missing. When the
    exam cannot be made, the questions are taken away again.

    JSON: the exam, as `POST /api/v1/exams/` answers; with `--dry-run` `{title, trade_id,
    total_marks, new_questions, known_questions}`

    Example: `oep exams create exam.yaml --login demo-admin`

    Example: `oep exams create exam.yaml --login demo-admin --dry-run`
    """
    paper = exam_file.read(file)
    with sign_in(url, login, password) as gateway:
        paper = paper.of_trade(_trade_id(gateway, paper))
        made = paper.outline() if dry_run else make(gateway, paper, is_quiet=as_json)
    if as_json:
        tell_json(made)
    elif dry_run:
        typer.echo("Nothing was made; it would be:")
        tell_facts([*made.items()])
    else:
        typer.echo(f"Exam {made['id']} ({made['exam_code']}) is made, a draft.")


def status(
    exam: Id,
    to: Annotated[Status, typer.Argument(metavar="STATUS", show_default=False)],
    login: Login = None,
    password: Password = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Change the status of an exam: draft, published, active, completed or archived.

    Students see and begin an exam that is published or active, within its window.

    JSON: the exam, as `PUT /api/v1/exams/{id}` answers

    Example: `oep exams status 900001 published --login demo-admin`
    """
    with sign_in(url, login, password) as gateway:
        changed = gateway.put(f"/exams/{exam}", status=to.value)
    tell(changed, f"Exam {exam} is {changed['status']}.", as_json=as_json)


def delete(
    exam: Id,
    login: Login = None,
    password: Password = None,
    yes: Yes = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Delete an exam that nobody has an attempt at; its questions stay in their bank.

    JSON: `{deleted: id}`

    Example: `oep exams delete 7 --login demo-admin --yes`
    """
    if not yes:
        typer.confirm(f"Delete exam {exam}?", abort=True, err=True)
    with sign_in(url, login, password) as gateway:
        gateway.delete(f"/exams/{exam}")
    tell({"deleted": exam}, f"Exam {exam} is deleted.", as_json=as_json)


def staff(
    exam: Id,
    login: Login = None,
    password: Password = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show who has to do with an exam, and in which roles.

    JSON: `[{id, full_name, roles}]`

    Example: `oep exams staff 900001 --login demo-admin`
    """
    with sign_in(url, login, password) as gateway:
        found = gateway.pages(f"/auth/exams/{exam}/staff", ALL)
    if as_json:
        tell_json(found)
    else:
        _tell_staff(found)


def assign(
    exam: Id,
    role: Annotated[Role, typer.Argument(show_default=False)],
    user: User,
    login: Login = None,
    password: Password = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Assign a proctor or grader to an exam; again changes nothing.

    JSON: `{exam_id, role, user_id}`

    Example: `oep exams assign 900001 proctor demo-proctor --login demo-admin`
    """
    with sign_in(url, login, password) as gateway:
        place = _place(gateway, exam, role, user)
        done = gateway.call("PUT", place)
    tell(done, f"{user} is {role.value} of exam {exam}.", as_json=as_json)


def withdraw(
    exam: Id,
    role: Annotated[Role, typer.Argument(show_default=False)],
    user: User,
    login: Login = None,
    password: Password = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Take an assignment back; open boards of that person close.

    JSON: `{exam_id, role, withdrawn: user}`

    Example: `oep exams withdraw 900001 proctor demo-proctor --login demo-admin`
    """
    with sign_in(url, login, password) as gateway:
        gateway.delete(_place(gateway, exam, role, user))
    done = {"exam_id": exam, "role": role.value, "withdrawn": user}
    tell(done, f"{user} is no {role.value} of exam {exam} any more.", as_json=as_json)


def make(gateway: Gateway, paper: Paper, *, is_quiet: bool = False) -> Any:
    """Make the new questions and the exam; raises NotMade when nothing of it stays. Blocks."""
    console = Console(stderr=True)
    made: list[int] = []
    try:
        if paper.new:
            bank = _bank_id(gateway, paper)
            for question in track(
                paper.new, "questions", console=console, disable=is_quiet, transient=True
            ):
                asked = gateway.post("/exams/questions", question_bank_id=bank, **question)
                made.append(asked["id"])
        return gateway.post("/exams/", **paper.fields, question_ids=paper.in_order(made))
    except RunnerError as failure:
        left = _taken_away(gateway, made)
        tail = f" These questions are left: {left}." if left else " Nothing of it is left."
        raise NotMade(f"No exam was made: {failure}.{tail}") from failure


def _taken_away(gateway: Gateway, made: list[int]) -> list[int]:
    """Delete questions; return those that could not be."""
    left = []
    for question in made:
        try:
            gateway.delete(f"/exams/questions/{question}")
        except RunnerError:
            left.append(question)
    return left


def _trade_id(gateway: Gateway, paper: Paper) -> int:
    if paper.trade is None:
        return int(paper.fields["trade_id"])
    trades = gateway.pages("/exams/trades", ALL)
    found = [trade["id"] for trade in trades if trade["code"] == paper.trade]
    if not found:
        raise NotMade(f"No exam was made: there is no trade with the code {paper.trade!r}")
    return int(found[0])


def _bank_id(gateway: Gateway, paper: Paper) -> int:
    trade_id = paper.fields["trade_id"]
    banks = gateway.pages("/exams/question-banks", ALL, trade_id=trade_id)
    found = [bank["id"] for bank in banks if bank["name"] == paper.question_bank]
    if found:
        return int(found[0])
    made = gateway.post("/exams/question-banks", name=paper.question_bank, trade_id=trade_id)
    return int(made["id"])


def _place(gateway: Gateway, exam: int, role: Role, user: str) -> str:
    return f"/auth/assignments/{exam}/{role.value}/{user_id(gateway, user)}"


def _tell_staff(staff: list[Any]) -> None:
    columns = ("id", "full_name", "roles")
    tell_table(columns, [[each[name] for name in columns] for each in staff])
