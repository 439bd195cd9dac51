"""Which of our questions an item of QTI is; the item speaks the names of QTI 2.1.

Choices become `multiple_choice`, or `true_false` where just those two words stand; a text entry is
a `short_answer`, an extended text an `essay`. The key is what the item declares to be correct; how
the item itself would compute a score is not kept. An item without a key is marked by a person.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attempts.drafting import MAX_MARKS, MAX_OPTIONS, MAX_TEXT, question_flaws
from attempts.exchange.dialect import NAMESPACES
from attempts.exchange.findings import Place
from attempts.exchange.letters import key_of, letters
from attempts.exchange.text import GAP, Find, Reader, Shown, words_of
from attempts.exchange.tree import Node
from attempts.question import Difficulty, QuestionType, as_truth

TOOL = "OEP"
"""By this name of a tool an item says that its choices' identifiers are our option keys."""
EXPLANATION = "explanation"
MAX_IMAGES = 50

_KINDS = {
    "choiceInteraction": QuestionType.MULTIPLE_CHOICE,
    "textEntryInteraction": QuestionType.SHORT_ANSWER,
    "extendedTextInteraction": QuestionType.ESSAY,
}
_UNFIT = {
    "templateDeclaration": "it draws its values by lot",
    "templateProcessing": "it draws its values by lot",
    "assessmentStimulusRef": "it shares a stimulus with other items",
}


@dataclass(frozen=True)
class Draft:
    """The fields of a question that is not stored yet, and its images in the order of numbers."""

    fields: dict[str, Any]
    shown: tuple[Shown, ...] = ()


def read(root: Node, place: Place, find: Find) -> Draft | None:
    """Return the question of an item; None once every flaw of it has been told."""
    interaction = _interaction(root, place)
    if interaction is None:
        return None
    declaration = _declaration(root, interaction, place)
    body = root.first("itemBody")
    if declaration is None or body is None or place.has_flaws:
        return None
    reader = Reader(place, find)
    # A gap on a line of its own at the end is no more than the place for the answer.
    text = reader.text(body, without=interaction).removesuffix(f"\n{GAP}")
    fields: dict[str, Any] = {"question_text": text}
    if not fields["question_text"].strip():
        place.flaw("asks nothing: its body has no text")
    fields |= _answered(root, interaction, declaration, reader, place)
    fields |= _marks(root, declaration, place) | {"explanation": _explanation(root, place)}
    _ensure(fields, reader, place)
    return None if place.has_flaws else Draft(fields, tuple(reader.shown))


def _interaction(root: Node, place: Place) -> Node | None:
    """Return the one interaction of an item that we can ask."""
    if root.name != "assessmentItem" or root.namespace not in NAMESPACES:
        place.flaw("is no assessmentItem of QTI 2.1 or QTI 3")
        return None
    for name, why in _UNFIT.items():
        if root.all(name):
            place.flaw(f"cannot be asked: {why}")
    if root.get("adaptive") == "true":
        place.flaw("cannot be asked: it is adaptive")
    body = root.first("itemBody")
    found = [n for n in body.walk() if n.name.endswith("Interaction")] if body else []
    unknown = sorted({node.name for node in found} - _KINDS.keys())
    if unknown:
        place.flaw(f"cannot be asked: {', '.join(unknown)}")
    elif len(found) != 1:
        place.flaw(f"must have one interaction and has {len(found)}")
    return None if place.has_flaws else found[0]


def _declaration(root: Node, interaction: Node, place: Place) -> Node | None:
    """Return how the response to an interaction is declared."""
    name = interaction.get("responseIdentifier")
    for declaration in root.all("responseDeclaration"):
        if declaration.get("identifier") == name:
            return declaration
    place.flaw(f"does not declare the response {name!r}")
    return None


def _answered(
    root: Node, interaction: Node, declaration: Node, reader: Reader, place: Place
) -> dict[str, Any]:
    """Return kind, options and key."""
    kind = _KINDS[interaction.name]
    if kind is QuestionType.MULTIPLE_CHOICE:
        is_ours = root.get("toolName") == TOOL
        return _choice(interaction, declaration, reader, place, is_ours=is_ours)
    if declaration.get("cardinality") == "record":
        place.flaw("cannot be asked: its response is a record")
    key = _correct(declaration)
    for entry in _mapped(declaration):
        if entry not in key:
            key.append(entry)
    return {"question_type": kind, "options": None, "correct_answer": key}


def _choice(
    interaction: Node, declaration: Node, reader: Reader, place: Place, *, is_ours: bool
) -> dict[str, Any]:
    choices = interaction.all("simpleChoice")
    names = [choice.get("identifier") for choice in choices]
    texts = [reader.text(choice) for choice in choices]
    _ensure_choices(declaration, names, texts, place)
    key = _choice_key(declaration, place)
    unknown = sorted(set(key) - set(names))
    if unknown:
        place.flaw(f"its key names choices that it does not have: {', '.join(unknown)}")
    truths = _truths(names, texts, is_ours=is_ours)
    if truths is not None and declaration.get("cardinality") == "single":
        entries = [str(truths[name]).lower() for name in key if name in truths]
        kind = QuestionType.TRUE_FALSE
        return {"question_type": kind, "options": None, "correct_answer": entries}
    keys = [key_of(name) for name in names] if is_ours else letters(len(names))
    by_name = dict(zip(names, keys, strict=True))
    return {
        "question_type": QuestionType.MULTIPLE_CHOICE,
        "options": dict(zip(keys, texts, strict=True)),
        "correct_answer": [by_name[name] for name in key if name in by_name],
    }


def _ensure_choices(declaration: Node, names: list[str], texts: list[str], place: Place) -> None:
    if declaration.get("cardinality") not in {"single", "multiple"}:
        place.flaw("its response must have the cardinality single or multiple")
    if not 1 <= len(names) <= MAX_OPTIONS:
        place.flaw(f"must have 1 to {MAX_OPTIONS} choices")
    if len(set(names)) < len(names) or "" in names:
        place.flaw("its choices must each have an identifier of their own")
    if len(set(texts)) < len(texts):
        # Answers are stored as texts.
        place.flaw("two of its choices read the same")
    if not all(text.strip() for text in texts):
        place.flaw("a choice has no text")


def _choice_key(declaration: Node, place: Place) -> list[str]:
    key, mapped = _correct(declaration), _mapped(declaration)
    if mapped:
        place.note("marks for a part of the key are not kept: an answer is right or wrong")
    key = key or mapped
    if declaration.get("cardinality") == "single" and len(key) > 1:
        place.flaw("has several correct choices where one may be chosen")
    return list(dict.fromkeys(key))


def _truths(names: list[str], texts: list[str], *, is_ours: bool) -> dict[str, bool] | None:
    """Return the truth that each choice says, None unless they say true and false."""
    said = names if is_ours else texts
    truths = {name: as_truth(word) for name, word in zip(names, said, strict=True)}
    found = {name: truth for name, truth in truths.items() if truth is not None}
    is_both = len(names) == len(found) and set(found.values()) == {True, False}
    return found if is_both and len(names) == 2 else None


def _correct(declaration: Node) -> list[str]:
    response = declaration.first("correctResponse")
    values = response.all("value") if response else []
    return [value.content for value in values if value.content]


def _mapped(declaration: Node) -> list[str]:
    """Return what a mapping gives marks for, best first."""
    mapping = declaration.first("mapping")
    entries = mapping.all("mapEntry") if mapping else []
    worth = [(_number(entry.get("mappedValue")), entry.get("mapKey")) for entry in entries]
    good = [(value, key) for value, key in worth if key and value is not None and value > 0]
    return [key for _, key in sorted(good, key=lambda pair: -pair[0])]


def _marks(root: Node, declaration: Node, place: Place) -> dict[str, float]:
    """Return marks and negative marks, by the first that the item says of them."""
    outcomes = {node.get("identifier"): node for node in root.all("outcomeDeclaration")}
    score = outcomes.get("SCORE")
    most = _number(score.get("normalMaximum")) if score else None
    least = _number(score.get("normalMinimum")) if score else None
    said = (most, _default(outcomes.get("MAXSCORE")), _processed_worth(root))
    given = (*said, _mapping_worth(declaration), 1.0)
    marks = next(value for value in given if value is not None)
    negative = max(0.0, -(least or 0.0))
    for name, value in (("marks", marks), ("negative marks", negative)):
        if not 0 <= value <= MAX_MARKS:
            place.flaw(f"its {name} must be from 0 to {MAX_MARKS}")
    return {"marks": marks, "negative_marks": negative}


def _default(outcome: Node | None) -> float | None:
    value = outcome.first("defaultValue", "value") if outcome else None
    return _number(value.content) if value else None


def _processed_worth(root: Node) -> float | None:
    """Return the most that the item's processing sets its score to by a number."""
    processing = root.first("responseProcessing")
    set_values = [
        rule.first("baseValue")
        for rule in (processing.walk() if processing else ())
        if rule.name == "setOutcomeValue" and rule.get("identifier") == "SCORE"
    ]
    values = [_number(value.content) for value in set_values if value]
    return max((value for value in values if value is not None and value > 0), default=None)


def _mapping_worth(declaration: Node) -> float | None:
    """Return what the whole key of a mapping is worth."""
    mapping = declaration.first("mapping")
    if mapping is None:
        return None
    values = [_number(entry.get("mappedValue")) or 0.0 for entry in mapping.all("mapEntry")]
    good = [value for value in values if value > 0]
    together = sum(good) if declaration.get("cardinality") == "multiple" else max(good, default=0)
    most = _number(mapping.get("upperBound"))
    return together if most is None else min(together, most)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _explanation(root: Node, place: Place) -> str | None:
    texts = []
    for feedback in root.all("modalFeedback"):
        if feedback.get("identifier") == EXPLANATION:
            texts.append(words_of(feedback.first("contentBody") or feedback, place))
        else:
            place.note("its feedback is left out")
    return "\n".join(texts) or None


def _ensure(fields: Mapping[str, Any], reader: Reader, place: Place) -> None:
    """Hold a question to what is asked of every question."""
    options = (fields["options"] or {}).values()
    texts = [fields["question_text"], fields["explanation"] or "", *options]
    if any(len(text) > MAX_TEXT for text in [*texts, *fields["correct_answer"]]):
        place.flaw(f"a text must not be longer than {MAX_TEXT} characters")
    if len(reader.shown) > MAX_IMAGES:
        place.flaw(f"has more than {MAX_IMAGES} images")
    judged = {"difficulty": Difficulty.MEDIUM} | dict(fields)
    for flaw in question_flaws(judged, needs_key=False):
        place.flaw(flaw.message)
    if not fields["correct_answer"] and fields["question_type"] in {
        QuestionType.MULTIPLE_CHOICE,
        QuestionType.TRUE_FALSE,
    }:
        place.note("has no key: a person must mark it")
