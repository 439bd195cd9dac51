"""What is found wrong in a file, and what is left out of it, each with its place."""

from dataclasses import dataclass, field


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
    """Flaws forbid an import, notes do not."""

    flaws: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    def at(self, file: str, item: str = "") -> "Place":
        return Place(self, file, item)


@dataclass(frozen=True)
class Place:
    """Where somebody is reading."""

    findings: Findings
    file: str
    item: str = ""

    def flaw(self, message: str) -> None:
        self.findings.flaws.append(Finding(self.file, self.item, message))

    def note(self, message: str) -> None:
        """Say what is left out, once for each place."""
        said = Finding(self.file, self.item, message)
        if said not in self.findings.notes:
            self.findings.notes.append(said)

    @property
    def has_flaws(self) -> bool:
        return any((f.file, f.item) == (self.file, self.item) for f in self.findings.flaws)
