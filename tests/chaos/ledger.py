"""What the clients of one run sent, and what was promised to them; nothing is ever taken out.

Instants are those of `time.time`: the clients and the database share one machine and its clock.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

Answered = tuple[float, float, int]
"""When a request left, how long its answer took (both seconds), and its status; 0 is none."""


@dataclass
class Sent:
    """One event or timing that a client made, and its promise once it has one."""

    id: str
    attempt_id: int
    number: int
    """The client's own sequence, from 1 on; of a timing: the seconds of its showing."""
    question_id: int | None = None
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    is_timing: bool = False
    first_sent_at: float | None = None
    last_sent_at: float | None = None
    tries: int = 0
    accepted_at: float | None = None
    sequence: int | None = None
    """The place that the promise named; timings have none."""

    def leaves(self, now: float) -> None:
        self.first_sent_at = self.first_sent_at or now
        self.last_sent_at = now
        self.tries += 1


@dataclass
class Ledger:
    """Everything of one run."""

    sent: dict[str, Sent] = field(default_factory=dict)
    answered: list[Answered] = field(default_factory=list)
    refusals: Counter[int] = field(default_factory=Counter)
    """Answers that were no 2xx, by status; 0 counts requests without an answer."""
    reasons: Counter[str] = field(default_factory=Counter)
    """The words that refusals were told in."""
    odd: list[str] = field(default_factory=list)
    """What no client should be told, in words."""
    known_again: int = 0
    """Repeated posts that were answered with a row that was stored before they were repeated."""
    unauthorised: int = 0

    def add(self, sent: Sent) -> Sent:
        self.sent[sent.id] = sent
        return sent

    @property
    def accepted(self) -> list[Sent]:
        return [sent for sent in self.sent.values() if sent.accepted_at is not None]

    @property
    def waiting_count(self) -> int:
        return len(self.sent) - len(self.accepted)
