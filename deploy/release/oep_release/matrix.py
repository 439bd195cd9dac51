"""Runs one service's previous release between today's others and plays an exam through them.

The tables are today's, as in an upgrade: migrations come first, so an old replica meets new tables
(expand, migrate, contract). One platform plays all of it; a service is changed by its next start.
"""

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]  # it has no stubs of its own
from oep_local import control, demo, legacy, seed
from oep_local.demo_ledger import Ledger
from oep_local.demo_script import demo_students
from oep_local.demo_tables import Tables
from oep_local.errors import RunnerError
from oep_local.rig import Platform
from rich.console import Console

from oep_release.building import Build
from oep_release.errors import ReleaseError
from oep_release.history import Release

PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Outcome:
    """What an exam was promised and what was there afterwards: events, answers and timings."""

    counts: str
    """Accepted / stored / lost / doubled."""
    is_clean: bool
    """Nothing was lost or doubled, and the proctor's board showed what happened."""
    transcript: str

    @property
    def verdict(self) -> str:
        return "yes" if self.is_clean else "NO"


def outcome(ledger: Ledger, transcript: str) -> Outcome:
    """Return what a played exam came to."""
    found = (ledger.event_verdict, ledger.answer_verdict, ledger.timing_verdict)
    known = [verdict for verdict in found if verdict is not None]
    counts = (
        sum(verdict.accepted_count for verdict in known),
        sum(verdict.stored_count for verdict in known),
        sum(len(verdict.lost) for verdict in known),
        sum(len(verdict.doubled) for verdict in known),
    )
    return Outcome(" / ".join(map(str, counts)), ledger.is_clean, transcript)


def tried(platform: Platform, release: Release, made: Build) -> Outcome:
    """Play an exam with a release between today's others; what it could not do is its outcome."""
    words = io.StringIO()
    try:
        with with_release(platform, release, made):
            return play(platform, words)
    except RunnerError as failure:
        return Outcome("-", is_clean=False, transcript=f"{words.getvalue()}{failure}")


@contextmanager
def with_release(platform: Platform, release: Release, made: Build) -> Iterator[None]:
    """Run a release in the place of today's code of its service, in every replica; then go back."""
    running, name = platform.layout.interpreters, release.service
    running[name] = made.python
    try:
        platform.restart(name)
        _refuse_today(platform, release, made)
        yield
    finally:
        del running[name]
        platform.restart(name)


def _refuse_today(platform: Platform, release: Release, made: Build) -> None:
    """Raise ReleaseError unless each replica is run by the build's interpreter."""
    for word in control.parts(platform.state, release.service).values():
        program = psutil.Process(word["pid"]).cmdline()[0]
        if program != str(made.python):
            raise ReleaseError(f"{release.service} runs by {program}, not by {made.python}")


def play(platform: Platform, words: io.StringIO) -> Outcome:
    """Play one exam with a fresh attempt and tell it in `words`.

    Blocks for seconds; raises DemoFailedError.
    """
    seed.seed(legacy.ProcessLauncher(platform.environment), platform.state.root, fresh=True)
    options = demo.Options(
        tables=Tables(lambda query: platform.database.psql(query, "exam_user"), PATIENCE_SECONDS),
        base_url=platform.url,
        student=demo_students()[0],
        patience_seconds=PATIENCE_SECONDS,
    )
    ledger = asyncio.run(demo.play(options, Console(file=words, width=120)))
    return outcome(ledger, words.getvalue())
