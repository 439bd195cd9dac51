"""How a printed report looks: its parts, its tables, its pages and what a reader's program is told.

Title, author and language are in the document, headings are its outline, text is text. Imported by
the printing process only.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from proctoring.report.lettering import BASE, loaded, written

AUTHOR = "Online Exam Platform, proctoring"
LANGUAGE = "en"
_INK, _PALE, _LINE = HexColor("#24303c"), HexColor("#eef2f6"), HexColor("#b9c4cf")


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        name, fontName=BASE, fontSize=size, leading=size * 1.35, textColor=_INK, shaping=1, **more
    )


BODY = _style("body", 9)
SMALL = _style("small", 7.5)
CELL = _style("cell", 7.5)
TITLE = _style("title", 17, spaceAfter=6)
HEADING = _style("heading", 12, spaceBefore=10, spaceAfter=4)


class Heading(Paragraph):
    """A heading that is in the outline, too."""

    def draw(self) -> None:
        text = self.getPlainText()
        key = f"part-{id(self)}"
        self.canv.bookmarkHorizontal(key, 0, self.height)
        self.canv.addOutlineEntry(text, key, 0, closed=False)
        super().draw()


def heading(text: str) -> Heading:
    return Heading(text, HEADING)


def said(text: str) -> Paragraph:
    return written(text, BODY)


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[float]) -> Any:
    """Return a table whose header is repeated on each page; `widths` in millimetres."""
    data: list[list[Any]] = [[written(name, CELL) for name in header]]
    data += [[written(shown(value), CELL) for value in row] for row in rows]
    return LongTable(
        data, [width * mm for width in widths], repeatRows=1, style=_GRID, hAlign="LEFT"
    )


def facts(rows: Sequence[tuple[str, Any]]) -> Any:
    """Return a table of names and values."""
    data = [[written(name, CELL), written(shown(value), BODY)] for name, value in rows]
    return LongTable(data, [45 * mm, 125 * mm], style=_GRID_OF_FACTS, hAlign="LEFT")


def space() -> Spacer:
    return Spacer(1, 3 * mm)


def shown(value: Any) -> str:
    """Return what a person reads of a value; nothing known is a dash."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:.1f}"
    return str(value)


def bound(title: str, story: list[Flowable], made_at: datetime) -> bytes:
    """Return the PDF of a story."""
    loaded(BASE)
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        title=title,
        author=AUTHOR,
        subject="Proctoring report",
        creator=AUTHOR,
        lang=LANGUAGE,
        initialFontName=BASE,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
    )
    opening = [written(title, TITLE), said(f"Made at {shown(made_at)}. All times are in UTC.")]

    def framed(canvas: Canvas, _: Any) -> None:
        canvas.setViewerPreference("DisplayDocTitle", "true")
        canvas.setFont(BASE, 7.5)
        canvas.setFillColor(_INK)
        canvas.drawString(18 * mm, 10 * mm, title_line(title))
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"Page {canvas.getPageNumber()}")

    document.build([*opening, space(), *story], onFirstPage=framed, onLaterPages=framed)
    return out.getvalue()


def title_line(title: str) -> str:
    """Return the title as the foot of a page shows it: the part before a person's name."""
    return title.partition(":")[0]


_RULED: list[Any] = [
    ("LINEBELOW", (0, 0), (-1, -1), 0.3, _LINE),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 2),
    ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ("TOPPADDING", (0, 0), (-1, -1), 1.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
]
_GRID = TableStyle([*_RULED, ("BACKGROUND", (0, 0), (-1, 0), _PALE)])
_GRID_OF_FACTS = TableStyle(_RULED)
