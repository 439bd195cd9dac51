"""`oep report`: fetches a report about an attempt or an exam through the gateway, into a file.

It is a person's report: whoever logs in gets what he may see, and nothing is shown to whoever has
only the machine. The file gets its name when all of it is there, so that half a report is none.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import (
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

from oep_local import state, tls
from oep_local.errors import RunnerError
from oep_local.layout import Layout

SECONDS = 60.0
"""How long the gateway may be silent; paper takes its time."""


class Form(Enum):
    """The kinds of file."""

    PDF = "pdf"
    CSV = "csv"
    JSON = "json"


class NoReport(RunnerError):
    """Nothing was written; the text says why."""


Id = Annotated[int, typer.Argument(min=1, max=2**31 - 1, show_default=False)]
Format = Annotated[Form, typer.Option("--format", help="PDF is short; CSV and JSON have all.")]
Out = Annotated[
    str | None, typer.Option("-o", "--output", help="File to write, - for standard output.")
]
Url = Annotated[str | None, typer.Option(help="Another platform's address.", envvar="OEP_URL")]
Login = Annotated[str, typer.Option(prompt="User name", envvar="OEP_LOGIN", help="Who asks.")]
Password = Annotated[
    str,
    typer.Option(prompt=True, hide_input=True, envvar="OEP_PASSWORD", help="Better asked for."),
]


def register(app: typer.Typer) -> None:
    """Add `oep report attempt|exam` to the command line."""
    report = typer.Typer(no_args_is_help=True, help="Write a proctoring report into a file.")
    app.add_typer(report, name="report")

    @report.command()
    def attempt(
        attempt_id: Id,
        login: Login,
        password: Password,
        form: Format = Form.PDF,
        output: Out = None,
        url: Url = None,
    ) -> None:
        """Write what is told about one attempt: timeline, times, risk, review."""
        path = f"attempt/{attempt_id}/report"
        _write(path, form, output, url, (login, password))

    @report.command()
    def exam(
        exam_id: Id,
        login: Login,
        password: Password,
        form: Format = Form.PDF,
        output: Out = None,
        url: Url = None,
    ) -> None:
        """Write what is told about an exam: totals, distributions, its attempts."""
        _write(f"exams/{exam_id}/report", form, output, url, (login, password))


def _write(
    path: str, form: Form, output: str | None, url: str | None, who: tuple[str, str]
) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    written = fetch(url or _running_url(), path, form, output, who, console)
    console.print(f"Written: {written}")


def _running_url() -> str:
    place = state.here()
    if not place.is_running():
        raise state.NotRunning
    return Layout.read(place).url


def fetch(
    base_url: str,
    path: str,
    form: Form,
    output: str | None,
    who: tuple[str, str],
    console: Console,
) -> str:
    """Write a report and return the file's name. Blocks; raises NoReport."""
    try:
        with httpx.Client(
            base_url=f"{base_url}/api/v1", timeout=SECONDS, trust_env=False, verify=tls.trust()
        ) as http:
            http.headers["Authorization"] = f"Bearer {_token(http, who)}"
            query = {"format": form.value}
            with http.stream("GET", f"/proctoring/{path}", params=query) as answer:
                _ensure(answer)
                target = output or _named(answer.headers, path, form)
                _save(answer, target, console)
                return "standard output" if target == "-" else target
    except httpx.HTTPError as error:
        raise NoReport(f"No report: {base_url} broke off or does not answer ({error})") from error
    except OSError as error:
        raise NoReport(f"No report: the file cannot be written ({error})") from error


def _token(http: httpx.Client, who: tuple[str, str]) -> str:
    answer = http.post("/auth/login", json={"username": who[0], "password": who[1]})
    _ensure(answer)
    return str(answer.json()["access_token"])


def _ensure(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    answer.read()
    raise NoReport(f"No report: {_words(answer)}")


def _words(answer: httpx.Response) -> str:
    try:
        words = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        words = "the gateway does not say why"
    later = answer.headers.get("retry-after")
    return f"{words} ({answer.status_code})" + (f"; come back in {later} s" if later else "")


def _named(headers: Mapping[str, str], path: str, form: Form) -> str:
    """Return the name that the server gives the file; never a path, never one that exists."""
    _, _, given = headers.get("content-disposition", "").partition('filename="')
    name = Path(given.rstrip('"')).name or f"{path.replace('/', '-')}.{form.value}"
    if Path(name).exists():
        raise NoReport(f"No report: {name} is there already; say where to with -o")
    return name


def _save(answer: httpx.Response, target: str, console: Console) -> None:
    with _progress(console) as bar:
        task = bar.add_task("fetching", total=None)
        if target == "-":
            for part in answer.iter_bytes():
                sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
            return
        with _whole(Path(target)) as file:
            for part in answer.iter_bytes():
                file.write(part)
                bar.advance(task, len(part))


@contextmanager
def _whole(target: Path) -> Iterator[Any]:
    """Open a file beside `target` that becomes it when all went well."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _progress(console: Console) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True)
