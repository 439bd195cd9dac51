"""A proctoring event: severities, known types, what is stored, and the tally that counts it.

Pure. Sequence, hash and counts of an attempt advance together, one event at a time, by `record`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple, Self
from uuid import UUID

from chassis.origins import NOWHERE, Origin

from proctoring import chain


class Severity(Enum):
    """info < warning < violation; the words are stored and sent."""

    INFO = "info"
    WARNING = "warning"
    VIOLATION = "violation"


KNOWN_TYPES = {
    "fullscreen_enter": Severity.INFO,
    "fullscreen_exit": Severity.VIOLATION,
    "keyboard_blocked": Severity.WARNING,
    "copy_paste_attempt": Severity.VIOLATION,
    "developer_tools_attempt": Severity.VIOLATION,
    "context_menu_blocked": Severity.WARNING,
    "tab_switch": Severity.WARNING,
    "window_blur": Severity.WARNING,
    "window_focus": Severity.INFO,
    "answer_change": Severity.INFO,
}


def effective_severity(event_type: str, given: Severity | None) -> Severity:
    """Return what was given, else the type's default, else info."""
    return given if given is not None else KNOWN_TYPES.get(event_type, Severity.INFO)


class EventDraft(NamedTuple):
    """A valid event as it was posted; `event_data` is canonical JSON text."""

    attempt_id: int
    event_type: str
    severity: Severity
    event_timestamp: datetime | None = None
    question_id: int | None = None
    event_data: str | None = None
    event_id: UUID | None = None
    client_sequence: int | None = None
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Event:
    """A stored event with its place in the attempt's chain; `id` is 0 until the row exists."""

    id: int
    draft: EventDraft
    event_timestamp: datetime
    received_at: datetime
    created_at: datetime
    late: bool
    sequence: int
    data_salt: bytes | None
    data_hash: bytes | None
    network_salt: bytes
    network_hash: bytes
    hash: bytes


class Taken(NamedTuple):
    """An event that was taken in, or is known from before: what its post is answered."""

    id: int
    draft: EventDraft
    event_timestamp: datetime
    received_at: datetime
    created_at: datetime
    late: bool
    sequence: int

    @classmethod
    def known(cls, event: Event) -> Self:
        return cls(
            event.id,
            event.draft,
            event.event_timestamp,
            event.received_at,
            event.created_at,
            event.late,
            event.sequence,
        )


@dataclass(frozen=True, slots=True)
class LastEvent:
    """What a board shows of the newest event."""

    event_type: str
    severity: Severity
    received_at: datetime
    late: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts, newest event and head of the chain of one attempt."""

    attempt_id: int
    exam_id: int | None
    info_count: int = 0
    warning_count: int = 0
    violation_count: int = 0
    last_event: LastEvent | None = None
    sequence: int = 0
    head_hash: bytes = chain.GENESIS

    def counted(self, event: Event) -> "Tally":
        """Return the tally with `event` in it."""
        severity = event.draft.severity
        return replace(
            self,
            info_count=self.info_count + (severity is Severity.INFO),
            warning_count=self.warning_count + (severity is Severity.WARNING),
            violation_count=self.violation_count + (severity is Severity.VIOLATION),
            last_event=LastEvent(event.draft.event_type, severity, event.received_at, event.late),
            sequence=event.sequence,
            head_hash=event.hash,
        )


@dataclass(frozen=True, slots=True)
class Reception:
    """When and how an event arrived, by the server's clock."""

    received_at: datetime
    stored_at: datetime
    late: bool
    data_salt: bytes
    network_salt: bytes


def record(tally: Tally, draft: EventDraft, reception: Reception) -> tuple[Event, Tally]:
    """Return `draft` as the next event of its attempt, and the tally behind it."""
    if draft.event_timestamp is None:
        draft = draft._replace(event_timestamp=reception.received_at)
    data_hash = None
    if draft.event_data is not None:
        data_hash = chain.commitment(reception.data_salt, draft.event_data)
    event = Event(
        id=0,
        draft=draft,
        event_timestamp=draft.event_timestamp or reception.received_at,
        received_at=reception.received_at,
        created_at=reception.stored_at,
        late=reception.late,
        sequence=tally.sequence + 1,
        data_salt=None if data_hash is None else reception.data_salt,
        data_hash=data_hash,
        network_salt=reception.network_salt,
        network_hash=chain.commitment(reception.network_salt, network_text(draft.origin)),
        hash=b"",
    )
    event = replace(event, hash=chain.link(tally.head_hash, chained(event)))
    return event, tally.counted(event)


def chained(event: Event) -> dict[str, Any]:
    """Return what of a stored event is in the chain: everything but its row number."""
    draft = event.draft
    return {
        "attempt_id": draft.attempt_id,
        "sequence": event.sequence,
        "event_id": None if draft.event_id is None else str(draft.event_id),
        "event_type": draft.event_type,
        "severity": draft.severity.value,
        "event_timestamp": chain.instant(event.event_timestamp),
        "received_at": chain.instant(event.received_at),
        "created_at": chain.instant(event.created_at),
        "question_id": draft.question_id,
        "client_sequence": draft.client_sequence,
        "late": event.late,
        "event_data_sha256": None if event.data_hash is None else event.data_hash.hex(),
        "network_sha256": event.network_hash.hex(),
    }


@lru_cache(10_000)
def network_text(origin: Origin) -> str:
    """Return the canonical text of where an event came from; of a student it is always the same."""
    return chain.canonical({"ip_address": origin.ip_address, "user_agent": origin.user_agent})
