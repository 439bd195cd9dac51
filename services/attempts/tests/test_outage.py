"""Outages: when a line counts as down, what is measured, what a policy gives for it."""

import itertools
from datetime import timedelta

import pytest
from attempts.outage import (
    SHORTEST_SECONDS,
    ClosedBy,
    Gap,
    Heard,
    Line,
    Policy,
    State,
    Word,
    judged,
    told,
    within,
)
from hypothesis import given
from hypothesis import strategies as st

# One step of a history: seconds since the one before, and what is said.
NODES = st.sampled_from(["a", "b"])
SAID = st.one_of(
    st.tuples(NODES, st.booleans()),
    st.tuples(st.none(), st.booleans()),
)
HISTORY = st.lists(st.tuples(st.integers(0, 90), SAID), max_size=25)


def history(begin, steps) -> list[Heard]:
    """Return what is heard; each node numbers its own words."""
    heard, at, number = [], begin, 0
    for seconds, (node, flag) in steps:
        at, number = at + timedelta(seconds=seconds), number + 1
        if node is None:
            heard.append(Heard(at, is_running=flag, closed_by=ClosedBy.PAUSE))
        else:
            heard.append(Heard(at, word=Word(node, number, flag)))
    return heard


def folded(heard, line=None) -> tuple[Line, list[Gap]]:
    line, gaps = line or Line(is_running=True), []
    for each in heard:
        line, gap = told(line, each)
        gaps += [gap] if gap is not None else []
    return line, gaps


@pytest.fixture(scope="session")
def now(attempt_of):
    return attempt_of().as_of


def word(now, seconds, node, number, is_connected, **changed) -> Heard:
    said = Word(node, number, is_connected, **changed)
    return Heard(now + timedelta(seconds=seconds), word=said)


def test_a_line_that_goes_and_comes_back_is_one_outage(now):
    heard = [word(now, 0, "a", 1, True), word(now, 10, "a", 2, False), word(now, 70, "a", 3, True)]
    line, [gap] = folded(heard)
    assert (gap.lost_at, gap.seconds) == (now + timedelta(seconds=10), 60)
    assert gap.closed_by is ClosedBy.CONNECTION
    assert line.lost_at is None


def test_another_socket_on_another_node_keeps_the_line_up(now):
    heard = [
        word(now, 0, "a", 1, True),
        word(now, 5, "b", 1, True),
        word(now, 10, "a", 2, False),
        word(now, 90, "a", 3, True),
        word(now, 95, "b", 2, False),
    ]
    assert folded(heard)[1] == []


def test_a_node_that_died_is_an_outage_of_its_sockets_until_they_are_elsewhere(now):
    heard = [
        word(now, 0, "a", 7, True),
        word(now, 20, "a", 7, False, is_lost=True),
        word(now, 55, "b", 1, True),
    ]
    [gap] = folded(heard)[1]
    assert gap.seconds == 35


def test_a_word_that_comes_too_late_changes_nothing(now):
    heard = [
        word(now, 0, "a", 1, True),
        word(now, 10, "a", 3, True),
        word(now, 11, "a", 2, False),
        word(now, 80, "a", 4, True),
    ]
    assert folded(heard)[1] == []


def test_a_line_of_which_nobody_ever_spoke_is_not_down(now):
    line, gaps = folded([Heard(now, is_running=True), Heard(now, is_running=False)], Line())
    assert (line.lost_at, gaps) == (None, [])


def test_a_pause_ends_an_outage_and_the_rest_begins_behind_it(now):
    heard = [
        word(now, 0, "a", 1, True),
        word(now, 10, "a", 2, False),
        Heard(now + timedelta(seconds=40), is_running=False, closed_by=ClosedBy.PAUSE),
        Heard(now + timedelta(seconds=400), is_running=True, closed_by=ClosedBy.PAUSE),
        word(now, 420, "a", 3, True),
    ]
    first, second = folded(heard)[1]
    assert (first.seconds, first.closed_by) == (30, ClosedBy.PAUSE)
    assert (second.seconds, second.closed_by) == (20, ClosedBy.CONNECTION)


def test_what_is_lost_before_the_begin_counts_from_the_begin(now):
    heard = [
        word(now, 0, "a", 1, True),
        word(now, 10, "a", 2, False),
        Heard(now + timedelta(seconds=100), is_running=True),
        word(now, 130, "a", 3, True),
    ]
    [gap] = folded(heard, Line(is_running=False))[1]
    assert gap.seconds == 30


@given(steps=HISTORY)
def test_outages_are_apart_in_order_and_never_while_a_socket_is_open(now, steps):
    """Beside a plain model that looks at each span between two things that are heard."""
    heard = history(now, steps)
    line, gaps = folded(heard)
    for one, other in itertools.pairwise(gaps):
        assert one.lost_at <= one.back_at <= other.lost_at
    up: dict[str, bool] = {}
    runs, down = True, timedelta(0)
    for each, following in itertools.pairwise(heard):
        if each.word is not None:
            up[each.word.node] = each.word.is_connected
        runs = runs if each.is_running is None else each.is_running
        if up and runs and not any(up.values()):
            down += following.at - each.at
    measured = sum((gap.back_at - gap.lost_at for gap in gaps), timedelta(0))
    still = heard[-1].at - line.lost_at if line.lost_at is not None else timedelta(0)
    assert measured + still == down


@given(steps=HISTORY, again=st.integers(1, 3))
def test_what_is_heard_again_changes_nothing(now, steps, again):
    heard = [each for each in history(now, steps) for _ in range(again)]
    assert folded(heard)[1] == folded(history(now, steps))[1]


@given(
    lost=st.integers(-500, 500),
    length=st.integers(0, 500),
    ends=st.lists(st.one_of(st.none(), st.integers(-500, 500)), max_size=2),
)
def test_only_time_between_begin_and_end_counts(now, lost, length, ends):
    def at(seconds):
        return None if seconds is None else now + timedelta(seconds=seconds)

    gap = Gap(at(lost), at(lost + length), ClosedBy.CONNECTION)
    inside = within(gap, now, *map(at, ends))
    if inside is not None:
        assert inside.lost_at >= now
        assert all(end is None or inside.back_at <= at(end) for end in ends)
        assert SHORTEST_SECONDS <= inside.seconds <= gap.seconds


@given(
    lengths=st.lists(st.integers(SHORTEST_SECONDS, 2_000), max_size=12),
    cap=st.integers(0, 3_000),
)
def test_all_that_is_given_by_itself_stays_below_the_cap(now, lengths, cap):
    given_seconds, granted = 0, []
    for length in lengths:
        gap = Gap(now, now + timedelta(seconds=length), ClosedBy.CONNECTION)
        verdict = judged(gap, Policy.AUTO, cap, given_seconds, is_extendable=True)
        assert 0 <= verdict.seconds <= length
        assert (verdict.state is State.GRANTED) is (verdict.seconds > 0)
        given_seconds += verdict.seconds
        granted.append(verdict.seconds)
    assert given_seconds == min(cap, sum(lengths))


@pytest.mark.parametrize(
    ("policy", "is_extendable", "state"),
    [
        (Policy.OFF, True, State.RECORDED),
        (Policy.PROPOSE, True, State.PROPOSED),
        (Policy.PROPOSE, False, State.RECORDED),
        (Policy.AUTO, False, State.RECORDED),
    ],
)
def test_nothing_is_given_unless_the_exam_says_so_and_the_attempt_runs(
    now, policy, is_extendable, state
):
    gap = Gap(now, now + timedelta(seconds=60), ClosedBy.CONNECTION)
    verdict = judged(gap, policy, 600, 0, is_extendable=is_extendable)
    assert (verdict.state, verdict.seconds) == (state, 0)


def test_nodes_that_have_gone_are_forgotten_after_a_while(now):
    line = Line(is_running=True)
    for number in range(50):
        line, _ = told(line, word(now, 60 * number, f"node-{number}", 1, False))
    assert len(line.nodes) <= 11
    assert line.is_down
