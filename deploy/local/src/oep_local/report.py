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

from oep_local.asking import Gateway, Login, Password, Refused, Url, sign_in
from oep_local.errors import RunnerError
from oep_local.telling import AsJson, tell_json


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


def register(app: typer.Typer) -> None:
    """Add `oep report attempt|exam` to the command line."""
    report = typer.Typer(no_args_is_help=True)
    app.add_typer(report, name="report")

    @report.callback()
    def about() -> None:
        """Write a proctoring report into a file.

        Example: `oep report exam 900001 --login demo-admin`
        """

    @report.command()
    def attempt(
        attempt_id: Id,
        login: Login = None,
        password: Password = None,
        form: Format = Form.PDF,
        output: Out = None,
        url: Url = None,
        as_json: AsJson = False,
    ) -> None:
        """Write what is told about one attempt: timeline, times, risk, review.

        JSON: `{written: file}`; the report itself is JSON with `--format json`

        Example: `oep report attempt 900001 --login demo-admin`

        Example: `oep report attempt 900001 --login demo-admin --format json -o -`
        """
        path = f"attempt/{attempt_id}/report"
        _write(path, form, output, sign_in(url, login, password), as_json=as_json)

    @report.command()
    def exam(
        exam_id: Id,
        login: Login = None,
        password: Password = None,
        form: Format = Form.PDF,
        output: Out = None,
        url: Url = None,
        as_json: AsJson = False,
    ) -> None:
        """Write what is told about an exam: totals, distributions, its attempts.

        JSON: `{written: file}`; the report itself is JSON with `--format json`

        Example: `oep report exam 900001 --login demo-admin --format csv -o exam.csv`
        """
        path = f"exams/{exam_id}/report"
        _write(path, form, output, sign_in(url, login, password), as_json=as_json)


def _write(path: str, form: Form, output: str | None, gateway: Gateway, *, as_json: bool) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    written = fetch(gateway, path, form, output, console)
    if as_json and output != "-":
        tell_json({"written": written})
    else:
        console.print(f"Written: {written}")


def fetch(gateway: Gateway, path: str, form: Form, output: str | None, console: Console) -> str:
    """Write a report and return the file's name. Blocks; raises Refused, OutOfReach, NoReport."""
    query = {"format": form.value}
    try:
        with (
            gateway,
            gateway.in_reach(),
            gateway.http.stream("GET", f"/proctoring/{path}", params=query) as answer,
        ):
            if not answer.is_success:
                answer.read()
                raise Refused(answer)
            target = output or _named(answer.headers, path, form)
            _save(answer, target, console)
            return "standard output" if target == "-" else target
    except OSError as error:
        raise NoReport(f"No report: the file cannot be written ({error})") from error


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
