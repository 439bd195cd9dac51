"""Puts together what is told about a whole exam; what is counted is counted by the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from proctoring import store as tally_store
from proctoring.attempt import Roll
from proctoring.auth_client import Person
from proctoring.listing import store as list_store
from proctoring.listing.store import Line
from proctoring.listing.wanted import Wanted
from proctoring.report import bodies, store
from proctoring.report.figures import RiskBin, Totals, span
from proctoring.report.streaming import Page

PAGE_ROWS = 1_000
PRINTED_ROWS = 300
PRINTED_HEAT_ROWS = 40
SHOWN_OUTLIERS = 10
SHOWN_TYPES = 200


ROW_HEADER = bodies.AttemptRow.__struct_fields__


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted without looking at an event or a time."""

    at: datetime
    totals: Totals
    bins: Sequence[RiskBin]


def figures(session: Session, exam_id: int) -> Figures:
    return Figures(
        tally_store.clock(session),
        store.totals(session, exam_id),
        store.risk_bins(session, exam_id),
    )


def paged(
    session: Session, exam_id: int, roll: Roll, wanted: Wanted
) -> tuple[Figures, list_store.Page]:
    """Return the figures and the page of attempts that is wanted."""
    return figures(session, exam_id), list_store.page(session, exam_id, roll, wanted)


def lines(session: Session, exam_id: int, roll: Roll, wanted: Wanted, after: int) -> Page[Line]:
    """Return the lines of a file behind place `after`.

    In the order of the roll, by attempt, each attempt is read exactly once. In any other order one
    whose place changes while the file is written may be missing or be there twice.
    """
    if wanted.is_by_attempt:
        part = roll.part(after, after + PAGE_ROWS)
        page = list_store.page(session, exam_id, part, replace(wanted, skip=0, limit=PAGE_ROWS))
        count = len(roll)
    else:
        page = list_store.page(session, exam_id, roll, replace(wanted, skip=after, limit=PAGE_ROWS))
        count = page.total
    behind = after + PAGE_ROWS
    return Page(page.lines, behind if behind < count else None)


def report(
    exam_id: int,
    figures: Figures,
    page: list_store.Page | None,
    people: Mapping[int, Person],
) -> bodies.ExamReport:
    """Return the report with a page of attempts, or none: then they follow in a file."""
    found = () if page is None else page.lines
    return bodies.ExamReport(
        generated_at=figures.at,
        exam_id=exam_id,
        totals=bodies.totals_out(figures.totals),
        risk_histogram=[bodies.bin_out(each) for each in figures.bins],
        attempt_total=None if page is None else page.total,
        attempts=[bodies.row_out(line, people.get(line.student_id)) for line in found],
    )


def row_cells(row: bodies.AttemptRow) -> Sequence[object]:
    """Return what `ROW_HEADER` names."""
    return [getattr(row, name) for name in ROW_HEADER]


def event_figures(
    session: Session, exam_id: int, *, bucket_seconds: int, skip: int, limit: int
) -> bodies.EventFigures:
    """Return what only the events tell; the heat map is of `limit` attempts behind `skip`."""
    counts = store.type_counts(session, exam_id, limit=SHOWN_TYPES)
    return bodies.EventFigures(
        generated_at=tally_store.clock(session),
        exam_id=exam_id,
        event_types=[bodies.type_out(count) for count in counts],
        heat_map=_heat_map(session, exam_id, bucket_seconds, skip, limit),
    )


def question_figures(session: Session, exam_id: int) -> bodies.QuestionFigures:
    """Return how long each question took, and who was far from the others."""
    spreads = store.questions(session, exam_id, shown=SHOWN_OUTLIERS)
    return bodies.QuestionFigures(
        generated_at=tally_store.clock(session),
        exam_id=exam_id,
        questions=[bodies.question_out(spread) for spread in spreads],
    )


def _heat_map(
    session: Session, exam_id: int, bucket_seconds: int, skip: int, limit: int
) -> bodies.HeatBody:
    attempt_ids = store.remarkable(session, exam_id, skip=skip, limit=limit)
    ends = store.bounds(session, attempt_ids) if attempt_ids else None
    if ends is None:
        return bodies.heat_out([], None, [], bucket_seconds)
    cut = span(*ends, bucket_seconds)
    return bodies.heat_out(attempt_ids, cut, store.heat(session, attempt_ids, cut), bucket_seconds)
