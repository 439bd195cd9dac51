"""The report about an attempt, on paper. Imported by the printing process only."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from reportlab.platypus import Flowable

from proctoring.report import charts
from proctoring.report.bodies import AttemptReport, BurstBody, ContributionOut, PaceBody
from proctoring.report.paper import bound, facts, heading, said, space, table

_MOST_SPANS = 60
_CHART_QUESTIONS = 60


def printed(report: AttemptReport) -> bytes:
    """Return the PDF of a report."""
    attempt = report.attempt
    name = f": {attempt.student_name}" if attempt.student_name else ""
    story = [
        *_facts(report),
        *_risk(report),
        *_timings(report.question_timings),
        *_timeline(report),
        *_review(report),
    ]
    return bound(f"Report on attempt {attempt.attempt_id}{name}", story, report.generated_at)


def _facts(report: AttemptReport) -> list[Flowable]:
    a, counts, delivery = report.attempt, report.counts, report.delivery
    missing = ", ".join(f"{low}-{high}" for low, high in delivery.missing[:20])
    return [
        facts(
            [
                ("Student", a.student_name or f"user {a.student_id}"),
                ("Hall ticket", a.hall_ticket_number),
                ("Exam", a.exam_id),
                ("Status", a.status.replace("_", " ")),
                ("Began", a.started_at),
                ("Submitted", a.submitted_at),
                ("Deadline", a.deadline_at),
                ("Events", _counted(counts)),
                ("Events that did not come", _missing(delivery.missing_count, missing)),
                ("Clocks", _skew(report)),
            ]
        )
    ]


def _counted(counts: Any) -> str:
    return (
        f"{counts.total_events}: {counts.info_count} info, {counts.warning_count} warning,"
        f" {counts.violation_count} violation"
    )


def _missing(count: int, ranges: str) -> str:
    return f"{count} (numbers {ranges})" if count else "none is missed"


def _skew(report: AttemptReport) -> str:
    skew = report.skew
    if skew.median_seconds is None:
        return "nothing to compare"
    return (
        f"events arrived {skew.median_seconds:.1f} s after the client's own time in the middle"
        f" ({skew.least_seconds:.1f} to {skew.most_seconds:.1f} s)"
    )


def _risk(report: AttemptReport) -> list[Flowable]:
    risk = report.risk
    if risk.computed_at is None:
        return [heading("Risk"), said("No risk has been worked out yet.")]
    story: list[Flowable] = [
        heading("Risk"),
        said(
            f"{risk.score} points by the rules of version {risk.rules_version}, up to event"
            f" {risk.as_of_sequence}. Points ask somebody to look; they decide nothing."
        ),
    ]
    if not risk.contributions:
        return story
    scored = [part for part in risk.contributions if part.points]
    if scored:
        names = [part.rule_id for part in scored]
        story += [space(), charts.rows(names, [float(part.points) for part in scored])]
    header = ("rule", "why", "events", "points", "of at most", "not counted")
    return [*story, table(header, [_part(p) for p in risk.contributions], _RISK_WIDTHS)]


_RISK_WIDTHS = (34, 66, 14, 14, 18, 28)


def _part(part: ContributionOut) -> tuple[Any, ...]:
    rule = f"{part.rule_id} v{part.version}"
    counts = part.event_count, part.points, part.cap
    return (rule, part.description, *counts, part.switched_off)


def _timings(timings: Sequence[PaceBody]) -> list[Flowable]:
    story: list[Flowable] = [heading("Time for each question")]
    if not timings:
        return [*story, said("No times were recorded.")]
    drawn = timings[:_CHART_QUESTIONS]
    marks = [
        (p.class_pace.lower_quartile, p.class_pace.median, p.class_pace.upper_quartile)
        if p.class_pace
        else None
        for p in drawn
    ]
    seconds = [float(p.total_time_seconds) for p in drawn]
    story += [charts.against([str(p.question_id) for p in drawn], seconds, marks)]
    header = ("question", "seconds", "median", "middle half", "students", "times median", "pace")
    return [*story, table(header, [_pace(p) for p in timings], (22, 20, 20, 32, 20, 28, 28))]


def _pace(p: PaceBody) -> tuple[Any, ...]:
    c = p.class_pace
    if c is None:
        return (p.question_id, p.total_time_seconds, "too few", None, None, None, None)
    half = f"{c.lower_quartile:.0f}-{c.upper_quartile:.0f}"
    times = p.times_median
    return (p.question_id, p.total_time_seconds, c.median, half, c.student_count, times, p.pace)


def _timeline(report: AttemptReport) -> list[Flowable]:
    story: list[Flowable] = [heading("Timeline")]
    if not report.timeline:
        return [*story, said("No events were recorded.")]
    story += [_activity(report.timeline)]
    header = ("no.", "came (server)", "client's time", "skew s", "what", "severity", "times", "on")
    rows = [_line(burst) for burst in report.timeline]
    story += [table(header, rows, (18, 30, 30, 15, 38, 18, 11, 13))]
    if report.timeline_continues_after is not None:
        story += [said("The timeline goes on; the file in json or csv has all of it.")]
    return story


def _line(b: BurstBody) -> tuple[Any, ...]:
    numbers = str(b.first_sequence)
    if b.count > 1:
        numbers += f"-{b.last_sequence}"
    what = b.event_type.replace("_", " ") + (" (late)" if b.late else "")
    asked = ", ".join(str(question) for question in b.question_ids[:3])
    times = b.first_received_at, b.first_event_at
    return (numbers, *times, b.most_skew_seconds, what, b.severity, b.count, asked)


def _activity(timeline: Sequence[BurstBody]) -> Flowable:
    """Draw how many events came when; imported events need not have come in their order."""
    begin = min(burst.first_received_at for burst in timeline)
    length = (max(burst.last_received_at for burst in timeline) - begin).total_seconds()
    width = max(60, -(-length // (60 * _MOST_SPANS)) * 60)
    count = int(length // width) + 1
    sums = {name: [0.0] * count for name in ("info", "warning", "violation")}
    for burst in timeline:
        place = int((burst.first_received_at - begin).total_seconds() // width)
        sums[burst.severity][place] += burst.count
    labels = [f"{begin + timedelta(seconds=width * index):%H:%M}" for index in range(count)]
    colours = (charts.INFO, charts.WARNING, charts.VIOLATION)
    series = [(name, colour, sums[name]) for name, colour in zip(sums, colours, strict=True)]
    return charts.stacked(labels, series)


def _review(report: AttemptReport) -> list[Flowable]:
    review = report.review
    if review is None:
        return [heading("Review"), said("The attempt has not been reviewed.")]
    rows = [
        (name.replace("_", " "), value)
        for name, value in msgspec.structs.asdict(review).items()
        if value is not None
    ]
    return [heading("Review"), facts(rows)]
