"""The deeds on the real database: one winner, the database's clock, and what the tables refuse."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from chassis.errors import Failure
from proctoring import store as tallies
from proctoring.attempt import Attempt, AttemptStatus
from proctoring.review import store
from proctoring.review.case import AppealDecision, AppealRuling, Opening, Ruling, State
from proctoring.review.clock import ReviewClock
from proctoring.review.errors import (
    AlreadyAppealed,
    AlreadyDecided,
    AppealAlreadyDecided,
    AppealTooLate,
    ForeignGrounds,
    ReviewUnfinished,
)
from proctoring.review.reasons import Decision
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from .conftest import CLEARED, CONFIRMED, JUDGE, OPENER, OTHER, STUDENT, TERMS


async def together(*deeds: Callable) -> list:
    """Start all deeds at the same moment, each on a connection of its own."""
    gate = threading.Barrier(len(deeds))

    def at_once(deed: Callable):
        gate.wait(20)
        try:
            return deed()
        except Failure as failure:
            return failure

    return await asyncio.gather(*(asyncio.to_thread(at_once, deed) for deed in deeds))


def split(outcomes: list) -> tuple[list, list]:
    """Return those who won and what the others were told."""
    lost = [each for each in outcomes if isinstance(each, Failure)]
    return [each for each in outcomes if not isinstance(each, Failure)], lost


async def test_deadlines_are_counted_by_the_clock_of_the_database(rig, desk):
    before = await rig.rows(tallies.clock)
    review = await asyncio.to_thread(desk.appealed)
    after = await rig.rows(tallies.clock)
    assert before <= review.opened_at <= review.decided_at <= review.appealed_at <= after
    assert review.decision_due_at - review.opened_at == timedelta(days=7)
    assert review.appeal_until - review.decided_at == timedelta(days=14)
    assert review.appeal_due_at - review.appealed_at == timedelta(days=21)


async def test_what_is_stored_is_what_the_rules_made(rig, desk):
    review = await asyncio.to_thread(desk.overturned)
    assert await rig.rows(store.find, review.id) == review
    assert (review.state, review.outcome) == (State.CLOSED, Decision.CLEARED)


async def test_an_attempt_has_one_open_review_at_most(rig, desk):
    first = await asyncio.to_thread(desk.opened)
    attempt = Attempt(first.attempt_id, STUDENT, 3, AttemptStatus.SUBMITTED)
    with pytest.raises(ReviewUnfinished) as refused:
        await asyncio.to_thread(desk.reviewing.open, attempt, Opening(OTHER, "me too"))
    assert refused.value.members["opened_by_id"] == OPENER
    assert refused.value.members["review_id"] == first.id


async def test_of_those_who_open_at_once_one_wins_and_the_others_are_told_who(desk):
    attempt = Attempt(2_900_001, STUDENT, 3, AttemptStatus.SUBMITTED)
    openers = range(30, 35)
    won, lost = split(
        await together(
            *(lambda by=by: desk.reviewing.open(attempt, Opening(by, "seen")) for by in openers)
        )
    )
    [review] = won
    assert {type(each) for each in lost} == {ReviewUnfinished}
    assert {each.members["opened_by_id"] for each in lost} == {review.opened_by_id}


async def test_the_table_itself_refuses_a_second_open_review(rig, desk, owner):
    review = await asyncio.to_thread(desk.opened)

    def doubled() -> None:
        with owner.transaction() as session:
            session.execute(
                text(
                    "INSERT INTO proctoring.reviews (attempt_id, exam_id, student_id, state,"
                    " version, is_newest, opened_by_id, opened_at, ground_ids, decision_due_at)"
                    " SELECT attempt_id, exam_id, student_id, state, version, false,"
                    " opened_by_id, opened_at, ground_ids, decision_due_at"
                    " FROM proctoring.reviews WHERE id = :id"
                ),
                {"id": review.id},
            )

    with pytest.raises(IntegrityError, match="uq_reviews_unfinished"):
        await asyncio.to_thread(doubled)


async def test_after_the_end_another_review_may_be_opened_and_is_the_newest(rig, desk):
    first = await asyncio.to_thread(desk.decided, CLEARED)
    second = await asyncio.to_thread(desk.opened, first.attempt_id)
    newest = await rig.rows(store.newest, first.attempt_id)
    assert newest.id == second.id

    def joined(session) -> list:
        return session.execute(
            text(
                "SELECT t.attempt_id, r.exam_id, r.state, r.outcome, r.opened_at"
                " FROM proctoring.tallies t LEFT JOIN proctoring.reviews r"
                " ON r.attempt_id = t.attempt_id AND r.is_newest WHERE t.attempt_id = :id"
            ),
            {"id": first.attempt_id},
        ).all()

    expected = (first.attempt_id, 3, "open", None, second.opened_at)
    assert await rig.rows(joined) == [expected]


async def test_of_two_decisions_at_once_one_counts_and_the_other_is_told_by_whom(desk):
    review = await asyncio.to_thread(desk.opened)
    won, [lost] = split(
        await together(
            lambda: desk.reviewing.decide(review.id, Ruling(40, CONFIRMED, "yes")),
            lambda: desk.reviewing.decide(review.id, Ruling(41, CLEARED, "no")),
        )
    )
    assert isinstance(lost, AlreadyDecided)
    assert lost.members["decided_by_id"] == won[0].decided_by_id
    assert f"by user {won[0].decided_by_id}" in lost.detail


async def test_of_two_who_decide_on_an_appeal_at_once_one_counts(desk):
    review = await asyncio.to_thread(desk.appealed)
    rulings = [AppealRuling(by, AppealDecision.UPHELD, "so it is") for by in (50, 51, 52)]
    won, lost = split(
        await together(*(lambda r=r: desk.reviewing.decide_appeal(review.id, r) for r in rulings))
    )
    assert {type(each) for each in lost} == {AppealAlreadyDecided}
    assert {each.members["decided_by_id"] for each in lost} == {won[0].appeal_decided_by_id}


async def test_an_appeal_that_is_sent_twice_at_once_is_taken_once(desk):
    review = await asyncio.to_thread(desk.decided)
    won, [lost] = split(
        await together(*[lambda: desk.reviewing.appeal(review.id, "It was my calculator")] * 2)
    )
    assert isinstance(lost, AlreadyAppealed)
    story = await asyncio.to_thread(desk.reviewing.story, review.id)
    assert [e.entry.event_type for e in story.entries].count("review_appealed") == 1
    assert won[0].state is State.APPEALED


async def test_every_step_at_once_leaves_a_whole_history(desk):
    review = await asyncio.to_thread(desk.opened)
    deeds: list[Callable] = []
    for by in (60, 61):
        deeds.append(lambda by=by: desk.reviewing.decide(review.id, Ruling(by, CONFIRMED, "y")))
        deeds.append(lambda: desk.reviewing.appeal(review.id, "no"))
    for _ in range(5):
        await together(*deeds)
        story = await asyncio.to_thread(desk.reviewing.story, review.id)
        assert story.is_intact
        assert len(story.entries) == story.review.version
    assert story.review.state is State.APPEALED


@pytest.mark.parametrize("who", ["opened_by_id", "decided_by_id"])
async def test_the_table_refuses_that_somebody_decides_on_an_appeal_against_himself(desk, who):
    review = await asyncio.to_thread(desk.overturned)
    with pytest.raises(IntegrityError, match="ck_reviews_other_person"):
        await asyncio.to_thread(desk.change, f"appeal_decided_by_id = {who}", review.id)


@pytest.mark.parametrize("who", ["opened_by_id", "decided_by_id", "appeal_decided_by_id"])
async def test_the_table_refuses_that_a_student_judges_himself(desk, who):
    review = await asyncio.to_thread(desk.overturned)
    with pytest.raises(IntegrityError, match="ck_reviews_not_self"):
        await asyncio.to_thread(desk.change, f"{who} = student_id", review.id)


@pytest.mark.parametrize(
    "nonsense",
    [
        "state = 'open'",
        "outcome = 'confirmed'",
        "decided_by_id = NULL",
        "appeal_decision = 'perhaps'",
        "closed_at = NULL",
        "state = 'forgotten'",
    ],
)
async def test_the_table_refuses_what_no_step_leads_to(desk, nonsense):
    review = await asyncio.to_thread(desk.overturned)
    with pytest.raises(IntegrityError):
        await asyncio.to_thread(desk.change, nonsense, review.id)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM proctoring.reviews",
        "UPDATE proctoring.reviews SET opened_by_id = 1",
        "UPDATE proctoring.reviews SET attempt_id = 1",
        "UPDATE proctoring.review_history SET user_id = 1",
        "DELETE FROM proctoring.review_history",
        "TRUNCATE proctoring.review_history",
    ],
)
async def test_the_service_may_neither_remove_nor_rewrite_history(rig, statement):
    with pytest.raises(ProgrammingError, match="permission denied"):
        await rig.rows(lambda session: session.execute(text(statement)))


async def test_grounds_must_be_events_of_the_attempt(rig, desk):
    sat, client = rig.sits()
    _, stranger = rig.sits()
    event = {"event_type": "tab_switch"}
    own = (await client.post("/events", json=event | {"attempt_id": sat.attempt_id})).json()
    foreign_sat, stranger = rig.sits()
    posted = event | {"attempt_id": foreign_sat.attempt_id}
    foreign = (await stranger.post("/events", json=posted)).json()
    attempt = Attempt(sat.attempt_id, sat.student_id, sat.exam_id, AttemptStatus.SUBMITTED)

    def opening(*ids: int) -> Opening:
        return Opening(OPENER, "looked away", ids)

    with pytest.raises(ForeignGrounds, match=str(foreign["id"])):
        await asyncio.to_thread(desk.reviewing.open, attempt, opening(own["id"], foreign["id"]))
    review = await asyncio.to_thread(desk.reviewing.open, attempt, opening(own["id"]))
    assert review.ground_ids == (own["id"],)
    story = await asyncio.to_thread(desk.reviewing.story, review.id)
    [named] = story.entries[0].entry.details["grounds"]
    assert (named["id"], named["sequence"]) == (own["id"], 1)
    assert len(named["hash"]) == 64


async def test_an_opening_waits_for_who_holds_the_attempts_tally(rig, desk):
    attempt_id = 2_900_002
    locked, go_on = threading.Event(), threading.Event()

    def erase() -> None:
        with rig.database.transaction() as session:
            tallies.lock_tallies(session, [attempt_id])
            locked.set()
            go_on.wait(10)

    erasure = asyncio.create_task(asyncio.to_thread(erase))
    await asyncio.to_thread(locked.wait, 5)
    opening = asyncio.create_task(asyncio.to_thread(desk.opened, attempt_id))
    done, _ = await asyncio.wait({opening}, timeout=0.3)
    assert not done
    go_on.set()
    await erasure
    assert (await opening).state is State.OPEN


async def test_the_clock_closes_what_nobody_appealed_against_in_time(rig, desk):
    over = await asyncio.to_thread(desk.decided)
    running = await asyncio.to_thread(desk.decided)
    appealed = await asyncio.to_thread(desk.appealed)
    for review in (over, appealed):
        await asyncio.to_thread(desk.let_time_pass, review.id)
    await ReviewClock(rig.database, desk.reviewing, interval_seconds=60).tick()
    closed = await rig.rows(store.find, over.id)
    assert (closed.state, closed.outcome) == (State.CLOSED, Decision.CONFIRMED)
    assert (await rig.rows(store.find, running.id)).state is State.DECIDED
    assert (await rig.rows(store.find, appealed.id)).state is State.APPEALED
    story = await asyncio.to_thread(desk.reviewing.story, over.id)
    assert story.is_intact
    assert (story.entries[-1].entry.event_type, story.entries[-1].entry.user_id) == (
        "review_closed",
        None,
    )


async def test_one_replica_at_a_time_closes(rig, desk):
    over = [await asyncio.to_thread(desk.decided) for _ in range(2)]
    for review in over:
        await asyncio.to_thread(desk.let_time_pass, review.id)
    held, go_on = threading.Event(), threading.Event()

    def other_replica() -> None:
        with rig.database.transaction() as session:
            assert len(store.lock_over(session, 1)) == 1
            held.set()
            go_on.wait(10)

    other = asyncio.create_task(asyncio.to_thread(other_replica))
    await asyncio.to_thread(held.wait, 5)
    assert await asyncio.to_thread(desk.reviewing.close_over, 1_000) == 0
    go_on.set()
    await other
    await asyncio.to_thread(desk.reviewing.close_over, 1_000)
    assert {(await rig.rows(store.find, review.id)).state for review in over} == {State.CLOSED}


async def test_an_appeal_after_the_deadline_is_refused_before_the_clock_has_closed(rig, desk):
    review = await asyncio.to_thread(desk.decided)
    await asyncio.to_thread(desk.let_time_pass, review.id)
    with pytest.raises(AppealTooLate, match="turn to the institution"):
        await asyncio.to_thread(desk.reviewing.appeal, review.id, "too late")


async def test_the_app_runs_the_clock_by_itself(rig):
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert "review-clock" in names


def test_the_terms_of_the_tests_differ_so_that_none_is_taken_for_another():
    assert len({TERMS.decision, TERMS.appeal, TERMS.appeal_decision}) == 3
    assert len({STUDENT, OPENER, JUDGE, OTHER}) == 4
