"""An exam as an office writes it down: YAML or JSON, with ids or whole questions.

Only what must be known here is looked at; everything else is the service's to judge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from oep_local.errors import RunnerError
from oep_local.exits import Exit


class NoExam(RunnerError):
    """The file cannot be read, or is no exam; the text says where."""

    code = Exit.USAGE


@dataclass(frozen=True)
class Paper:
    """What a file says; `questions` holds ids and new questions in their order."""

    fields: Mapping[str, Any]
    trade: str | None
    question_bank: str | None
    questions: Sequence[int | Mapping[str, Any]]

    @property
    def known(self) -> list[int]:
        return [each for each in self.questions if isinstance(each, int)]

    @property
    def new(self) -> list[Mapping[str, Any]]:
        return [each for each in self.questions if not isinstance(each, int)]

    def of_trade(self, trade_id: int) -> "Paper":
        return replace(self, fields={**self.fields, "trade_id": trade_id})

    def in_order(self, made: Sequence[int]) -> list[int]:
        """Return all ids as the file has them, the new ones by the ids that they were given."""
        given = iter(made)
        return [each if isinstance(each, int) else next(given) for each in self.questions]

    def outline(self) -> dict[str, Any]:
        """Return what would be made."""
        named = {name: self.fields.get(name) for name in ("title", "trade_id", "total_marks")}
        return {**named, "new_questions": len(self.new), "known_questions": len(self.known)}


def read(path: Path) -> Paper:
    """Return what a file says; raises NoExam."""
    try:
        said = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Plain)  # noqa: S506  # a safe one
    except OSError as failure:
        raise NoExam(f"{path} cannot be read: {failure.strerror}") from failure
    except (yaml.YAMLError, UnicodeError) as failure:
        raise NoExam(f"{path} is neither YAML nor JSON: {failure}") from failure
    return parse(said, str(path))


def parse(said: Any, name: str) -> Paper:
    """Return the exam in a document; raises NoExam."""
    if not isinstance(said, dict):
        raise NoExam(f"{name} holds no exam: the fields of one belong at its top")
    fields = dict(said)
    trade, bank = fields.pop("trade", None), fields.pop("question_bank", None)
    questions = fields.pop("questions", None) or []
    _refuse(fields, trade, bank, questions, name)
    if "total_marks" not in fields and all(isinstance(each, dict) for each in questions):
        fields["total_marks"] = sum(float(each.get("marks", 1)) for each in questions)
    return Paper(fields, trade, bank, questions)


def _refuse(fields: Mapping[str, Any], trade: Any, bank: Any, questions: Any, name: str) -> None:
    if (trade is None) == ("trade_id" not in fields):
        raise NoExam(f"{name}: say either trade (its code) or trade_id")
    if not isinstance(questions, list):
        raise NoExam(f"{name}: questions are a list of ids and of whole questions")
    for number, each in enumerate(questions, start=1):
        if isinstance(each, bool) or not isinstance(each, int | dict):
            raise NoExam(f"{name}: question {number} is neither an id nor a whole question")
    if bank is None and any(isinstance(each, dict) for each in questions):
        raise NoExam(f"{name}: new questions need the name of a question_bank")


class _Plain(yaml.SafeLoader):
    """Leaves instants as they are written: the service reads ISO 8601 by itself."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
