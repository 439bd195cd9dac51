"""The rules of risk: what they add, what they leave alone, and that they add up."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proctoring.event import KNOWN_TYPES, Severity
from proctoring.risk.rules import (
    CONNECTION_WORDS,
    RULES,
    Happening,
    Rule,
    Unit,
    in_force,
    newest,
)
from proctoring.risk.scoring import ACCOMMODATION, MOST_IDS, Risk, assess

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RULE_IDS = sorted({rule.id for rule in RULES})
TYPES = sorted({event_type for rule in RULES for event_type in rule.event_types})
VERSIONS = range(1, newest() + 1)


def at(seconds: float, event_type: str, event_id: int = 0, **seen) -> Happening:
    severity = seen.pop("severity", KNOWN_TYPES.get(event_type, Severity.INFO))
    moment = BEGIN + timedelta(seconds=seconds)
    return Happening(event_id or int(seconds * 10) + 1, event_type, severity, moment, **seen)


def points(*happenings: Happening, **how) -> dict[str, int]:
    return {c.rule_id: c.points for c in assess(happenings, **how).contributions}


ANY_TYPE = st.sampled_from([*TYPES, "window_focus", "answer_change", "odd"])


@st.composite
def happenings(draw, types=ANY_TYPE):
    seconds = draw(st.integers(0, 7_200_000)) / 1000
    return Happening(
        draw(st.integers(1, 10**9)),
        draw(types),
        draw(st.sampled_from(Severity)),
        BEGIN + timedelta(seconds=seconds),
        draw(st.sampled_from([None, "hidden", "visible"])),
        draw(st.none() | st.floats(0.001, 86_400)),
    )


lists = st.lists(happenings(), max_size=30, unique_by=lambda h: h.id)


def test_nothing_adds_nothing():
    assert assess([]).score == 0
    assert assess([]).contributions == ()


def test_each_contribution_names_rule_version_weight_cap_and_events():
    risk = assess([at(0, "fullscreen_exit", 7), at(60, "fullscreen_exit", 9)])
    [told] = risk.contributions
    assert (told.rule_id, told.version, told.weight, told.cap) == ("fullscreen-exit", 1, 4, 20)
    assert (told.points, told.event_ids, told.event_count) == (8, (7, 9), 2)
    assert risk.score == 8


def test_what_a_page_tells_twice_within_a_second_counts_once():
    assert points(at(0, "fullscreen_exit", 1), at(0.9, "fullscreen_exit", 2)) == {
        "fullscreen-exit": 4
    }
    assert points(at(0, "fullscreen_exit"), at(1.1, "fullscreen_exit")) == {"fullscreen-exit": 8}


def test_a_key_that_repeats_by_itself_is_one_key():
    held = [at(n / 30, "keyboard_blocked", n + 1, severity=Severity.VIOLATION) for n in range(120)]
    assert points(*held) == {"forbidden-keys": 2}
    assert assess(held).contributions[0].event_count == 120


def test_blurs_of_a_few_alerts_add_nothing():
    alerts = [at(60 * n, "window_blur") for n in range(5)]
    assert points(*alerts) == {"window-blur": 0}
    assert points(*alerts, at(600, "window_blur", 77)) == {"window-blur": 1}
    assert assess([*alerts, at(600, "window_blur", 77)]).contributions[0].event_ids == (77,)


def test_hiding_the_page_counts_by_times_and_by_length():
    away = [
        at(0, "tab_switch", 1, action="hidden"),
        at(65, "tab_switch", 2, action="visible", away_seconds=65.0),
        at(100, "tab_switch", 3, action="hidden"),
        at(130, "tab_switch", 4, action="visible", away_seconds=30.0),
    ]
    assert points(*away) == {"tab-switch": 2, "time-away": 3}


def test_an_absence_told_twice_is_the_same_time():
    told = [at(60, "tab_switch", n, action="visible", away_seconds=60.0) for n in (1, 2)]
    assert points(*told)["time-away"] == 2


def test_a_switch_that_does_not_say_which_way_counts_as_leaving():
    assert points(at(0, "tab_switch"), at(10, "tab_switch"))["tab-switch"] == 2


def test_printing_weighs_more_than_other_blocked_keys():
    keys = [at(20 * n, "keyboard_blocked") for n in range(4)]
    assert points(*keys) == {"blocked-keys": 1}
    forbidden = [replace(key, severity=Severity.VIOLATION) for key in keys]
    assert points(*forbidden) == {"forbidden-keys": 8}


def burst(begin: float = 0, span: float = 60, count: int = 8) -> list[Happening]:
    """Return a minute in which two kinds take turns."""
    kinds = ("context_menu_blocked", "window_blur")
    step = span / count
    return [at(begin + n * step, kinds[n % 2], int(begin) * 100 + n + 1) for n in range(count)]


def test_much_of_several_kinds_within_a_minute_is_a_burst_and_names_its_events():
    seen = burst(span=56)
    [told] = [c for c in assess(seen).contributions if c.rule_id == "burst"]
    assert (told.points, told.event_count, sorted(told.event_ids)) == (3, 8, list(range(1, 9)))
    assert "burst" not in points(*seen[:-1]), "seven are none, and the rule says nothing"
    assert "burst" not in points(*burst(span=120)), "neither is what took its time"
    assert points(*burst(), *burst(120), *burst(240))["burst"] == 6, "it stops at its cap"


@pytest.mark.parametrize("kind", TYPES)
def test_one_kind_alone_is_never_a_burst_however_often_it_comes(kind):
    flood = [at(n / 10, kind, n + 1) for n in range(1_000)]
    assert "burst" not in points(*flood)


def test_exams_that_began_by_the_first_rules_know_no_burst():
    assert "burst" not in points(*burst(), version=1)


@settings(max_examples=40)
@given(st.lists(happenings(st.sampled_from(TYPES)), max_size=60, unique_by=lambda h: h.id))
def test_every_burst_is_eight_of_two_kinds_at_least_within_a_minute(seen):
    close = [replace(h, at=BEGIN + (h.at - BEGIN) / 30) for h in seen]
    told = {c.rule_id: c for c in assess(close).contributions}.get("burst")
    if told is not None and told.points:
        events = {h.id: h for h in close}
        first = [events[event_id] for event_id in told.event_ids[:8]]
        assert len({(h.event_type, h.at.timestamp() // 10) for h in first}) == 8
        assert max(h.at for h in first) - min(h.at for h in first) < timedelta(seconds=60)
        assert len({h.event_type for h in first}) > 1


@given(lists)
def test_the_score_is_the_sum_and_no_rule_goes_over_its_cap(seen):
    risk = assess(seen)
    assert risk.score == sum(c.points for c in risk.contributions)
    assert all(0 <= c.points <= c.cap for c in risk.contributions)
    assert all(len(c.event_ids) <= MOST_IDS for c in risk.contributions)
    ids = {happening.id for happening in seen}
    assert all(ids.issuperset(c.event_ids) for c in risk.contributions)
    assert all(bool(c.event_ids) == bool(c.points) for c in risk.contributions)


@given(lists, st.randoms())
def test_the_order_in_which_events_come_is_no_matter(seen, random):
    mixed = list(seen)
    random.shuffle(mixed)
    assert assess(mixed) == assess(seen)


@given(lists, happenings())
def test_one_more_event_never_lowers_anything(seen, more):
    before, after = points(*seen), points(*seen, more)
    assert all(after[rule_id] >= points for rule_id, points in before.items())


@given(lists, st.sets(st.sampled_from(RULE_IDS)))
def test_accommodations_switch_rules_off_and_say_so(seen, off):
    whole, eased = assess(seen), assess(seen, off)
    assert whole.score - eased.score == sum(
        c.points for c in whole.contributions if c.rule_id in off
    )
    told = {c.rule_id: c for c in eased.contributions}
    for rule_id in off:
        contribution = told[rule_id]
        assert (contribution.points, contribution.event_ids) == (0, ())
        assert contribution.switched_off == ACCOMMODATION
    rest = [c for c in whole.contributions if c.rule_id not in off]
    assert rest == [c for c in eased.contributions if c.switched_off is None]


ABOUT_CONNECTIONS = (
    "connection_opened", "connection_closed", "connection_lost", "disconnected", "reconnected",
    "offline", "went_online", "heartbeat_missed", "network_change", "internet_gone", "ping_timeout",
    "socket_closed", "high_latency", "presence_lost", "wifi_weak", "signal_lost",
)  # fmt: skip


def connection_types():
    word = st.sampled_from(CONNECTION_WORDS)
    part = st.text("abcdefghijklmnopqrstuvwxyz_", max_size=12)
    named = st.tuples(part, word, part).map(lambda parts: ("x" + "".join(parts))[:50])
    return named | st.sampled_from(ABOUT_CONNECTIONS)


@given(lists, st.lists(happenings(connection_types()), min_size=1, max_size=20))
def test_connection_loss_contributes_nothing_in_any_rule(seen, connection):
    for rule in RULES:
        assert in_force(rule.since, [rule]) == (rule,)
        assert assess(connection, version=rule.since, rules=[rule]) == Risk(0, (), rule.since)
    for version in VERSIONS:
        assert assess([*seen, *connection], version=version) == assess(seen, version=version)


@pytest.mark.parametrize("name", ABOUT_CONNECTIONS)
def test_no_rule_can_be_written_about_a_connection(name):
    for types in ((name, ()), ("tab_switch", (name,))):
        with pytest.raises(ValueError, match="a connection is no conduct"):
            Rule("mine", 1, "Lost.", types[0], weight=1, cap=1, also=types[1])


def test_no_rule_sees_when_an_event_arrived_or_whether_it_was_late():
    assert set(Happening.__slots__) == {
        "id", "event_type", "severity", "at", "action", "away_seconds",
    }  # fmt: skip


@given(st.lists(happenings(st.text("abcdefghijklmnopqrstuvwxyz_", min_size=2, max_size=50))))
def test_an_unknown_type_adds_nothing_until_somebody_writes_a_rule(seen):
    unnamed = [happening for happening in seen if happening.event_type not in TYPES]
    assert assess(unnamed).score == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_all_caps_together_are_a_hundred(version):
    assert sum(rule.cap for rule in in_force(version)) == 100


def test_a_changed_rule_is_a_new_version_and_old_scores_stay_what_they_were():
    [old] = [rule for rule in RULES if rule.id == "fullscreen-exit"]
    others = [rule for rule in RULES if rule is not old]
    now, then = newest(), newest() + 1
    later = [*others, replace(old, until=then), replace(old, version=2, weight=8, since=then)]
    seen = [at(0, "fullscreen_exit")]
    assert newest(later) == then
    for version in VERSIONS:
        assert assess(seen, version=version, rules=later).score == 4
        assert assess(seen, version=version, rules=later).rules_version == version <= now
    [told] = assess(seen, rules=later).contributions
    assert (told.version, told.points) == (2, 8)
    assert assess(seen, rules=later).rules_version == then


def fingerprint(version: int) -> str:
    said = [
        (r.id, r.version, r.event_type, r.weight, r.cap, r.when.__name__, r.unit.name)
        for r in in_force(version)
    ] + [(r.free, r.within_seconds, r.since) for r in in_force(version)]
    said += [(r.id, r.also) for r in in_force(version) if r.also]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def test_rules_that_were_in_use_are_never_edited():
    """A rule that changes gets a next version; then its rules version gets a line here."""
    assert {v: fingerprint(v) for v in VERSIONS} == {1: "55e87857f53db5d3", 2: "baa22b159dfb277f"}


def test_versions_of_a_rule_follow_each_other():
    for rule in RULES:
        same = [r for r in RULES if r.id == rule.id]
        assert [r.version for r in same] == list(range(1, len(same) + 1))
        assert [r.until for r in same[:-1]] == [r.since for r in same[1:]]


def table_row(rule: Rule) -> str:
    weight = (
        str(rule.weight) if rule.unit is Unit.TIME else f"{rule.weight} for each {rule.unit.value}"
    )
    free = str(rule.free or "-")
    return f"| `{rule.id}` | {rule.version} | {rule.description} | {weight} | {free} | {rule.cap} |"


def test_the_readme_shows_the_rules_as_they_are():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    rows = [
        line
        for line in readme.splitlines()
        if line.startswith(tuple(f"| `{i}` |" for i in RULE_IDS))
    ]
    assert rows == [table_row(rule) for rule in in_force(newest())]
