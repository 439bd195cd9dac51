"""Runs faults one after another on one platform, each with an exam of its own."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from load.rig import Rig, running
from load.rounds import Say
from load.world import World

from chaos.fault import Fault, Result, Size
from chaos.faults import FAULTS
from chaos.proxy import LossyProxy
from chaos.run import Run

REPLICAS = {"attempts": 2, "proctoring": 2, "realtime": 3}
_ANSWERS_LOST = 3
_PAST_THE_GATEWAY = 3
_EXAMS = len(FAULTS) + 1
"""One for each fault, and one for a fault that is not in the list."""


@dataclass
class Course:
    """A running platform with everybody signed in."""

    rig: Rig
    tokens: Mapping[int, str]
    size: Size

    async def run(self, fault: Fault) -> Result:
        """Do one fault; afterwards the platform is whole."""
        random.seed(f"{self.size.seed} {fault.name}")
        place = [*FAULTS, fault.number].index(fault.number)
        staff_token = await asyncio.to_thread(self.rig.sign_in_staff)
        run = Run(self.rig, self.tokens, staff_token, fault, place, self.size)
        try:
            async with self._way(fault, run), fault.beside(run):
                return await run.play()
        finally:
            await asyncio.to_thread(self.rig.platform.heal)

    @contextlib.asynccontextmanager
    async def _way(self, fault: Fault, run: Run) -> AsyncIterator[None]:
        if fault.number != _ANSWERS_LOST:
            yield
            return
        async with LossyProxy(self.rig.port("proctoring")).serving() as proxy:
            run.go_through(proxy, _PAST_THE_GATEWAY)
            yield


@contextlib.contextmanager
def platform(
    size: Size, numbers: Sequence[int], say: Say = print, *, nats: int = 1
) -> Iterator[Rig]:
    """Start what a course needs: an exam for each fault, or two, and an outsider."""
    with platform_for(size, [FAULTS[number] for number in numbers], say, nats=nats) as rig:
        yield rig


@contextlib.contextmanager
def platform_for(
    size: Size, faults: Sequence[Fault], say: Say = print, *, nats: int = 1
) -> Iterator[Rig]:
    """Start what these faults need."""
    world = World(
        sitters=size.sitters_of(faults) + 1,
        running_exams=_EXAMS * 2 if any(fault.has_spare for fault in faults) else _EXAMS,
        questions=5,
        newcomers=max(map(size.newcomers_of, faults)),
        has_admin=True,
    )
    [disk, *_] = [*filter(None, (fault.disk for fault in faults)), contextlib.nullcontext]
    with running(world, replicas={**REPLICAS, "nats": nats}, disk=disk, say=say) as rig:
        yield rig


def stages(numbers: Sequence[int]) -> list[list[int]]:
    """Return which faults are done on one platform: those that need a small disk have their own.

    What all the others store in an hour does not fit on it.
    """
    roomy = [number for number in numbers if FAULTS[number].disk is None]
    small = [number for number in numbers if FAULTS[number].disk is not None]
    return [stage for stage in (roomy, small) if stage]


async def begun(rig: Rig, size: Size) -> Course:
    return Course(rig, await rig.sign_in(rig.world.sitter_ids), size)


async def all_of(
    rig: Rig, size: Size, numbers: Sequence[int], say: Say, tell: Callable[[Result], None]
) -> list[Result]:
    """Do the faults in turn; `tell` gets each result as soon as it is there."""
    course = await begun(rig, size)
    results = []
    for number in numbers:
        say(f"fault {number}: {FAULTS[number].words}")
        results.append(await course.run(FAULTS[number]))
        tell(results[-1])
        for text in results[-1].words + results[-1].verdict.shortened + results[-1].late:
            say(f"  {text}")
    return results
