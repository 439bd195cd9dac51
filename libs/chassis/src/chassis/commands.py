"""The command line that every service has: serve, migrate, check-settings, import.

`python -m <service>` builds the settings once and hands them down; a missing or wrong variable is
named without its value. What a service has no store for (migrate, import), it does not offer.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from fastapi import FastAPI
from pydantic import ValidationError

from chassis import logs
from chassis.database import Database
from chassis.importing import Load, run_importer
from chassis.migrating import migrate
from chassis.serving import serve
from chassis.settings import DatabaseSettings, ServiceSettings

S = TypeVar("S", bound=ServiceSettings)

_IMPORT_TIMEOUT_MS = 600_000


def _no_options(_: argparse.ArgumentParser) -> None:
    return None


@dataclass(frozen=True)
class Importer:
    """How a service takes rows: `load` is made from the options that `add_options` declared."""

    load: Callable[[argparse.Namespace], Load]
    add_options: Callable[[argparse.ArgumentParser], None] = _no_options


@dataclass(frozen=True)
class Service(Generic[S]):
    """What differs between services; `schema` is None for one without a database."""

    name: str
    description: str
    settings: type[S]
    create_app: Callable[[S], FastAPI]
    schema: str | None = None
    importer: Importer | None = None
    serve_options: Callable[[S], Mapping[str, Any]] = field(default=lambda _: {})


def main(service: Service[S], arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code (2: wrong words or settings)."""
    chosen = _parser(service).parse_args(arguments)
    try:
        settings = service.settings.from_environment()
    except ValidationError as error:
        return _complain(error)
    if chosen.verb == "check-settings":
        sys.stdout.write(settings.masked() + "\n")
        return 0
    if chosen.verb == "migrate":
        return _migrate(service, settings)
    if chosen.verb == "import":
        return _import(service, settings, chosen)
    logs.configure(settings.log_level, settings.log_format, service.name)
    serve(service.create_app(settings), settings, **service.serve_options(settings))
    return 0


def _parser(service: Service[S]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {service.name}", description=service.description
    )
    verbs = parser.add_subparsers(dest="verb")
    verbs.add_parser("serve", help="serve until SIGTERM (also without a word)")
    verbs.add_parser("check-settings", help="print the settings, secrets masked")
    if service.schema is not None:
        verbs.add_parser("migrate", help=f"bring schema {service.schema} to its newest version")
    if service.importer is not None:
        taking = verbs.add_parser("import", help="read rows as JSON lines from standard input")
        taking.add_argument(
            "--keep-windows",
            action="store_true",
            help="leave exam windows that have ended as they are",
        )
        service.importer.add_options(taking)
    return parser


def _migrate(service: Service[S], settings: ServiceSettings) -> int:
    assert isinstance(settings, DatabaseSettings)  # noqa: S101  # a schema comes with a database
    assert service.schema is not None  # noqa: S101  # the parser offers the verb only then
    url = settings.migration_database_url or settings.database_url
    migrate(service.name, url.get_secret_value(), service.schema)
    return 0


def _import(service: Service[S], settings: ServiceSettings, chosen: argparse.Namespace) -> int:
    assert isinstance(settings, DatabaseSettings)  # noqa: S101  # rows need a database
    assert service.importer is not None  # noqa: S101  # the parser offers the verb only then
    database = Database(
        settings.database_url.get_secret_value(),
        pool_size=1,
        statement_timeout_ms=_IMPORT_TIMEOUT_MS,
    )
    try:
        return run_importer(database, service.importer.load(chosen))
    finally:
        database.dispose()


def _complain(error: ValidationError) -> int:
    """Name what is wrong without showing what was given: it may be a secret."""
    for each in error.errors(include_input=False, include_url=False):
        name = "_".join(str(part) for part in each["loc"]).upper()
        sys.stderr.write(f"{name}: {each['msg']}\n")
    sys.stderr.write("Set the variables above; the README lists them all.\n")
    return 2
