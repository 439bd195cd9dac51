"""The ladder of an action, by what anybody may do with it in any order."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from chassis.origins import NOWHERE
from hypothesis import given
from hypothesis import strategies as st
from proctoring.acting.action import (
    CARRY_OUT_WITHIN,
    FIND_OUT_AFTER,
    MOVES,
    Action,
    Kind,
    Order,
    Refusal,
    State,
    Step,
    Wish,
    step,
)

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
WHY = Refusal("already-paused", "Attempt is paused already, by user 9", 409, 9)
ASKED = Action(1, uuid.UUID(int=1), 7, 3, Wish(Kind.PAUSE, "fire alarm"), 9, "ann", NOWHERE, START)
DEEDS = {
    "done": lambda action, at: action.done(at, is_closed=False),
    "done too late": lambda action, at: action.done(at, is_closed=True),
    "refused": lambda action, at: action.refused(WHY, at),
    "acknowledged": lambda action, at: action.acknowledged(at),
    "expired": lambda action, at: action.expired(at),
}


@given(st.lists(st.sampled_from(sorted(DEEDS))))
def test_whatever_is_done_in_any_order_an_action_only_climbs_its_ladder(deeds):
    action = ASKED
    for place, deed in enumerate(deeds):
        new = DEEDS[deed](action, START + timedelta(seconds=place))
        assert new.state is action.state or new.state in MOVES[action.state]
        assert (new == action) is (new.state is action.state), "no move, no change"
        assert not (new.acknowledged_at and new.expired_at)
        action = new


@given(st.sampled_from(sorted(DEEDS)), st.lists(st.sampled_from(sorted(DEEDS)), max_size=4))
def test_doing_the_same_twice_changes_nothing(deed, before):
    action = ASKED
    for each in before:
        action = DEEDS[each](action, START)
    once = DEEDS[deed](action, START + timedelta(seconds=1))
    assert DEEDS[deed](once, START + timedelta(seconds=2)) == once


def test_only_what_was_done_is_live():
    assert ASKED.done(START, is_closed=False).state is State.LIVE
    assert ASKED.refused(WHY, START).state is State.REFUSED
    assert ASKED.acknowledged(START).state is State.ASKED
    assert ASKED.done(START, is_closed=True).state is State.EXPIRED


@given(st.floats(min_value=0, max_value=1e6))
def test_between_doing_and_only_asking_lies_a_time_in_which_neither_is_begun(seconds):
    age = timedelta(seconds=seconds)
    expected = Step.CARRY_OUT if age < CARRY_OUT_WITHIN else Step.WAIT
    assert step(age) is (expected if age < FIND_OUT_AFTER else Step.FIND_OUT)


def test_no_call_lasts_from_the_one_time_into_the_other(settings):
    longest = type(settings).model_fields["acting_seconds"].metadata
    bound = next(m.le for m in longest if hasattr(m, "le"))
    assert timedelta(seconds=bound) <= (FIND_OUT_AFTER - CARRY_OUT_WITHIN) * 2 / 3


def order(**changed) -> Order:
    values = {"kind": Kind.EXTEND, "text": "lost time", "seconds": 60} | changed.pop("wish", {})
    about = {"exam_id": 3, "actor_id": 9, "attempt_ids": (1, 2)} | changed
    return Order(uuid.UUID(int=5), wish=Wish(**values), origin=NOWHERE, **about)


@pytest.mark.parametrize(
    "other",
    [
        {"exam_id": 4},
        {"actor_id": 8},
        {"attempt_ids": (1,)},
        {"attempt_ids": None},
        {"wish": {"seconds": 61}},
        {"wish": {"text": "other words"}},
        {"wish": {"kind": Kind.PAUSE}},
    ],
    ids=str,
)
def test_an_order_that_differs_in_anything_is_another_one(other):
    assert order(**other).digest != order().digest


def test_the_order_of_the_attempts_does_not_matter():
    assert order(attempt_ids=(2, 1)).digest == order().digest


def test_a_refusal_names_the_colleague_where_the_name_is_known():
    assert WHY.named({9: "ann"}).detail == "Attempt is paused already, by ann"
    assert WHY.named({}) == WHY


def test_halls_in_charge_may_not_stop_the_clock():
    wardens = {kind for kind in Kind if "hall_in_charge" not in kind.everywhere}
    assert wardens == {Kind.PAUSE, Kind.RESUME, Kind.TERMINATE}
