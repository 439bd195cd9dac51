"""What all scenarios stand on: the platform, everybody's token, meters around what is played."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from load import client, meters
from load.client import Line
from load.day.book import Book
from load.day.outcome import Outcome
from load.day.size import Size
from load.meters import Neighbours
from load.rig import Rig
from load.rounds import Say
from load.signing import Sign
from load.world import World

PARTS = ("auth", "attempts", "proctoring", "realtime", "gateway", "postgres", "nats")
_MEGA = 1_000_000


@dataclass
class Stage:
    """A running platform and a day's book."""

    rig: Rig
    size: Size
    sign: Sign
    say: Say
    book: Book = field(default_factory=Book)

    @property
    def world(self) -> World:
        return self.rig.world

    @property
    def gateway(self) -> int:
        """Where students knock."""
        return self.rig.port("gateway")

    @cached_property
    def tokens(self) -> dict[int, str]:
        """Tokens of all students; those who log in get their own besides."""
        return {who: self.sign(who, "student") for who in self.world.sitter_ids}

    def attempts(self, place: int) -> dict[int, str]:
        """Return the attempts at the running exam of this place, with their students' tokens."""
        return {self.world.running_of(who)[place]: token for who, token in self.tokens.items()}

    @contextlib.asynccontextmanager
    async def lines(self, count: int, part: str = "gateway") -> AsyncIterator[Sequence[Line]]:
        """Hold so many connections to a part."""
        made = [await client.connect(self.rig.port(part)) for _ in range(count)]
        try:
            yield made
        finally:
            for line in made:
                line.close()

    @contextlib.contextmanager
    def measured(self, outcome: Outcome) -> Iterator[None]:
        """Note what every part took meanwhile, and its memory before and after."""
        reading, memory = self.rig.whole_meters(*PARTS), self._memory()
        before, neighbours = reading.read(), Neighbours()
        try:
            yield
        finally:
            outcome.cpu_seconds = reading.since(before)
            outcome.others = neighbours.share()
            after = self._memory()
            outcome.memory_mb = {part: [memory[part], after[part]] for part in PARTS}

    def _memory(self) -> dict[str, int]:
        return {part: round(meters.memory_bytes(self.rig.all_pids(part)) / _MEGA) for part in PARTS}


@contextlib.contextmanager
def costing(stage: Stage, *parts: str) -> Iterator[dict[str, float]]:
    """Yield what gets the CPU seconds of parts and twins in the end."""
    reading, used = stage.rig.whole_meters(*parts), dict[str, float]()
    before = reading.read()
    yield used
    used |= reading.since(before)
