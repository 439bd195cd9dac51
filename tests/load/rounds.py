"""Short rounds in turn (A B C, A B C, …), so that what else the machine does hits all alike."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from load.client import Run
from load.figures import Score
from load.meters import Meters

Say = Callable[[str], None]


@dataclass(frozen=True)
class Subject:
    """Something to measure: `play` plays one round against it."""

    score: Score
    play: Callable[[], Awaitable[Run]]


async def in_turn(subjects: Sequence[Subject], meters: Meters, rounds: int, say: Say) -> None:
    """Play every subject's round, `rounds` times, and add what it cost to its score."""
    for number in range(1, rounds + 1):
        for subject in subjects:
            before = meters.read()
            run = await subject.play()
            subject.score.add(run, meters.since(before))
            rate = run.count / run.seconds
            say(f"round {number} of {rounds}  {subject.score.name:<24} {rate:7,.0f}/s")
