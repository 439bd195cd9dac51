"""The report about an exam, on paper. Imported by the printing process only."""

from collections.abc import Sequence
from typing import Any

from reportlab.platypus import Flowable

from proctoring.report import charts
from proctoring.report.bodies import (
    AttemptRow,
    EventFigures,
    ExamReport,
    HeatBody,
    PrintedExam,
    QuestionBody,
    TypeCountBody,
)
from proctoring.report.paper import bound, facts, heading, said, shown, table

_DRAWN_TYPES = 12
_DRAWN_QUESTIONS = 60


def printed(exam: PrintedExam) -> bytes:
    """Return the PDF of a report."""
    report = exam.report
    story = [
        *_totals(report),
        *_risk(report),
        *_types(exam.events.event_types),
        *_heat(exam.events, report.attempts),
        *_questions(exam.questions.questions),
        *_attempts(report),
    ]
    return bound(f"Report on exam {report.exam_id}", story, report.generated_at)


def _totals(report: ExamReport) -> list[Flowable]:
    totals = report.totals
    events = (
        f"{totals.info_count} info, {totals.warning_count} warning,"
        f" {totals.violation_count} violation"
    )
    return [
        facts(
            [
                ("Attempts with events or times", totals.attempt_count),
                ("Attempts with warnings", totals.attempts_with_warnings),
                ("Attempts with violations", totals.attempts_with_violations),
                ("Events", events),
                ("Last event", totals.last_received_at),
            ]
        )
    ]


def _risk(report: ExamReport) -> list[Flowable]:
    spread = report.risk_histogram
    count = sum(each.attempt_count for each in spread)
    story: list[Flowable] = [heading("Risk"), said(f"{count} attempts have a score.")]
    if not count:
        return story
    labels = [f"{each.lowest}-{each.lowest + 9}" for each in spread[:-1]]
    labels.append(f"{spread[-1].lowest}+")
    counts = [float(each.attempt_count) for each in spread]
    story += [charts.columns(labels, counts)]
    rows = [
        (label, each.attempt_count)
        for label, each in zip(labels, spread, strict=True)
        if each.attempt_count
    ]
    return [*story, table(("points", "attempts"), rows, (30, 30))]


def _types(types: Sequence[TypeCountBody]) -> list[Flowable]:
    story: list[Flowable] = [heading("Events by type")]
    if not types:
        return [*story, said("No events were recorded.")]
    drawn = types[:_DRAWN_TYPES]
    names = [f"{each.event_type} ({each.severity})" for each in drawn]
    story += [charts.rows(names, [float(each.event_count) for each in drawn])]
    rows = [(t.event_type, t.severity, t.event_count, t.attempt_count) for t in types]
    return [*story, table(("type", "severity", "events", "attempts"), rows, (70, 30, 30, 30))]


def _heat(events: EventFigures, attempts: Sequence[AttemptRow]) -> list[Flowable]:
    heat = events.heat_map
    story: list[Flowable] = [heading("When warnings and violations came")]
    if heat.begins_at is None:
        return [*story, said("There were none.")]
    story += [said(_heat_words(heat))]
    rows = heat.attempts
    known = {row.attempt_id: row for row in attempts}
    labels = [_label(row.attempt_id, known.get(row.attempt_id)) for row in rows]
    cells = [(place, *cell) for place, row in enumerate(rows) for cell in row.cells]
    return [*story, charts.heat(labels, cells, heat.bucket_count)]


def _label(attempt_id: int, row: AttemptRow | None) -> str:
    return f"{attempt_id}" if row is None or not row.hall_ticket_number else row.hall_ticket_number


def _heat_words(heat: HeatBody) -> str:
    minutes = heat.bucket_seconds / 60
    return (
        f"From {shown(heat.begins_at)} on, {heat.bucket_count} spans of {minutes:g} minutes from"
        f" left to right; the {len(heat.attempts)} attempts with most"
        " violations, from top to bottom. Red: with violations; yellow: warnings only; the"
        " stronger the more. The attempts below are listed with their counts."
    )


def _questions(questions: Sequence[QuestionBody]) -> list[Flowable]:
    story: list[Flowable] = [heading("Time for each question")]
    if not questions:
        return [*story, said("No times were recorded.")]
    drawn = questions[:_DRAWN_QUESTIONS]
    medians = [q.class_pace.median if q.class_pace else 0.0 for q in drawn]
    story += [charts.columns([str(q.question_id) for q in drawn], medians)]
    header = ("question", "students", "median s", "middle half", "far off", "farthest attempts")
    rows = [_question(q) for q in questions]
    return [*story, table(header, rows, (24, 22, 22, 30, 18, 58))]


def _question(q: QuestionBody) -> tuple[Any, ...]:
    c = q.class_pace
    if c is None:
        return (q.question_id, q.student_count, "too few", None, None, None)
    half = f"{c.lower_quartile:.0f}-{c.upper_quartile:.0f}"
    far = ", ".join(f"{o.attempt_id} ({o.total_time_seconds} s)" for o in q.outliers[:3])
    return (q.question_id, q.student_count, c.median, half, q.outlier_count, far)


def _attempts(report: ExamReport) -> list[Flowable]:
    story: list[Flowable] = [heading("Attempts")]
    if not report.attempts:
        return [*story, said("There are none.")]
    header = ("attempt", "student", "hall ticket", "status", "risk", "warn.", "viol.", "review")
    rows = [_row(row) for row in report.attempts]
    return [
        *story,
        said(f"The first {len(rows)} of the list; the files in csv and json have all."),
        table(header, rows, (18, 50, 26, 24, 12, 12, 12, 20)),
    ]


def _row(row: AttemptRow) -> tuple[Any, ...]:
    who = row.student_name or f"user {row.student_id}"
    counts = row.risk_score, row.warning_count, row.violation_count
    review = row.review_outcome or row.review_state
    return (row.attempt_id, who, row.hall_ticket_number, row.status, *counts, review)
