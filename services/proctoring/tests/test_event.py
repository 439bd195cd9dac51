"""Severities, counts and the chain: every change of a stored event is found."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proctoring import chain
from proctoring.event import (
    KNOWN_TYPES,
    Event,
    EventDraft,
    Origin,
    Reception,
    Severity,
    Tally,
    chained,
    effective_severity,
    record,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def reception(number: int = 0, *, late: bool = False) -> Reception:
    at = NOW + timedelta(seconds=number)
    return Reception(at, at, late, bytes([number]) * 16, bytes([255 - number]) * 16)


def draft(event_type: str = "tab_switch", severity: Severity = Severity.WARNING, **more):
    return EventDraft(5, event_type, severity, **more)


def chain_of(*drafts: EventDraft) -> tuple[list[Event], Tally]:
    tally, events = Tally(5, 2), []
    for number, one in enumerate(drafts):
        event, tally = record(tally, one, reception(number))
        events.append(event)
    return events, tally


def verifies(events: list[Event]) -> bool:
    head = chain.GENESIS
    for number, event in enumerate(events, 1):
        head = chain.link(head, chained(event))
        if event.sequence != number or event.hash != head:
            return False
    return True


@pytest.mark.parametrize(("event_type", "default"), KNOWN_TYPES.items())
def test_a_known_type_has_its_default(event_type: str, default: Severity):
    assert effective_severity(event_type, None) is default


def test_an_unknown_type_is_info():
    assert effective_severity("gaze_lost", None) is Severity.INFO


def test_a_given_severity_stands():
    assert effective_severity("fullscreen_exit", Severity.INFO) is Severity.INFO


def test_the_server_time_is_used_when_the_client_gives_none():
    (event,), _ = chain_of(draft())
    assert event.event_timestamp == event.received_at


def test_counts_last_event_sequence_and_head_move_together():
    events, tally = chain_of(
        draft(severity=Severity.INFO), draft(), draft("fullscreen_exit", Severity.VIOLATION)
    )
    assert (tally.info_count, tally.warning_count, tally.violation_count) == (1, 1, 1)
    assert tally.last_event is not None
    assert tally.last_event.event_type == "fullscreen_exit"
    assert (tally.sequence, tally.head_hash) == (3, events[-1].hash)


drafts = st.lists(
    st.builds(
        draft,
        st.sampled_from(list(KNOWN_TYPES)),
        st.sampled_from(Severity),
        question_id=st.none() | st.integers(1, 9),
        event_data=st.none()
        | st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9)).map(
            chain.canonical
        ),
        origin=st.builds(Origin, st.none() | st.just("10.0.0.1"), st.none() | st.text(max_size=9)),
    ),
    min_size=2,
    max_size=8,
)


@given(drafts)
def test_an_untouched_chain_verifies(posted: list[EventDraft]):
    assert verifies(chain_of(*posted)[0])


@given(drafts, st.data())
def test_a_deletion_or_swap_in_the_middle_is_found(posted: list[EventDraft], data: st.DataObject):
    events, _ = chain_of(*posted)
    place = data.draw(st.integers(0, len(events) - 2))
    assert not verifies(events[:place] + events[place + 1 :])
    swapped = list(events)
    swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
    assert not verifies(swapped)


@given(drafts, st.data())
def test_an_edited_field_is_found(posted: list[EventDraft], data: st.DataObject):
    events, _ = chain_of(*posted)
    place = data.draw(st.integers(0, len(events) - 1))
    event = events[place]
    edits = [
        replace(event, late=not event.late),
        replace(event, received_at=event.received_at + timedelta(microseconds=1)),
        replace(event, event_timestamp=event.event_timestamp + timedelta(microseconds=1)),
        replace(event, network_hash=bytes(32)),
        replace(event, data_hash=bytes(32)),
        replace(event, draft=event.draft._replace(event_type="edited")),
        replace(event, draft=event.draft._replace(question_id=77)),
        replace(event, draft=event.draft._replace(client_sequence=77)),
    ]
    events[place] = data.draw(st.sampled_from(edits))
    assert not verifies(events)


def test_payloads_can_be_removed_and_the_chain_still_verifies():
    events, _ = chain_of(draft(event_data='{"key":"F12"}', origin=Origin("10.0.0.1", "Firefox")))
    erased = events[0].draft._replace(event_data=None, origin=Origin())
    assert verifies([replace(events[0], draft=erased, data_salt=None, network_salt=b"")])


def test_a_payload_can_be_checked_against_its_commitment():
    (event,), _ = chain_of(draft(event_data='{"key":"F12"}'))
    assert event.data_salt is not None
    assert event.data_hash == chain.commitment(event.data_salt, '{"key":"F12"}')
    assert event.data_hash != chain.commitment(event.data_salt, '{"key":"F11"}')


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.text(st.characters(exclude_categories=["Cs"]))
        | st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.lists(st.integers(), max_size=2),
        max_size=5,
    )
)
def test_canonical_json_is_what_the_standard_library_writes_with_sorted_keys(value):
    whole = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert chain.canonical(value) == whole


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=9,
    )
)
def test_canonical_json_survives_a_round_trip(value):
    try:
        text = chain.canonical(value)
    except ValueError:
        return
    assert chain.canonical(json.loads(text)) == text


def test_an_instant_has_one_text_in_every_year_and_zone():
    assert chain.instant(datetime(33, 4, 5, tzinfo=UTC)) == "0033-04-05T00:00:00.000000Z"
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert chain.instant(elsewhere) == "2026-03-02T09:00:00.000000Z"


@pytest.mark.parametrize("value", [{"a": float("inf")}, {"a": "\ud800"}])
def test_what_has_no_json_text_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        chain.canonical(value)
