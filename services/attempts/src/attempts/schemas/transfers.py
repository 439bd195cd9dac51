"""Transfers and their audit on the wire (contract §8.3)."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from attempts.audit import Logged
from attempts.transfer import Transfer, TransferStatus

MAX_ID = 2**63 - 1


def _storable(text: str) -> str:
    """Refuse what the database cannot hold: NUL and halves of surrogate pairs."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("Text must be plain Unicode without NUL")
    return text


Text = Annotated[str, AfterValidator(_storable)]


class TransferRequestBody(BaseModel):
    """`POST /transfers/request`."""

    model_config = ConfigDict(strict=True)

    attempt_id: Annotated[int, Field(ge=-MAX_ID, le=MAX_ID)]
    to_workstation: Annotated[Text, Field(min_length=1, max_length=50)]
    reason: Annotated[Text, Field(min_length=10, max_length=1000)]


class TransferDecisionBody(BaseModel):
    """`POST /transfers/{transfer_id}/approve`: yes or no."""

    model_config = ConfigDict(strict=True)

    approved: bool
    reason: Annotated[Text | None, Field(max_length=1000)] = None


class TransferBody(BaseModel):
    id: int
    attempt_id: int
    from_workstation: str
    to_workstation: str
    requested_by_id: int
    approved_by_id: int | None
    status: TransferStatus
    reason: str
    migration_checksum: str | None
    answers_transferred: int
    error_message: str | None
    created_at: datetime
    approved_at: datetime | None
    rejected_at: datetime | None
    completed_at: datetime | None

    @classmethod
    def of(cls, transfer: Transfer) -> Self:
        return cls(**{name: getattr(transfer, name) for name in cls.model_fields})


class TransferListBody(BaseModel):
    transfers: list[TransferBody]
    total: int
    page: int
    page_size: int


class AuditBody(BaseModel):
    id: int
    event_type: str
    event_category: str
    user_id: int | None
    username: str
    attempt_id: int | None
    exam_id: int | None
    transfer_id: int | None
    description: str
    details: dict[str, Any]
    ip_address: str | None
    user_agent: str | None
    success: bool
    error_message: str | None
    created_at: datetime

    @classmethod
    def named(cls, logged: Logged, username: str) -> Self:
        """Show an entry with its user; the name is empty while auth cannot be asked."""
        entry = logged.entry
        taken = cls.model_fields.keys() & vars(entry).keys()
        return cls(
            **{name: getattr(entry, name) for name in taken},
            id=logged.id,
            username=username,
            ip_address=entry.origin.ip_address,
            user_agent=entry.origin.user_agent,
            success=entry.success,
            created_at=logged.created_at,
        )
