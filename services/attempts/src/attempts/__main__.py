"""`python -m attempts`: serve, migrate, check-settings, import, audit, assign, people; see `-h`."""

import argparse
import sys
from datetime import UTC, datetime
from functools import partial

from chassis.commands import Service, main
from chassis.importing import Load
from chassis.store_commands import Audit, Import, Migrate

from attempts import importer
from attempts.app import create_app
from attempts.commands import Assign, People
from attempts.settings import Settings
from attempts.store.audit import AUDIT
from attempts.tables import SCHEMA


def _load(chosen: argparse.Namespace) -> Load:
    return partial(importer.load, keep_windows=chosen.keep_windows, now=datetime.now(UTC))


SERVICE = Service(
    name="attempts",
    description="Exams, attempts, answers and grades.",
    settings=Settings,
    create_app=create_app,
    verbs=(Migrate("attempts", SCHEMA), Import(_load), Audit(AUDIT), Assign(), People()),
)

if __name__ == "__main__":
    sys.exit(main(SERVICE))
