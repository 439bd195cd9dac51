"""GIFT, rule by rule of Moodle's description of the format."""

import time

import pytest
from attempts.exchange import gift
from attempts.exchange.package import Flawed
from attempts.question import QuestionType


def read(text: str) -> list[dict]:
    return [draft.fields for draft in gift.read(text.encode()).drafts]


def one(text: str) -> dict:
    [fields] = read(text)
    return fields


def flaws(text: str) -> list[str]:
    with pytest.raises(Flawed) as refused:
        gift.read(text.encode())
    return [str(flaw) for flaw in refused.value.flaws]


def notes(text: str) -> list[str]:
    return [note.message for note in gift.read(text.encode()).notes]


SAMPLE = """// A comment
$CATEGORY: workshop

::Colour:: Which colour has the earth wire? {
  ~blue # that is neutral
  =green and yellow
  ~%0%brown
}

Which are metals? {~%50%copper ~%50%iron ~%-100%wood}

The earth wire is blue.{F}

Resistance is measured in {=ohm =Ω}

How do you make a machine safe? {}

A fuse {=opens ~closes} the circuit.
"""


def test_a_file_with_every_kind_is_read_whole():
    colour, metals, earth, unit, safe, fuse = read("\ufeff" + SAMPLE.replace("\n", "\r\n"))
    assert colour == {
        "question_text": "Which colour has the earth wire?",
        "question_type": QuestionType.MULTIPLE_CHOICE,
        "options": {"A": "blue", "B": "green and yellow", "C": "brown"},
        "correct_answer": ["B"],
        "explanation": None,
        "difficulty": "medium",
        "marks": 1.0,
        "negative_marks": 0.0,
        "tags": None,
    }
    assert metals["correct_answer"] == ["A", "B"]
    assert (earth["question_type"], earth["correct_answer"]) == (QuestionType.TRUE_FALSE, ["false"])
    assert unit["question_type"] is QuestionType.SHORT_ANSWER
    assert unit["correct_answer"] == ["ohm", "Ω"]
    assert (safe["question_type"], safe["correct_answer"]) == (QuestionType.ESSAY, [])
    assert fuse["question_text"] == "A fuse ____ the circuit."


@pytest.mark.parametrize("word", ["T", "TRUE", "true", "F", "FALSE", " f ", "T#no#yes"])
def test_true_false(word):
    assert one(f"Is it?{{{word}}}")["correct_answer"] == [str(word.strip()[0] in "tT").lower()]


def test_escaped_signs_are_text():
    fields = one(r"a \{b\} \= c\: \# \~ d \\ e\nf {=\{x\} ~y\=z}")
    assert fields["question_text"] == "a {b} = c: # ~ d \\ e\nf"
    assert list(fields["options"].values()) == ["{x}", "y=z"]


def test_an_empty_line_inside_an_answer_does_not_end_the_question():
    assert one("a {\n=x\n\n~y\n}\n")["options"] == {"A": "x", "B": "y"}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("[html]<p>a<br>b &amp; c</p><script>x()</script>", "a\nb & c"),
        ("[html]<!-- x -->a<P CLASS=x>b</P> <style>p \\{\\}</style>c 1 < 2", "a\nb c 1 < 2"),
        ("[html]m<sup>2</sup> H<sub>2</sub>O", "m^(2) H_(2)O"),
        ("[html]a<script>b", "a"),
        ("[plain]<p>a</p>", "<p>a</p>"),
        ("[markdown]*a*", "*a*"),
        ("<b>a</b>", "<b>a</b>"),
    ],
)
def test_the_format_of_a_text(written, text):
    assert one(f"{written} {{=x ~y}}")["question_text"] == text


def test_what_is_left_out_is_told():
    assert notes("a {=x#good ~y####because}") == ["its feedback is left out"]
    assert notes("a {~%50%x ~%50%y ~z}") == [
        "marks for a part of the key are not kept: an answer is right or wrong"
    ]
    assert notes("Just words.\n\na {T}") == ["is a description that asks nothing and is left out"]


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("a {#3:1}", "asks for a number"),
        ("[html]a <img src='x'> {T}", "<img> cannot come with GIFT"),
        ("[html]a {\\=<MATH>x</MATH> ~y}", "<math> cannot come with GIFT"),
        ("a {=x -> 1 =y -> 2}", "asks to match"),
        ("a {~x ~y}", "no right answer"),
        ("a {x}", "must each begin with = or ~"),
        ("a {=x", "one answer in braces"),
        ("a {=x} b {=y}", "one answer in braces"),
        ("a {=x ~x}", "two of its answers read the same"),
        ("a {=x ~}", "an answer has no text"),
        ("{=x ~y}", "it has no text"),
        ("a\0 {T}", "NUL"),
        ("a {=x" + "~y" * 50 + "}", "1 to 50 answers"),
        ("a" * 20_001 + "{T}", "20000 characters"),
        ("a {" + "\n" * 200_000, "is too long for a question"),
        ("", "holds no questions"),
        ("// only a comment", "holds no questions"),
    ],
)
def test_what_is_not_taken_is_a_flaw(text, flaw):
    assert any(flaw in said for said in flaws(text))


def test_every_flaw_is_told_with_its_line_and_title():
    said = flaws("ok {T}\n\n::First:: a {#1}\n\n// x\nb {~z}\n")
    assert said == [
        "file, line 3 (First): asks for a number, which is no kind of question here",
        "file, line 6: has no right answer",
    ]


@pytest.mark.parametrize("part", ["<!--", "<a ", "<", "&", "</script", "&#"])
def test_no_html_makes_it_slow(part):
    """What reads again from each beginning takes half a minute of the processor for the first."""
    began = time.process_time()
    [said] = flaws(f"[html]x{part * (190_000 // len(part))} {{T}}")
    assert "20000" in said
    assert time.process_time() - began < 5


def test_a_file_is_utf_8_with_or_without_bom():
    assert one("\ufeffIs it?{T}")["question_text"] == "Is it?"
    with pytest.raises(Flawed, match="UTF-8"):
        gift.read("ä {T}".encode("latin-1"))
