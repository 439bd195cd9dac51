"""The verbs of a service that owns a schema: migrate, import and audit."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chassis import audit_store
from chassis.database import Database
from chassis.importing import Load, run_importer
from chassis.settings import DatabaseSettings

_IMPORT_TIMEOUT_MS = 600_000


def _no_options(_: argparse.ArgumentParser) -> None:
    return None


@dataclass(frozen=True)
class Migrate:
    """Runs the migrations of `package` as the schema's owner."""

    package: str
    schema: str
    name: str = "migrate"
    help: str = "bring the schema to its newest version"

    def add_options(self, _: argparse.ArgumentParser, /) -> None:
        return None

    def run(self, settings: DatabaseSettings, _: argparse.Namespace, /) -> int:
        # Imported late: Alembic is nothing to a process that serves.
        from chassis.migrating import migrate  # noqa: PLC0415

        url = settings.migration_database_url or settings.database_url
        migrate(self.package, url.get_secret_value(), self.schema)
        return 0


@dataclass(frozen=True)
class Import:
    """Reads rows as JSON lines from standard input; `load` is made from the chosen options."""

    load: Callable[[argparse.Namespace], Load]
    more_options: Callable[[argparse.ArgumentParser], None] = _no_options
    name: str = "import"
    help: str = "read rows as JSON lines from standard input"

    def add_options(self, parser: argparse.ArgumentParser, /) -> None:
        parser.add_argument(
            "--keep-windows",
            action="store_true",
            help="leave exam windows that have ended as they are",
        )
        self.more_options(parser)

    def run(self, settings: DatabaseSettings, chosen: argparse.Namespace, /) -> int:
        database = Database(
            settings.database_url.get_secret_value(),
            pool_size=1,
            statement_timeout_ms=_IMPORT_TIMEOUT_MS,
        )
        try:
            return run_importer(database, self.load(chosen))
        finally:
            database.dispose()


@dataclass(frozen=True)
class Audit:
    """`audit verify`: prints what it found as JSON; exit code 1 when a chain is broken."""

    audit: audit_store.Audit[Any]
    name: str = "audit"
    help: str = "check that no entry of the audit was changed or taken out"

    def add_options(self, parser: argparse.ArgumentParser, /) -> None:
        parser.add_argument("deed", choices=["verify"])

    def run(self, settings: DatabaseSettings, _: argparse.Namespace, /) -> int:
        database = Database(
            settings.database_url.get_secret_value(),
            pool_size=1,
            statement_timeout_ms=_IMPORT_TIMEOUT_MS,
        )
        try:
            with database.transaction() as session:
                verdict = self.audit.verify(session)
        finally:
            database.dispose()
        flaws = [{"id": each.id, "chain": each.entry.chain} for each in verdict.flaws]
        sys.stdout.write(json.dumps(vars(verdict) | {"flaws": flaws}) + "\n")
        return 1 if flaws else 0
