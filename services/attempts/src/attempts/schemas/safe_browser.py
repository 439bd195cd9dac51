"""Bodies about Safe Exam Browser; no key is ever sent back, only how it begins."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from attempts.safe_browser import KeyKind
from attempts.safe_browsing import Door

_BEGINNING = 8


class SwitchBody(BaseModel):
    """`PUT /exams/{id}/safe-browser`."""

    is_required: bool


class NewKeyBody(BaseModel):
    """`POST /exams/{id}/safe-browser/keys`; without `key` that of the file we hand out is meant."""

    kind: KeyKind
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    note: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""


class KeyBody(BaseModel):
    id: int
    kind: KeyKind
    begins_with: str
    note: str
    created_by_id: int
    created_at: datetime


class DoorBody(BaseModel):
    """Whether an exam asks for Safe Exam Browser, and by which keys."""

    exam_id: int
    is_required: bool
    keys: list[KeyBody]

    @classmethod
    def of(cls, door: Door) -> Self:
        keys = [
            KeyBody(
                id=key.id,
                kind=key.kind,
                begins_with=key.key[:_BEGINNING],
                note=key.note,
                created_by_id=key.created_by_id,
                created_at=key.created_at,
            )
            for key in door.keys
        ]
        return cls(exam_id=door.exam_id, is_required=door.is_required, keys=keys)
