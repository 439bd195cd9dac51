"""Bodies about measured outages: an exam's policy, what was measured, what is decided."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from attempts.outage import MAX_CAP_SECONDS, ClosedBy, Policy, State
from attempts.schemas.actions import Reason
from attempts.store.outages import Outage, Terms


class PolicyBody(BaseModel):
    """`PUT /exams/{exam_id}/outage-policy`; `auto` needs a cap."""

    policy: Policy
    cap_seconds: Annotated[int, Field(strict=True, ge=0, le=MAX_CAP_SECONDS)] = 0


class TermsBody(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    exam_id: int
    policy: Policy
    cap_seconds: int
    set_by_id: int | None
    set_at: datetime | None

    @classmethod
    def of(cls, terms: Terms) -> Self:
        return cls.model_validate(terms)


class OutageBody(BaseModel):
    """An outage by the server's clocks, with the policy of its moment and what came of it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    attempt_id: int
    lost_at: datetime
    back_at: datetime
    seconds: int
    closed_by: ClosedBy
    policy: Policy
    cap_seconds: int
    state: State
    granted_seconds: int
    decided_by_id: int | None
    decided_at: datetime | None
    reason: str | None

    @classmethod
    def of(cls, outage: Outage) -> Self:
        return cls.model_validate(outage)


class AcceptBody(BaseModel):
    """`POST …/outages/{outage_id}/accept`: all of it, unless `seconds` says less."""

    seconds: Annotated[int, Field(strict=True, ge=1)] | None = None
    reason: Reason | None = None


class DeclineBody(BaseModel):
    """`POST …/outages/{outage_id}/decline`."""

    reason: Reason
