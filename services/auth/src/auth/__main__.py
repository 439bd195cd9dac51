"""The command line of auth: serve, migrate, check-settings, import."""

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from chassis import logs
from chassis.database import Database
from chassis.importing import run_importer
from chassis.migrating import migrate
from chassis.serving import serve
from pydantic import ValidationError

from auth.app import create_app
from auth.importer import load
from auth.settings import Settings
from auth.tables import SCHEMA


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        settings = Settings.from_environment()
    except ValidationError as error:
        return _complain(error)
    if chosen.command == "check-settings":
        print(settings.masked())  # noqa: T201  # the answer of this command
    elif chosen.command == "migrate":
        url = settings.migration_database_url or settings.database_url
        migrate("auth", url.get_secret_value(), SCHEMA)
    elif chosen.command == "import":
        return _import(settings, chosen.admin_password_file)
    else:
        logs.configure(settings.log_level, settings.log_format, "auth")
        serve(create_app(settings), settings)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m auth", description="Users, logins and keys.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="serve REST and gRPC (also without a command)")
    commands.add_parser("migrate", help="bring schema auth to its newest version")
    commands.add_parser("check-settings", help="show the settings, secrets masked")
    importing = commands.add_parser("import", help="read rows as NDJSON from standard input")
    importing.add_argument(
        "--admin-password-file",
        type=Path,
        default=os.environ.get("ADMIN_PASSWORD_FILE"),
        help="password for an imported admin without a role (else a random one is reported)",
    )
    importing.add_argument("--keep-windows", action="store_true", help="means nothing to auth")
    return parser


def _import(settings: Settings, password_file: Path | None) -> int:
    password = Path(password_file).read_text(encoding="utf-8").strip() if password_file else None
    database = Database.from_settings(settings)
    try:
        return run_importer(database, partial(load, admin_password=password))
    finally:
        database.dispose()


def _complain(error: ValidationError) -> int:
    """Name what is wrong without showing what was given: it may be a secret."""
    for each in error.errors(include_input=False, include_url=False):
        name = "_".join(str(part) for part in each["loc"]).upper()
        print(f"{name}: {each['msg']}", file=sys.stderr)  # noqa: T201  # for who started us
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
