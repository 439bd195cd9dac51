"""Webhook endpoints and deliveries on the wire. Translation only."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from proctoring.outgoing.endpoint import Endpoint, State, Wish
from proctoring.outgoing.keeping import Secret
from proctoring.outgoing.place import MAX_LENGTH
from proctoring.outgoing.queue import Delivery, DeliveryState
from proctoring.outgoing.topic import OFFERED, Topic

OfferedTopic = Literal[
    Topic.STATUS_CHANGED, Topic.VIOLATION_RECORDED, Topic.GRADED, Topic.GRADE_CHANGED
]


def _storable(words: str) -> str:
    """Refuse what the database cannot hold: NUL and halves of surrogate pairs."""
    if "\0" in words:
        raise ValueError("must not contain the null character")
    try:
        words.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode") from None
    return words


class EndpointBody(BaseModel):
    """`POST`, `PUT …/webhooks`: the whole of what may be chosen."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=1, max_length=MAX_LENGTH), AfterValidator(_storable)]
    topics: Annotated[list[OfferedTopic], Field(min_length=1, max_length=len(OFFERED))]
    description: Annotated[str, Field(max_length=500), AfterValidator(_storable)] = ""
    exam_id: Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)] | None = Field(
        default=None, description="only of this exam; null: of all"
    )
    is_active: Annotated[bool, Field(strict=True)] = True

    def wish(self) -> Wish:
        topics = tuple(dict.fromkeys(map(Topic, self.topics)))
        return Wish(self.url, topics, self.description, self.exam_id, self.is_active)


class RotateBody(BaseModel):
    """`POST …/webhooks/{id}/secret`."""

    model_config = ConfigDict(extra="forbid")

    overlap_hours: Annotated[float, Field(ge=0, le=24 * 30)] = Field(
        default=24.0, description="how long the secret before signs, too; 0: no longer"
    )


class ReplayBody(BaseModel):
    """`POST …/webhooks/{id}/replay`."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime = Field(description="when what is told again happened, or later")
    only_failed: Annotated[bool, Field(strict=True)] = False


class EndpointShape(BaseModel):
    """An endpoint, without its secret."""

    id: int
    url: str
    description: str
    topics: list[Topic]
    exam_id: int | None
    state: State = Field(description="failing: given up until it is switched on again")
    created_at: datetime
    created_by_id: int
    changed_at: datetime
    changed_by_id: int
    previous_secret_until: datetime | None
    failing_since: datetime | None = Field(description="nothing was taken since then")
    delivered_at: datetime | None = Field(description="when something was taken last")
    last_status: int | None = Field(description="HTTP status of the last answer")
    last_error: str | None = Field(description="why the last try failed, in a word")
    waiting_count: int
    failed_count: int

    @classmethod
    def of(cls, found: Endpoint) -> Self:
        names = cls.model_fields.keys() & Endpoint.__dataclass_fields__.keys()
        told = {name: getattr(found, name) for name in names}
        return cls(previous_secret_until=found.previous_until, **told)


class SecretShape(EndpointShape):
    """An endpoint and its secret, which is shown this once."""

    secret: str = Field(description="whsec_ and the key in base64 (Standard Webhooks)")

    @classmethod
    def with_secret(cls, made: Secret) -> Self:
        told = EndpointShape.of(made.endpoint).model_dump()
        return cls(secret=made.secret, **told)


class DeliveryShape(BaseModel):
    """One message to an endpoint; what it says is not shown."""

    id: int
    message_id: str = Field(description="the header webhook-id, at every try")
    topic: Topic
    exam_id: int | None
    attempt_id: int | None
    state: DeliveryState
    tries: int
    occurred_at: datetime
    created_at: datetime
    next_at: datetime | None = Field(description="when it is tried next, at the earliest")
    done_at: datetime | None
    last_status: int | None
    last_error: str | None

    @classmethod
    def of(cls, found: Delivery) -> Self:
        names = cls.model_fields.keys() - {"next_at"}
        told = {name: getattr(found, name) for name in names}
        is_waiting = found.state is DeliveryState.WAITING
        return cls(next_at=found.next_at if is_waiting else None, **told)


class TriedShape(BaseModel):
    """A delivery that was made to try an endpoint; look at it to see what came of it."""

    delivery_id: int


class ReplayedShape(BaseModel):
    """How many messages are sent again."""

    count: int
