"""`oep import-legacy`: brings a dump of the legacy portal into the running system.

It opens the dump, gives each service its share through that service's own importer, and prints
what became of it. It may be repeated: importers upsert by id, each in one transaction.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from oep_local import state
from oep_local.errors import RunnerError
from oep_local.layout import Layout
from oep_local.legacy_dump import Dump, read_dump
from oep_local.legacy_import import (
    ImporterLauncher,
    ImportPutOffError,
    ImportRefusedError,
    Report,
    import_rows,
)
from oep_local.legacy_rows import SHARES, Share, missing_tables, unread_tables
from oep_local.telling import AsJson, tell_json

__all__ = [
    "ImportPutOffError",
    "ImportRefusedError",
    "LegacyImportError",
    "ProcessLauncher",
    "import_file",
    "register",
]


class LegacyImportError(RunnerError):
    """The import stopped; the text says why, what is written by now, and what to do."""


class ProcessLauncher:
    """Starts importers with this interpreter and the environment of the running system."""

    def __init__(self, environment: Callable[[str], Mapping[str, str]]) -> None:
        self._environment = environment

    def database_host(self, service: str) -> str | None:
        """Return the machine that the rows would go to."""
        return urlsplit(self._environment(service)["DATABASE_URL"]).hostname

    def start(
        self, service: str, arguments: Sequence[str], stderr: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own module, our own arguments
            [sys.executable, "-m", service, "import", *arguments],
            env={**os.environ, **self._environment(service)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )


def register(app: typer.Typer) -> None:
    """Add `oep import-legacy` to the command line."""

    @app.command("import-legacy")
    def import_legacy(
        file: Annotated[Path, typer.Argument(help="A plain-text dump made by pg_dump.")],
        keep_windows: Annotated[
            bool, typer.Option(help="Leave exam dates as they are, even when they are over.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Bring in a dump of the legacy portal.

        May be repeated.

        Each service imports its own tables in one transaction, ids are kept, and a report says
        what was imported, changed and left.

        JSON: `[{service, imported: {table: count}, changed: [text], left: [text]}]`

        Example: `oep import-legacy portal.sql`

        Example: `oep import-legacy portal.sql --keep-windows`
        """
        launcher = running_launcher()
        dump, console = read_dump(file), Console(stderr=as_json)
        reports = import_dump(dump, keep_windows=keep_windows, launcher=launcher, console=console)
        if as_json:
            tell_json([asdict(report) for report in reports])
        else:
            _print_report(dump, reports, console)


def running_launcher() -> ProcessLauncher:
    """Return a launcher into the platform that runs here; raises NotRunning."""
    place = state.here()
    if not place.is_running():
        raise state.NotRunning
    return ProcessLauncher(Layout.read(place).environment_of_deeds)


def import_file(
    path: Path, *, keep_windows: bool, launcher: ImporterLauncher, console: Console
) -> None:
    """Import the dump at `path` and print the report; raises RunnerError saying what to do."""
    dump = read_dump(path)
    reports = import_dump(dump, keep_windows=keep_windows, launcher=launcher, console=console)
    _print_report(dump, reports, console)


def import_dump(
    dump: Dump, *, keep_windows: bool, launcher: ImporterLauncher, console: Console
) -> list[Report]:
    """One report per service, in the order of import."""
    if missing := missing_tables(dump):
        raise LegacyImportError(
            f"{dump.path} has no table {', '.join(missing)}: it is no dump of the legacy portal,"
            " or only a part of one. Nothing was imported."
        )
    arguments = ("--keep-windows",) if keep_windows else ()
    reports: list[Report] = []
    for share in SHARES:
        try:
            reports.append(_import_share(share, dump, arguments, launcher, console))
        except ImportRefusedError as error:
            raise LegacyImportError(_refusal(share, str(error), reports)) from None
    return reports


def _import_share(
    share: Share,
    dump: Dump,
    arguments: Sequence[str],
    launcher: ImporterLauncher,
    console: Console,
) -> Report:
    with _progress(share, share.row_count(dump), console) as progress:
        return import_rows(launcher, share.service, share.lines(dump), arguments, progress)


@contextmanager
def _progress(share: Share, total: int, console: Console) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal; elsewhere a line when a service begins and when it is done."""
    if not console.is_terminal:
        console.print(f"{share.service}: importing {total} rows", highlight=False)
        yield lambda _done: None
        console.print(f"{share.service}: done", highlight=False)
        return
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(share.service, total=max(total, 1))
        yield lambda done: bar.update(task, completed=done)
        bar.update(task, completed=max(total, 1))


def _refusal(share: Share, reason: str, done: list[Report]) -> str:
    written = ", ".join(report.service for report in done)
    state = f"{written} imported their share" if done else "nothing was imported"
    return (
        f"{share.service} refused the import and wrote nothing: {reason}"
        f" ({state}; once the cause is removed, run the same command again: it repeats safely)."
        " When the system is not running, start it with: make up"
    )


def _print_report(dump: Dump, reports: list[Report], console: Console) -> None:
    table = Table("service", "table", "rows in dump", "imported", title="Imported")
    for report in reports:
        for name, count in report.imported.items():
            rows = dump.blocks[name].row_count if name in dump.blocks else 0
            table.add_row(report.service, name, str(rows), str(count))
    console.print(table)
    _print_lines("Changed", [(r.service, text) for r in reports for text in r.changed], console)
    left = [(r.service, text) for r in reports for text in r.left]
    unread = unread_tables(dump)
    left += [("not read", f"{name}: {rows} rows") for name, rows in unread.items() if rows]
    if empty := [name for name, rows in unread.items() if not rows]:
        left.append(("not read", f"empty in the dump: {', '.join(empty)}"))
    _print_lines("Left", left, console)


def _print_lines(title: str, lines: list[tuple[str, str]], console: Console) -> None:
    console.print(f"\n{title}:" if lines else f"\n{title}: nothing", highlight=False)
    for origin, text in lines:
        console.print(f"  {origin}: {_plain(text)}", highlight=False, soft_wrap=True)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
