"""`oep demo`: plays one exam through the gateway and proves that nothing it was promised got lost.

The exam itself is in `demo_sitting`; here are its order, its last word and its command. Programs
call `play`.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from oep_local import state
from oep_local.demo_client import DemoFailedError
from oep_local.demo_ledger import Ledger
from oep_local.demo_script import Credentials, legacy_student
from oep_local.demo_sitting import Options, Sitting
from oep_local.demo_tables import Tables
from oep_local.exits import Exit
from oep_local.layout import Layout
from oep_local.telling import AsJson, tell_json
from oep_local.transcript import Transcript

__all__ = ["DemoFailedError", "Options", "play", "register", "run"]


def register(app: typer.Typer) -> None:
    """Add `oep demo` to the command line."""

    @app.command("demo")
    def command(
        from_legacy: Annotated[
            str | None,
            typer.Option(metavar="HALLTICKET", help="Play as an imported student."),
        ] = None,
        date_of_birth: Annotated[str | None, typer.Option(metavar="DD/MM/YYYY")] = None,
        answer: Annotated[str | None, typer.Option(help="To the security question.")] = None,
        base_url: Annotated[
            str | None, typer.Option(help="The gateway; default: the one that runs here.")
        ] = None,
        pace: Annotated[float, typer.Option(min=0, help="Seconds between two deeds.")] = 0.0,
        as_json: AsJson = False,
    ) -> None:
        """Play one exam and show that nothing promised was lost.

        Without options the first demo student with an open attempt plays. Try `oep kill nats`,
        `oep kill attempts` or `oep kill postgres` meanwhile, with --pace 1 to have the time.

        JSON: `{attempt_id, exam_id, status, is_clean, board_agrees, retry_count, event_verdict,
        answer_verdict, timing_verdict, …}`; what is played goes to standard error

        Example: `oep demo`

        Example: `oep demo --pace 1`
        """
        place = state.here()
        if not place.is_running():
            raise state.NotRunning
        running = Layout.read(place)
        options = Options(
            tables=Tables(lambda words: running.access.psql(words, role="exam_user"), 60.0),
            base_url=(base_url or running.url).rstrip("/"),
            student=_named_student(from_legacy, date_of_birth, answer),
            pace_seconds=pace,
        )
        if not asyncio.run(run(options, Console(stderr=as_json), as_json=as_json)):
            raise typer.Exit(Exit.FAILED)


def _named_student(
    hall_ticket: str | None, date_of_birth: str | None, answer: str | None
) -> Credentials | None:
    if hall_ticket is None:
        return None
    try:
        return legacy_student(hall_ticket, date_of_birth, answer)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


async def play(options: Options, console: Console) -> Ledger:
    """Play one exam; raises `DemoFailedError` when the system breaks its contract."""
    async with AsyncExitStack() as stack:
        sitting = Sitting(options, Transcript(console), stack)
        for step in (
            sitting.sign_in,
            sitting.open_board,
            sitting.open_sockets,
            sitting.begin,
            sitting.press_keys,
            sitting.answer,
            sitting.stay_on_a_question,
            sitting.lose_the_line,
            sitting.submit,
            sitting.try_too_late,
            sitting.compare,
        ):
            await options.on_step(step.__name__)
            await step()
            await asyncio.sleep(options.pace_seconds)
        return sitting.ledger


async def run(options: Options, console: Console, *, as_json: bool = False) -> bool:
    """Play, then say in one line, or as JSON, whether every promise was kept."""
    ledger = await play(options, console)
    if as_json:
        tell_json({**asdict(ledger), "is_clean": ledger.is_clean})
    verdicts = (ledger.event_verdict, ledger.answer_verdict, ledger.timing_verdict)
    known = [verdict for verdict in verdicts if verdict is not None]
    accepted, stored = (
        sum(verdict.accepted_count for verdict in known),
        sum(verdict.stored_count for verdict in known),
    )
    lost, doubled = sum(len(v.lost) for v in known), sum(len(v.doubled) for v in known)
    console.print(
        f"\n{accepted} accepted, {stored} stored, {lost} lost, {doubled} doubled", highlight=False
    )
    return ledger.is_clean
