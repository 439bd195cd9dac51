"""What was acknowledged in the course of a day, laid beside the database at its end."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from oep_local.access import Access

from load import ledger
from load.ledger import Events, Ledger, Verdict
from load.world import World


@dataclass
class Book:
    """Everything that a 2xx promised."""

    let_in: Counter[int] = field(default_factory=Counter)
    begun: list[int] = field(default_factory=list)
    saves: Ledger = field(default_factory=Ledger)
    events: Events = field(default_factory=Events)
    submitted: dict[int, bytes] = field(default_factory=dict)
    """The receipt's signature by attempt."""
    numbers: Iterator[int] = field(default_factory=itertools.count)
    """Each save has one of its own in its text."""

    def judge(self, access: Access, world: World) -> dict[str, Verdict]:
        """Compare all of it. Blocking."""
        waiting = [a for who in world.sitter_ids for a in world.waiting_of(who)]
        running = [a for who in world.sitter_ids for a in world.running_of(who)]
        return {
            "logins": ledger.judge_logins(access, self.let_in),
            "begins": ledger.judge_begins(access, self.begun, waiting),
            "saves": ledger.judge_saves(access, self.saves),
            "events": ledger.judge_events(access, self.events),
            "submits": ledger.judge_submits(access, self.submitted, running),
        }
