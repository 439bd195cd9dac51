"""`python -m auth [serve | migrate | check-settings | import | keys | people | audit]`."""

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from chassis.commands import Service, main
from chassis.importing import Load
from chassis.store_commands import Audit, Import, Migrate

from auth.app import create_app
from auth.audit_store import AUDIT
from auth.commands import Keys, People
from auth.importer import load
from auth.settings import Settings
from auth.tables import SCHEMA


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--admin-password-file",
        type=Path,
        default=os.environ.get("ADMIN_PASSWORD_FILE"),
        help="password for an imported admin without a role (else a random one is reported)",
    )


def _load(chosen: argparse.Namespace) -> Load:
    file = chosen.admin_password_file
    password = Path(file).read_text(encoding="utf-8").strip() if file else None
    return partial(load, admin_password=password)


SERVICE = Service(
    name="auth",
    description="Users, logins and signing keys.",
    settings=Settings,
    create_app=create_app,
    verbs=(Migrate("auth", SCHEMA), Import(_load, _add_options), Keys(), People(), Audit(AUDIT)),
)

if __name__ == "__main__":
    sys.exit(main(SERVICE))
