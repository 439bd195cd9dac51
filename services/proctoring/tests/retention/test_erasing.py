"""Erasing on a real database: what goes, what stays, what is signed, what holds it."""

import asyncio
import itertools
import threading

import pytest
from chassis.errors import Unavailable
from proctoring import store as events_store
from proctoring.acting import talk_store
from proctoring.acting.holdings import CHAT
from proctoring.app import HOLDINGS
from proctoring.retention import keeping, store
from proctoring.retention.due import HeldBy, Part, Sitting, expired
from proctoring.retention.erasing import Order
from proctoring.retention.holdings import Holding
from proctoring.snapshots.holdings import SNAPSHOTS
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

WHOLE = {"event_data": 3, "data_salt": 3, "ip_address": 3, "user_agent": 3, "network_salt": 3}
NO_NETWORK = WHOLE | {"ip_address": 0, "user_agent": 0, "network_salt": 0}
NOTHING = dict.fromkeys(WHOLE, 0)


async def test_payload_erasure_leaves_the_chain_verifying(archive):
    sat = await archive.sat(days_ago=181)
    assert await archive.verify(sat) == 3
    outcome = await archive.run(sat)
    assert outcome.events == {Part.PAYLOAD: 3, Part.NETWORK: 3}
    assert await archive.left(sat) == NOTHING
    assert await archive.verify(sat) == 3


async def test_network_data_go_first_and_payloads_later(archive):
    sat = await archive.sat(days_ago=89)
    assert await archive.run(sat) is None
    assert await archive.left(sat) == WHOLE
    await archive.rig.rows(archive.age, sat.attempt_id, 2)
    assert (await archive.run(sat)).events == {Part.NETWORK: 3}
    assert await archive.left(sat) == NO_NETWORK
    assert await archive.run(sat) is None
    await archive.rig.rows(archive.age, sat.attempt_id, 90)
    assert (await archive.run(sat)).events == {Part.PAYLOAD: 3}
    assert await archive.left(sat) == NOTHING


async def test_each_erasure_leaves_one_signed_deletion_record_for_each_part(archive):
    sat = await archive.sat(days_ago=181)
    order = Order(actor="user:7", reason="tidying up")
    await archive.do(archive.eraser.run, order, exam_id=sat.exam_id)
    assert await archive.run(sat) is None  # nothing left, nothing signed
    network, payload = await archive.records(sat)
    assert [network["kind"], payload["kind"]] == ["network", "payload"]
    for said in (network, payload):
        assert said["attempt_id"] == sat.attempt_id
        assert said["sequences"] == [[1, 3]]
        assert said["policy"] == {"events_days": 180, "network_days": 90, "snapshots_days": 90}
        assert (said["actor"], said["reason"]) == ("user:7", "tidying up")
        assert said["run_id"] == order.run_id
    assert payload["others"] == {"timing_answers": 1}
    bundled = await archive.rig.rows(store.records_of, sat.attempt_id)
    assert [set(each) for each in bundled] == [{"body", "signature", "kid"}] * 2


async def test_an_event_that_comes_after_an_erasure_is_erased_in_its_turn(archive):
    sat = await archive.sat(days_ago=181)
    await archive.run(sat)
    client = archive.rig.client(sat.student_id)
    late = {"attempt_id": sat.attempt_id, "event_type": "tab_switch", "event_data": {"late": 1}}
    (await client.post("/events", json=late)).raise_for_status()
    assert await archive.run(sat) is None  # its own days are counted from now
    await archive.rig.rows(archive.age, sat.attempt_id, 181)
    assert (await archive.run(sat)).events == {Part.PAYLOAD: 1, Part.NETWORK: 1}
    assert [said["sequences"] for said in await archive.records(sat)] == [
        [[1, 3]],
        [[1, 3]],
        [[4, 4]],
        [[4, 4]],
    ]
    assert await archive.verify(sat) == 4


async def test_a_repeat_after_erasure_gets_its_first_answer_without_the_payload(archive):
    sat = await archive.sat(days_ago=181, events=1)
    client = archive.rig.client(sat.student_id)
    before = (await client.get(f"/attempt/{sat.attempt_id}/events")).json()[0]
    await archive.run(sat)
    again = {name: before[name] for name in ("attempt_id", "event_type", "event_id", "event_data")}
    answer = await client.post("/events", json=again)
    assert answer.status_code == 201
    gone = {"event_data": None, "ip_address": None, "user_agent": None}
    assert answer.json() == before | gone
    query = "SELECT count(*) FROM proctoring.event_conflicts WHERE attempt_id = :attempt_id"
    conflicts = await archive.rig.rows(
        lambda session: session.execute(text(query), {"attempt_id": sat.attempt_id}).scalar_one()
    )
    assert conflicts == 0


async def test_the_policy_of_the_exam_goes_before_the_installations(archive):
    sat = await archive.sat(days_ago=20)
    change = {"events_days": 19, "network_days": None, "reason": "a mock exam", "author_id": 7}
    await archive.rig.rows(store.add_policy, sat.exam_id, change)
    assert (await archive.run(sat)).events == {Part.PAYLOAD: 3}
    [said] = await archive.records(sat)
    assert said["policy"] == {"events_days": 19, "network_days": 90, "snapshots_days": 90}


async def test_days_are_counted_from_the_submission_when_it_came_last(archive):
    sat = await archive.sat(days_ago=181)
    submitted = text(
        "INSERT INTO proctoring.submissions (attempt_id, exam_id, submitted_at)"
        " VALUES (:attempt_id, :exam_id, now() - make_interval(days => 100))"
    )
    ids = {"attempt_id": sat.attempt_id, "exam_id": sat.exam_id}
    await archive.rig.rows(lambda session: session.execute(submitted, ids))
    assert (await archive.run(sat)).events == {Part.NETWORK: 3}


async def test_what_other_concepts_keep_goes_with_the_payload(archive):
    sat = await archive.sat(days_ago=181)
    removed = []
    chat = Holding(
        "chat",
        export=lambda *_: [],
        erase=lambda _, attempt_id: removed.append(attempt_id) or 2,
        count=lambda *_: 2,
    )
    eraser = archive.eraser_with([chat])
    [told] = (await archive.do(eraser.rehearse, exam_id=sat.exam_id)).outcomes
    assert told.others == {"chat": 2}
    assert not removed
    await archive.do(eraser.run, Order(), exam_id=sat.exam_id)
    assert removed == [sat.attempt_id]
    assert [said["others"] for said in await archive.records(sat)] == [{}, {"chat": 2}]


async def test_a_dry_run_selects_the_same_and_changes_nothing(archive):
    sat = await archive.sat(days_ago=181)
    held = await archive.sat(days_ago=181)
    archive.reviews.open.add(held.attempt_id)
    ids = [sat.attempt_id, held.attempt_id]
    before = await archive.rig.rows(snapshot, ids)
    told = await archive.rehearse(sat)
    assert await archive.rehearse(held)
    assert await archive.rig.rows(snapshot, ids) == before
    assert await archive.run(sat) == told
    assert await archive.rig.rows(snapshot, ids) != before  # so it would have been seen
    assert await archive.rehearse(sat) is None


async def test_the_database_itself_refuses_writes_in_a_dry_run(archive):
    sat = await archive.sat(days_ago=181)
    delete = text("DELETE FROM proctoring.timing_answers WHERE attempt_id = :attempt_id")
    careless = Holding(
        "careless",
        export=lambda *_: [],
        erase=lambda *_: 0,
        count=lambda session, id_: session.execute(delete, {"attempt_id": id_}).rowcount,
    )
    with pytest.raises(Unavailable) as refused:
        await archive.do(archive.eraser_with([careless]).rehearse, exam_id=sat.exam_id)
    assert "read-only transaction" in str(refused.value.__cause__)


@pytest.mark.parametrize("why", HeldBy)
async def test_legal_hold_while_a_review_or_appeal_is_open_or_an_administrator_says_so(
    archive, why
):
    sat = await archive.sat(days_ago=999)
    if why is HeldBy.REVIEW:
        archive.reviews.open.add(sat.attempt_id)
    else:
        await archive.rig.rows(keeping.place, sat.attempt_id, "a law suit", 7)
    for outcome in (await archive.rehearse(sat), await archive.run(sat)):
        assert (outcome.events, outcome.held_by) == ({}, (why,))
    assert await archive.left(sat) == WHOLE
    assert await archive.records(sat) == []
    if why is HeldBy.REVIEW:
        archive.reviews.open.clear()
    else:
        await archive.rig.rows(keeping.lift, sat.attempt_id, None, 7)
    assert (await archive.run(sat)).events == {Part.PAYLOAD: 3, Part.NETWORK: 3}


async def test_a_hold_that_is_being_placed_wins_against_an_erasure_that_waits_for_it(archive):
    sat = await archive.sat(days_ago=999)
    has_lock, may_commit = threading.Event(), threading.Event()

    def place(session) -> None:
        keeping.place(session, sat.attempt_id, "just now", 7)
        has_lock.set()
        assert may_commit.wait(10)

    placing = asyncio.create_task(archive.rig.rows(place))
    await asyncio.to_thread(has_lock.wait, 10)
    busy = await archive.run(sat)  # the clock does not wait
    assert (busy.is_busy, busy.events) == (True, {})
    forgetting = asyncio.create_task(
        archive.do(archive.eraser.forget, sat.student_id, [sat.attempt_id], Order())
    )
    await archive.waiting(1)
    may_commit.set()
    await placing
    [outcome] = await forgetting
    assert outcome.held_by == (HeldBy.HOLD,)
    assert await archive.left(sat) == WHOLE


async def test_one_attempt_that_cannot_be_erased_does_not_keep_the_others(archive):
    first = await archive.sat(days_ago=999, events=1)
    second = await archive.sat(days_ago=999, events=1)
    await archive.rig.rows(into_exam, second.attempt_id, first.exam_id)

    def refuse(_, attempt_id: int) -> int:
        if attempt_id == first.attempt_id:
            raise Unavailable
        return 0

    eraser = archive.eraser_with([Holding("odd", lambda *_: [], refuse, lambda *_: 0)])
    one, two = (await archive.do(eraser.run, Order(), exam_id=first.exam_id)).outcomes
    assert (one.is_busy, one.events) == (True, {})
    assert two.events == {Part.PAYLOAD: 1, Part.NETWORK: 1}
    assert sum((await archive.left(first)).values()) == 5, "all or nothing of one attempt"


async def test_of_an_attempt_without_events_what_others_keep_is_erased_for_a_person(archive):
    sat = archive.rig.stub.add()
    gone = []
    chat = Holding("chat", lambda *_: [], lambda _, id_: gone.append(id_) or 1, lambda *_: 1)
    eraser = archive.eraser_with([chat])
    await archive.do(eraser.forget, sat.student_id, [sat.attempt_id], Order())
    assert gone == [sat.attempt_id]
    [said] = await archive.records(sat)
    assert (said["sequences"], said["others"]) == ([], {"chat": 1})


async def said_in_chat(archive, sat, days_ago: int) -> None:
    """Let somebody have written a message to the student."""
    statement = text(
        "INSERT INTO proctoring.chat_messages (attempt_id, exam_id, message_id, sender_id,"
        " is_from_student, text, sent_at) VALUES (:attempt_id, :exam_id, gen_random_uuid(), 7,"
        " false, 'his mother has called', now() - make_interval(days => :days))"
    )
    row = {"attempt_id": sat.attempt_id, "exam_id": sat.exam_id, "days": days_ago}
    await archive.rig.rows(lambda session: session.execute(statement, row))


async def words_left(archive, sat) -> int:
    return await archive.rig.rows(talk_store.count_words, sat.attempt_id)


async def test_by_age_attempts_without_any_event_are_visited_too(archive):
    sat, young = archive.rig.stub.add(), archive.rig.stub.add()
    await said_in_chat(archive, sat, 181)
    await said_in_chat(archive, young, 179)
    assert (await archive.rehearse(sat)).others["chat_and_action_words"] == 1
    assert await archive.rehearse(young) is None
    assert (await archive.run(sat)).others["chat_and_action_words"] == 1
    assert await words_left(archive, sat) == 0
    [said] = await archive.records(sat)
    assert (said["kind"], said["exam_id"], said["sequences"]) == ("payload", sat.exam_id, [])
    assert said["others"] == {"chat_and_action_words": 1}
    assert await archive.run(sat) is None, "it is visited once"
    assert await archive.run(young) is None
    assert await words_left(archive, young) == 1


async def test_an_attempt_without_events_that_is_on_hold_keeps_its_words(archive):
    sat = archive.rig.stub.add()
    await said_in_chat(archive, sat, 999)
    archive.reviews.open.add(sat.attempt_id)
    assert (await archive.run(sat)).held_by == (HeldBy.REVIEW,)
    assert await words_left(archive, sat) == 1


async def test_words_that_come_after_an_erasure_are_erased_in_their_turn(archive):
    sat = await archive.sat(days_ago=400)
    assert (await archive.run(sat)).events
    await said_in_chat(archive, sat, 179)
    assert await archive.run(sat) is None, "their days are counted from when they were said"
    # A day of room: neither clock nor zone decides.
    change = {"events_days": 178, "network_days": None, "reason": "sooner", "author_id": 7}
    await archive.rig.rows(store.add_policy, sat.exam_id, change)
    assert (await archive.run(sat)).others["chat_and_action_words"] == 1
    assert await words_left(archive, sat) == 0
    assert (await archive.records(sat))[-1]["others"] == {"chat_and_action_words": 1}
    assert await archive.verify(sat) == 3


async def test_words_about_a_person_that_come_after_his_erasure_go_with_the_next_run(archive):
    sat = await archive.sat()
    order = Order(actor="user:7", reason="he asked for it")
    await archive.do(archive.eraser.forget, sat.student_id, [sat.attempt_id], order)
    await said_in_chat(archive, sat, 0)
    assert (await archive.run(sat)).others["chat_and_action_words"] == 1
    assert await words_left(archive, sat) == 0
    person, later = await archive.records(sat)
    assert (person["kind"], later["kind"]) == ("person", "payload")
    assert later["reason"] == "he asked for it"
    assert await archive.run(sat) is None


@pytest.mark.parametrize("holding", [h for h in HOLDINGS if h.erase], ids=lambda h: h.name)
async def test_every_holding_that_is_erased_says_what_is_left_of_it(archive, holding):
    """By this it is found when it comes after an erasure, or without events."""
    sat = await archive.sat(days_ago=400)
    await archive.run(sat)
    await archive.rig.rows(LATER[holding.name], sat)
    counted = await archive.rig.rows(holding.count, sat.attempt_id)
    is_words = holding.part is Part.PAYLOAD
    left = store.Left(words=holding.left) if is_words else store.Left(pictures=holding.left)
    seen = await archive.rig.rows(store.sitting, sat.attempt_id, left)
    assert (counted, seen.newest_beside(holding.part) is not None) == (1, True)
    await archive.rig.rows(holding.erase, sat.attempt_id)
    seen = await archive.rig.rows(store.sitting, sat.attempt_id, left)
    assert seen.newest_beside(holding.part) is None


async def test_two_replicas_share_the_work_and_nothing_is_done_twice(archive):
    sat = await archive.sat(days_ago=181)
    runs = [archive.do(archive.eraser.run, Order(), exam_id=sat.exam_id) for _ in range(6)]
    pages = await asyncio.gather(*runs)
    done = [each for page in pages for each in page.outcomes if each.events]
    assert len(done) == 1
    assert len(await archive.records(sat)) == 2


async def test_erasure_of_one_person_removes_everything_whatever_its_age(archive):
    sat = await archive.sat()
    order = Order(actor="user:7", reason="he asked for it")
    [outcome] = await archive.do(archive.eraser.forget, sat.student_id, [sat.attempt_id], order)
    assert outcome.events == {Part.PAYLOAD: 3, Part.NETWORK: 3}
    assert await archive.left(sat) == NOTHING
    [said] = await archive.records(sat)
    assert (said["kind"], said["sequences"], said["event_count"]) == ("person", [[1, 3]], 3)
    assert (said["actor"], said["reason"]) == ("user:7", "he asked for it")
    assert await archive.verify(sat) == 3


async def test_a_persons_erasure_waits_for_the_hold_and_is_then_done_by_the_clock(archive):
    sat, free = await archive.sat(), await archive.sat()
    await archive.rig.rows(keeping.place, sat.attempt_id, "a law suit", 7)
    order = Order(actor="user:7", reason="he asked for it")
    ids = [sat.attempt_id, free.attempt_id]
    kept, gone = await archive.do(archive.eraser.forget, sat.student_id, ids, order)
    assert (kept.attempt_id, kept.held_by) == (sat.attempt_id, (HeldBy.HOLD,))
    assert gone.events == {Part.PAYLOAD: 3, Part.NETWORK: 3}
    assert (await archive.run(sat)).held_by == (HeldBy.HOLD,)
    await archive.rig.rows(keeping.lift, sat.attempt_id, "settled", 7)
    assert (await archive.run(sat)).events == {Part.PAYLOAD: 3, Part.NETWORK: 3}
    [said] = await archive.records(sat)
    assert (said["kind"], said["actor"]) == ("person", "clock")
    assert said["reason"] == "he asked for it"


async def test_sql_selects_what_the_rule_selects(archive):
    """Every combination of age, what was removed, a person who asked, words, and pictures."""
    through, flags = (None, 0, 1), (False, True)
    ages, words, pictures = (0, 89, 90, 91, 180, 181), (None, 0, 179, 180), (None, 0, 90)
    grid = list(itertools.product(ages, through, through, flags, words, pictures))
    first, exam_id = 5_000_000, 5_000_001

    def tried(session) -> tuple:
        """Look at them and leave none: another test's clock would go through them all."""
        tries = session.begin_nested()
        fill(session, grid, first, exam_id)
        now, found = events_store.clock(session), sittings(session, first, first + len(grid))
        selected = selects(session, archive.defaults, exam_id)
        tries.rollback()
        return now, found, selected

    now, found, selected = await archive.rig.rows(tried)
    rule = {sat.attempt_id for sat in found if expired(sat, archive.defaults, now)}
    assert {sat.attempt_id for sat, _ in selected} == rule
    assert len(found) == len(grid)
    assert 0 < len(rule) < len(grid)


async def test_a_run_goes_on_where_its_last_page_ended(archive):
    first = await archive.sat(days_ago=999, events=1)
    second = await archive.sat(days_ago=999, events=1)
    await archive.rig.rows(into_exam, second.attempt_id, first.exam_id)
    page = await archive.do(archive.eraser.rehearse, limit=1, exam_id=first.exam_id)
    assert page.last_id == first.attempt_id
    page = await archive.do(
        archive.eraser.rehearse, after=page.last_id, limit=2, exam_id=first.exam_id
    )
    assert [each.attempt_id for each in page.outcomes] == [second.attempt_id]
    assert page.last_id is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE proctoring.deletion_records SET body = ''",
        "DELETE FROM proctoring.deletion_records",
        "TRUNCATE proctoring.deletion_records",
        "UPDATE proctoring.retention_policies SET events_days = 1",
        "DELETE FROM proctoring.retention_policies",
        "UPDATE proctoring.retention_holds SET reason = ''",
        "DELETE FROM proctoring.retention_holds",
        "DELETE FROM proctoring.retention_forgotten",
        "DELETE FROM proctoring.retention_marks",
    ],
)
async def test_the_services_role_may_only_add_records_policies_and_holds(archive, statement):
    with pytest.raises(ProgrammingError, match="permission denied"):
        await archive.rig.rows(lambda session: session.execute(text(statement)))


OWN = [
    "retention_policies",
    "retention_holds",
    "retention_marks",
    "retention_forgotten",
    "deletion_records",
]
"""What only retention writes."""
ERASED = [
    "proctoring_events",
    "timing_answers",
    "accommodations",
    "reviews",
    "chat_messages",
    "actions",
    "snapshots",
]
"""Where an erasure takes something out; other rows than the attempts' may change meanwhile."""


def snapshot(session, attempt_ids: list[int]) -> list:
    """Return a digest of all that a run of retention changes, and of nothing that others may."""
    digest = "SELECT count(*), sum(hashtextextended(t::text, 0)) FROM proctoring.{} t"
    whole = [session.execute(text(digest.format(name))).one() for name in OWN]
    about = f"{digest} WHERE attempt_id = ANY(:attempt_ids)"
    ids = {"attempt_ids": attempt_ids}
    return whole + [session.execute(text(about.format(name)), ids).one() for name in ERASED]


def into_exam(session, attempt_id: int, exam_id: int) -> None:
    move = "UPDATE proctoring.tallies SET exam_id = :exam_id WHERE attempt_id = :attempt_id"
    session.execute(text(move), {"attempt_id": attempt_id, "exam_id": exam_id})


def fill(session, grid: list, first: int, exam_id: int) -> None:
    """Make tallies with one event each, as the grid says, their marks and forgotten people."""
    columns = (list(column) for column in zip(*grid, strict=True))
    days, payload, network, asked, words, pictures = columns
    made = {"first": first, "exam_id": exam_id, "days": days, "genesis": bytes(32)}
    session.execute(
        text(
            "INSERT INTO proctoring.tallies"
            " (attempt_id, exam_id, last_received_at, last_sequence, head_hash)"
            " SELECT :first + n - 1, :exam_id, now() - make_interval(days => d), 1, :genesis"
            " FROM unnest(CAST(:days AS int[])) WITH ORDINALITY AS t (d, n)"
        ),
        made,
    )
    session.execute(
        text(
            "INSERT INTO proctoring.retention_marks (attempt_id, payload_through, network_through)"
            " SELECT :first + n - 1, p, w FROM unnest(CAST(:payload AS bigint[]),"
            " CAST(:network AS bigint[])) WITH ORDINALITY AS t (p, w, n)"
        ),
        {"first": first, "payload": payload, "network": network},
    )
    session.execute(
        text(
            "INSERT INTO proctoring.chat_messages (attempt_id, exam_id, message_id, sender_id,"
            " is_from_student, text, sent_at)"
            " SELECT :first + n - 1, :exam_id, gen_random_uuid(), 7, false, 'hush',"
            " now() - make_interval(days => w)"
            " FROM unnest(CAST(:words AS int[])) WITH ORDINALITY AS t (w, n) WHERE w IS NOT NULL"
        ),
        {"first": first, "exam_id": exam_id, "words": words},
    )
    session.execute(text(FILE))
    session.execute(
        text(
            "INSERT INTO proctoring.snapshots (attempt_id, exam_id, snapshot_id, source, taken_at,"
            " received_at, late, sha256, media_type, size, width, height, sequence)"
            " SELECT :first + n - 1, :exam_id, gen_random_uuid(), 'camera', now(),"
            " now() - make_interval(days => p), false, sha256('x'), 'image/jpeg', 1, 16, 16, 1"
            " FROM unnest(CAST(:pictures AS int[])) WITH ORDINALITY AS t (p, n)"
            " WHERE p IS NOT NULL"
        ),
        {"first": first, "exam_id": exam_id, "pictures": pictures},
    )
    ids = [first + number for number, is_asked in enumerate(asked) if is_asked]
    store.forget(session, ids, 1, "clock", "asked")


FILE = """
    INSERT INTO proctoring.snapshot_files (sha256, in_use) VALUES (sha256('x'), true)
    ON CONFLICT DO NOTHING
"""
LEFT = store.Left(words=CHAT.left, pictures=SNAPSHOTS.left)


def sittings(session, first: int, end: int) -> list[Sitting]:
    """Return what `store.sitting` tells of each attempt of the grid, asked at once."""
    ids = {"first": first, "end": end}
    query = (
        f"{LEFT.newest('true')} SELECT * FROM ({store._SITTINGS}) sat WHERE attempt_id >= :first"  # noqa: S608
    )
    rows = session.execute(text(f"{query} AND attempt_id < :end"), ids).all()
    assert Sitting(*rows[0]) == store.sitting(session, rows[0].attempt_id, LEFT)
    return [Sitting(*row) for row in rows]


def selects(session, defaults, exam_id: int) -> list:
    now = events_store.clock(session)
    return store.expired(session, defaults, now, after=0, limit=9_999, exam_id=exam_id, left=LEFT)


def _later(statement: str):
    """Return what writes a row of a concept about an attempt, as if it came just now."""

    def write(session, sat) -> None:
        row = {"attempt_id": sat.attempt_id, "exam_id": sat.exam_id, "user_id": sat.student_id}
        session.execute(text(statement), row)

    return write


LATER = {
    "timing_answers": _later(
        "INSERT INTO proctoring.timing_answers (attempt_id, event_id, answer)"
        " VALUES (:attempt_id, gen_random_uuid(), '{}')"
    ),
    "accommodations": _later(
        "INSERT INTO proctoring.accommodations (attempt_id, version, rule_ids, reason, author_id)"
        " VALUES (:attempt_id, 1, '[]', 'his back', 7)"
    ),
    "reviews": _later(
        "INSERT INTO proctoring.reviews (attempt_id, exam_id, student_id, state, version,"
        " opened_by_id, opened_at, opening_reason, ground_ids, decision_due_at)"
        " VALUES (:attempt_id, :exam_id, :user_id, 'open', 1, 7, now(), 'a phone', '{}', now())"
    ),
    "chat_and_action_words": _later(
        "INSERT INTO proctoring.chat_messages (attempt_id, exam_id, message_id, sender_id,"
        " is_from_student, text, sent_at)"
        " VALUES (:attempt_id, :exam_id, gen_random_uuid(), 7, false, 'hush', now())"
    ),
    "outgoing": _later(
        "INSERT INTO proctoring.outgoing (message_id, topic, exam_id, attempt_id, occurred_at,"
        " body, state) VALUES ('later-' || CAST(:attempt_id AS int), 'attempt.graded',"
        " CAST(:exam_id AS int), CAST(:attempt_id AS int), now(), '{}', 'failed')"
    ),
    "snapshots": _later(
        "WITH file AS (INSERT INTO proctoring.snapshot_files (sha256, in_use)"
        " VALUES (sha256(convert_to(CAST(CAST(:attempt_id AS int) AS text), 'UTF8')), true)"
        " RETURNING sha256)"
        " INSERT INTO proctoring.snapshots (attempt_id, exam_id, snapshot_id, source, taken_at,"
        " received_at, late, sha256, media_type, size, width, height, sequence)"
        " SELECT :attempt_id, :exam_id, gen_random_uuid(), 'camera', now(), now(), false, sha256,"
        " 'image/jpeg', 1, 16, 16, 9 FROM file"
    ),
}
