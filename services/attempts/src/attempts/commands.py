"""The verbs that only this service has: `assign` gives students their attempts beforehand."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from chassis.database import Database
from chassis.errors import Failure

from attempts.assigning import assign, student_ids
from attempts.settings import Settings


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
