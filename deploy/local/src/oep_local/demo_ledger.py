"""What the demo's student was promised: every event, answer and timing that got a yes.

Pure. The verdict compares these promises with what the system holds afterwards.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Verdict:
    """The comparison: promises kept, broken, kept twice, and rows that nobody of us sent."""

    accepted_count: int
    stored_count: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    foreign_count: int

    @property
    def is_clean(self) -> bool:
        return not self.lost and not self.doubled

    def __str__(self) -> str:
        line = (
            f"{self.accepted_count} accepted, {self.stored_count} stored,"
            f" {len(self.lost)} lost, {len(self.doubled)} doubled"
        )
        return f"{line}, {self.foreign_count} of other runs" if self.foreign_count else line


@dataclass
class Ledger:
    """One attempt's promises: event id to type, question id to answer, question id to seconds."""

    attempt_id: int
    exam_id: int
    events: dict[str, str] = field(default_factory=dict)
    answers: dict[int, Any] = field(default_factory=dict)
    timings: dict[int, int] = field(default_factory=dict)
    status: str = ""
    late_refusal: str = ""
    board_agrees: bool = False
    retry_count: int = 0
    event_verdict: Verdict | None = None
    answer_verdict: Verdict | None = None
    timing_verdict: Verdict | None = None

    @property
    def is_clean(self) -> bool:
        """Whether everything was compared and nothing was lost or doubled."""
        verdicts = (self.event_verdict, self.answer_verdict, self.timing_verdict)
        return self.board_agrees and all(v is not None and v.is_clean for v in verdicts)

    def judge_events(self, stored_ids: Iterable[str]) -> Verdict:
        """Compare with the event ids of all rows of the attempt, repeated ones included."""
        counts = Counter(stored_ids)
        ours = {event_id: counts[event_id] for event_id in self.events}
        return Verdict(
            accepted_count=len(ours),
            stored_count=sum(ours.values()),
            lost=tuple(event_id for event_id, count in ours.items() if count == 0),
            doubled=tuple(event_id for event_id, count in ours.items() if count > 1),
            foreign_count=sum(counts.values()) - sum(ours.values()),
        )

    def judge_answers(self, stored: Iterable[tuple[int, Any]]) -> Verdict:
        """Compare with (question id, answer) of all stored answers; a wrong content is a loss."""
        return _judge(self.answers, list(stored))

    def judge_timings(self, stored: Iterable[tuple[int, int]]) -> Verdict:
        """Compare with (question id, total seconds) of all stored timings."""
        return _judge(self.timings, list(stored))


def _judge(promised: dict[int, Any], stored: list[tuple[int, Any]]) -> Verdict:
    counts = Counter(question_id for question_id, _ in stored)
    held = dict(stored)
    ours = [question_id for question_id in promised if question_id in held]
    lost = [key for key, value in promised.items() if key not in held or held[key] != value]
    return Verdict(
        accepted_count=len(promised),
        stored_count=sum(counts[key] for key in ours),
        lost=tuple(f"question {key}" for key in lost),
        doubled=tuple(f"question {key}" for key in ours if counts[key] > 1),
        foreign_count=len(held) - len(ours),
    )
