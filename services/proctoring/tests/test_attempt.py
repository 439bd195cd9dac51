"""The order of checks of contract §6, row by row."""

import pytest
from proctoring.attempt import Attempt, AttemptStatus, Verdict, judge

OPEN = ["not_started", "in_progress", "expired"]
CLOSED = ["submitted", "graded", "cancelled"]


def attempt(status: str = "in_progress") -> Attempt:
    return Attempt(1, 7, 3, AttemptStatus(status), frozenset({10, 11}))


def test_an_unknown_attempt_is_not_found():
    assert judge(None, 7, None, is_known=False) is Verdict.NOT_FOUND


def test_somebody_elses_attempt_is_not_found_even_when_the_event_is_known():
    assert judge(attempt(), 8, None, is_known=True) is Verdict.NOT_FOUND


@pytest.mark.parametrize("status", OPEN + CLOSED)
def test_a_known_event_is_repeated_in_every_status(status: str):
    assert judge(attempt(status), 7, 99, is_known=True) is Verdict.REPEAT


@pytest.mark.parametrize("status", CLOSED)
def test_a_closed_attempt_comes_before_a_foreign_question(status: str):
    assert judge(attempt(status), 7, 99, is_known=False) is Verdict.CLOSED


@pytest.mark.parametrize("status", OPEN)
def test_a_foreign_question_is_refused(status: str):
    assert judge(attempt(status), 7, 99, is_known=False) is Verdict.FOREIGN_QUESTION


@pytest.mark.parametrize("status", OPEN)
@pytest.mark.parametrize("question_id", [None, 10])
def test_the_rest_is_stored(status: str, question_id: int | None):
    assert judge(attempt(status), 7, question_id, is_known=False) is Verdict.STORE


def test_only_expired_is_late():
    assert {s.value for s in AttemptStatus if attempt(s.value).is_late} == {"expired"}
