"""A person's erasure on the wire."""

from pydantic import BaseModel, ConfigDict

from attempts.schemas.actions import Reason


class ErasureBody(BaseModel):
    """`reason` is kept in the audit for good: no names."""

    model_config = ConfigDict(strict=True)

    reason: Reason


class ErasedBody(BaseModel):
    """`attempts`: those whose address or browser was removed just now."""

    user_id: int
    attempts: list[int]
