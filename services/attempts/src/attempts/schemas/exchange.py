"""What is said of questions that came in a file."""

from typing import Self

from pydantic import BaseModel

from attempts.exchange.findings import Finding
from attempts.exchange.package import Taken


class LeftOut(BaseModel):
    """Something of a file that did not become part of a question."""

    file: str
    item: str
    message: str

    @classmethod
    def of(cls, finding: Finding) -> Self:
        return cls(file=finding.file, item=finding.item, message=finding.message)


class TakenReport(BaseModel):
    """How much of a file is in the bank now; a file with a flaw is refused whole."""

    imported: int
    images: int
    question_bank_id: int
    left_out: list[LeftOut]

    @classmethod
    def of_taken(cls, taken: Taken, bank_id: int) -> Self:
        return cls(
            imported=len(taken.drafts),
            images=sum(len(draft.shown) for draft in taken.drafts),
            question_bank_id=bank_id,
            left_out=[LeftOut.of(note) for note in taken.notes],
        )
