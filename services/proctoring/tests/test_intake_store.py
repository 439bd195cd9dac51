"""The statement that takes events in says what the rules say, and keeps out what contradicts."""

import asyncio
import itertools
import time
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from chassis.origins import Origin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from proctoring import chain, intake_store, store
from proctoring.event import Event, EventDraft, Reception, Severity, Taken, Tally, chained, record
from proctoring.intake_store import Elsewhere, Known, Wish
from sqlalchemy import text

NUMBERS = itertools.count(500_000)
EXAM = 77
DAY = "2026-03-02"
YEAR_33 = datetime(33, 1, 1)  # noqa: DTZ001  # what the strategy asks for
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
DRAFTS = st.lists(
    st.builds(
        EventDraft,
        st.just(0),
        st.sampled_from(["tab_switch", "fullscreen_exit", "gaze_lost_2"]),
        st.sampled_from(Severity),
        event_timestamp=st.none() | st.datetimes(timezones=st.just(UTC), min_value=YEAR_33),
        question_id=st.none() | st.integers(1, 9),
        event_data=st.none()
        | st.dictionaries(ANY_TEXT, ANY_TEXT | st.integers() | st.none(), max_size=4).map(
            chain.canonical
        ),
        event_id=st.none() | st.uuids(),
        client_sequence=st.none() | st.integers(0, 2**63 - 1),
        origin=st.builds(Origin, st.none() | st.just("10.0.0.1"), st.none() | ANY_TEXT),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda draft: draft.event_id or object(),
)


def wish(draft: EventDraft, *, may_store: bool = True, late: bool = False) -> Wish:
    return Wish(draft, EXAM, late, may_store, time.monotonic())


def drafted(attempt_id: int, **more) -> EventDraft:
    return EventDraft(attempt_id, "tab_switch", Severity.WARNING, **more)


def take(database, *wishes: Wish, day: date | None = None) -> list:
    with database.single() as connection:
        return intake_store.take(connection, wishes, day)


def stored(database, attempt_id: int) -> tuple[list[Event], Tally]:
    with database.transaction() as session:
        events = store.chained_events(session, attempt_id)
        return events, store.summary(session, attempt_id).tally


def expected(event: Event, tally: Tally) -> tuple[Event, Tally]:
    """Record the same draft by the rule, at the same moment and with the same salts."""
    salts = event.data_salt or bytes(16), event.network_salt
    at = Reception(event.received_at, event.created_at, event.late, *salts)
    return record(tally, event.draft, at)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(DRAFTS, min_size=1, max_size=3))
def test_groups_of_any_events_are_counted_and_linked_as_the_rule_says(owner, groups):
    attempt_id = next(NUMBERS)
    for drafts in groups:
        mine = [wish(d._replace(attempt_id=attempt_id)) for d in drafts]
        assert all(isinstance(t, Taken) for t in take(owner, *mine))
    events, told = stored(owner, attempt_id)
    assert len(events) == sum(len(drafts) for drafts in groups)
    tally = Tally(attempt_id, EXAM)
    for event in events:
        by_rule, tally = expected(event, tally)
        assert replace(by_rule, id=event.id) == event
        if event.draft.event_data is not None:
            assert event.data_salt is not None
            assert len(event.data_salt) == 16
    assert told == tally


def test_events_of_many_attempts_in_one_group_keep_their_own_chains(owner):
    ids = [next(NUMBERS) for _ in range(5)]
    take(owner, *(wish(drafted(i, client_sequence=n)) for n in range(4) for i in ids))
    for attempt_id in ids:
        events, tally = stored(owner, attempt_id)
        head = chain.GENESIS
        for number, event in enumerate(events, 1):
            head = chain.link(head, chained(event))
            assert (event.sequence, event.hash) == (number, head)
            assert event.draft.client_sequence == number - 1
        assert (tally.sequence, tally.head_hash, tally.exam_id) == (4, head, EXAM)


def test_an_event_was_received_as_long_before_as_it_has_waited(owner):
    attempt_id = next(NUMBERS)
    long_ago = wish(drafted(attempt_id))._replace(arrived=time.monotonic() - 90)
    (taken,) = take(owner, long_ago)
    assert 89 < (taken.created_at - taken.received_at).total_seconds() < 95


def test_a_type_that_is_a_word_of_sql_is_a_type_like_any_other(owner):
    attempt_id = next(NUMBERS)
    (taken,) = take(owner, wish(EventDraft(attempt_id, "null", Severity.INFO)))
    assert isinstance(taken, Taken)
    assert [event.draft.event_type for event in stored(owner, attempt_id)[0]] == ["null"]


def test_what_may_not_be_stored_is_only_looked_up(owner):
    attempt_id, event_id = next(NUMBERS), uuid.uuid4()
    closed = wish(drafted(attempt_id, event_id=event_id), may_store=False)
    assert take(owner, closed) == [None]
    assert stored(owner, attempt_id)[0] == []
    take(owner, wish(drafted(attempt_id, event_id=event_id)))
    assert take(owner, closed) == [Known(is_conflict=False)]
    assert len(stored(owner, attempt_id)[0]) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_type", "fullscreen_exit"),
        ("severity", Severity.INFO),
        ("event_timestamp", datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC)),
        ("question_id", 2),
        ("question_id", None),
        ("question_id", 2**80),
        ("client_sequence", 6),
        ("event_data", '{"key":"F11"}'),
        ("event_data", None),
    ],
)
def test_the_same_id_with_another_body_is_kept_out_and_flagged(owner, field, value):
    attempt_id = next(NUMBERS)
    first = drafted(
        attempt_id,
        event_id=uuid.uuid4(),
        event_timestamp=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        question_id=1,
        client_sequence=5,
        event_data='{"key":"F12"}',
    )
    take(owner, wish(first))
    kept = stored(owner, attempt_id)
    other = first._replace(**{field: value})
    for _ in range(2):
        assert take(owner, wish(other)) == [Known(is_conflict=True)]
    assert take(owner, wish(first)) == [Known(is_conflict=False)]
    assert stored(owner, attempt_id) == kept
    with owner.transaction() as session:
        (flagged,) = store.conflicts(session, attempt_id)
    assert (flagged.event_id, flagged.differs) == (first.event_id, (field,))


def test_where_a_payload_was_removed_nobody_can_say_whether_it_differs(owner):
    attempt_id = next(NUMBERS)
    first = drafted(attempt_id, event_id=uuid.uuid4(), event_data='{"key":"F12"}')
    take(owner, wish(first))
    with owner.transaction() as session:
        session.execute(
            text(
                "UPDATE proctoring.proctoring_events SET event_data = NULL, data_salt = NULL"
                " WHERE attempt_id = :id"
            ),
            {"id": attempt_id},
        )
    assert take(owner, wish(first)) == [Known(is_conflict=False)]
    assert take(owner, wish(first._replace(event_data='{"key":"F11"}'))) == [
        Known(is_conflict=False)
    ]


async def test_groups_of_two_replicas_that_meet_never_wait_in_a_circle(rig):
    ids = [next(NUMBERS) for _ in range(6)]

    def one(order: list[int]) -> None:
        for _ in range(10):
            take(rig.database, *(wish(drafted(i)) for i in order))

    forward, backward = ids, ids[::-1]
    await asyncio.gather(*(rig.database.run(one, o) for o in (forward, backward) * 2))
    for attempt_id in ids:
        events, _ = await rig.database.run(stored, rig.database, attempt_id)
        assert len(events) == 40


def test_all_events_of_an_attempt_are_in_the_partition_of_its_day(owner):
    attempt_id = next(NUMBERS)
    take(owner, wish(drafted(attempt_id)))
    with owner.transaction() as session:
        move = "UPDATE proctoring.tallies SET exam_day = :day WHERE attempt_id = :id"
        session.execute(text("SELECT proctoring.keep_day(:day)"), {"day": DAY})
        other = next(NUMBERS)
        session.execute(
            text("INSERT INTO proctoring.tallies (attempt_id, head_hash) VALUES (:id, :head)"),
            {"id": other, "head": chain.GENESIS},
        )
        session.execute(text(move), {"day": DAY, "id": other})
    today = wish(drafted(attempt_id))
    (first, second) = take(owner, wish(drafted(other)), today)
    assert first == Elsewhere(date.fromisoformat(DAY)), "to be repeated for its day"
    assert isinstance(second, Taken)
    take(owner, wish(drafted(other)), wish(drafted(other)), day=date.fromisoformat(DAY))
    with owner.transaction() as session:
        where = text(
            "SELECT DISTINCT relname FROM proctoring.proctoring_events e"
            " JOIN pg_class c ON c.oid = e.tableoid WHERE attempt_id = :id"
        )
        assert session.execute(where, {"id": other}).scalars().all() == ["events_2026_03_02"]
        unplaced = text("SELECT count(*) FROM proctoring.events_of_no_day")
        assert session.execute(unplaced).scalar_one() == 0


async def test_an_attempt_of_another_day_is_served_in_the_same_group(rig, new_intake, owner):
    sat, old = rig.stub.add(), rig.stub.add()
    posted = drafted(old.attempt_id, event_id=uuid.uuid4())
    async with new_intake() as (intake, _):
        await intake.take(old.student_id, [posted])
        await rig.database.run(_move_back, owner, old.attempt_id)
        for _ in range(2):
            both = await asyncio.gather(
                intake.take(old.student_id, [posted, drafted(old.attempt_id)]),
                intake.take(sat.student_id, [drafted(sat.attempt_id)]),
            )
            assert all(isinstance(one, Taken) for outcomes in both for one in outcomes)
    events = await rig.rows(store.chained_events, old.attempt_id)
    assert [event.sequence for event in events] == [1, 2, 3], "the known one is no new one"


def _move_back(owner, attempt_id: int) -> None:
    """Let the attempt have begun ten days ago."""
    day = datetime.now(UTC).date() - timedelta(days=10)
    with owner.transaction() as session:
        session.execute(text("SELECT proctoring.keep_day(:day)"), {"day": day})
        for table in ("tallies", "proctoring_events"):
            move = f"UPDATE proctoring.{table} SET exam_day = :day WHERE attempt_id = :id"  # noqa: S608
            session.execute(text(move), {"day": day, "id": attempt_id})


def test_a_known_id_is_found_without_reading_the_events_of_its_attempt(owner):
    """On a day of which Postgres has no statistics yet, as on every morning."""
    attempt_id = next(NUMBERS)
    ids = [uuid.uuid4() for _ in range(3_000)]
    for start in range(0, 3_000, 500):
        group = ids[start : start + 500]
        take(owner, *(wish(drafted(attempt_id, event_id=event_id)) for event_id in group))
    again = [wish(drafted(attempt_id, event_id=event_id)) for event_id in ids[:500]]
    before = _read_from_indexes(owner)
    assert take(owner, *again) == [Known(is_conflict=False)] * 500
    assert _read_from_indexes(owner) - before <= 2 * 500


def _read_from_indexes(owner) -> int:
    """Return how many entries of events' indexes were read so far, by this session's word."""
    with owner.transaction() as session:
        session.execute(text("SELECT pg_stat_force_next_flush()"))
    with owner.transaction() as session:
        query = text(
            r"SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname LIKE 'events\_%'"
        )
        return int(session.execute(query).scalar_one())
