"""Drawings for paper. Every chart has a table or a sentence beside it that says the same.

Colours are told apart in grey, too. Imported by the printing process only.
"""

from collections.abc import Sequence
from typing import Any

from reportlab.graphics.charts.barcharts import HorizontalBarChart, VerticalBarChart
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import HexColor, white

from proctoring.report.lettering import BASE, loaded

WIDTH = 480.0
HEIGHT = 150.0
INFO, WARNING, VIOLATION = HexColor("#c9d3dd"), HexColor("#e09a2b"), HexColor("#8c1d2f")
INK, PALE, MARK = HexColor("#24303c"), HexColor("#5b7fa6"), HexColor("#1c3f66")
_SMALL = 7.0
_MOST_LABELS = 24


def stacked(labels: Sequence[str], series: Sequence[tuple[str, Any, Sequence[float]]]) -> Drawing:
    """Draw bars that stand on each other; a series is its name, its colour and its values."""
    drawing = Drawing(WIDTH, HEIGHT)
    chart = VerticalBarChart()
    chart.categoryAxis.style = "stacked"
    _lay_out(chart, labels, [values for _, _, values in series], left=30, bottom=28)
    for index, (_, colour, _) in enumerate(series):
        _paint(chart, index, colour)
    drawing.add(chart)
    drawing.add(_legend([(colour, name) for name, colour, _ in series]))
    return drawing


def columns(labels: Sequence[str], values: Sequence[float], colour: Any = PALE) -> Drawing:
    """Draw one column for each label."""
    drawing = Drawing(WIDTH, HEIGHT)
    chart = VerticalBarChart()
    _lay_out(chart, labels, [values], left=30, bottom=28)
    _paint(chart, 0, colour)
    drawing.add(chart)
    return drawing


def rows(labels: Sequence[str], values: Sequence[float], colour: Any = PALE) -> Drawing:
    """Draw one bar for each label, the first on top."""
    height = 24 + 13.0 * len(labels)
    drawing = Drawing(WIDTH, height)
    chart = HorizontalBarChart()
    backwards = [*labels][::-1]
    _lay_out(chart, backwards, [[*values][::-1]], left=170, bottom=16, height=height - 22)
    chart.categoryAxis.labels.boxAnchor = "e"
    chart.categoryAxis.labels.dx = -4
    _paint(chart, 0, colour)
    drawing.add(chart)
    return drawing


def against(labels: Sequence[str], values: Sequence[float], marks: Sequence[Any]) -> Drawing:
    """Draw columns and across each a line at its mark: (low, middle, high), or None."""
    drawing = Drawing(WIDTH, HEIGHT)
    chart = VerticalBarChart()
    _lay_out(chart, labels, [values], left=34, bottom=28)
    top = max([1.0, *values, *(mark[2] for mark in marks if mark)])
    chart.valueAxis.valueMax = top
    _paint(chart, 0, PALE)
    drawing.add(chart)
    step = chart.width / max(1, len(labels))
    for index, mark in enumerate(marks):
        if mark:
            left = chart.x + step * index
            low, middle, high = (chart.y + chart.height * value / top for value in mark)
            drawing.add(Line(left, middle, left + step, middle, strokeColor=VIOLATION))
            centre = left + step / 2
            drawing.add(Line(centre, low, centre, high, strokeColor=INK, strokeWidth=0.5))
    drawing.add(_legend([(PALE, "this attempt"), (VIOLATION, "median of the class")]))
    return drawing


def heat(labels: Sequence[str], cells: Sequence[tuple[int, int, int, int]], count: int) -> Drawing:
    """Draw a map: a cell is its row, its column, its warnings and its violations."""
    left, size = 62.0, 10.0
    height = 14 + size * len(labels)
    drawing = Drawing(WIDTH, height)
    width = (WIDTH - left) / max(1, count)
    most = max((warnings + violations for _, _, warnings, violations in cells), default=1)
    for row, label in enumerate(labels):
        y = height - size * (row + 1)
        drawing.add(String(0, y + 2, label, fontName=_font(), fontSize=_SMALL, fillColor=INK))
        drawing.add(_box(left, y, WIDTH - left, size, fill=white, edge=INFO))
    for row, column, warnings, violations in cells:
        colour = (VIOLATION if violations else WARNING).clone()
        colour.alpha = 0.3 + 0.7 * (warnings + violations) / most
        x, y = left + width * column, height - size * (row + 1)
        drawing.add(_box(x, y, width, size, fill=colour, edge=None))
    return drawing


def _box(x: float, y: float, width: float, height: float, *, fill: Any, edge: Any) -> Rect:
    box = Rect(x, y, width, height)
    box.fillColor, box.strokeColor, box.strokeWidth = fill, edge, 0.3
    return box


def _lay_out(
    chart: Any,
    labels: Sequence[str],
    data: Sequence[Sequence[float]],
    *,
    left: float,
    bottom: float,
    height: float = HEIGHT - 44,
) -> None:
    chart.x, chart.y, chart.width, chart.height = left, bottom, WIDTH - left, height
    chart.data = [list(values) or [0] for values in data]
    chart.categoryAxis.categoryNames = _thinned(labels) or [""]
    chart.valueAxis.valueMin = 0
    chart.valueAxis.forceZero = 1
    most = max((sum(column) for column in zip(*chart.data, strict=True)), default=0)
    chart.valueAxis.valueMax = max(1, most)
    chart.valueAxis.labelTextFormat = "%d"
    for axis in (chart.categoryAxis, chart.valueAxis):
        axis.labels.fontName, axis.labels.fontSize = _font(), _SMALL
        axis.labels.fillColor = axis.strokeColor = INK


def _paint(chart: Any, index: int, colour: Any) -> None:
    chart.bars[index].fillColor = colour
    chart.bars[index].strokeColor = None


def _thinned(labels: Sequence[str]) -> list[str]:
    """Leave out labels that would run into each other."""
    every = -(-len(labels) // _MOST_LABELS) or 1
    return [label if index % every == 0 else "" for index, label in enumerate(labels)]


def _legend(pairs: Sequence[tuple[Any, str]]) -> Any:
    legend: Any = Legend()
    legend.x, legend.y = 34, HEIGHT - 2
    legend.columnMaximum, legend.alignment = 1, "right"
    legend.fontName, legend.fontSize, legend.dx, legend.dy = _font(), _SMALL, 7, 7
    legend.deltax = 90
    legend.colorNamePairs = list(pairs)
    return legend


def _font() -> str:
    return str(loaded(BASE).fontName)
