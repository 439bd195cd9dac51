"""Retention on the wire: policies, holds, runs, a person's erasure."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from proctoring.retention.due import MAX_DAYS, HeldBy, Part
from proctoring.retention.erasing import Outcome, Page
from proctoring.retention.keeping import Kept, Standing
from proctoring.retention.store import Hold

MAX_AT_ONCE = 500


def _fit(words: str) -> str:
    if "\0" in words or not words.isprintable():
        raise ValueError("must be printable")
    return words


Reason = Annotated[str, Field(min_length=3, max_length=1_000), AfterValidator(_fit)]
Days = Annotated[int | None, Field(ge=1, le=MAX_DAYS)]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class PolicyBody(_Body):
    """`PUT …/retention`; null = as the installation has it."""

    events_days: Days
    network_days: Days
    snapshots_days: Days = None
    reason: Reason


class HoldBody(_Body):
    reason: Reason


class RunBody(_Body):
    """One page of a run; without a word nothing is changed."""

    dry_run: bool = True
    exam_id: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None
    after_attempt_id: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_AT_ONCE)] = 100


class ErasureBody(_Body):
    """`reason` is signed and kept: no names."""

    reason: Reason


class PolicyChangeShape(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    events_days: int | None
    network_days: int | None
    snapshots_days: int | None
    reason: str
    author_id: int
    created_at: datetime


class PolicyShape(BaseModel):
    """What holds, and how it came to that, the newest first."""

    exam_id: int
    events_days: int
    network_days: int
    snapshots_days: int
    history: list[PolicyChangeShape]

    @classmethod
    def of(cls, exam_id: int, kept: Kept) -> Self:
        return cls(
            exam_id=exam_id,
            events_days=kept.policy.events_days,
            network_days=kept.policy.network_days,
            snapshots_days=kept.policy.snapshots_days,
            history=[PolicyChangeShape.model_validate(each) for each in kept.history],
        )


class HoldShape(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    attempt_id: int
    reason: str
    placed_by_id: int
    placed_at: datetime
    lift_reason: str | None
    lifted_by_id: int | None
    lifted_at: datetime | None

    @classmethod
    def of(cls, hold: Hold) -> Self:
        return cls.model_validate(hold)


class StandingShape(BaseModel):
    """What holds an attempt's evidence, what was removed of it, what is to be removed."""

    attempt_id: int
    held_by: list[HeldBy]
    holds: list[HoldShape]
    payload_erased_at: datetime | None
    network_erased_at: datetime | None
    erasure_requested_at: datetime | None

    @classmethod
    def of(cls, attempt_id: int, found: Standing) -> Self:
        is_on_hold = any(hold.lifted_at is None for hold in found.holds)
        why = {HeldBy.REVIEW: found.is_in_review, HeldBy.HOLD: is_on_hold}
        asked = found.forgetting
        return cls(
            attempt_id=attempt_id,
            held_by=[each for each, is_so in why.items() if is_so],
            holds=[HoldShape.of(hold) for hold in found.holds],
            payload_erased_at=found.erased_at[Part.PAYLOAD],
            network_erased_at=found.erased_at[Part.NETWORK],
            erasure_requested_at=None if asked is None else asked.requested_at,
        )


class OutcomeShape(BaseModel):
    """An attempt of a run; what each part comes to is counted, null = it was not due."""

    attempt_id: int
    exam_id: int | None
    payload_events: int | None
    network_events: int | None
    snapshots: int | None
    others: dict[str, int]
    held_by: list[HeldBy]
    is_person: bool
    is_busy: bool

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        return cls(
            attempt_id=outcome.attempt_id,
            exam_id=outcome.exam_id,
            payload_events=outcome.events.get(Part.PAYLOAD),
            network_events=outcome.events.get(Part.NETWORK),
            snapshots=outcome.events.get(Part.SNAPSHOTS),
            others=dict(outcome.others),
            held_by=list(outcome.held_by),
            is_person=outcome.is_person,
            is_busy=outcome.is_busy,
        )


class ExamCounts(BaseModel):
    """What a page of a run comes to in one exam; null = attempts whose exam is not known."""

    exam_id: int | None
    attempts: int = 0
    payload_events: int = 0
    network_events: int = 0
    snapshots: int = 0
    held: int = 0

    def count(self, outcome: Outcome) -> None:
        self.attempts += bool(outcome.events)
        self.payload_events += outcome.events.get(Part.PAYLOAD, 0)
        self.network_events += outcome.events.get(Part.NETWORK, 0)
        self.snapshots += outcome.events.get(Part.SNAPSHOTS, 0)
        self.held += bool(outcome.held_by)


class RunShape(BaseModel):
    """One page of a run; `next_after_attempt_id` is null behind the last one."""

    run_id: str
    dry_run: bool
    exams: list[ExamCounts]
    attempts: list[OutcomeShape]
    next_after_attempt_id: int | None

    @classmethod
    def of(cls, run_id: str, page: Page, *, is_dry: bool) -> Self:
        return cls(
            run_id=run_id,
            dry_run=is_dry,
            exams=by_exam(page.outcomes),
            attempts=[OutcomeShape.of(each) for each in page.outcomes],
            next_after_attempt_id=page.last_id,
        )


class ErasureShape(BaseModel):
    """What became of a person's attempts; `pending` ones go when nothing holds them any more."""

    user_id: int
    run_id: str
    attempts: list[OutcomeShape]
    pending: list[int]

    @classmethod
    def of(cls, user_id: int, run_id: str, outcomes: list[Outcome]) -> Self:
        return cls(
            user_id=user_id,
            run_id=run_id,
            attempts=[OutcomeShape.of(each) for each in outcomes],
            pending=[each.attempt_id for each in outcomes if each.held_by],
        )


def by_exam(outcomes: Any) -> list[ExamCounts]:
    """Return the sums by exam, in the order of their ids."""
    found: dict[int | None, ExamCounts] = {}
    for outcome in outcomes:
        found.setdefault(outcome.exam_id, ExamCounts(exam_id=outcome.exam_id)).count(outcome)
    return sorted(found.values(), key=lambda each: each.exam_id or 0)
