"""The six statuses, the legal moves between them, and the one clock of an attempt."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from attempts.attempt import (
    CLOSED,
    IllegalMove,
    Status,
    ensure_move,
    is_salt,
    may_move,
    new_salt,
    remaining_seconds,
)
from hypothesis import given
from hypothesis import strategies as st

LEGAL = {
    ("not_started", "in_progress"),
    ("in_progress", "submitted"),
    ("in_progress", "graded"),
    ("in_progress", "expired"),
    ("submitted", "graded"),
    ("expired", "submitted"),
    ("expired", "graded"),
    ("not_started", "cancelled"),
    ("in_progress", "cancelled"),
    ("submitted", "cancelled"),
    ("expired", "cancelled"),
}


@pytest.mark.contract("9.1/move/no-other")
@pytest.mark.parametrize("old", list(Status))
@pytest.mark.parametrize("new", list(Status))
def test_a_move_is_legal_exactly_when_the_contract_names_it(old, new):
    assert may_move(old, new) is ((old.value, new.value) in LEGAL)


def test_an_illegal_move_is_a_defect():
    with pytest.raises(IllegalMove):
        ensure_move(Status.GRADED, Status.IN_PROGRESS)


def test_expired_is_late_and_not_closed():
    assert {Status.SUBMITTED, Status.GRADED, Status.CANCELLED} == CLOSED


@pytest.mark.contract("9.2/remaining/before")
def test_an_attempt_that_has_not_begun_has_its_full_duration(attempt):
    assert attempt(status=Status.NOT_STARTED, start_time=None, deadline_at=None).version == 1
    assert remaining_seconds(Status.NOT_STARTED, 7200, None, attempt().as_of) == 7200


@pytest.mark.contract("9.2/remaining/running")
@given(st.floats(-10_000, 10_000, allow_nan=False))
def test_the_remaining_seconds_are_floored_and_never_negative(seconds):
    now = datetime(2026, 3, 1, tzinfo=UTC)
    deadline = now + timedelta(seconds=seconds)
    left = remaining_seconds(Status.IN_PROGRESS, 60, deadline, now)
    assert left >= 0
    assert left <= max(0.0, (deadline - now).total_seconds())
    assert left > (deadline - now).total_seconds() - 1 or left == 0


@pytest.mark.contract("9.2/remaining/after")
@pytest.mark.parametrize("status", [s for s in Status if s not in {"not_started", "in_progress"}])
def test_an_ended_attempt_has_no_time_left(attempt, status):
    assert attempt(status=status).time_remaining_seconds == 0


@pytest.mark.contract("9.2/expired")
def test_the_deadline_itself_is_not_past_the_deadline(attempt):
    last = attempt()
    at_deadline = attempt(as_of=last.deadline_at)
    assert not at_deadline.is_past_deadline
    assert attempt(as_of=last.deadline_at + timedelta(microseconds=1)).is_past_deadline


@pytest.mark.contract("5.3/time-taken")
def test_the_time_taken_ends_at_the_deadline_at_the_latest(attempt):
    start = attempt().start_time
    late = attempt(end_time=start + timedelta(hours=9))
    assert late.time_taken_seconds == late.duration_seconds
    early = attempt(end_time=start + timedelta(seconds=61.9))
    assert early.time_taken_seconds == 61
    assert attempt().time_taken_seconds == 0


def test_the_elapsed_time_stands_still_at_the_end(attempt):
    start = attempt().start_time
    assert attempt(as_of=start + timedelta(seconds=30)).elapsed_seconds == 30
    assert attempt(as_of=start + timedelta(days=3)).elapsed_seconds == 3600
    ended = attempt(as_of=start + timedelta(days=3), end_time=start + timedelta(seconds=5))
    assert ended.elapsed_seconds == 5


@pytest.mark.contract("9.4/salt")
def test_a_salt_is_sixteen_random_bytes_in_standard_base64():
    salts = {new_salt() for _ in range(50)}
    assert len(salts) == 50
    assert all(len(salt) == 24 and is_salt(salt) for salt in salts)


@pytest.mark.parametrize("text", [None, "", "abc", "AAAAAAAAAAAAAAAAAAAAAAAA", "-_" * 12, 7])
def test_other_texts_are_no_salts(text):
    assert not is_salt(text)


@pytest.mark.contract("9.1/statuses")
def test_there_are_six_statuses_in_lower_case():
    words = {"not_started", "in_progress", "submitted", "graded", "expired", "cancelled"}
    assert {status.value for status in Status} == words


def test_the_whole_time_is_the_exams_with_what_was_added_and_without_what_was_used(attempt):
    whole = attempt(duration_minutes=60, allowance_seconds=300, spent_seconds=100)
    assert whole.duration_seconds == 3800


def test_a_reopened_attempt_keeps_the_layout_of_the_first(attempt):
    assert attempt(id=7).layout_id == 7
    assert attempt(id=7, layout_from_id=3).layout_id == 3


def test_who_has_not_begun_waits_in_a_lobby_until_somebody_lets_him_begin(attempt):
    waiting = attempt(status=Status.NOT_STARTED, requires_authorisation=True)
    assert waiting.is_waiting_for_authorisation
    assert not replace(waiting, authorised_at=waiting.as_of).is_waiting_for_authorisation
    assert not replace(waiting, requires_authorisation=False).is_waiting_for_authorisation
    assert not replace(waiting, status=Status.IN_PROGRESS).is_waiting_for_authorisation


def test_what_was_left_is_whole_seconds_between_the_end_and_the_deadline(attempt):
    ended = attempt()
    early = ended.deadline_at - timedelta(seconds=90.5)
    assert replace(ended, end_time=early).left_seconds == 90
    assert replace(ended, end_time=ended.deadline_at + timedelta(seconds=5)).left_seconds == 0
    assert ended.left_seconds == 0
