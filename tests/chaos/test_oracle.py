"""The oracle can fail: each forged ledger, row, chain or stream is found out. Needs no platform."""

import copy
import hashlib
import itertools
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from proctoring import chain

from chaos import oracle
from chaos.fault import SHORT, Result
from chaos.faults import FAULTS
from chaos.found import Found, Heard
from chaos.ledger import Ledger, Sent
from chaos.run import leaked

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SALT = bytes(range(16))
ATTEMPTS, EVENTS = (41, 42), 6


def commitment(value):
    return hashlib.sha256(SALT + chain.canonical(value).encode()).digest()


def row_of(sent, sequence, row_id, previous):
    at = START + timedelta(seconds=row_id)
    data = {"count": sent.number, "where": "page é"}
    network = {"ip_address": "127.0.0.1", "user_agent": "oep-load"}
    row = {
        "id": row_id,
        "attempt_id": sent.attempt_id,
        "event_id": sent.id,
        "event_type": "tab_switch",
        "severity": "warning",
        "event_timestamp": at,
        "received_at": at,
        "created_at": at,
        "question_id": None,
        "client_sequence": sent.number,
        "late": False,
        "sequence": sequence,
        "event_data": data,
        **network,
        "data_salt": SALT,
        "data_hash": commitment(data),
        "network_salt": SALT,
        "network_hash": commitment(network),
        "hash": b"",
    }
    return row | {"hash": oracle.link(previous, row)}


@pytest.fixture
def run():
    """A ledger and what a sound platform holds of it."""
    ledger, found, ids = Ledger(), Found(), itertools.count(1)
    for attempt_id in ATTEMPTS:
        head = chain.GENESIS
        for number in range(1, EVENTS + 1):
            sent = ledger.add(Sent(str(uuid.uuid4()), attempt_id, number))
            sent.leaves(number)
            sent.accepted_at, sent.sequence = number + 0.5, number
            row = row_of(sent, number, next(ids), head)
            head = row["hash"]
            found.events.append(row)
            message = Heard(
                row["id"], f"proctoring-{row['id']}", attempt_id, sent.id, number, START
            )
            found.stream.append(message)
        found.tallies[attempt_id] = {
            "attempt_id": attempt_id,
            "last_sequence": EVENTS,
            "head_hash": head,
            "count": EVENTS,
        }
    for seconds in (3, 4):
        sent = ledger.add(Sent(str(uuid.uuid4()), 41, seconds, question_id=7, is_timing=True))
        sent.accepted_at = 9.0
    found.timings[41, 7] = {"total_time_seconds": 7, "answer_count": 2}
    return ledger, found


def flaws(run):
    return oracle.judge(*run).flaws


def test_a_sound_run_has_no_flaw(run):
    verdict = oracle.judge(*run)
    assert verdict.flaws == []
    counts = (verdict.accepted, verdict.stored, verdict.duplicates, verdict.order_violations)
    assert counts == (14, 14, 0, 0)


def chained_anew(found):
    """Give the rows of each attempt the chain that fits them, as a forger would."""
    for attempt_id in ATTEMPTS:
        head, rows = chain.GENESIS, [r for r in found.events if r["attempt_id"] == attempt_id]
        for row in rows:
            head = row["hash"] = oracle.link(head, row)
        found.tallies[attempt_id] |= {"head_hash": head, "count": len(rows)}
        found.tallies[attempt_id]["last_sequence"] = len(rows)


# Each of these forges something and names what the oracle must say of it.


def lose_an_event(ledger, found):
    del found.events[EVENTS - 1], found.stream[EVENTS - 1]
    chained_anew(found)
    return "was accepted and is not stored"


def lose_what_was_only_promised(ledger, found):
    sent = ledger.add(Sent(str(uuid.uuid4()), 41, 99))
    sent.leaves(50.0)
    sent.accepted_at, sent.sequence = 51.0, 7
    return "was accepted and is not stored"


def store_an_event_twice(ledger, found):
    again = copy.deepcopy(found.events[EVENTS - 1]) | {"id": 900, "sequence": EVENTS + 1}
    found.events.insert(EVENTS, again)
    chained_anew(found)
    return "is stored 2 times"


def store_what_nobody_sent(ledger, found):
    del ledger.sent[found.events[0]["event_id"]]
    return "nobody sent"


def store_another_number(ledger, found):
    found.events[2]["client_sequence"] = 77
    chained_anew(found)
    return "was stored as another one"


def swap_two_events(ledger, found):
    first, second = found.events[1], found.events[2]
    found.events[1], found.events[2] = second, first
    first["sequence"], second["sequence"] = 3, 2
    chained_anew(found)
    return "stands before an earlier one"


def promise_another_place(ledger, found):
    ledger.sent[found.events[3]["event_id"]].sequence = 3
    return "place 3 promised, 4 stored"


def leave_a_hole(ledger, found):
    found.events[EVENTS - 1]["sequence"] = EVENTS + 1
    chained_anew(found)
    return "has holes or doubles"


def change_a_stored_event(ledger, found):
    found.events[2]["severity"] = "info"
    return "the chain breaks at 3"


def change_event_data(ledger, found):
    found.events[2]["event_data"] = {"count": 0}
    return "a payload is not the one that was hashed"


def change_an_address(ledger, found):
    found.events[2]["ip_address"] = "10.0.0.1"
    return "a payload is not the one that was hashed"


def cut_the_end_off(ledger, found):
    gone = found.events.pop()
    del ledger.sent[gone["event_id"]]
    return "the head is not the last link"


def begin_elsewhere(ledger, found):
    head = b"\1" * 32
    for row in found.events[:EVENTS]:
        head = row["hash"] = oracle.link(head, row)
    found.tallies[41]["head_hash"] = head
    return "the chain breaks at 1"


def count_wrongly(ledger, found):
    found.tallies[42]["count"] += 1
    return "7 counted, 6 stored"


def forget_a_tally(ledger, found):
    del found.tallies[42]
    return "no tally"


def count_a_timing_twice(ledger, found):
    found.timings[41, 7] = {"total_time_seconds": 11, "answer_count": 3}
    return "(7, 2) accepted, (11, 3) stored"


def lose_a_timing(ledger, found):
    found.timings.clear()
    return "(7, 2) accepted, None stored"


def say_nothing_of_an_event(ledger, found):
    del found.stream[3]
    return "is stored and was never said"


def say_what_is_not_stored(ledger, found):
    found.stream.append(Heard(900, "proctoring-900", 41, str(uuid.uuid4()), 7, START))
    return "was said and is not stored so"


def say_a_message_twice(ledger, found):
    found.stream.insert(1, found.stream[0])
    return "was said 2 times"


def say_an_event_under_two_ids(ledger, found):
    found.stream.append(replace(found.stream[-1], place=901, message_id="proctoring-901"))
    return "was said 2 times"


def say_in_disorder(ledger, found):
    found.stream[1], found.stream[2] = found.stream[2], found.stream[1]
    return "2 was said after a later one"


def leave_a_notice_behind(ledger, found):
    found.outbox_count = 1
    return "1 notices still wait in the outbox"


def take_a_repetition_for_another_event(ledger, found):
    found.conflict_count = 2
    return "2 repeated posts were taken for other ones"


FORGERIES = [
    take_a_repetition_for_another_event,
    lose_an_event,
    lose_what_was_only_promised,
    store_an_event_twice,
    store_what_nobody_sent,
    store_another_number,
    swap_two_events,
    promise_another_place,
    leave_a_hole,
    change_a_stored_event,
    change_event_data,
    change_an_address,
    cut_the_end_off,
    begin_elsewhere,
    count_wrongly,
    forget_a_tally,
    count_a_timing_twice,
    lose_a_timing,
    say_nothing_of_an_event,
    say_what_is_not_stored,
    say_a_message_twice,
    say_an_event_under_two_ids,
    say_in_disorder,
    leave_a_notice_behind,
]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_a_forgery_is_found_out(run, forge):
    expected = forge(*run)
    assert any(expected in flaw for flaw in flaws(run)), flaws(run)


@pytest.mark.parametrize("forge", [store_an_event_twice, count_a_timing_twice, say_a_message_twice])
def test_what_is_there_twice_counts_as_a_duplicate(run, forge):
    forge(*run)
    assert oracle.judge(*run).duplicates >= 1


@pytest.mark.parametrize("forge", [swap_two_events, leave_a_hole, say_in_disorder])
def test_what_stands_wrongly_counts_as_a_violation_of_order(run, forge):
    forge(*run)
    assert oracle.judge(*run).order_violations >= 1


def test_events_that_were_under_way_together_may_stand_in_any_order(run):
    ledger, found = run
    for number in (1, 2):
        sent = ledger.sent[found.events[number]["event_id"]]
        sent.first_sent_at, sent.accepted_at = 2.0, 4.5
    swap_two_events(ledger, found)
    for row in found.events[:EVENTS]:
        ledger.sent[row["event_id"]].sequence = row["sequence"]
    found.stream[:EVENTS] = [
        Heard(n, f"m{n}", 41, row["event_id"], row["sequence"], START)
        for n, row in enumerate(found.events[:EVENTS], start=1)
    ]
    assert flaws(run) == []


def test_the_own_chain_and_the_services_agree(run):
    _, found = run
    row = found.events[0]
    assert oracle.link(chain.GENESIS, row) == row["hash"]
    assert oracle._canonical({"b": 1, "a": "é"}) == chain.canonical({"b": 1, "a": "é"}).encode()


@pytest.mark.parametrize(
    ("line", "is_flaw"),
    [
        ('{"event": "request.done", "status": 201}', False),
        ("GET /api/v1/ws/attempts/1?token=[masked]", False),
        ("authorization: Bearer opaque-but-ours", True),
        ("token=eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiI0MSJ9.c2ln", True),
    ],
)
def test_a_token_in_a_log_is_found_out(tmp_path, line, is_flaw):
    (tmp_path / "auth.log").write_text("started\n")
    (tmp_path / "proctoring-2.log").write_text(f"started\n{line}\n")
    expected = ["proctoring-2.log holds a token"] if is_flaw else []
    assert leaked(tmp_path, ["opaque-but-ours"]) == expected


def test_the_json_line_has_what_every_fault_tells(run):
    verdict = oracle.judge(*run)
    result = Result(FAULTS[12], verdict, 1.23, 4.56, 7.89, 0, 0, {}, 16)
    assert result.line == (
        '{"fault": 12, "accepted": 14, "stored": 14, "duplicates": 0, "order_violations": 0,'
        ' "converge_s": 1.2, "p50_ms": 4.6, "p99_ms": 7.9, "unauthorised": 0, "seed": 16}'
    )
    assert SHORT.is_short
