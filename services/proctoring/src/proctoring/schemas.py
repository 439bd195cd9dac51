"""What goes over the wire: bodies in and out as msgspec structs, and their OpenAPI descriptions.

Decodes and checks in one step; a body that does not fit becomes a readable 422 with a JSON pointer.
The schemas in OpenAPI are made from the same structs.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec
from chassis.errors import FieldError
from chassis.origins import Origin

from proctoring import chain
from proctoring.delivery import Delivery, Submission
from proctoring.errors import BadBody
from proctoring.event import Event, EventDraft, Severity, Taken, effective_severity
from proctoring.store import Conflict, Summary
from proctoring.timing import Timing, TimingDraft

T = TypeVar("T")

MAX_EVENT_DATA_BYTES = 16 * 1024
MAX_EVENT_DATA_DEPTH = 32
"""Objects and arrays inside each other: whoever checks evidence reads it with a parser of his own,
and many refuse what is deeper than 64."""
MAX_BATCH = 500
MAX_BODY_BYTES = 64 * 1024
MAX_BATCH_BYTES = MAX_BATCH * 24 * 1024
TYPE_PATTERN = r"^[a-z][a-z0-9_]{1,49}$"

_LARGEST_INT = 2**31 - 1
_LARGEST_BIGINT = 2**63 - 1
_TAIL = r"(?!\n)$"  # Python's $ also matches before a line break at the end
_AT = re.compile(r"^(?P<message>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]")
_MISSING = re.compile(r"^Object missing required field `(?P<name>\w+)`$")

EventType = Annotated[str, msgspec.Meta(pattern=TYPE_PATTERN.removesuffix("$") + _TAIL)]
VisitId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:-]{1,64}" + _TAIL)]
ClientSequence = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_BIGINT)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_INT)]
SeverityWord = Literal["info", "warning", "violation"]


class EventBody(msgspec.Struct, frozen=True):
    """An event as posted (contract §6.1)."""

    attempt_id: int
    event_type: EventType
    event_timestamp: datetime | None = None
    question_id: int | None = None
    event_data: dict[str, Any] | None = None
    severity: SeverityWord | None = None
    event_id: UUID | None = None
    client_sequence: ClientSequence | None = None


class TimingBody(msgspec.Struct, frozen=True):
    """The seconds of the current showing of a question (contract §6.2)."""

    attempt_id: int
    question_id: int
    total_time_seconds: Seconds
    answer_changed: bool = False
    event_id: UUID | None = None
    visit_id: VisitId | None = None


class BatchBody(msgspec.Struct, frozen=True):
    """1 to 500 events; each is checked by itself."""

    events: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]


class _WholeBatch(msgspec.Struct, frozen=True):
    """The same, when all of them fit."""

    events: Annotated[list[EventBody], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]


class ProctoringEvent(msgspec.Struct, frozen=True):
    """A stored event; `skew_ms` is by how much the client's clock was ahead of ours."""

    id: int
    attempt_id: int
    event_type: str
    event_timestamp: datetime
    question_id: int | None
    event_data: msgspec.Raw | None
    user_agent: str | None
    ip_address: str | None
    severity: SeverityWord
    created_at: datetime
    event_id: UUID | None
    client_sequence: int | None
    late: bool
    received_at: datetime
    sequence: int
    skew_ms: int


class BatchItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one item of a batch: its own HTTP status, and the event or the problem."""

    index: int
    status: int
    event: ProctoringEvent | None = None
    error: dict[str, Any] | None = None


class BatchAnswer(msgspec.Struct, frozen=True):
    """In the order of the batch."""

    results: list[BatchItem]


class QuestionTiming(msgspec.Struct, frozen=True):
    """The time of one question, summed over all showings."""

    id: int
    attempt_id: int
    question_id: int
    first_viewed_at: datetime
    last_viewed_at: datetime | None
    total_time_seconds: int
    answer_count: int
    first_answered_at: datetime | None
    last_answered_at: datetime | None
    created_at: datetime
    updated_at: datetime


class DeliveryBody(msgspec.Struct, frozen=True):
    """What the client says to have sent, beside what came; shown, never refused.

    `missing` lists up to 100 ranges of `client_sequence`, both ends included. Numbers are expected
    from 1 on (from 0 on when 0 came) up to the highest that was claimed or came.
    """

    claimed_last_sequence: int | None
    received_count: int
    highest_received: int | None
    missing: list[tuple[int, int]]
    missing_count: int


class ConflictBody(msgspec.Struct, frozen=True):
    """A post that was kept out: its `event_id` was known, and these fields said something else."""

    event_id: UUID
    differs: tuple[str, ...]
    received_at: datetime


class ViolationSummary(msgspec.Struct, frozen=True):
    """Counts of an attempt; type counts and "most recent" cover warnings and violations only."""

    attempt_id: int
    total_events: int
    total_violations: int
    info_count: int
    warning_count: int
    violation_count: int
    event_type_counts: dict[str, int]
    most_recent_violation_time: datetime | None
    most_recent_violation_type: str | None
    delivery: DeliveryBody
    conflicts: list[ConflictBody]


class AttemptDelivery(msgspec.Struct, frozen=True):
    """A submitted attempt of whose events some have not come."""

    attempt_id: int
    submitted_at: datetime | None
    delivery: DeliveryBody


_EVENT_DECODER = msgspec.json.Decoder(EventBody)
_TIMING_DECODER = msgspec.json.Decoder(TimingBody)
_BATCH_DECODER = msgspec.json.Decoder(BatchBody)
_WHOLE_BATCH_DECODER = msgspec.json.Decoder(_WholeBatch)
_SEVERITIES = {severity.value: severity for severity in Severity}
_MILLISECOND = timedelta(milliseconds=1)


def event_draft(body: bytes | msgspec.Raw, origin: Origin, place: str = "") -> EventDraft:
    """Return the valid draft of one posted event; raise `BadBody` with pointers below `place`."""
    return _draft(_decoded(_EVENT_DECODER, body, place), origin, place)


def _draft(event: EventBody, origin: Origin, place: str) -> EventDraft:
    given = _SEVERITIES[event.severity] if event.severity else None
    return EventDraft(
        attempt_id=event.attempt_id,
        event_type=event.event_type,
        severity=effective_severity(event.event_type, given),
        event_timestamp=_utc(event.event_timestamp, place),
        question_id=event.question_id,
        event_data=_canonical(event.event_data, place),
        event_id=event.event_id,
        client_sequence=event.client_sequence,
        origin=origin,
    )


def timing_draft(body: bytes) -> TimingDraft:
    """Return the valid draft of a posted timing; raise `BadBody`."""
    timing = _decoded(_TIMING_DECODER, body)
    return TimingDraft(
        attempt_id=timing.attempt_id,
        question_id=timing.question_id,
        seconds=timing.total_time_seconds,
        answer_changed=timing.answer_changed,
        event_id=timing.event_id,
        visit_id=timing.visit_id,
    )


def event_drafts(body: bytes, origin: Origin) -> list[EventDraft | BadBody]:
    """Return a draft or what is wrong with it for each event of a batch.

    Raises `BadBody` when the frame does not fit.
    """
    try:
        events = _WHOLE_BATCH_DECODER.decode(body).events
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        items = _decoded(_BATCH_DECODER, body).events  # look for the one that is bad
        return [_event_draft_or_failure(item, origin, n) for n, item in enumerate(items)]
    return [_draft_or_failure(event, origin, n) for n, event in enumerate(events)]


def _event_draft_or_failure(item: msgspec.Raw, origin: Origin, index: int) -> EventDraft | BadBody:
    try:
        return event_draft(item, origin, f"/events/{index}")
    except BadBody as failure:
        return failure


def _draft_or_failure(event: EventBody, origin: Origin, index: int) -> EventDraft | BadBody:
    try:
        return _draft(event, origin, f"/events/{index}")
    except BadBody as failure:
        return failure


def event_out(event: Event | Taken) -> ProctoringEvent:
    draft = event.draft
    data = draft.event_data
    return ProctoringEvent(
        id=event.id,
        attempt_id=draft.attempt_id,
        event_type=draft.event_type,
        event_timestamp=event.event_timestamp,
        question_id=draft.question_id,
        event_data=None if data is None else msgspec.Raw(data.encode()),
        user_agent=draft.origin.user_agent,
        ip_address=draft.origin.ip_address,
        severity=draft.severity.value,
        created_at=event.created_at,
        event_id=draft.event_id,
        client_sequence=draft.client_sequence,
        late=event.late,
        received_at=event.received_at,
        sequence=event.sequence,
        skew_ms=(event.event_timestamp - event.received_at) // _MILLISECOND,
    )


def timing_out(timing: Timing) -> QuestionTiming:
    return QuestionTiming(
        **{name: getattr(timing, name) for name in QuestionTiming.__struct_fields__}
    )


def incomplete_out(submission: Submission, delivery: Delivery) -> AttemptDelivery:
    out = delivery_out(delivery)
    return AttemptDelivery(submission.attempt_id, submission.submitted_at, out)


def delivery_out(delivery: Delivery) -> DeliveryBody:
    return DeliveryBody(
        claimed_last_sequence=delivery.claimed_last_sequence,
        received_count=delivery.received_count,
        highest_received=delivery.highest_received,
        missing=list(delivery.missing),
        missing_count=delivery.missing_count,
    )


def summary_out(
    summary: Summary, conflicts: Sequence[Conflict], delivery: Delivery
) -> ViolationSummary:
    tally = summary.tally
    violations = tally.warning_count + tally.violation_count
    return ViolationSummary(
        attempt_id=tally.attempt_id,
        total_events=tally.info_count + violations,
        total_violations=violations,
        info_count=tally.info_count,
        warning_count=tally.warning_count,
        violation_count=tally.violation_count,
        event_type_counts=summary.type_counts,
        most_recent_violation_time=summary.newest_at,
        most_recent_violation_type=summary.newest_type,
        delivery=delivery_out(delivery),
        conflicts=[ConflictBody(c.event_id, c.differs, c.received_at) for c in conflicts],
    )


def _decoded(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw, place: str = "") -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _bad(*_located(str(error)), place) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad("Body is not valid JSON", "", place) from error
    except RecursionError as error:
        raise _bad("Body is nested too deeply", "", place) from error


def _located(text: str) -> tuple[str, str]:
    """Split msgspec's text into message and JSON pointer."""
    match = _AT.match(text)
    message, path = (match["message"], match["path"] or "") if match else (text, "")
    pointer = "".join(f"/{name or index}" for name, index in _STEP.findall(path))
    if missing := _MISSING.match(message):
        return "Field required", f"{pointer}/{missing['name']}"
    return message, pointer


def _bad(message: str, pointer: str, place: str = "") -> BadBody:
    where = f"{place}{pointer}"
    detail = f"{where}: {message}" if where else message
    return BadBody(detail, errors=[FieldError(where, message)])


def _utc(moment: datetime | None, place: str) -> datetime | None:
    """Return `moment` in UTC; one without an offset is read as UTC."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise _bad("Instant is outside the calendar", "/event_timestamp", place) from error


def _canonical(data: dict[str, Any] | None, place: str) -> str | None:
    if data is None:
        return None
    try:
        text = chain.canonical(data)
    except (ValueError, RecursionError) as error:
        raise _bad("Object has no canonical JSON form", "/event_data", place) from error
    if len(text.encode()) > MAX_EVENT_DATA_BYTES:
        raise _bad(f"Object is larger than {MAX_EVENT_DATA_BYTES} bytes", "/event_data", place)
    if text.count("{") + text.count("[") > MAX_EVENT_DATA_DEPTH and _is_too_deep(data):
        words = f"Object is more than {MAX_EVENT_DATA_DEPTH} levels deep"
        raise _bad(words, "/event_data", place)
    return text


def _is_too_deep(data: dict[str, Any]) -> bool:
    level: list[Any] = [data]
    for _ in range(MAX_EVENT_DATA_DEPTH):
        inside = [one.values() if isinstance(one, dict) else one for one in level]
        level = [each for many in inside for each in many if isinstance(each, (dict, list))]
    return bool(level)


def components(types: Sequence[Any]) -> dict[str, Any]:
    """Return the OpenAPI component schemas of `types`."""
    _, found = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    if "BatchBody" in found:  # its items are taken raw and then decoded as events
        items = {"$ref": "#/components/schemas/EventBody"}
        found["BatchBody"]["properties"]["events"]["items"] = items
    if "ProctoringEvent" in found:
        data = {"anyOf": [{"type": "object"}, {"type": "null"}]}
        found["ProctoringEvent"]["properties"]["event_data"] = data
    return found
