"""The deletion record: signed, linked to the one before, silent about what was there."""

from dataclasses import replace
from datetime import UTC, datetime

from chassis.signing import SigningKey, canonical
from hypothesis import given
from hypothesis import strategies as st
from proctoring.retention.due import Policy
from proctoring.retention.record import FIRST, Kind, Record, Removal, first_flaw, signed

KEY = SigningKey.derived("signs deletion records in tests only", "tests")
KEYS = {KEY.kid: KEY.public}
AT = datetime(2026, 9, 1, 3, 4, 5, 6, tzinfo=UTC)
REMOVAL = Removal(
    attempt_id=4,
    exam_id=2,
    kind=Kind.PAYLOAD,
    sequences=[3, 1, 2, 9],
    others={"timing_answers": 5, "messages": 0},
    policy=Policy(180, 90),
    ended_at=AT,
    actor="clock",
    reason="over",
    run_id="r",
    at=AT,
)


def three() -> list[Record]:
    records: list[Record] = []
    for kind in Kind:
        before = records[-1] if records else None
        records.append(signed(replace(REMOVAL, kind=kind), before, KEY))
    return records


def test_a_record_says_what_was_removed_why_and_by_whom():
    assert signed(REMOVAL, None, KEY).said == {
        "type": "oep-deletion-1",
        "attempt_id": 4,
        "exam_id": 2,
        "kind": "payload",
        "place": 1,
        "sequences": [[1, 3], [9, 9]],
        "event_count": 4,
        "others": {"timing_answers": 5},
        "policy": {"events_days": 180, "network_days": 90, "snapshots_days": 90},
        "ended_at": "2026-09-01T03:04:05.000006Z",
        "actor": "clock",
        "reason": "over",
        "run_id": "r",
        "at": "2026-09-01T03:04:05.000006Z",
        "previous_sha256": FIRST,
        "kid": KEY.kid,
    }


def test_whole_records_have_no_flaw():
    assert first_flaw(three(), KEYS) is None


def test_the_key_must_be_one_that_is_published():
    assert first_flaw(three(), {}) == three()[0]


@given(st.integers(0, 2), st.sampled_from(["reason", "actor", "sequences", "event_count", "at"]))
def test_every_edit_is_found(number, name):
    records = three()
    edited = canonical(records[number].said | {name: "something else"})
    records[number] = replace(records[number], body=edited)
    assert first_flaw(records, KEYS) == records[number]


@given(st.permutations(range(3)), st.integers(1, 3))
def test_every_swap_and_every_one_taken_out_is_found_but_at_the_end(order, count):
    records = [three()[number] for number in order][:count]
    is_whole = list(order)[:count] == list(range(count))
    assert (first_flaw(records, KEYS) is None) == is_whole
