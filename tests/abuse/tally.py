"""What became of one part: how much was tried, how it was answered, what should not have been."""

import json
import time
from collections import Counter
from dataclasses import dataclass, field

_SHOWN = 20
"""Violations of a part that its line tells; all are counted."""


@dataclass
class Tally:
    """One part's book; each case is written into it once."""

    part: str
    seed: int = 0
    cases: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    """What was measured beside, with its unit in its name."""
    seconds: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    def saw(self, case: str, answer: object, wrong: str = "") -> None:
        """Count a case by its answer; `wrong` says why it should have been another."""
        self.cases += 1
        self.answers[str(answer)] += 1
        if wrong:
            self.violations.append(f"{case}: {answer}: {wrong}")

    def end(self) -> None:
        self.seconds = time.monotonic() - self._began

    @property
    def line(self) -> str:
        """One line of JSON: what `make abuse` prints of a part."""
        told = {
            "part": self.part,
            "cases": self.cases,
            "answers": dict(self.answers.most_common()),
            "violations": len(self.violations),
            "seconds": round(self.seconds, 1),
            "seed": self.seed,
            **{name: round(figure, 1) for name, figure in self.figures.items()},
            "wrong": self.violations[:_SHOWN],
        }
        return json.dumps(told)

    @property
    def row(self) -> str:
        """Return the part's row of the table in README.md."""
        answers = ", ".join(f"{count} x {name}" for name, count in self.answers.most_common())
        figures = ", ".join(f"{name} {figure:.1f}" for name, figure in self.figures.items())
        held = len(self.violations)
        cells = (self.part, self.cases, answers, held, f"{self.seconds:.0f} s", figures or "-")
        return f"| {' | '.join(map(str, cells))} |"
