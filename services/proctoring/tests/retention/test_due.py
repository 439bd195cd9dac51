"""What is due when: the rule of retention, without a database."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from proctoring.retention.due import (
    MAX_DAYS,
    OF_EVENTS,
    HeldBy,
    Part,
    Policy,
    Sitting,
    covers,
    due,
    expired,
    ranges,
)

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = Policy(events_days=180, network_days=90)
SAT = Sitting(attempt_id=1, exam_id=2, ended_at=END, last_sequence=9)

days = st.integers(1, MAX_DAYS)
policies = st.builds(Policy, days, days, days)
instants = st.integers(-99_999, 99_999).map(lambda hours: END + timedelta(hours=hours))
places = st.none() | st.integers(0, 12)
sittings = st.builds(
    Sitting,
    attempt_id=st.just(1),
    exam_id=st.just(2),
    ended_at=st.none() | instants,
    last_sequence=st.integers(0, 12),
    payload_through=places,
    network_through=places,
    is_forgotten=st.booleans(),
    words_at=st.none() | instants,
    pictures_at=st.none() | instants,
)
holds = st.sampled_from([{why} for why in HeldBy] + [set(HeldBy)])


def after(**time) -> datetime:
    return END + timedelta(**time)


def test_network_data_go_after_90_days_and_payloads_after_180():
    just_before = timedelta(microseconds=1)
    assert due(SAT, POLICY, (), after(days=90) - just_before) == set()
    assert due(SAT, POLICY, (), after(days=90)) == {Part.NETWORK}
    assert due(SAT, POLICY, (), after(days=180) - just_before) == {Part.NETWORK}
    assert due(SAT, POLICY, (), after(days=180)) == set(OF_EVENTS)


def test_what_was_removed_is_not_due_again_until_a_later_event_came():
    done = replace(SAT, payload_through=9, network_through=9)
    assert due(done, POLICY, (), after(days=999)) == set()
    assert due(replace(done, last_sequence=10), POLICY, (), after(days=999)) == set(OF_EVENTS)


def test_of_a_person_who_asked_everything_is_due_at_once():
    assert due(replace(SAT, is_forgotten=True), POLICY, (), END) == set(OF_EVENTS)
    assert due(replace(SAT, is_forgotten=True, ended_at=None), POLICY, (), END) == set(OF_EVENTS)


@given(sittings, policies, holds, instants)
def test_nothing_is_due_while_anything_holds_the_attempt(sat, policy, held_by, now):
    assert due(sat, policy, held_by, now) == set()


@given(sittings, policies, instants, instants)
def test_what_is_due_stays_due_as_time_goes_on(sat, policy, now, later):
    earlier, later = sorted([now, later])
    assert expired(sat, policy, earlier) <= expired(sat, policy, later)


@given(sittings, policies, instants)
def test_a_part_is_due_exactly_when_its_days_are_over_or_the_person_asked(sat, policy, now):
    for part in Part:
        through = sat.payload_through if part is Part.PAYLOAD else sat.network_through
        begins = []
        has_events = part is not Part.SNAPSHOTS and (through is None or through < sat.last_sequence)
        if has_events and sat.ended_at is not None:
            begins.append(sat.ended_at)
        beside = {Part.PAYLOAD: sat.words_at, Part.SNAPSHOTS: sat.pictures_at}.get(part)
        if beside is not None:
            begins.append(max(beside, sat.ended_at or beside))
        is_over = any(now - begin >= timedelta(policy.days(part)) for begin in begins)
        wanted = is_over or (sat.is_forgotten and sat.has_left(part))
        assert (part in expired(sat, policy, now)) == wanted


def test_words_that_came_after_an_erasure_are_due_in_their_turn():
    done = replace(SAT, payload_through=9, network_through=9, words_at=after(days=200))
    assert due(done, POLICY, (), after(days=379)) == set()
    assert due(done, POLICY, (), after(days=380)) == {Part.PAYLOAD}
    assert due(replace(done, is_forgotten=True), POLICY, (), after(days=200)) == {Part.PAYLOAD}


def test_of_an_attempt_without_events_words_are_due_when_their_own_days_are_over():
    silent = Sitting(1, 2, None, 0, words_at=END)
    assert due(silent, POLICY, (), after(days=180) - timedelta(microseconds=1)) == set()
    assert due(silent, POLICY, (), after(days=180)) == {Part.PAYLOAD}


def test_pictures_have_days_of_their_own_and_what_tells_of_them_stays():
    seen = replace(SAT, pictures_at=END - timedelta(hours=1))
    policy = Policy(events_days=180, network_days=170, snapshots_days=60)
    assert due(seen, policy, (), after(days=60) - timedelta(microseconds=1)) == set()
    assert due(seen, policy, (), after(days=60)) == {Part.SNAPSHOTS}
    assert due(replace(seen, is_forgotten=True), policy, (), END) == set(Part)
    assert due(seen, policy, {HeldBy.HOLD}, after(days=60)) == set()


@given(sittings, policies, instants)
def test_a_shorter_policy_never_keeps_what_a_longer_one_removes(sat, policy, now):
    shorter = Policy(
        max(1, policy.events_days - 1),
        max(1, policy.network_days - 1),
        max(1, policy.snapshots_days - 1),
    )
    assert expired(sat, policy, now) <= expired(sat, shorter, now)


@given(st.lists(st.integers(1, 60)))
def test_ranges_hold_exactly_the_numbers_and_are_as_few_as_can_be(numbers):
    found = ranges(numbers)
    assert {n for n in range(70) if covers(found, n)} == set(numbers)
    assert all(low[1] + 1 < high[0] for low, high in itertools.pairwise(found))
