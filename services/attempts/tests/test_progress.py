"""Why a save is refused, and how a group of saves is cut into waves."""

from dataclasses import replace

import pytest
from attempts.answer import Save
from attempts.attempt import Status
from attempts.progress import Met, Refusal, refusal, waves
from hypothesis import given
from hypothesis import strategies as st

RUNNING = Met(True, Status.IN_PROGRESS, is_late=False, is_paused=False, is_member=False)
SAVES = st.lists(
    st.builds(
        Save,
        attempt_id=st.sampled_from([1, 2, 3]),
        student_id=st.just(2),
        question_id=st.integers(1, 4),
        message_id=st.sampled_from([None, None, "m1", "m2"]),
    ),
    max_size=14,
)


@pytest.mark.contract("9.1/save/order")
@pytest.mark.parametrize(
    ("met", "reason"),
    [
        (Met(False, None, False, False, False), Refusal.ATTEMPT_NOT_FOUND),
        (replace(RUNNING, is_own=False, is_late=True), Refusal.ATTEMPT_NOT_FOUND),
        (replace(RUNNING, status=Status.SUBMITTED, is_late=True), Refusal.ATTEMPT_NOT_ACTIVE),
        (replace(RUNNING, status=Status.NOT_STARTED), Refusal.ATTEMPT_NOT_ACTIVE),
        (replace(RUNNING, status=Status.EXPIRED), Refusal.TIME_EXPIRED),
        (replace(RUNNING, is_late=True, is_paused=True), Refusal.TIME_EXPIRED),
        (replace(RUNNING, is_paused=True), Refusal.ATTEMPT_PAUSED),
        (RUNNING, Refusal.INVALID_QUESTION),
    ],
)
def test_reasons_are_looked_at_in_the_contracts_order(met, reason):
    """Contract §9.1: attempt exists, in progress, not past the deadline, question in exam."""
    assert refusal(met).reason is reason


def test_only_an_attempt_that_is_not_active_says_in_which_status_it_is():
    assert refusal(replace(RUNNING, status=Status.GRADED)).status is Status.GRADED
    assert refusal(RUNNING).status is None


@given(SAVES)
def test_in_a_wave_no_answer_and_no_message_occurs_twice(saves):
    for wave in waves(saves):
        answers = [(saves[n].attempt_id, saves[n].question_id) for n in wave]
        messages = [(saves[n].attempt_id, saves[n].message_id) for n in wave]
        named = [message for message in messages if message[1] is not None]
        assert len(set(answers)) == len(answers)
        assert len(set(named)) == len(named)


@given(SAVES)
def test_waves_hold_every_save_once_and_those_of_an_attempt_in_order(saves):
    order = [place for wave in waves(saves) for place in wave]
    assert sorted(order) == list(range(len(saves)))
    for attempt_id in (1, 2, 3):
        places = [place for place in order if saves[place].attempt_id == attempt_id]
        assert places == sorted(places)


def test_different_questions_of_one_attempt_are_one_wave():
    assert waves([Save(1, 2, question) for question in range(40)]) == [list(range(40))]
