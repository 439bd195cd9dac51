"""`oep people`: finds, adds and blocks people, and enrols a CSV sheet of students.

All but the sheet goes through the gateway as whoever signs in. The sheet is read by the service's
own verb, in a process of its own: it needs no administrator's password, works before there is one,
and no request's time bounds it; here are its progress and its report.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from oep_local import state
from oep_local.asking import Login, Password, Url, ask, sign_in, user_id
from oep_local.errors import RunnerError
from oep_local.layout import Layout
from oep_local.telling import AsJson, tell, tell_facts, tell_json, tell_table

_COUNTS = ("added", "updated", "unchanged", "skipped", "refused")
_QUIET = frozenset({"added", "updated", "unchanged"})
_COLUMNS = ("id", "username", "full_name", "roles", "active", "center", "hall_ticket")

Sheet = Annotated[Path, typer.Argument(help="CSV in UTF-8; the first row names the columns.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Update = Annotated[
    bool, typer.Option("--update", help="Bring those who are here already up to date.")
]


class Role(Enum):
    """What somebody is to the platform."""

    ADMIN = "admin"
    HALL_IN_CHARGE = "hall_in_charge"
    HALL_AUTH = "hall_auth"
    TECHNICIAN = "technician"
    STUDENT = "student"
    PROCTOR = "proctor"
    GRADER = "grader"


User = Annotated[str, typer.Argument(help="User name or id.", show_default=False)]


class ImportFailed(RunnerError):
    """Nothing was written; the text says why."""


def register(app: typer.Typer) -> None:
    """Add `oep people` to the command line."""
    people = typer.Typer(no_args_is_help=True)
    app.add_typer(people, name="people")
    people.callback()(about)
    people.command("list")(list_people)
    people.command("import")(import_people)
    for verb in (show, add, block, unblock):
        people.command()(verb)


def about() -> None:
    """Find, add, block and import people.

    `import` works on this machine and needs no login; the others ask the platform as the person who
    signs in: `--login`, and OEP_PASSWORD or the question for it.

    Example: `oep people list --login demo-admin --role proctor`
    """


def list_people(
    login: Login = None,
    password: Password = None,
    search: Annotated[str | None, typer.Option(help="A part of a name or hall ticket.")] = None,
    role: Annotated[Role | None, typer.Option(help="Only those who hold it.")] = None,
    center: Annotated[
        int | None, typer.Option(help="Only those of the center with this id.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Find people by name, role and center.

    JSON: `[{id, username, full_name, email, is_active, roles: [{name}], center?,
    hall_ticket_number?, last_login?, …}]`, as `GET /api/v1/auth/users` gives them.

    Example: `oep people list --login demo-admin --search okafor`

    Example: `oep people list --login demo-admin --role student --limit 5 --json`
    """
    with sign_in(url, login, password) as gateway:
        wanted = {"q": search, "role": role and role.value, "center_id": center}
        found = gateway.pages("/auth/users", limit, **wanted)
    if as_json:
        tell_json(found)
    else:
        tell_table(_COLUMNS, [[_facts(person)[name] for name in _COLUMNS] for person in found])


def show(
    user: User,
    login: Login = None,
    password: Password = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show one person.

    JSON: the person, as `GET /api/v1/auth/users/{id}` gives it

    Example: `oep people show demo-proctor --login demo-admin`
    """
    with sign_in(url, login, password) as gateway:
        person = gateway.get(f"/auth/users/{user_id(gateway, user)}")
    if as_json:
        tell_json(person)
    else:
        tell_facts([*_facts(person).items()])


def add(
    username: Annotated[str, typer.Argument(show_default=False)],
    email: Annotated[str, typer.Option()],
    name: Annotated[str, typer.Option(help="The full name.")],
    role: Annotated[list[Role], typer.Option(help="Say it again for more.")],
    login: Login = None,
    password: Password = None,
    new_password: Annotated[
        str | None,
        typer.Option(envvar="OEP_NEW_PASSWORD", help="Asked for when it is not said."),
    ] = None,
    center: Annotated[int | None, typer.Option(help="The id of a center.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Add a member of staff; students come by `oep people import`.

    JSON: the person, as `POST /api/v1/auth/users` answers

    Example: `oep people add ada --email ada@example.org --name "Ada Byron" --role proctor --login
    demo-admin`
    """
    with sign_in(url, login, password) as gateway:
        person = gateway.post(
            "/auth/users",
            username=username,
            email=email,
            full_name=name,
            roles=[each.value for each in role],
            password=new_password or ask("Password of the new person", hide=True),
            center_id=center,
        )
    tell(person, f"{username} is added; the id is {person['id']}.", as_json=as_json)


def block(
    user: User,
    login: Login = None,
    password: Password = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody in no more; what he has open is closed within seconds.

    JSON: the person, as `PATCH /api/v1/auth/users/{id}` answers

    Example: `oep people block demo-hall --login demo-admin`
    """
    _set_active(user, login, password, url, is_active=False, as_json=as_json)


def unblock(
    user: User,
    login: Login = None,
    password: Password = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody in again.

    Who was blocked in this very second can sign in with the next one: instants in tokens are whole
    seconds.

    JSON: the person, as `PATCH /api/v1/auth/users/{id}` answers

    Example: `oep people unblock demo-hall --login demo-admin`
    """
    _set_active(user, login, password, url, is_active=True, as_json=as_json)


def _set_active(
    user: str,
    login: str | None,
    password: str | None,
    url: str | None,
    *,
    is_active: bool,
    as_json: bool,
) -> None:
    with sign_in(url, login, password) as gateway:
        place = f"/auth/users/{user_id(gateway, user)}"
        person = gateway.patch(place, is_active=is_active)
    what = "let in again" if is_active else "blocked"
    tell(person, f"{person['username']} is {what}.", as_json=as_json)


def _facts(person: Any) -> dict[str, Any]:
    """Return what is shown of a person, by column."""
    center = person["center"]
    return {
        **{name: person[name] for name in ("id", "username", "full_name")},
        "roles": [role["name"] for role in person["roles"]],
        "active": person["is_active"],
        "center": center and center["code"],
        "hall_ticket": person["hall_ticket_number"],
        "email": person["email"],
        "last_login": person["last_login"],
    }


def import_people(
    file: Sheet, dry_run: DryRun = False, update: Update = False, as_json: AsJson = False
) -> None:
    """Enrol the students of a sheet: good rows in one transaction, bad ones are named.

    Columns: username, email, full_name, hall_ticket_number, date_of_birth (DD/MM/YYYY or ISO),
    security_question, security_answer, password, center_code, trade_code. Rows count from 2.

    JSON: `{dry_run, added, updated, unchanged, skipped, refused, rows: [{row, username, outcome,
    messages}]}`

    Example: `oep people import students.csv --dry-run`
    """
    place = state.here()
    if not place.is_running():
        raise state.NotRunning
    asked = [*(["--dry-run"] if dry_run else []), *(["--on-existing=update"] if update else [])]
    console = Console(highlight=False, soft_wrap=True, stderr=as_json)
    report = import_in(Layout.read(place), file, asked, console)
    if as_json:
        tell_json(report)
    else:
        _show(report, console)


def import_in(running: Layout, file: Path, words: Iterable[str], console: Console) -> Any:
    """Import into a given platform and return the report; raises ImportFailed. Blocks."""
    argv = [sys.executable, "-m", "auth", "people", "import", str(file.absolute()), *words]
    with (
        Progress(console=console, transient=True) as bar,
        subprocess.Popen(  # noqa: S603 - our own module, our own arguments
            argv, env=dict(_environment(running)), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        assert process.stderr is not None  # noqa: S101 - a pipe was asked for
        task = bar.add_task("hashing secrets", total=None)
        last: dict[str, Any] = {}
        for raw in process.stdout:
            last = _read(raw) or last
            if "progress" in last:
                bar.update(task, completed=last["progress"], total=last["total"])
        said = process.stderr.read().decode(errors="replace").strip()
    if process.returncode or "report" not in last:
        raise ImportFailed(f"Nothing was imported: {last.get('error') or said}")
    return last["report"]


def _read(raw: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(raw)
    except ValueError:
        return {}  # a stray print is no reason to lose the report
    return found


def _environment(running: Layout) -> Mapping[str, str]:
    return running.environment("auth")


def _show(report: Any, console: Console) -> None:
    told = [row for row in report["rows"] if row["outcome"] not in _QUIET]
    if told:
        table = Table("row", "user name", "outcome", "why")
        for row in told:
            why = Text("; ".join(row["messages"]))
            table.add_row(str(row["row"]), Text(row["username"]), row["outcome"], why)
        console.print(table)
    counts = ", ".join(f"{report[name]} {name}" for name in _COUNTS)
    console.print(("Nothing was written; it would be: " if report["dry_run"] else "") + counts)
