"""The verbs that only proctoring has: `retention run`, `people export` and `people erase`.

What they did they say as JSON on standard output; exit code 1 with the reason on standard error.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from chassis import rpc
from chassis.database import Database
from chassis.errors import Failure
from chassis.mtls import Identity

from proctoring.attempt import Attempt
from proctoring.attempts_client import AttemptsClient
from proctoring.retention.erasing import Eraser, Order, Outcome, Page
from proctoring.retention.holdings import Holding, Streamed
from proctoring.retention.parts import Retention
from proctoring.retention.record import COMMAND
from proctoring.retention.schemas import ErasureShape, OutcomeShape, by_exam
from proctoring.settings import Settings

_BATCH = 100
_PATIENCE_SECONDS = 5.0
_ASKED = "the person asked for it"


@dataclass(frozen=True)
class RetentionRun:
    """`retention run [--dry-run]`: a line for each attempt, then one with the sums by exam."""

    holdings: Sequence[Holding]
    name: str = "retention"
    help: str = "erase what need not be kept, or say what would be"

    def add_options(self, parser: argparse.ArgumentParser, /) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        run = deeds.add_parser("run", help="go once through everything that is due")
        run.add_argument("--dry-run", action="store_true", help="change nothing")
        run.add_argument("--exam", type=int, help="only of this exam")

    def run(self, settings: Settings, chosen: argparse.Namespace, /) -> int:
        database = Database.from_settings(settings)
        try:
            eraser = Retention.of(settings, database, self.holdings).eraser
            order = Order(COMMAND)
            outcomes = _all_pages(eraser, order, chosen)
        except Failure as failure:
            sys.stderr.write(f"{failure.detail}\n")
            return 1
        finally:
            database.dispose()
        sums = [each.model_dump() for each in by_exam(outcomes)]
        _say({"report": {"run_id": order.run_id, "dry_run": chosen.dry_run, "exams": sums}})
        return 0


def _all_pages(eraser: Eraser, order: Order, chosen: argparse.Namespace) -> list[Outcome]:
    found: list[Outcome] = []
    after: int | None = 0
    while after is not None:
        page: Page
        if chosen.dry_run:
            page = eraser.rehearse(after=after, limit=_BATCH, exam_id=chosen.exam)
        else:
            page = eraser.run(order, after=after, limit=_BATCH, exam_id=chosen.exam)
        for outcome in page.outcomes:
            _say({"attempt": OutcomeShape.of(outcome).model_dump(mode="json")})
        found += page.outcomes
        after = page.last_id
    return found


@dataclass(frozen=True)
class People:
    """`people export|erase ID`: everything on a person; payloads and network data removed."""

    holdings: Sequence[Holding]
    streamed: Callable[[Settings, Database], Sequence[Streamed]]
    name: str = "people"
    help: str = "export what is stored about a person, or erase it"

    def add_options(self, parser: argparse.ArgumentParser, /) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        export = deeds.add_parser("export", help="print everything as one JSON document")
        erase = deeds.add_parser("erase", help="remove payloads and network data at once")
        erase.add_argument("--reason", default=_ASKED, help="signed and kept: no names")
        for deed in (export, erase):
            deed.add_argument("user_id", type=int, help="the person's id in auth")

    def run(self, settings: Settings, chosen: argparse.Namespace, /) -> int:
        _log_aside()
        deed = _export if chosen.deed == "export" else _erase
        database = Database.from_settings(settings)
        try:
            streamed = self.streamed(settings, database)
            retention = Retention.of(settings, database, self.holdings, streamed)
            asyncio.run(deed(settings, retention, chosen))
        except Failure as failure:
            sys.stderr.write(f"{failure.detail}\n")
            return 1
        finally:
            database.dispose()
        return 0


async def _export(settings: Settings, retention: Retention, chosen: argparse.Namespace) -> None:
    attempts = await _attempts(settings, chosen.user_id)
    async for piece in retention.exporter.person(chosen.user_id, attempts):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.write(b"\n")


async def _erase(settings: Settings, retention: Retention, chosen: argparse.Namespace) -> None:
    attempts = [attempt.attempt_id for attempt in await _attempts(settings, chosen.user_id)]
    order = Order(COMMAND, chosen.reason)
    done = await asyncio.to_thread(retention.eraser.forget, chosen.user_id, attempts, order)
    shape = ErasureShape.of(chosen.user_id, order.run_id, done)
    _say(shape.model_dump(mode="json"))


async def _attempts(settings: Settings, user_id: int) -> list[Attempt]:
    channel = rpc.channel(settings.attempts_grpc, "attempts", Identity.of(settings))
    try:
        return await AttemptsClient(channel, seconds=_PATIENCE_SECONDS).of_student(user_id)
    finally:
        await channel.close()


def _log_aside() -> None:
    """Keep standard output for the document."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


def _say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
