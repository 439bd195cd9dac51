"""What the audit of this service is about, and which entries form one chain.

Pure. Entries about one attempt form one chain, other entries one per exam, the rest a last one: so
begins of a whole hall do not wait for each other. History that was imported is a chain of its own:
it proves nothing about the time before the import. What a chain is says `chassis.audit`.
"""

from dataclasses import dataclass
from typing import ClassVar

from chassis import audit

IMPORTED = "imported"
"""The chain of imported history, and the mark in the details of each of its entries."""


@dataclass(frozen=True)
class Entry(audit.Entry):
    """Something that was done, or tried, with an attempt, an exam or content."""

    ABOUT: ClassVar[tuple[str, ...]] = ("attempt_id", "exam_id", "transfer_id")

    attempt_id: int | None = None
    exam_id: int | None = None
    transfer_id: int | None = None

    @property
    def chain(self) -> str:
        if IMPORTED in self.details:
            return IMPORTED
        if self.attempt_id is not None:
            return f"attempt:{self.attempt_id}"
        return "service" if self.exam_id is None else f"exam:{self.exam_id}"

    @property
    def is_chain_held(self) -> bool:
        """Say yes about attempts: whoever logs about one holds its row."""
        return self.attempt_id is not None and self.chain != IMPORTED


Logged = audit.Logged[Entry]
