"""What is found wrong in a file, and what is left out of it, each with its place."""

from dataclasses import dataclass, field

MOST_FLAWS = 200
"""With so many nobody reads on."""


@dataclass(frozen=True)
class Finding:
    """A place (a file, and an item of it where there is one), and what is to be said of it."""

    file: str
    item: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}, {self.item}" if self.item else self.file
        return f"{place}: {self.message}"


@dataclass
class Findings:
    """Flaws forbid an import, notes do not; each is kept once, in the order of finding."""

    flaws: dict[Finding, None] = field(default_factory=dict)
    notes: dict[Finding, None] = field(default_factory=dict)
    flawed: set[tuple[str, str]] = field(default_factory=set)
    """The places that have flaws."""

    def at(self, file: str, item: str = "") -> "Place":
        return Place(self, file, item)

    @property
    def is_full(self) -> bool:
        return len(self.flaws) >= MOST_FLAWS


@dataclass(frozen=True)
class Place:
    """Where somebody is reading."""

    findings: Findings
    file: str
    item: str = ""

    def flaw(self, message: str) -> None:
        self.findings.flaws[Finding(self.file, self.item, message)] = None
        self.findings.flawed.add((self.file, self.item))

    def note(self, message: str) -> None:
        """Say what is left out."""
        self.findings.notes[Finding(self.file, self.item, message)] = None

    @property
    def has_flaws(self) -> bool:
        return (self.file, self.item) in self.findings.flawed
