"""Exactly once, in groups, nothing half: intake on real PostgreSQL with a stub attempts."""

import asyncio
import threading
import uuid

import msgspec
import pytest
from chassis.database import DatabaseUnavailable
from chassis.errors import Unavailable
from chassis.waiting import eventually
from proctoring import chain, store, timing_store
from proctoring.errors import AttemptsUnavailable, IntakeFull
from proctoring.event import Event, EventDraft, Severity, Taken, chained
from proctoring.grouping import LARGE
from proctoring.schemas import event_out
from proctoring.timing import TimingDraft
from sqlalchemy import text


def draft(sat, **more) -> EventDraft:
    return EventDraft(sat.attempt_id, "tab_switch", Severity.WARNING, **more)


async def take(intake, sat, *drafts):
    return await intake.take(sat.student_id, drafts or [draft(sat)])


def shown(event: Event | Taken) -> bytes:
    return msgspec.json.encode(event_out(event))


async def stored(rig, sat) -> list[Event]:
    return await rig.rows(store.chained_events, sat.attempt_id)


def whole(events: list[Event]) -> bool:
    """Say whether sequence and chain are without a hole."""
    head = chain.GENESIS
    for number, event in enumerate(events, 1):
        head = chain.link(head, chained(event))
        if event.sequence != number or event.hash != head:
            return False
    return True


async def test_many_posts_at_once_are_few_transactions_and_few_questions(rig, new_intake):
    sats = [rig.stub.add() for _ in range(64)]
    asked = len(rig.stub.requests)
    async with new_intake() as (intake, _):
        with rig.counting_commits() as commits:
            results = await asyncio.gather(*(take(intake, sat) for sat in sats))
    assert all(isinstance(result, Taken) for (result,) in results)
    assert len(commits) <= 4
    assert len(rig.stub.requests) - asked <= 4


async def test_posts_that_arrive_while_a_group_is_asked_about_form_the_next(rig, new_intake):
    sats = [rig.stub.add() for _ in range(30)]
    asked = len(rig.stub.requests)
    async with new_intake(intake_groups_in_flight=2) as (intake, _):
        with rig.stub.slow():
            tasks = [asyncio.create_task(take(intake, sats[0]))]
            await eventually(lambda: len(rig.stub.requests) == asked + 1)
            tasks += [asyncio.create_task(take(intake, sat)) for sat in sats[1:]]
            await asyncio.sleep(0)
            assert len(rig.stub.requests) == asked + 1
        await asyncio.gather(*tasks)
    assert len(rig.stub.requests) == asked + 2
    assert len(rig.stub.requests[-1].attempt_ids) == 29


async def test_one_group_is_asked_about_while_another_is_written_and_no_second_one(
    rig, new_intake, monkeypatch
):
    sats = [rig.stub.add() for _ in range(10)]
    asked, gate, writing = len(rig.stub.requests), asyncio.Event(), []
    run = rig.intake_database.run

    async def wait_and_run(*call):
        writing.append(call)
        await gate.wait()
        return await run(*call)

    monkeypatch.setattr(rig.intake_database, "run", wait_and_run)
    async with new_intake() as (intake, _):
        tasks = [asyncio.create_task(take(intake, sats[0]))]
        await eventually(lambda: writing)
        tasks.append(asyncio.create_task(take(intake, sats[1])))
        await eventually(lambda: len(rig.stub.requests) == asked + 2)
        tasks += [asyncio.create_task(take(intake, sat)) for sat in sats[2:]]
        await eventually(lambda: intake.load)
        assert len(rig.stub.requests) == asked + 2
        assert len(writing) == 2, "the second stands at the door"
        gate.set()
        await asyncio.gather(*tasks)
    assert [len(r.attempt_ids) for r in rig.stub.requests[asked:]] == [1, 1, 8]


async def test_small_groups_are_written_one_by_one_and_large_ones_side_by_side(rig, new_intake):
    small, large = rig.stub.add(), rig.stub.add()
    async with new_intake(intake_groups_in_flight=2) as (intake, _):
        with intake._turn:  # a small group is being written
            waits = asyncio.create_task(take(intake, small))
            await eventually(lambda: intake._groups._in_work)
            passes = await take(intake, large, *[draft(large)] * LARGE)
            assert [outcome.sequence for outcome in passes] == list(range(1, LARGE + 1))
            assert await stored(rig, small) == []
        assert isinstance((await waits)[0], Taken)


async def test_a_first_result_that_cannot_be_read_refuses_only_who_asks_for_it(
    rig, new_intake, monkeypatch
):
    known, fresh = rig.stub.add(), rig.stub.add()
    event_id = uuid.uuid4()

    def away(*_) -> None:
        raise DatabaseUnavailable

    async with new_intake() as (intake, _):
        await take(intake, known, draft(known, event_id=event_id))
        with monkeypatch.context() as storage:
            storage.setattr(store, "find_events", away)
            (refused,), (stored_one,) = await asyncio.gather(
                take(intake, known, draft(known, event_id=event_id)), take(intake, fresh)
            )
        assert isinstance(refused, DatabaseUnavailable)
        assert isinstance(stored_one, Taken)
        (first,) = await take(intake, known, draft(known, event_id=event_id))
    assert isinstance(first, Taken)


async def test_the_same_event_posted_many_times_at_once_is_one_row(rig, new_intake):
    sat, event_id = rig.stub.add(), uuid.uuid4()
    async with new_intake() as (one, _), new_intake() as (two, _):  # two replicas
        results = await asyncio.gather(
            *(take(intake, sat, draft(sat, event_id=event_id)) for intake in (one, two) * 20)
        )
    assert len({shown(result) for (result,) in results}) == 1
    assert len(await rig.rows(store.chained_events, sat.attempt_id)) == 1


async def test_an_id_repeated_within_a_group_costs_no_second_transaction(rig, new_intake):
    sat, event_id = rig.stub.add(), uuid.uuid4()
    async with new_intake() as (intake, _):
        with rig.counting_commits() as commits:
            results = await take(intake, sat, *[draft(sat, event_id=event_id)] * 3)
    assert len(set(results)) == 1
    assert len(commits) == 1


async def test_sequence_and_chain_are_whole_after_concurrent_load_of_two_replicas(rig, new_intake):
    sats = [rig.stub.add() for _ in range(5)]
    async with new_intake(intake_group_size=7) as (one, _), new_intake() as (two, _):
        tasks = [
            take(intake, sat, *(draft(sat, event_data=f'{{"n":{n}}}') for _ in range(1 + n % 3)))
            for n in range(40)
            for intake in (one, two)
            for sat in sats
        ]
        await asyncio.gather(*tasks)
    for sat in sats:
        events = await rig.rows(store.chained_events, sat.attempt_id)
        assert len(events) == 2 * sum(1 + n % 3 for n in range(40))
        assert whole(events)
        summary = await rig.rows(store.summary, sat.attempt_id)
        assert summary.tally.warning_count == len(events) == summary.tally.sequence
        assert summary.tally.head_hash == events[-1].hash


async def test_a_burst_of_200_events_of_one_student_is_stored_in_order(rig, new_intake):
    sat = rig.stub.add()
    async with new_intake() as (intake, _):
        with rig.counting_commits() as commits:
            tasks = [take(intake, sat, draft(sat, client_sequence=n)) for n in range(200)]
            results = await asyncio.gather(*tasks)
    assert [event.sequence for (event,) in results] == list(range(1, 201))
    kept = await stored(rig, sat)
    assert [event.draft.client_sequence for event in kept] == list(range(200))
    assert len(commits) <= 5


async def test_what_is_answered_is_what_is_stored(rig, new_intake):
    sat = rig.stub.add("expired")
    async with new_intake() as (intake, _):
        (answered,) = await take(intake, sat, draft(sat, event_data='{"a":1}', question_id=2))
    assert answered.late
    assert [shown(event) for event in await stored(rig, sat)] == [shown(answered)]


async def test_attempts_away_stores_nothing_and_fails_only_those_requests(rig, new_intake):
    sat = rig.stub.add()
    async with new_intake(attempts_seconds=0.3) as (intake, _):
        async with rig.stub.away():
            with pytest.raises(AttemptsUnavailable) as caught:
                await take(intake, sat)
            assert caught.value.retry_after_seconds
        assert isinstance((await eventually(lambda: retried(intake, sat), 5))[0], Taken)
    assert len(await rig.rows(store.chained_events, sat.attempt_id)) == 1


async def retried(intake, sat):
    try:
        return await take(intake, sat)
    except Unavailable:
        return None


async def test_a_slow_attempts_is_given_up_in_time(rig, new_intake):
    sat = rig.stub.add()
    async with new_intake(attempts_seconds=0.2) as (intake, _):
        with rig.stub.slow(), pytest.raises(AttemptsUnavailable):
            await asyncio.wait_for(take(intake, sat), 2)
    assert await rig.rows(store.chained_events, sat.attempt_id) == []


async def test_the_status_is_asked_anew_for_every_request(rig, new_intake):
    sat = rig.stub.add()
    async with new_intake() as (intake, _):
        assert isinstance((await take(intake, sat))[0], Taken)
        rig.stub.set_status(sat, "submitted")
        (refused,) = await take(intake, sat)
    assert refused.detail == "Cannot log events for a completed exam"


async def test_a_full_intake_refuses_and_stores_nothing(rig, new_intake):
    sat = rig.stub.add()
    async with new_intake(intake_capacity=500) as (intake, _):
        with rig.stub.slow():
            asked = len(rig.stub.requests)
            waiting = [asyncio.create_task(take(intake, sat, *[draft(sat)] * 500))]
            await eventually(lambda: len(rig.stub.requests) > asked)
            waiting.append(asyncio.create_task(take(intake, sat, *[draft(sat)] * 500)))
            await eventually(lambda: intake._groups.waiting == 500)
            with pytest.raises(IntakeFull):
                await take(intake, sat)
        await asyncio.gather(*waiting)
    assert len(await rig.rows(store.chained_events, sat.attempt_id)) == 1_000


async def test_a_client_that_goes_away_loses_nothing_and_its_retry_adds_nothing(rig, new_intake):
    sat, other, event_id = rig.stub.add(), rig.stub.add(), uuid.uuid4()
    async with new_intake() as (intake, _):
        with rig.stub.slow():
            asked = len(rig.stub.requests)
            gone = asyncio.create_task(take(intake, sat, draft(sat, event_id=event_id)))
            stays = asyncio.create_task(take(intake, other))
            await eventually(lambda: len(rig.stub.requests) > asked)
            gone.cancel()
        assert isinstance((await stays)[0], Taken)
        (again,) = await take(intake, sat, draft(sat, event_id=event_id))
    assert [shown(event) for event in await stored(rig, sat)] == [shown(again)]


async def test_death_between_commit_and_answer_is_repaired_by_a_retry(rig, new_intake):
    sat, event_id = rig.stub.add(), uuid.uuid4()
    posted = draft(sat, event_id=event_id)
    async with new_intake() as (intake, _):
        committed = asyncio.Event()

        def die() -> None:  # called after COMMIT, before anybody is answered
            committed.set()
            raise SystemError("killed here")

        intake._wake = die
        with pytest.raises(SystemError):
            await take(intake, sat, posted)
        assert committed.is_set()
    async with new_intake() as (intake, _):  # the process that comes after
        (again,) = await take(intake, sat, posted)
    assert [shown(event) for event in await stored(rig, sat)] == [shown(again)]


async def test_stopping_finishes_the_group_in_flight(rig, new_intake):
    sat = rig.stub.add()
    async with new_intake() as (intake, task):
        with rig.stub.slow():
            asked = len(rig.stub.requests)
            posted = asyncio.create_task(take(intake, sat))
            await eventually(lambda: len(rig.stub.requests) > asked)
            task.cancel()
            await asyncio.sleep(0)
        assert isinstance((await posted)[0], Taken)
        with pytest.raises(Unavailable):
            await take(intake, sat)


async def test_concurrent_first_timings_make_one_row(rig, new_intake):
    sat = rig.stub.add()
    async with new_intake() as (one, _), new_intake() as (two, _):
        await asyncio.gather(
            *(
                take(intake, sat, TimingDraft(sat.attempt_id, 1, 10, visit_id=f"v{n % 4}"))
                for n in range(20)
                for intake in (one, two)
            )
        )
    (timing,) = await rig.rows(timing_store.list_timings, sat.attempt_id)
    assert timing.total_time_seconds == 40


async def test_events_and_timings_of_one_moment_share_a_transaction(rig, new_intake):
    sat = rig.stub.add()
    async with new_intake() as (intake, _):
        with rig.counting_commits() as commits:
            event, timing = await asyncio.gather(
                take(intake, sat), take(intake, sat, TimingDraft(sat.attempt_id, 1, 10))
            )
    assert (event[0].sequence, timing[0].total_time_seconds) == (1, 10)
    assert len(commits) == 1


async def test_a_timing_alone_tells_the_tally_its_exam(rig, new_intake):
    sat = rig.stub.add()
    async with new_intake() as (intake, _):
        await take(intake, sat, TimingDraft(sat.attempt_id, 1, 10))
    assert (await rig.rows(store.summary, sat.attempt_id)).tally.exam_id == sat.exam_id


async def test_an_attempts_that_knows_no_standings_yet_is_understood(rig, new_intake, monkeypatch):
    monkeypatch.setattr(rig.stub, "knows_standings", False)
    open_one, closed = rig.stub.add(), rig.stub.add("submitted")
    async with new_intake() as (intake, _):
        (taken,) = await take(intake, open_one, draft(open_one, question_id=2))
        (refused,) = await take(intake, closed)
    assert isinstance(taken, Taken)
    assert refused.slug == "attempt-closed"


async def test_a_locked_table_gives_503_and_the_intake_recovers(rig, new_intake, owner):
    sat = rig.stub.add()
    async with new_intake() as (intake, _):
        locked, release = threading.Event(), threading.Event()

        def hold() -> None:
            with owner.transaction() as session:
                session.execute(text("LOCK TABLE proctoring.tallies IN ACCESS EXCLUSIVE MODE"))
                locked.set()
                release.wait(20)

        holding = asyncio.create_task(owner.run(hold))
        await eventually(locked.is_set)
        (refused,) = await take(intake, sat)
        assert isinstance(refused, Unavailable)
        release.set()
        await holding
        assert isinstance((await take(intake, sat))[0], Taken)
    assert len(await rig.rows(store.chained_events, sat.attempt_id)) == 1
