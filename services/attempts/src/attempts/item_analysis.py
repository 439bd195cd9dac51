"""How well the questions of an exam measure: difficulty, discrimination, distractors, reliability.

Pure. It looks at complete grades only. Whatever is not defined (too few attempts, no variance) is
None, never a made-up number.

difficulty: mean share of the marks. discrimination: correlation of the question with the rest of
the exam (corrected item-total; with right/wrong questions the point-biserial). upper-lower index:
difference of the mean shares between the best and the worst 27 % of attempts. alpha: Cronbach's.
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

GROUP_SHARE = 0.27


@dataclass(frozen=True)
class Item:
    """A question as the analysis needs it; `options` are its keys, empty when it offers none."""

    question_id: int
    max_marks: float
    options: tuple[str, ...] = ()
    key: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Response:
    """What one attempt earned for one question."""

    marks: float = 0.0
    is_attempted: bool = False
    chosen: tuple[str, ...] = ()


NOTHING = Response()
Responses = Mapping[int, Response]
"""One attempt's responses by question id; a question that is missing was not attempted."""


@dataclass(frozen=True)
class OptionCount:
    option: str
    is_key: bool
    count: int


@dataclass(frozen=True)
class ItemReport:
    question_id: int
    max_marks: float
    n: int
    difficulty: float | None
    discrimination: float | None
    upper_lower_index: float | None
    unanswered_share: float | None
    options: tuple[OptionCount, ...]


@dataclass(frozen=True)
class Analysis:
    n: int
    mean: float | None
    median: float | None
    standard_deviation: float | None
    alpha: float | None
    items: tuple[ItemReport, ...]


def analysed(items: Sequence[Item], attempts: Sequence[Responses]) -> Analysis:
    """Return the analysis of all attempts; ties in the total stand in the order given."""
    columns = {i.question_id: [a.get(i.question_id, NOTHING) for a in attempts] for i in items}
    marks = {number: [r.marks for r in column] for number, column in columns.items()}
    totals = [sum(row) for row in zip(*marks.values(), strict=True)] if items else []
    ranked = sorted(range(len(totals)), key=totals.__getitem__)
    size = group_size(len(totals))
    lower, upper = ranked[:size], ranked[len(ranked) - size :]
    reports = tuple(
        _report(item, columns[item.question_id], marks[item.question_id], totals, lower, upper)
        for item in items
    )
    return Analysis(
        n=len(attempts),
        mean=_rounded(statistics.fmean(totals)) if totals else None,
        median=_rounded(statistics.median(totals)) if totals else None,
        standard_deviation=_rounded(_deviation(totals)),
        alpha=_rounded(alpha(list(marks.values()), totals)),
        items=reports,
    )


def group_size(count: int) -> int:
    """Return how many attempts 27 % are: at least one of two, never more than half."""
    return 0 if count < 2 else max(1, int(count * GROUP_SHARE + 0.5))


def correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return Pearson's correlation; None with fewer than two pairs or without variance."""
    if len(one) < 2 or _is_flat(one) or _is_flat(other):
        return None
    try:
        return min(1.0, max(-1.0, statistics.correlation(one, other)))
    except statistics.StatisticsError:
        return None


def alpha(columns: Sequence[Sequence[float]], totals: Sequence[float]) -> float | None:
    """Return Cronbach's alpha; None with fewer than two questions or attempts, or no variance."""
    count = len(columns)
    if count < 2 or len(totals) < 2 or _is_flat(totals):
        return None
    total = _variance(totals)
    if total <= 0:
        return None
    return count / (count - 1) * (1 - sum(map(_variance, columns)) / total)


def _report(
    item: Item,
    responses: Sequence[Response],
    marks: Sequence[float],
    totals: Sequence[float],
    lower: Sequence[int],
    upper: Sequence[int],
) -> ItemReport:
    n = len(responses)
    rest = [total - mark for total, mark in zip(totals, marks, strict=True)]
    is_measured = n > 0 and item.max_marks > 0
    return ItemReport(
        question_id=item.question_id,
        max_marks=item.max_marks,
        n=n,
        difficulty=_rounded(statistics.fmean(marks) / item.max_marks) if is_measured else None,
        discrimination=_rounded(correlation(marks, rest)),
        upper_lower_index=_rounded(_difference(item, marks, lower, upper)),
        unanswered_share=_rounded(sum(not r.is_attempted for r in responses) / n) if n else None,
        options=_options(item, responses),
    )


def _difference(
    item: Item, marks: Sequence[float], lower: Sequence[int], upper: Sequence[int]
) -> float | None:
    if not lower or item.max_marks <= 0:
        return None
    best = statistics.fmean(marks[place] for place in upper)
    return (best - statistics.fmean(marks[place] for place in lower)) / item.max_marks


def _options(item: Item, responses: Iterable[Response]) -> tuple[OptionCount, ...]:
    counts = Counter(option for response in responses for option in response.chosen)
    return tuple(OptionCount(key, key in item.key, counts[key]) for key in item.options)


def _variance(values: Sequence[float]) -> float:
    mean = statistics.fmean(values)
    return statistics.fmean((value - mean) ** 2 for value in values)


def _deviation(values: Sequence[float]) -> float | None:
    return statistics.stdev(values) if len(values) > 1 else None


def _is_flat(values: Sequence[float]) -> bool:
    return max(values) - min(values) < 1e-9


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4) + 0.0
