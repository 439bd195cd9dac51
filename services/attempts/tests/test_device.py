"""The rule about devices: who may use an attempt, and what is noted of it."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from attempts.device import CHANGES, DevicePolicy, Verdict, verdict, verdict_in_passing
from attempts.store import devices
from chassis.prepared import Prepared
from chassis.tokens import Ended
from hypothesis import given
from hypothesis import strategies as st

POLICIES = st.sampled_from(DevicePolicy)
LOGINS = st.none() | st.sampled_from(["a", "b", "c"])


def test_nobody_before_and_whoever_comes_uses_it():
    for policy in DevicePolicy:
        assert verdict(policy, None, "a", has_ended=False) is Verdict.BIND


def test_what_the_policies_say_of_another_device():
    ways = {policy: verdict(policy, "a", "b", has_ended=False) for policy in DevicePolicy}
    assert ways == {"allow": Verdict.SWITCH, "flag": Verdict.FLAG, "refuse": Verdict.REFUSE}


def test_a_stay_that_has_ended_holds_nobody_up_but_its_end_hides_no_change():
    ways = {policy: verdict(policy, "a", "b", has_ended=True) for policy in DevicePolicy}
    assert ways == {"allow": Verdict.SWITCH, "flag": Verdict.FLAG, "refuse": Verdict.SWITCH}


@given(POLICIES, LOGINS, LOGINS, st.booleans())
def test_only_refuse_refuses_and_only_another_living_stay(policy, active, asking, has_ended):
    found = verdict(policy, active, asking, has_ended=has_ended)
    is_foreign = None not in {active, asking} and active != asking
    refuses = policy is DevicePolicy.REFUSE and is_foreign and not has_ended
    assert (found is Verdict.REFUSE) is refuses
    assert (found is Verdict.SAME) is (asking is None or asking == active)
    assert (found in CHANGES) is (is_foreign and not refuses)


@given(LOGINS, LOGINS, st.booleans())
def test_where_any_device_may_a_page_by_itself_notes_nothing(active, asking, has_ended):
    found = verdict_in_passing(DevicePolicy.ALLOW, active, asking, has_ended=has_ended)
    assert found is Verdict.SAME


@given(POLICIES, LOGINS, st.booleans())
def test_a_page_by_itself_takes_nothing_that_is_free(policy, asking, has_ended):
    assert verdict_in_passing(policy, None, asking, has_ended=has_ended) is Verdict.SAME


@given(
    st.sampled_from([DevicePolicy.FLAG, DevicePolicy.REFUSE]),
    st.sampled_from(["a", "b", "c"]),
    LOGINS,
    st.booleans(),
)
def test_otherwise_a_page_by_itself_is_judged_like_a_student(policy, active, asking, has_ended):
    found = verdict_in_passing(policy, active, asking, has_ended=has_ended)
    assert found is verdict(policy, active, asking, has_ended=has_ended)


USE = devices.Use(":policy", ":active", ":since")


def _in_sql(name: str, made: str) -> Prepared:
    types = dict.fromkeys(["policy", "active", "login"], "text")
    types |= {"since": "timestamptz", "ended_until": "timestamptz", "ended_logins": "text[]"}
    return Prepared(name, f"SELECT {made} AS verdict", types)  # made by the store


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        (verdict, _in_sql("verdict", devices.verdict(USE, ":login", ":ended_until"))),
        (
            verdict_in_passing,
            _in_sql("in_passing", devices.verdict_in_passing(USE, ":login", ":ended_until")),
        ),
    ],
)
def test_what_the_statements_judge_is_the_rule(world, rule, statement):
    now = datetime.now(UTC)
    cases = itertools.product(
        DevicePolicy,
        [None, "a"],
        [None, "a", "b"],
        [[], ["a"], ["b", "c"]],
        [None, now - timedelta(microseconds=1), now],
    )
    for policy, active, login, logins, until in cases:
        values = {"policy": policy, "active": active, "login": login, "ended_logins": logins}
        with world.db.single() as connection:
            [row] = statement.run(connection, values | {"since": now, "ended_until": until})
        ended = Ended(frozenset(logins), {} if until is None else {7: until})
        has_ended = active is not None and ended.has(active, 7, now)
        assert row["verdict"] == rule(policy, active, login, has_ended=has_ended), (values, until)
