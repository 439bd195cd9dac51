"""The verbs that only this service has: `assign` (beforehand) and `people` (one person's data)."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from chassis.database import Database
from chassis.errors import Failure
from fastapi.encoders import jsonable_encoder

from attempts.assigning import assign, student_ids
from attempts.forgetting import Forgetting, Wish
from attempts.settings import Settings

_ASKED = "the person asked for it"


@dataclass(frozen=True)
class Assign:
    """`assign EXAM --students FILE`; exit code 1 when nothing was stored."""

    name: str = "assign"
    help: str = "give students an attempt at an exam before it begins"

    def add_options(self, parser: argparse.ArgumentParser, /) -> None:
        parser.add_argument("exam", help="the exam's id or its code")
        parser.add_argument(
            "--students", required=True, help="file with a user id in each line, - for stdin"
        )

    def run(self, settings: Settings, chosen: argparse.Namespace, /) -> int:
        database = Database.from_settings(settings)
        try:
            students = student_ids(_text(chosen.students))
            done = assign(database, chosen.exam, students)
        except (Failure, OSError, UnicodeDecodeError) as error:
            words = error.detail if isinstance(error, Failure) else "The file cannot be read"
            sys.stderr.write(f"{words}\n")
            return 1
        finally:
            database.dispose()
        sys.stdout.write(f"{done.made} attempts made, {done.kept} students had one already\n")
        return 0


def _text(name: str) -> str:
    return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")


@dataclass(frozen=True)
class People:
    """`people export|erase ID`: says it as JSON; exit code 1 when nothing was done."""

    name: str = "people"
    help: str = "export what is stored about a student, or erase his network data"

    def add_options(self, parser: argparse.ArgumentParser, /) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        export = deeds.add_parser("export", help="print everything as one JSON document")
        erase = deeds.add_parser("erase", help="remove addresses and browsers from all attempts")
        erase.add_argument("--reason", default=_ASKED, help="kept in the audit: no names")
        for deed in (export, erase):
            deed.add_argument("user_id", type=int, help="the person's id in auth")

    def run(self, settings: Settings, chosen: argparse.Namespace, /) -> int:
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
        database = Database.from_settings(settings)
        forgetting = Forgetting(database)
        said: dict[str, Any]
        try:
            if chosen.deed == "export":
                said = forgetting.export(chosen.user_id)
            else:
                gone = forgetting.forget(Wish(chosen.user_id, chosen.reason))
                said = {"user_id": chosen.user_id, "attempts": gone}
        except Failure as failure:
            sys.stderr.write(f"{failure.detail}\n")
            return 1
        finally:
            database.dispose()
        sys.stdout.write(json.dumps(jsonable_encoder(said)) + "\n")
        return 0
