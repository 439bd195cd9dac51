"""The time of a question adds up over its showings (contract §6.2), example by example."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proctoring.timing import MAX_TOTAL_SECONDS, Timing, TimingDraft, advance, begin

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def after(*posts: tuple[float, int] | tuple[float, int, bool]) -> Timing:
    """Return the timing after posts of (second of arrival, value, answer changed)."""
    timing: Timing | None = None
    for second, value, *changed in posts:
        draft = TimingDraft(1, 2, value, answer_changed=bool(changed and changed[0]))
        at = START + timedelta(seconds=second)
        timing = advance(timing or begin(draft, at), draft, 0, at)
    assert timing is not None
    return timing


@pytest.mark.parametrize(
    ("posts", "total", "why"),
    [
        ([(15, 15)], 15, "first post"),
        ([(15, 15), (30, 30)], 30, "higher: same visit, replaced"),
        ([(15, 15), (15.5, 15)], 15, "equal: repeat"),
        ([(15, 15), (25, 4)], 19, "lower: new visit"),
        ([(15, 15), (16, 14)], 15, "at most 2 lower within 2 s: near duplicate, ignored"),
        ([(15, 15), (17, 13)], 15, "2 lower after 2 s exactly: still a near duplicate"),
        ([(15, 15), (16, 12)], 27, "3 lower: new visit"),
        ([(15, 15), (17.5, 14)], 29, "2.5 s later: new visit"),
        ([(15, 15), (40, 20)], 35, "fits wholly after the previous post: new visit though higher"),
        ([(15, 15), (40, 15)], 30, "fits wholly after the previous post: new visit though equal"),
        ([(15, 15), (29, 15)], 15, "equal, does not fit: repeat"),
        ([(3, 3), (4.5, 1)], 4, "fits wholly: a new visit, near or not"),
        ([(15, 15), (40, 0)], 15, "0 never fits: a new visit of nothing"),
        ([(0, 0), (0.1, 0), (15, 15)], 15, "strict mode's extra posts of 0 s"),
        ([(0, 0), (15, 15), (15, 0), (30, 15), (30, 0), (45, 15)], 45, "three visits"),
        ([(10, 10), (10.5, 9), (25, 24)], 24, "an ignored post does not restart the visit"),
    ],
)
def test_visits_add_up(posts: list, total: int, why: str):
    assert after(*posts).total_time_seconds == total, why


def test_viewed_times_are_set_once_and_moved():
    timing = after((5, 5), (20, 20))
    assert timing.first_viewed_at == START + timedelta(seconds=5)
    assert timing.last_viewed_at == START + timedelta(seconds=20)


def test_answers_count_only_when_changed():
    timing = after((5, 5, False), (8, 8, True), (12, 12, True), (20, 20, False))
    assert timing.answer_count == 2
    assert timing.first_answered_at == START + timedelta(seconds=8)
    assert timing.last_answered_at == START + timedelta(seconds=12)


def test_an_answer_in_an_ignored_post_still_counts():
    timing = after((10, 10), (11, 9, True))
    assert (timing.total_time_seconds, timing.answer_count) == (10, 1)


def named(posts: list[tuple[str, int]]) -> int:
    highest: dict[str, int] = {}
    timing: Timing | None = None
    for second, (visit, value) in enumerate(posts):
        draft = TimingDraft(1, 2, value, visit_id=visit)
        at = START + timedelta(seconds=second)
        timing = advance(timing or begin(draft, at), draft, highest.get(visit, 0), at)
        highest[visit] = max(highest.get(visit, 0), value)
    return timing.total_time_seconds if timing else 0


visit_posts = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4000)), max_size=20)


@given(visit_posts, st.randoms())
def test_with_visit_ids_order_and_repeats_do_not_matter(posts: list, chance):
    shuffled = posts + chance.choices(posts, k=len(posts)) if posts else []
    chance.shuffle(shuffled)
    expected = sum({v: max(n for w, n in posts if w == v) for v, _ in posts}.values())
    assert named(posts) == named(shuffled) == expected


unnamed_posts = st.lists(
    st.tuples(st.floats(0.01, 100), st.integers(0, 5000)), min_size=1, max_size=30
)


@given(unnamed_posts)
def test_a_total_never_shrinks_and_never_exceeds_what_was_posted(steps: list):
    second, posts, totals = 0.0, [], []
    for pause, value in steps:
        second += pause
        posts.append((second, value))
        totals.append(after(*posts).total_time_seconds)
    assert totals == sorted(totals)
    assert totals[-1] <= sum(value for _, value in posts)
    assert totals[-1] >= max(value for _, value in posts) - 2


@given(st.lists(st.integers(1, 60), min_size=1, max_size=10))
def test_one_showing_posted_as_it_grows_is_its_length(lengths: list):
    ends = [sum(lengths[: n + 1]) for n in range(len(lengths))]
    posts = [(0.0, 0)] + [(float(end), end) for end in ends]
    assert after(*posts).total_time_seconds == ends[-1]


def test_a_total_stays_within_its_column():
    timing = after((1, MAX_TOTAL_SECONDS), (10, 5))
    assert timing.total_time_seconds == MAX_TOTAL_SECONDS
