"""`python -m proctoring [serve | migrate | check-settings | import]`: the process's beginning."""

import argparse
import sys
from collections.abc import Callable

from chassis import logs
from chassis.database import Database
from chassis.importing import run_importer
from chassis.migrating import migrate
from chassis.serving import serve
from pydantic import ValidationError

from proctoring import legacy
from proctoring.app import create_app
from proctoring.settings import Settings
from proctoring.tables import SCHEMA


def main(arguments: list[str] | None = None) -> int:
    """Do what the command says; return the exit code."""
    parser = argparse.ArgumentParser(prog="proctoring", description="The proctoring service.")
    parser.add_argument("command", nargs="?", default="serve", choices=sorted(_COMMANDS))
    parser.add_argument(
        "--keep-windows", action="store_true", help="import: of no meaning for proctoring"
    )
    command = parser.parse_args(arguments).command
    try:
        settings = Settings.from_environment()
    except ValidationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return _COMMANDS[command](settings)


def _serve(settings: Settings) -> int:
    logs.configure(settings.log_level, settings.log_format, "proctoring")
    serve(create_app(settings), settings)
    return 0


def _migrate(settings: Settings) -> int:
    url = settings.migration_database_url or settings.database_url
    migrate("proctoring", url.get_secret_value(), SCHEMA)
    return 0


def _check_settings(settings: Settings) -> int:
    sys.stdout.write(settings.masked() + "\n")
    return 0


def _import(settings: Settings) -> int:
    database = Database.from_settings(settings)
    try:
        return run_importer(database, legacy.load)
    finally:
        database.dispose()


_COMMANDS: dict[str, Callable[[Settings], int]] = {
    "serve": _serve,
    "migrate": _migrate,
    "check-settings": _check_settings,
    "import": _import,
}

if __name__ == "__main__":
    raise SystemExit(main())
