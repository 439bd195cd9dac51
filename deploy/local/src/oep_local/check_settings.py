"""`oep check-settings`: asks each service what it would run with, or what stops it.

The services' own verb does it, so nothing is said here that they would not say; secrets are masked
by whoever knows which they are.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer

from oep_local import processes, state
from oep_local.completing import SERVICES, known_services
from oep_local.errors import RunnerError
from oep_local.exits import Exit
from oep_local.layout import Layout
from oep_local.telling import AsJson, tell_json

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SERVICE]...", help="Only these.", autocompletion=known_services),
]
EnvFile = Annotated[
    list[Path] | None,
    typer.Option(
        "--env-file",
        help="Lines NAME=value, as a container is given them; a later file wins. Without it, the"
        " platform that runs here, or the environment with --here.",
    ),
]
Here = Annotated[bool, typer.Option("--here", help="Take this command's own environment.")]


class NoSuchFile(RunnerError):
    """The file cannot be read, or says something that is no setting."""

    code = Exit.USAGE


def register(app: typer.Typer) -> None:
    """Add `oep check-settings` to the command line."""
    app.command("check-settings")(check_settings)


def check_settings(
    services: Names = None,
    env_file: EnvFile = None,
    here: Here = False,
    as_json: AsJson = False,
) -> None:
    """Say what services would run with, or why not.

    Every setting with its value, secrets masked. The exit code is 0 when all could start, 2 when a
    setting is missing or wrong.

    JSON: `[{service, is_well, settings: {name: value}, problems: [text]}]`

    Example: `oep check-settings --env-file production.env`

    Example: `oep check-settings auth realtime --env-file common.env --env-file secrets.env`

    Example: `oep check-settings --here auth`
    """
    wanted = _known(services or SERVICES)
    environments = _environments(wanted, env_file or [], is_here=here)
    with ThreadPoolExecutor(len(wanted)) as threads:
        found = list(threads.map(check, wanted, environments))
    if as_json:
        tell_json(found)
    else:
        for each in found:
            _tell(each)
    raise typer.Exit(Exit.DONE if all(each["is_well"] for each in found) else Exit.USAGE)


def check(service: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what a service says of an environment. Blocks for the start of a process."""
    done = subprocess.run(  # noqa: S603  # our own module, our own arguments
        [sys.executable, "-m", service, "check-settings"],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    problems = [] if done.returncode == 0 else done.stderr.strip().splitlines()
    settings: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    return {
        "service": service,
        "is_well": done.returncode == 0,
        "settings": settings,
        "problems": problems[-1:] if done.returncode not in {0, 2} else problems,
    }


def read(path: Path) -> dict[str, str]:
    """Return the settings in a file of lines NAME=value; raises NoSuchFile.

    Empty lines and those that begin with # say nothing; quotes around a value are taken off.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as failure:
        raise NoSuchFile(f"{path} cannot be read: {failure}") from failure
    found = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, is_setting, value = text.removeprefix("export ").partition("=")
        if not is_setting or not name.strip().isidentifier():
            raise NoSuchFile(f"{path}, line {number}: say NAME=value")  # never the line: a secret
        found[name.strip()] = _bare(value.strip())
    return found


def _bare(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value


def _known(services: Sequence[str]) -> Sequence[str]:
    for name in services:
        if name not in SERVICES:
            raise typer.BadParameter(f"no service {name!r}: there are {', '.join(SERVICES)}")
    return services


def _environments(
    services: Sequence[str], files: Sequence[Path], *, is_here: bool
) -> list[Mapping[str, str]]:
    if files:
        given = {name: value for path in files for name, value in read(path).items()}
        return [{**processes.base_environment(), **given}] * len(services)
    if is_here:
        return [os.environ] * len(services)
    place = state.here()
    if not place.is_running():
        raise state.NotRunning
    running = Layout.read(place)
    return [running.environment(name) for name in services]


def _tell(found: Mapping[str, Any]) -> None:
    typer.echo(f"{found['service']}: {'well' if found['is_well'] else 'could not start'}")
    for name, value in found["settings"].items():
        typer.echo(f"  {name.upper()}={value}")
    for problem in found["problems"]:
        typer.echo(f"  {problem}", err=True)
