"""Bodies about encrypted final answers: what became of them, for the staff."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from attempts.finals import Fate, Outcome
from attempts.store.openings import Opening


class OpeningBody(BaseModel):
    """`finding` says why a blob stays shut or does not count; null = nothing is wrong with it."""

    model_config = ConfigDict(from_attributes=True)

    attempt_id: int
    outcome: Outcome
    finding: str | None
    received_at: datetime | None
    settled_at: datetime | None
    key_timestamp: str | None
    grade_version: int | None
    tries: int

    @classmethod
    def of(cls, opening: Opening) -> Self:
        return cls.model_validate(opening)


class DifferenceBody(BaseModel):
    """An answer that the blob says otherwise; `before` is what was stored, null = nothing."""

    question_id: int
    before: Any
    after: Any
    revision: int
    fate: Fate


class OpenedBody(OpeningBody):
    """The evidence: every answer that differs, and the questions of other exams in the blob."""

    foreign_question_ids: list[int]
    differences: list[DifferenceBody]

    @classmethod
    def of(cls, opening: Opening) -> Self:
        return cls(
            **OpeningBody.of(opening).model_dump(),
            foreign_question_ids=list(opening.foreign),
            differences=[DifferenceBody(**each) for each in opening.differences],
        )
