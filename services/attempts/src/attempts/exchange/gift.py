"""Questions in GIFT, Moodle's text format: each becomes one of ours, or every flaw is told.

Taken: multiple choice with one or several right answers, true/false, short answer, essay, missing
word. Not taken: matching, numbers, images. Titles and categories are left out; so are feedback and
marks for a part of the key, and that is said.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from attempts.drafting import MAX_OPTIONS, MAX_TEXT, question_flaws
from attempts.exchange.findings import Findings, Place
from attempts.exchange.item import Draft
from attempts.exchange.letters import letters
from attempts.exchange.package import Flawed, Taken
from attempts.exchange.text import GAP
from attempts.question import Difficulty, QuestionType

MAX_BYTES = 5 * 1024 * 1024
MAX_QUESTIONS = 10_000
MAX_CHARACTERS = 200_000
"""Of one question as it is written."""

_ESCAPED = re.compile(r"\\([~=#{}:n\\])")
_HIDDEN = 0xE000
"""Escaped signs wait in the private use area until the signs that mean something are read."""
_SIGNS = "~=#{}:\\n"
_TITLE = re.compile(r"::(.*?)::", re.DOTALL)
_FORMAT = re.compile(r"\[(html|moodle|plain|markdown)\]")
_TRUTH = re.compile(r"(TRUE|T|FALSE|F)", re.IGNORECASE)
_WEIGHT = re.compile(r"%(-?\d+(?:\.\d+)?)%")

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)[^<>]*>|<!--[^<>]*-->")
_SILENT = frozenset({"script", "style"})
_WORDS = dict.fromkeys(("br", "p", "div", "li", "tr", "h1", "h2", "h3", "pre"), "\n") | {
    "sup": "^(",
    "/sup": ")",
    "sub": "_(",
    "/sub": ")",
}
_UNSAYABLE = re.compile(r"<(img|object|math|svg|audio|video|iframe)\b", re.IGNORECASE)


def read(content: bytes) -> Taken:
    """Read a file in UTF-8, with or without BOM. Raises `Flawed`."""
    findings = Findings()
    drafts = []
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        findings.at("file").flaw("must be UTF-8")
    else:
        drafts = [draft for draft in _drafts(text, findings) if draft is not None]
    if not drafts and not findings.flaws:
        findings.at("file").flaw("holds no questions")
    if findings.flaws:
        raise Flawed(findings.flaws)
    return Taken(tuple(drafts), tuple(findings.notes))


def _drafts(text: str, findings: Findings) -> Iterator[Draft | None]:
    for count, (line, block) in enumerate(_blocks(text), start=1):
        if count > MAX_QUESTIONS:
            findings.at("file").flaw(f"holds more than {MAX_QUESTIONS} questions")
            return
        if findings.is_full:
            return
        if len(block) > MAX_CHARACTERS:
            findings.at("file", f"line {line}").flaw("is too long for a question")
        else:
            yield _draft(block, line, findings)


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield what lies between empty lines without comments, each with its first line's number."""
    first, depth, lines = 0, 0, list[str]()
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip().startswith(("//", "$CATEGORY:")):
            continue
        if not line.strip() and depth <= 0:
            if lines:
                yield first, "\n".join(lines)
            first, depth, lines = 0, 0, []
        elif line.strip() or lines:
            first = first or number
            hidden = _hidden(line)
            # An empty line inside an answer belongs to it.
            depth += hidden.count("{") - hidden.count("}")
            lines.append(line)
    if lines:
        yield first, "\n".join(lines)


@dataclass(frozen=True)
class _Answer:
    """An answer as it is written: right or wrong, what it is worth, and how it reads."""

    is_right: bool
    weight: float | None
    text: str

    @property
    def counts(self) -> bool:
        return self.is_right if self.weight is None else self.weight > 0


def _draft(block: str, line: int, findings: Findings) -> Draft | None:
    hidden = _hidden(block)
    title = _TITLE.match(hidden.strip())
    name = f"line {line}" + (f" ({_shown(title[1]).strip()})" if title else "")
    place = findings.at("file", name[:200])
    body = hidden.strip()[title.end() :] if title else hidden.strip()
    before, opened, rest = body.partition("{")
    inside, closed, after = rest.partition("}")
    if not opened:
        place.note("is a description that asks nothing and is left out")
        return None
    if not closed or "{" in after or "}" in before + after:
        place.flaw("must have one answer in braces")
        return None
    text, is_html = _text(before, after)
    lost = _UNSAYABLE.search(body) if is_html else None
    if lost:
        place.flaw(f"<{lost[1].lower()}> cannot come with GIFT")
    fields = _answered(inside, place, is_html=is_html)
    if fields is None:
        return None
    fields = {
        "question_text": text,
        "explanation": None,
        "difficulty": Difficulty.MEDIUM,
        "marks": 1.0,
        "negative_marks": 0.0,
        "tags": None,
    } | fields
    _ensure(fields, place)
    return None if place.has_flaws else Draft(fields)


def _text(before: str, after: str) -> tuple[str, bool]:
    """Return the text of a question, a gap where the answer stood in it, and if it is HTML."""
    found = _FORMAT.match(before.strip())
    text = before.strip()[found.end() :] if found else before.strip()
    if after.strip():
        text = f"{text.rstrip()} {GAP} {after.strip()}"
    is_html = bool(found and found[1] == "html")
    return _said(text, is_html=is_html), is_html


def _answered(inside: str, place: Place, *, is_html: bool) -> dict[str, Any] | None:
    """Return kind, options and key; None once a flaw has been told."""
    answers, general, _ = inside.partition("####")
    if general:
        place.note("its feedback is left out")
    answers = answers.strip()
    if answers.startswith("#"):
        place.flaw("asks for a number, which is no kind of question here")
        return None
    truth = _TRUTH.fullmatch(answers.partition("#")[0].strip())
    if truth:
        _note_feedback(answers, place)
        entry = str(truth[1][0] in "Tt").lower()
        return _fields(QuestionType.TRUE_FALSE, None, [entry])
    if not answers:
        return _fields(QuestionType.ESSAY, None, [])
    return _listed(answers, place, is_html=is_html)


def _listed(answers: str, place: Place, *, is_html: bool) -> dict[str, Any] | None:
    found = list(_answers(answers, place, is_html=is_html))
    if answers[0] not in "=~":
        place.flaw("its answers must each begin with = or ~")
    elif any(answer.is_right and "->" in answer.text for answer in found):
        place.flaw("asks to match, which is no kind of question here")
    elif all(answer.is_right for answer in found):
        return _fields(QuestionType.SHORT_ANSWER, None, [answer.text for answer in found])
    else:
        return _choice(found, place)
    return None


def _choice(found: list[_Answer], place: Place) -> dict[str, Any]:
    keys = letters(len(found))
    right = [key for key, answer in zip(keys, found, strict=True) if answer.counts]
    if not right:
        place.flaw("has no right answer")
    if not 1 <= len(found) <= MAX_OPTIONS:
        place.flaw(f"must have 1 to {MAX_OPTIONS} answers")
    texts = [answer.text for answer in found]
    if not all(texts):
        place.flaw("an answer has no text")
    if len(set(texts)) < len(texts):
        # Answers are stored as texts.
        place.flaw("two of its answers read the same")
    return _fields(QuestionType.MULTIPLE_CHOICE, dict(zip(keys, texts, strict=True)), right)


def _answers(text: str, place: Place, *, is_html: bool) -> Iterator[_Answer]:
    for sign, part in re.findall(r"([=~])([^=~]*)", text):
        answer, feedback, _ = part.partition("#")
        if feedback:
            place.note("its feedback is left out")
        found = _WEIGHT.match(answer.strip())
        weight = float(found[1]) if found else None
        if weight is not None and weight not in {0, 100}:
            place.note("marks for a part of the key are not kept: an answer is right or wrong")
        written = answer.strip()[found.end() :] if found else answer
        yield _Answer(sign == "=", weight, _said(written.strip(), is_html=is_html))


def _note_feedback(text: str, place: Place) -> None:
    if "#" in text:
        place.note("its feedback is left out")


def _fields(kind: QuestionType, options: dict[str, str] | None, key: list[str]) -> dict[str, Any]:
    return {"question_type": kind, "options": options, "correct_answer": key}


def _ensure(fields: dict[str, Any], place: Place) -> None:
    texts = [fields["question_text"], *(fields["options"] or {}).values()]
    if not fields["question_text"].strip():
        place.flaw("asks nothing: it has no text")
    if any(len(text) > MAX_TEXT for text in [*texts, *fields["correct_answer"]]):
        place.flaw(f"a text must not be longer than {MAX_TEXT} characters")
    if any("\0" in text for text in [*texts, *fields["correct_answer"]]):
        place.flaw("must not contain the character NUL")
    for flaw in question_flaws(fields, needs_key=False):
        place.flaw(flaw.message)


def _hidden(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(_HIDDEN + _SIGNS.index(found[1])), text)


def _shown(text: str) -> str:
    table = {_HIDDEN + index: sign for index, sign in enumerate(_SIGNS)}
    return text.translate(table | {_HIDDEN + _SIGNS.index("n"): "\n"})


def _said(text: str, *, is_html: bool) -> str:
    shown = _shown(text).strip()
    return _plain(shown) if is_html else shown


def _plain(text: str) -> str:
    """Reduce HTML to its text in one pass; nothing of it is executed.

    A tag ends before the next one begins, so no text makes this slow.
    """
    parts, place, silent = list[str](), 0, ""
    for tag in _TAG.finditer(text):
        if not silent:
            parts.append(html.unescape(text[place : tag.start()]))
        place = tag.end()
        is_end, name = bool(tag[1]), (tag[2] or "").lower()
        if silent:
            silent = "" if is_end and name == silent else silent
        elif name in _SILENT and not is_end:
            silent = name
        else:
            parts.append(_WORDS.get(f"/{name}" if is_end else name, ""))
    if not silent:
        parts.append(html.unescape(text[place:]))
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)
