"""`oep seed`: puts the demo exam and its people into a system on this machine, and only there.

The passwords are public, so a database anywhere else is refused. What was sent is noted in the
state folder beside the database that it belongs to; an unchanged seed therefore costs nothing,
and attempts that students have begun are never sent again.
"""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from oep_local import legacy, seed_rows, state
from oep_local.errors import RunnerError
from oep_local.legacy_import import ImporterLauncher, import_rows
from oep_local.telling import AsJson, tell

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_MARKER = "seed.json"


class SeedRefusedError(RunnerError):
    """Demo data do not belong there."""


@dataclass(frozen=True)
class Seeded:
    """What the database holds: the version of people and exam, and how many generations."""

    version: str = ""
    generations: int = 0


def register(app: typer.Typer) -> None:
    """Add `oep seed` to the command line."""

    @app.command("seed")
    def command(
        fresh: Annotated[
            bool, typer.Option("--fresh", help="Give every demo student one more attempt.")
        ] = False,
        print_rows: Annotated[
            str | None,
            typer.Option(
                "--print",
                metavar="SERVICE",
                help="Print the rows for auth or attempts instead, for a container's importer.",
            ),
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        """Load the demo exam and its people.

        Nothing happens when they are there already.

        JSON: `{sent, logins: [text]}`; with `--print` the importer's rows, one a line

        Example: `oep seed`

        Example: `oep seed --fresh`

        Example: `oep seed --print auth`
        """
        if print_rows is not None:
            for row in printed_rows(print_rows):
                typer.echo(row)
            return
        launcher = legacy.running_launcher()
        sent = seed(launcher, state.here().root, fresh=fresh)
        words = "The demo data are loaded." if sent else "The demo data were there already."
        told = {"sent": sent, "logins": logins()}
        tell(told, "\n".join([words, *logins()]), as_json=as_json)


class LocalLauncher(ImporterLauncher, Protocol):
    """A launcher that knows where the rows go."""

    def database_host(self, service: str) -> str | None: ...


def refuse_outside_local(launcher: LocalLauncher) -> None:
    """Raise `SeedRefusedError` unless the databases are on this machine."""
    for service in ("auth", "attempts"):
        host = launcher.database_host(service)
        if host not in _LOOPBACK:
            raise SeedRefusedError(
                f"Demo logins have public passwords, and the database of {service} is on {host},"
                " not on this machine. Import real people with: oep import-legacy FILE"
            )


def seed(launcher: LocalLauncher, state_folder: Path, *, fresh: bool = False) -> bool:
    """Bring the demo data up to date; true when anything was sent.

    `fresh` adds another attempt for every demo student. Raises `SeedRefusedError`,
    `ImportRefusedError`.
    """
    refuse_outside_local(launcher)
    marker = state_folder / _MARKER
    before = _read(marker)
    after = before
    now = datetime.now(UTC)
    if before.version != seed_rows.version():
        _send(launcher, now, before.generations)
        after = Seeded(seed_rows.version(), max(before.generations, 1))
    if fresh and before.generations:
        import_rows(launcher, "attempts", seed_rows.attempt_lines(now, after.generations))
        after = replace(after, generations=after.generations + 1)
    if after != before:
        marker.write_text(json.dumps(asdict(after)), encoding="utf-8")
    return after != before


def _send(launcher: ImporterLauncher, now: datetime, generations: int) -> None:
    """Let both services import side by side: neither needs the other's rows."""
    exam = attempts_lines(now, generations)
    with ThreadPoolExecutor(2, thread_name_prefix="seed") as threads:
        people = threads.submit(import_rows, launcher, "auth", seed_rows.auth_lines(now))
        paper = threads.submit(import_rows, launcher, "attempts", exam)
    people.result()
    paper.result()


def attempts_lines(now: datetime, generations: int) -> Iterator[dict[str, Any]]:
    """Yield the exam, and the first generation of attempts where there is none yet."""
    first: Iterable[dict[str, Any]] = () if generations else seed_rows.attempt_lines(now, 0)
    return chain(seed_rows.exam_lines(now), first)


def printed_rows(service: str) -> Iterator[str]:
    """Yield the importer's input for `service` as text, to pipe it into a container by hand."""
    now = datetime.now(UTC)
    if service not in {"auth", "attempts"}:
        raise RunnerError(f"There are no demo rows for {service}: say auth or attempts.")
    lines = seed_rows.auth_lines(now) if service == "auth" else attempts_lines(now, 0)
    return (json.dumps(line) for line in lines)


def logins() -> list[str]:
    """Describe who can log in, as lines for a person; for demo data only."""
    people = seed_rows.people()
    staff = ", ".join(member["username"] for member in people["staff"])
    first = people["students"][0]
    born = first["date_of_birth"].strftime("%d/%m/%Y")
    last = seed_rows.hall_ticket(len(people["students"]))
    tickets = f"hall tickets {seed_rows.hall_ticket(1)} to {last}"
    return [
        f"staff     {staff} (password {people['password']})",
        f"students  {tickets}; the first: born {born}, answer {first['security_answer']}",
    ]


def _read(marker: Path) -> Seeded:
    try:
        return Seeded(**json.loads(marker.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return Seeded()
