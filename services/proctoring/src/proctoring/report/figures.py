"""What is counted over a whole exam. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from proctoring.event import Severity
from proctoring.report.pace import ClassPace

MOST_BUCKETS = 288
BIN_POINTS = 10
LAST_BIN = 10
"""Scores of 100 and more are one bin."""


@dataclass(frozen=True, slots=True)
class Totals:
    """An exam's attempts of which something came, counted from their tallies."""

    attempt_count: int
    with_warnings: int
    with_violations: int
    info_count: int
    warning_count: int
    violation_count: int
    last_received_at: datetime | None


@dataclass(frozen=True, slots=True)
class RiskBin:
    """How many attempts have a score from `lowest` on, up to the next bin; the last is open."""

    lowest: int
    attempt_count: int


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How often one type of event came, and in how many attempts."""

    event_type: str
    severity: Severity
    event_count: int
    attempt_count: int


@dataclass(frozen=True, slots=True)
class Outlier:
    """An attempt whose time with a question is far from the class."""

    attempt_id: int
    total_time_seconds: int


@dataclass(frozen=True, slots=True)
class QuestionSpread:
    """How long a question took the students; the far ones by distance from the median."""

    question_id: int
    student_count: int
    total_time_seconds: int
    answer_count: int
    class_pace: ClassPace | None
    outlier_count: int
    outliers: tuple[Outlier, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """Warnings and violations of one attempt in one span of time, numbered from 0."""

    attempt_id: int
    bucket: int
    warning_count: int
    violation_count: int


@dataclass(frozen=True, slots=True)
class Span:
    """Into which spans of time a heat map is cut, by the server's clock."""

    begins_at: datetime
    bucket_seconds: int
    bucket_count: int


def bins(counts: Mapping[int, int]) -> list[RiskBin]:
    """Return every bin of a histogram, the empty ones too."""
    return [RiskBin(n * BIN_POINTS, counts.get(n, 0)) for n in range(LAST_BIN + 1)]


def span(first: datetime, last: datetime, wanted_seconds: int) -> Span:
    """Cut the time into spans of `wanted_seconds`, of a multiple where these were too many."""
    width = wanted_seconds
    begin = first.timestamp() // width * width
    length = last.timestamp() - begin
    width *= int(length // width) // MOST_BUCKETS + 1
    begins_at = datetime.fromtimestamp(begin, tz=first.tzinfo)
    return Span(begins_at, width, int(length // width) + 1)


def cells_by_attempt(cells: Sequence[Cell]) -> dict[int, list[Cell]]:
    found: dict[int, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.attempt_id, []).append(cell)
    return found
