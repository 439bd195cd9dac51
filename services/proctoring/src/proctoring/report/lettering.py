"""Letters on paper: fonts that show people's names in their own scripts, and text that stays text.

The fonts are embedded (Noto Sans of many scripts, a wheel), because a PDF that relies on the
reader's fonts shows boxes. Scripts whose letters join or reorder are shaped; their glyphs have no
plain letters behind them, so what was meant is written beside them as `ActualText` (ISO 32000,
14.9.4), which search, copying and screen readers take. A letter that no font has becomes U+FFFD, a
sign that something stands there; so do scripts from right to left, which reportlab would draw in
the wrong order. Imported by the printing process only.
"""

import functools
import unicodedata
from importlib import resources
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

BASE = "NotoSans"
UNKNOWN = "\ufffd"
_OTHERS = (
    "NotoSansDevanagari",
    "NotoSansTelugu",
    "NotoSansTamil",
    "NotoSansKannada",
    "NotoSansMalayalam",
    "NotoSansBengali",
    "NotoSansGujarati",
    "NotoSansGurmukhi",
    "NotoSansOriya",
    "NotoSansSinhala",
    "NotoSansArmenian",
    "NotoSansGeorgian",
    "NotoSansEthiopic",
    "NotoSansThai",
    "NotoSansLao",
    "NotoSansKhmer",
    "NotoSansMyanmar",
    "NotoSansSymbols",
)
_JOINERS = "\u200c\u200d"


class Spoken(Paragraph):
    """A paragraph that says in letters what its glyphs show."""

    meaning: str | None = None

    def draw(self) -> None:
        if self.meaning is None:
            super().draw()
            return
        canvas: Any = self.canv
        code = canvas._code  # noqa: SLF001  # reportlab has no other way to mark content
        letters = (b"\xfe\xff" + self.meaning.encode("utf-16-be", "replace")).hex()
        code.append(f"/Span <</ActualText <{letters}>>> BDC")
        super().draw()
        code.append("EMC")


def written(text: str, style: ParagraphStyle) -> Paragraph:
    """Return a paragraph of any text in any script; `style` must be in the base font."""
    found = runs(text)
    markup = "".join(
        escape(run) if font == BASE else f'<font name="{font}">{escape(run)}</font>'
        for font, run in found
    )
    paragraph = Spoken(markup, style)
    if any(font != BASE or UNKNOWN in run for font, run in found):
        paragraph.meaning = text
    return paragraph


def runs(text: str) -> list[tuple[str, str]]:
    """Cut `text` where the font changes; marks, joiners and spaces stay with what they follow."""
    fonts: list[tuple[str, str]] = []
    for letter in unicodedata.normalize("NFC", text):
        before = fonts[-1][0] if fonts else BASE
        if letter in _JOINERS or (letter == " " and fonts) or _goes_on(before, letter):
            fonts.append((before, letter))
        elif (font := font_of(letter)) is not None:
            fonts.append((font, letter))
        elif unicodedata.category(letter)[0] != "C":
            fonts.append((BASE, UNKNOWN))
    return [
        (font, "".join(letter for _, letter in run))
        for font, run in groupby(fonts, key=lambda each: each[0])
    ]


def _goes_on(font: str, letter: str) -> bool:
    """Say whether `letter` may follow in `font`; plain letters are always the base font's."""
    return has(font, letter) and (font == BASE or not letter.isascii())


@functools.cache
def font_of(letter: str) -> str | None:
    """Return the first font that has `letter`."""
    return next((font for font in (BASE, *_OTHERS) if has(font, letter)), None)


def has(font: str, letter: str) -> bool:
    return ord(letter) in loaded(font).face.charToGlyph


@functools.cache
def loaded(name: str) -> TTFont:
    """Return a font, read when it is needed first and known to reportlab from then on."""
    file = resources.files("manimgx_fonts") / f"{name}[wght].ttf"
    font = TTFont(name, str(file), shapable=name != BASE)
    pdfmetrics.registerFont(font)
    pdfmetrics.registerFontFamily(name, name, name, name, name)
    return font
