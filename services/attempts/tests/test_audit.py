"""The audit: written with each deed, chained, and not to be changed by the service itself."""

import asyncio
import ipaddress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from attempts import auditing
from attempts.audit import Entry, Logged
from attempts.blob import received
from attempts.lifecycle import Lifecycle
from attempts.store import audit
from attempts.using import Device
from chassis.audit import FIRST, digest, first_flaw, record
from chassis.origins import NOWHERE, Origin, origin
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

HERE = Origin("203.0.113.9", "Firefox")
AT = datetime(2026, 3, 1, 10, tzinfo=UTC)


def chain_of(*entries: Entry) -> list[Logged]:
    found, previous = [], FIRST
    for place, entry in enumerate(entries, 1):
        own = digest(previous, record(entry, AT))
        found.append(Logged(place, place, AT, previous, own, entry))
        previous = own
    return found


@pytest.fixture
def entries():
    return [Entry(f"e{n}", "attempt", "text", attempt_id=1, exam_id=2) for n in range(4)]


def test_a_whole_chain_has_no_flaw(entries):
    assert first_flaw(chain_of(*entries)) is None
    assert first_flaw([]) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"event_type": "x"},
        {"user_id": 5},
        {"details": {"a": 1}},
        {"error_message": "x"},
        {"origin": HERE},
        {"transfer_id": 1},
        {"exam_id": 9},
        {"description": "other"},
    ],
)
def test_a_changed_entry_is_found(entries, changed):
    chain = chain_of(*entries)
    chain[2] = replace(chain[2], entry=replace(chain[2].entry, **changed))
    assert first_flaw(chain) is chain[2]


def test_an_entry_that_is_missing_or_moved_in_time_is_found(entries):
    chain = chain_of(*entries)
    assert first_flaw([chain[0], *chain[2:]]) is chain[2]
    assert first_flaw(chain[1:]) is chain[1]
    late = replace(chain[1], created_at=AT.replace(minute=1))
    assert first_flaw([chain[0], late, *chain[2:]]) is late


@pytest.mark.parametrize(
    ("entry", "chain"),
    [
        (Entry("e", "c", "d", attempt_id=1, exam_id=2), "attempt:1"),
        (Entry("e", "c", "d", exam_id=2), "exam:2"),
        (Entry("e", "c", "d"), "service"),
    ],
)
def test_each_entry_has_its_chain(entry, chain):
    assert entry.chain == chain


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("testclient", None, None),
        (None, "203.0.113.9", None),
    ],
)
def test_only_a_trusted_peer_says_whose_address_it_is(peer, forwarded, address):
    trusted = [ipaddress.ip_network("127.0.0.1")]
    assert origin(peer, forwarded, "Fire\0fox", trusted) == Origin(address, "Firefox")


# in the database


@pytest.fixture
def lifecycle(world):
    return Lifecycle(world.db, lambda: None, world.key, grace_seconds=1)


@pytest.fixture
def trail(world):
    """Read an attempt's chain, which must be whole."""

    def read(attempt_id: int) -> list[Entry]:
        with world.db.transaction() as session:
            found = audit.chain(session, f"attempt:{attempt_id}")
        assert first_flaw(found) is None
        assert [logged.place for logged in found] == list(range(1, len(found) + 1))
        assert all(logged.entry.attempt_id == attempt_id for logged in found)
        assert all(logged.entry.exam_id is not None for logged in found)
        return [logged.entry for logged in found]

    return read


@pytest.mark.contract("9.5/begin", "9.5/submit", "9.5/grading")
def test_begin_submit_and_grading_are_logged_with_their_origin(world, lifecycle, trail):
    attempt_id = world.attempt("not_started")
    lifecycle.begin(attempt_id, world.student, Device(origin=HERE))
    lifecycle.begin(attempt_id, world.student, Device(origin=HERE))
    lifecycle.submit(attempt_id, world.student, None, HERE)
    lifecycle.submit(attempt_id, world.student, None, HERE)
    begun, submitted, graded = trail(attempt_id)
    assert (begun.event_type, begun.user_id, begun.origin) == (
        "attempt_begun",
        world.student,
        HERE,
    )
    assert begun.details["deadline_at"].endswith("Z")
    assert (submitted.event_type, submitted.user_id) == ("attempt_submitted", world.student)
    assert (submitted.origin, submitted.details["reason"]) == (HERE, "student")
    assert (graded.event_type, graded.event_category) == ("attempt_graded", "grading")
    assert (graded.user_id, graded.origin) == (None, NOWHERE)
    assert graded.details == {"marks_obtained": 0.0, "is_passed": False}
    assert all(entry.success for entry in (begun, submitted, graded))


@pytest.mark.contract("9.5/expiry")
def test_expiry_and_collecting_are_logged_without_a_user(world, lifecycle, trail):
    ids = [world.attempt(student=n, begun_seconds_ago=3605) for n in range(6000, 6005)]
    lifecycle.expire_due()
    lifecycle.collect_overdue()
    for attempt_id in ids:
        found = [(e.event_type, e.user_id, e.origin) for e in trail(attempt_id)]
        assert found == [
            ("attempt_expired", None, NOWHERE),
            ("attempt_submitted", None, NOWHERE),
            ("attempt_graded", None, NOWHERE),
        ]


@pytest.mark.contract("9.5/unreadable-blob")
def test_a_blob_with_a_wrong_checksum_is_logged_once_as_a_failure(world, lifecycle, trail):
    attempt_id = world.attempt()
    bad = received("AAAA", "2026-03-01T10:00:00.000Z", "wrong")
    lifecycle.submit(attempt_id, world.student, bad, HERE)
    lifecycle.submit(attempt_id, world.student, bad, HERE)
    blob, *others = trail(attempt_id)
    assert (blob.event_type, blob.success, blob.error_message) == (
        "blob_unreadable",
        False,
        "checksum_mismatch",
    )
    assert [entry.event_type for entry in others] == ["attempt_submitted", "attempt_graded"]


def test_marks_of_a_person_are_logged(world, lifecycle, trail):
    attempt_id = world.attempt(exam=world.written)
    world.answer(attempt_id, world.short, '"ohm"')
    lifecycle.submit(attempt_id, world.student, None)
    world.marking.mark(attempt_id, world.short, 3.0, 77, HERE)
    submitted, marked, graded = trail(attempt_id)
    assert submitted.event_type == "attempt_submitted"
    assert (marked.event_type, marked.user_id, marked.origin) == ("answer_marked", 77, HERE)
    assert marked.details == {"question_id": world.short, "marks_awarded": 3.0}
    assert (graded.event_type, graded.user_id) == ("attempt_graded", 77)


def test_begins_that_meet_are_logged_once(world, lifecycle, trail, at_once):
    attempt_id = world.attempt("not_started")
    at_once(*[lambda: lifecycle.begin(attempt_id, world.student, Device(origin=HERE))] * 6)
    assert [entry.event_type for entry in trail(attempt_id)] == ["attempt_begun"]


def test_a_deed_that_fails_leaves_no_entry(world, trail):
    attempt_id = world.attempt()
    entry = Entry("tried", "attempt", "text", attempt_id=attempt_id, exam_id=world.objective)

    def fail() -> None:
        with world.db.transaction() as session:
            auditing.add(session, entry)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert trail(attempt_id) == []


def test_entries_without_an_attempt_line_up_by_themselves(world, at_once):
    exam_id = 10**9 + world.attempt()

    def log() -> None:
        with world.db.transaction() as session:
            entry = Entry("exam_changed", "content", "text", user_id=1, exam_id=exam_id)
            auditing.add(session, entry, entry)

    assert at_once(*[log] * 6) == [None] * 6
    with world.db.transaction() as session:
        assert len(audit.chain(session, f"exam:{exam_id}")) == 12
        assert auditing.flaw_in(session, f"exam:{exam_id}") is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempts.audit_logs SET success = true",
        "DELETE FROM attempts.audit_logs",
        "TRUNCATE attempts.audit_logs",
    ],
)
def test_the_service_cannot_change_the_audit(world, statement):
    def change() -> None:
        with world.db.transaction() as session:
            session.execute(text(statement))

    with pytest.raises(ProgrammingError, match="permission denied"):
        change()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempts.audit_logs SET user_id = 1 WHERE attempt_id = :id AND place = 2",
        "UPDATE attempts.audit_logs SET created_at = now() WHERE attempt_id = :id AND place = 2",
        "UPDATE attempts.audit_logs SET details = '{}' WHERE attempt_id = :id AND place = 2",
        "DELETE FROM attempts.audit_logs WHERE attempt_id = :id AND place = 1",
    ],
)
def test_what_an_administrator_changed_is_found(world, lifecycle, statement):
    attempt_id = world.attempt("not_started")
    lifecycle.begin(attempt_id, world.student, Device(origin=HERE))
    lifecycle.submit(attempt_id, world.student, None, HERE)
    world.run(statement, id=attempt_id)
    with world.db.transaction() as session:
        flawed = auditing.flaw_in(session, f"attempt:{attempt_id}")
    assert flawed is not None
    assert flawed.place == 2


@pytest.mark.contract("9.5/fields")
async def test_what_rest_does_is_logged_with_address_and_agent(api, world, trail):
    attempt_id = world.attempt("not_started", exam=world.written)
    world.answer(attempt_id, world.short, '"ohm"')
    headers = {"X-Forwarded-For": "203.0.113.9", "User-Agent": "Firefox"}
    await api().post(f"/attempts/{attempt_id}/begin", headers=headers)
    await api().post(f"/attempts/{attempt_id}/submit", json={"confirm": True}, headers=headers)
    url = f"/attempts/{attempt_id}/answers/{world.short}/marks"
    await api(7, "grader").put(url, json={"marks_awarded": 2}, headers=headers)
    entries = await asyncio.to_thread(trail, attempt_id)
    assert [(e.event_type, e.user_id) for e in entries] == [
        ("attempt_begun", world.student),
        ("attempt_submitted", world.student),
        ("answer_marked", 7),
        ("attempt_graded", 7),
    ]
    assert all(entry.origin == HERE for entry in entries)
