"""HTML of items reduced to text and images; what text cannot say is a flaw, never guessed.

A block ends a line, spaces collapse as in a browser, `pre` keeps them. An image leaves its number
where it stood: `[image 1]`. So text and images stay together wherever the text goes, also when a
shuffled exam puts an option behind another letter.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from attempts.drafting import MAX_TEXT
from attempts.exchange.findings import Place
from attempts.exchange.picture import Picture
from attempts.exchange.tree import Node
from attempts.question import marker

_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "caption", "center", "contentBody", "dd", "div"}
    | {"details", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "header", "li", "main", "nav", "ol", "p", "prompt", "rubricBlock", "section"}
    | {"summary", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)
_INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font"}
    | {"i", "ins", "kbd", "label", "mark", "q", "rb", "ruby", "s", "samp", "small", "span"}
    | {"strike", "strong", "time", "tt", "u", "var"}
)
_NOTHING = frozenset({"br", "col", "colgroup", "hr", "rp", "wbr"})
"""No text in them: a line's end, a rule, or nothing at all."""
_LEFT_OUT = {
    "catalogInfo": "its catalog of supports",
    "feedbackBlock": "its feedback",
    "feedbackInline": "its feedback",
    "link": "its style",
    "script": "its script",
    "style": "its style",
    "stylesheet": "its style",
}
_RAISED = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_LOWERED = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_IS_RAISED = re.compile(r"[0-9+\-n]+")
_IS_LOWERED = re.compile(r"[0-9+\-]+")
_SPACES = re.compile(r"[ \t\r\n\f]+")

GAP = "____"
"""Stands where something is to be written into a text."""

Find = Callable[[str], Picture | None]
"""Return the image that an item refers to; None once its flaw has been told."""


@dataclass(frozen=True)
class Shown:
    """An image of a question, and what it says to somebody who cannot see it."""

    picture: Picture
    alternative: str


@dataclass
class _Lines:
    """Text as it grows: lines of collapsed words, or kept as they are."""

    lines: list[str] = field(default_factory=lambda: [""])
    kept: set[int] = field(default_factory=set)
    is_ended: bool = False
    size: int = 0

    @property
    def is_full(self) -> bool:
        """Whether there is more than a text may have; the rest need not be read to refuse it."""
        return self.size > 2 * MAX_TEXT

    def words(self, text: str) -> None:
        collapsed = _SPACES.sub(" ", text)
        if self.is_ended and not collapsed.strip(" "):
            return
        self._begin()
        last = self.lines[-1]
        if (not last or last.endswith(" ")) and not self._is_last_kept:
            collapsed = collapsed.lstrip(" ")
        self.lines[-1] += collapsed
        self.size += len(collapsed)

    def as_it_is(self, text: str) -> None:
        self._begin()
        self.size += len(text)
        first, *others = text.replace("\r\n", "\n").split("\n")
        self.lines[-1] += first
        self.kept.add(len(self.lines) - 1)
        for line in others:
            self.lines.append(line)
            self.kept.add(len(self.lines) - 1)

    def line(self) -> None:
        self._begin()
        self.lines.append("")

    def block(self) -> None:
        """Let whatever comes next begin a line of its own."""
        self.is_ended = self.is_ended or bool(self.lines[-1]) or self._is_last_kept

    def __str__(self) -> str:
        lines = [
            line if number in self.kept else line.rstrip(" ")
            for number, line in enumerate(self.lines)
        ]
        first, last = 0, len(lines)
        while first < last and not lines[first] and first not in self.kept:
            first += 1
        while last > first and not lines[last - 1] and last - 1 not in self.kept:
            last -= 1
        return "\n".join(lines[first:last])

    @property
    def _is_last_kept(self) -> bool:
        return len(self.lines) - 1 in self.kept

    def _begin(self) -> None:
        if self.is_ended:
            self.lines.append("")
            self.is_ended = False


class Reader:
    """Reads the texts of one item; its images are numbered through all of them."""

    def __init__(self, place: Place, find: Find) -> None:
        self.shown: list[Shown] = []
        self._place = place
        self._find = find

    def text(self, node: Node, without: Node | None = None) -> str:
        """Return an element's text, `without` one inside it and what is not for students."""
        lines = _Lines()
        _Walk(self, lines, without, self._place).inside(node, is_kept=node.name == "pre")
        return str(lines)

    def show(self, source: str, alternative: str) -> str:
        """Take an image in; return the words that stand for it."""
        picture = self._find(source)
        if picture is None:
            return ""
        self.shown.append(Shown(picture, " ".join(alternative.split())))
        return marker(len(self.shown))


def words_of(node: Node, place: Place) -> str:
    """Return the text of what students do not see while they sit; an image of it is left out."""

    def none(_: str) -> None:
        place.note("an image of its explanation is left out")

    return Reader(place, none).text(node)


@dataclass(frozen=True)
class _Walk:
    reader: Reader
    lines: _Lines
    without: Node | None
    place: Place

    def inside(self, node: Node, *, is_kept: bool) -> None:
        self._say(node.text, is_kept=is_kept)
        for child in node.children:
            self._element(child, is_kept=is_kept)
            self._say(child.tail, is_kept=is_kept)

    def _say(self, text: str, *, is_kept: bool) -> None:
        if not text or self.lines.is_full:
            return
        if is_kept:
            self.lines.as_it_is(text)
        else:
            self.lines.words(text)

    def _element(self, node: Node, *, is_kept: bool) -> None:
        name = node.name
        if node is self.without:
            self._interaction(node)
        elif name in _LEFT_OUT:
            self.place.note(f"{_LEFT_OUT[name]} is left out")
        elif name == "rubricBlock" and "candidate" not in node.get("view").split():
            self.place.note("a rubric that is not for candidates is left out")
        elif name in _BLOCKS or name == "pre":
            self._block(node, is_kept=is_kept or name == "pre")
        elif name in _INLINE:
            self.inside(node, is_kept=is_kept)
        elif name in _NOTHING:
            self._nothing(name)
        else:
            self._special(node)

    def _block(self, node: Node, *, is_kept: bool) -> None:
        self.lines.block()
        self.inside(node, is_kept=is_kept)
        self.lines.block()

    def _interaction(self, node: Node) -> None:
        """Read the question that an interaction asks; a gap in a text stays visible as one."""
        if node.name == "textEntryInteraction":
            self.lines.words(GAP)
        for prompt in node.all("prompt"):
            self._block(prompt, is_kept=False)

    def _nothing(self, name: str) -> None:
        if name == "br":
            self.lines.line()
        elif name == "hr":
            self.lines.block()

    def _special(self, node: Node) -> None:
        match node.name:
            case "img":
                self.lines.words(self.reader.show(node.get("src"), node.get("alt")))
            case "object" if node.get("type").startswith("image/"):
                said = node.get("alt") or node.content
                self.lines.words(self.reader.show(node.get("data"), said))
            case "sup":
                self.lines.words(_shifted(node, "^", _IS_RAISED, _RAISED))
            case "sub":
                self.lines.words(_shifted(node, "_", _IS_LOWERED, _LOWERED))
            case "td" | "th":
                self.inside(node, is_kept=False)
                self.lines.words(" | ")
            case "rt":
                self.lines.words(f"({node.content})")
            case _:
                self.place.flaw(f"<{node.name}> cannot be said in text and images")


def _shifted(node: Node, sign: str, plain: re.Pattern[str], table: dict[int, int]) -> str:
    text = node.content
    if node.children or not plain.fullmatch(text):
        return f"{sign}({text})" if text else ""
    return text.translate(table)
