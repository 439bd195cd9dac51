"""The reports' rules: what is far from the class, how a heat map is cut, what a cell may hold."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proctoring.event import Severity
from proctoring.report import sheet
from proctoring.report.figures import MOST_BUCKETS, span
from proctoring.report.pace import ClassPace, Pace, class_pace
from proctoring.report.timeline import Moment

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_time_far_beyond_the_quartiles_is_slower_and_far_below_faster():
    pace = ClassPace(20, 20.0, 30.0, 40.0)
    judged = [pace.judge(seconds) for seconds in (0, 70, 71)]
    assert judged == [Pace.USUAL, Pace.USUAL, Pace.SLOWER]
    assert ClassPace(20, 50.0, 55.0, 60.0).judge(34) is Pace.FASTER


def test_of_fewer_than_five_students_nothing_is_said():
    assert class_pace(4, [1.0, 2.0, 3.0]) is None
    assert class_pace(5, [1.0, 2.0, 3.0]) == ClassPace(5, 1.0, 2.0, 3.0)
    assert class_pace(0, None) is None


def test_nothing_is_a_multiple_of_a_median_of_zero():
    assert ClassPace(9, 0.0, 0.0, 1.0).ratio(5) is None


def test_skew_is_the_servers_time_less_the_clients():
    moment = Moment(1, "t", Severity.INFO, False, NOON, NOON + timedelta(seconds=2.5), None, None)
    assert moment.skew_seconds == 2.5


@given(st.integers(0, 40 * 24 * 3600), st.integers(60, 3600))
def test_a_heat_map_holds_every_moment_and_never_too_many_spans(seconds, wanted):
    last = NOON + timedelta(seconds=seconds)
    cut = span(NOON, last, wanted)
    assert cut.begins_at <= NOON
    assert cut.bucket_count <= MOST_BUCKETS
    end = cut.begins_at + timedelta(seconds=cut.bucket_seconds * cut.bucket_count)
    assert last < end
    assert cut.bucket_seconds % wanted == 0


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\t=1", "\r=1", "\uff1d1", "=HYPERLINK(x)"]
)
def test_no_cell_begins_like_a_formula(text):
    assert sheet.cell(text).startswith("'")


def test_numbers_stay_numbers_and_instants_are_utc():
    assert [sheet.cell(v) for v in (-5, -1.5, None, True)] == ["-5", "-1.500", "", "yes"]
    assert sheet.cell(NOON) == "2026-03-01T12:00:00.000Z"


@given(st.lists(st.lists(st.text(alphabet=st.characters(codec="utf-8")), min_size=2), min_size=1))
def test_what_is_written_is_read_back_but_for_the_guard(rows):
    read = list(csv.reader(io.StringIO(sheet.lines(rows), newline="")))
    assert [[c.removeprefix("'") for c in row] for row in read] == [
        [c.replace("\0", "").removeprefix("'") for c in row] for row in rows
    ]
    assert not any(c.lstrip().startswith(("=", "+", "-", "@")) for row in read for c in row)
