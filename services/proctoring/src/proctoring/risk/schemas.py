"""Bodies of risk and accommodations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from proctoring.risk.accommodation import RULE_IDS, Accommodation
from proctoring.risk.reading import Comparison
from proctoring.risk.rules import Rule
from proctoring.risk.scoring import Contribution
from proctoring.risk.store import Kept

RuleId = Annotated[str, Field(max_length=50, json_schema_extra={"enum": list(RULE_IDS)})]


class ContributionBody(BaseModel):
    """What one rule adds to a score, and for which events."""

    rule_id: str
    version: int
    description: str
    weight: int
    cap: int
    points: int
    event_count: int = Field(description="Events that the rule is about.")
    event_ids: list[int] = Field(description="Those that the points are for, up to 100.")
    switched_off: str | None = Field(
        description="Why the rule does not count here; the reason itself is for few eyes."
    )

    @classmethod
    def of(cls, contribution: Contribution, reason: str | None) -> Self:
        told = contribution.switched_off
        if told is not None and reason is not None:
            told = f"switched off: {reason}"
        return cls(
            rule_id=contribution.rule_id,
            version=contribution.version,
            description=contribution.description,
            weight=contribution.weight,
            cap=contribution.cap,
            points=contribution.points,
            event_count=contribution.event_count,
            event_ids=list(contribution.event_ids),
            switched_off=told,
        )


class ComparisonBody(BaseModel):
    """The same events assessed anew by the same rules."""

    score: int
    is_equal: bool
    is_erased: bool = Field(
        description="Retention has removed what rules need; the stored score stands."
    )


class RiskBody(BaseModel):
    """A score from 0 on: the sum of its contributions' points. It flags, it never punishes."""

    attempt_id: int
    score: int
    as_of_sequence: int = Field(description="The attempt's event up to which the score counts.")
    computed_at: datetime | None = Field(description="Null while nothing was assessed.")
    rules_version: int
    contributions: list[ContributionBody]
    recomputed: ComparisonBody | None = None

    @classmethod
    def of(cls, kept: Kept, compared: Comparison | None, reason: str | None) -> Self:
        return cls(
            attempt_id=kept.attempt_id,
            score=kept.risk.score,
            as_of_sequence=kept.as_of_sequence,
            computed_at=kept.computed_at,
            rules_version=kept.risk.rules_version,
            contributions=[ContributionBody.of(c, reason) for c in kept.risk.contributions],
            recomputed=None
            if compared is None
            else ComparisonBody(
                score=compared.score, is_equal=compared.is_equal, is_erased=compared.is_erased
            ),
        )


class RuleBody(BaseModel):
    """A rule of the newest version."""

    id: str
    version: int
    description: str
    event_type: str
    event_types: list[str] = Field(description="All that it is about; the first is `event_type`.")
    unit: str = Field(description="What `weight` points are added for.")
    weight: int
    cap: int
    free: int = Field(description="How often it may happen before points are added.")

    @classmethod
    def of(cls, rule: Rule) -> Self:
        return cls(
            id=rule.id,
            version=rule.version,
            description=rule.description,
            event_type=rule.event_type,
            event_types=list(rule.event_types),
            unit=rule.unit.value,
            weight=rule.weight,
            cap=rule.cap,
            free=rule.free,
        )


_WORDS = r"^[^\x00]*[^\s\x00][^\x00]*$"
"""Not blank, and without the null character, which the database cannot hold."""


class NewAccommodation(BaseModel):
    """Which rules are not to count for an attempt; none ends what was decided before."""

    model_config = ConfigDict(strict=True, extra="forbid")

    rule_ids: list[RuleId] = Field(max_length=50)
    reason: str = Field(min_length=1, max_length=1000, pattern=_WORDS)


class NewPersonAccommodation(NewAccommodation):
    """The same for all attempts that a student has, in one exam or in all of them."""

    exam_id: int | None = Field(None, ge=1, le=2**31 - 1, description="Null: in every exam.")


class PersonAccommodationBody(BaseModel):
    """Which rules do not count any more, and for which attempts that was decided."""

    student_id: int
    exam_id: int | None
    rule_ids: list[str]
    attempt_ids: list[int]


class AccommodationBody(BaseModel):
    """One decision."""

    version: int
    rule_ids: list[str]
    reason: str | None = Field(description="Null once it was erased.")
    author_id: int
    at: datetime


class AccommodationsBody(BaseModel):
    """The rules that do not count now, and every decision, oldest first."""

    attempt_id: int
    rule_ids: list[str]
    decisions: list[AccommodationBody]

    @classmethod
    def of(cls, attempt_id: int, decided: Sequence[Accommodation]) -> Self:
        bodies = [
            AccommodationBody(
                version=d.version,
                rule_ids=list(d.rule_ids),
                reason=d.reason,
                author_id=d.author_id,
                at=d.at,
            )
            for d in decided
        ]
        return cls(
            attempt_id=attempt_id,
            rule_ids=bodies[-1].rule_ids if bodies else [],
            decisions=bodies,
        )
