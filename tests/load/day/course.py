"""Plays scenarios in turn on one platform, whatever becomes of each, and judges the day."""

import asyncio
import json
import resource
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from load.day import bell, hour, morning, storm, wave
from load.day.book import Book
from load.day.outcome import Outcome
from load.day.size import Size
from load.day.stage import Stage
from load.ledger import Verdict
from load.rig import COMMIT_PER_EVENT, COMMIT_PER_REQUEST, SEND_PER_SOCKET, Rig, running
from load.rounds import Say
from load.signing import signer

SCENARIOS: Mapping[str, tuple[str, Callable[[Stage], Awaitable[Outcome]]]] = {
    "a": (morning.WORDS, morning.play),
    "b": (storm.WORDS, storm.play),
    "c": (hour.WORDS, hour.play),
    "d": (bell.WORDS, bell.play),
    "e": (wave.WORDS, wave.play),
}
_PATIENCE_SECONDS = 420.0
"""For each scenario, beyond what it takes by itself."""

Tell = Callable[[Outcome], None]


def platform(
    size: Size, say: Say, replicas: Mapping[str, int] | None = None
) -> AbstractContextManager[Rig]:
    """Start what a day needs; thousands of sockets need as many open files."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # what we start has it, too
    twins = (COMMIT_PER_REQUEST, COMMIT_PER_EVENT, SEND_PER_SOCKET)
    return running(size.world, twins, replicas=replicas, say=say)


async def play(
    rig: Rig, size: Size, letters: Sequence[str], say: Say, tell: Tell
) -> tuple[list[Outcome], Book]:
    """Play scenarios in this order; one that fails does not keep the next from being played.

    Returns what each showed, and all that was acknowledged.
    """
    sign = await asyncio.to_thread(signer, rig.platform.environment("auth"))
    stage = Stage(rig, size, sign, say)
    outcomes = []
    for letter in letters:
        words, scenario = SCENARIOS[letter]
        say(f"{letter}: {words}")
        outcome = await _guarded(letter, words, scenario(stage), size)
        outcome.students = size.students
        outcome.replicas = len(rig.replicas("attempts"))
        outcomes.append(outcome)
        tell(outcome)
    return outcomes, stage.book


async def _guarded(letter: str, words: str, playing: Awaitable[Outcome], size: Size) -> Outcome:
    began = time.monotonic()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS + size.hour_seconds):
            return await playing
    except Exception as error:  # noqa: BLE001  # whatever it is, the next one is played
        lasted = time.monotonic() - began
        where = "".join(traceback.format_exception(error)[-3:])
        return Outcome(letter, words, flaws=[f"ended after {lasted:.0f} s: {where!r}"])


def is_well(size: Size, outcomes: Sequence[Outcome], verdicts: Mapping[str, Verdict]) -> bool:
    """Say whether nothing is missing, and in the long form whether every bar of time is held."""
    is_late = size.decides_by_time and any(outcome.late for outcome in outcomes)
    is_clean = all(verdict.is_clean for verdict in verdicts.values())
    return is_clean and not is_late and not any(outcome.flaws for outcome in outcomes)


def told(verdicts: Mapping[str, Verdict]) -> str:
    """Return the JSON line of what was acknowledged and what is stored."""
    return json.dumps({"load": "oracle", **{name: str(one) for name, one in verdicts.items()}})
