"""`replay [--exam N] [--since INSTANT] [--dry-run] [--per-second N]`: the verb, in JSON lines.

A `progress` line at most once a second, then an `exam` line for each and a `report`. Exit code 0
when the stream has everything (a dry run: when it was looked at), 1 with the reason on standard
error: what was put back until then stays, and the next run goes on behind it.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import structlog
from chassis.bus import Bus
from chassis.database import Database
from chassis.errors import Failure

from proctoring.replay.rebuilding import Order, Outcome, Rebuilder
from proctoring.settings import Settings

_TELL_SECONDS = 1.0
_INCOMPLETE = (
    "The stream does not hold everything that was said. It may know ids of messages that were taken"
    " out of it by hand: run this again in ten minutes."
)


def _instant(given: str) -> datetime:
    moment = datetime.fromisoformat(given)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _positive(given: str) -> int:
    number = int(given)
    if number < 1:
        raise ValueError
    return number


@dataclass(frozen=True)
class Replay:
    """`replay`: put back into the stream what it has lost of events."""

    name: str = "replay"
    help: str = "put back into the stream what it has lost of events (ADR 34)"

    def add_options(self, parser: argparse.ArgumentParser, /) -> None:
        parser.add_argument("--exam", type=_positive, help="only of this exam")
        parser.add_argument(
            "--since", type=_instant, help="only what was stored since, ISO 8601; default: 72 h ago"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what is missing")
        parser.add_argument(
            "--per-second", type=_positive, default=5_000, help="so many in a second at most"
        )

    def run(self, settings: Settings, chosen: argparse.Namespace, /) -> int:
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
        order = Order(chosen.exam, chosen.since, chosen.dry_run, chosen.per_second)
        database = Database.from_settings(settings, pool_size=1)
        try:
            outcomes = asyncio.run(_rebuilt(settings.nats_url, database, order))
        except Failure as failure:
            sys.stderr.write(f"{failure.detail}\n")
            return 1
        finally:
            database.dispose()
        return _report(outcomes, order)


async def _rebuilt(nats_url: str, database: Database, order: Order) -> list[Outcome]:
    bus = Bus(nats_url, "proctoring-replay")
    await bus.start()
    try:
        return await Rebuilder(bus, database, _Teller()).run(order)
    finally:
        await bus.close()


def _report(outcomes: Sequence[Outcome], order: Order) -> int:
    for outcome in outcomes:
        _say({"exam": asdict(outcome)})
    names = ("stored", "held", "waiting", "rebuilt", "missing")
    sums = {name: sum(getattr(each, name) for each in outcomes) for name in names}
    _say({"report": {"dry_run": order.is_dry_run, "exams": len(outcomes), **sums}})
    if sums["missing"] and not order.is_dry_run:
        sys.stderr.write(f"{_INCOMPLETE}\n")
        return 1
    return 0


class _Teller:
    """Says how far it is, now and then."""

    def __init__(self) -> None:
        self._told_at = time.monotonic()

    def __call__(self, outcome: Outcome) -> None:
        if time.monotonic() - self._told_at >= _TELL_SECONDS:
            self._told_at = time.monotonic()
            _say({"progress": asdict(outcome)})


def _say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
