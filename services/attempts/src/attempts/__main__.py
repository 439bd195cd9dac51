"""`python -m attempts [serve | migrate | check-settings | import [--keep-windows]]`."""

import argparse
import sys
from datetime import UTC, datetime
from functools import partial

from chassis.database import Database
from chassis.importing import run_importer
from chassis.logs import configure
from chassis.migrating import migrate
from chassis.serving import serve

from attempts import importer
from attempts.app import create_app
from attempts.settings import Settings
from attempts.tables import SCHEMA

_IMPORT_TIMEOUT_MS = 600_000


def main() -> int:
    """Do what the command line says; return the exit code."""
    arguments = _arguments()
    settings = Settings.from_environment()
    if arguments.verb == "check-settings":
        sys.stdout.write(settings.masked() + "\n")
    elif arguments.verb == "migrate":
        url = settings.migration_database_url or settings.database_url
        migrate("attempts", url.get_secret_value(), SCHEMA)
    elif arguments.verb == "import":
        return _import(settings, keep_windows=arguments.keep_windows)
    else:
        configure(settings.log_level, settings.log_format, "attempts")
        serve(create_app(settings), settings)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="attempts", description="Exams, attempts, answers.")
    verbs = parser.add_subparsers(dest="verb")
    verbs.add_parser("serve", help="serve REST and gRPC (the default)")
    verbs.add_parser("migrate", help="bring the schema to its newest version")
    verbs.add_parser("check-settings", help="print the settings, secrets masked")
    taking = verbs.add_parser("import", help="read NDJSON rows from standard input")
    taking.add_argument(
        "--keep-windows", action="store_true", help="leave exam windows that have ended as they are"
    )
    return parser.parse_args()


def _import(settings: Settings, *, keep_windows: bool) -> int:
    database = Database(
        settings.database_url.get_secret_value(),
        pool_size=1,
        statement_timeout_ms=_IMPORT_TIMEOUT_MS,
    )
    load = partial(importer.load, keep_windows=keep_windows, now=datetime.now(UTC))
    try:
        return run_importer(database, load)
    finally:
        database.dispose()


if __name__ == "__main__":
    sys.exit(main())
