"""Legal hold by the real reviews: from the opening until nobody can change the outcome."""

import asyncio
import threading

from proctoring import store as events_store
from proctoring.attempt import Attempt, AttemptStatus
from proctoring.retention.due import HeldBy
from proctoring.retention.erasing import Order
from proctoring.review.case import AppealDecision, AppealRuling, Opening, Ruling
from proctoring.review.reasons import ReasonCode
from sqlalchemy import text

OPENER, JUDGE, OTHER = 20, 21, 22
UPHELD = AppealRuling(OTHER, AppealDecision.UPHELD, "it was a phone")


def opened(archive, sat):
    attempt = Attempt(sat.attempt_id, sat.student_id, sat.exam_id, AttemptStatus.SUBMITTED)
    return archive.rig.app.state.reviewing.open(attempt, Opening(OPENER, "a phone"))


async def ask(archive, sat) -> tuple[HeldBy, ...]:
    """Run the app's own retention over the attempt's exam; return what holds the attempt."""
    eraser = archive.rig.app.state.retention.eraser
    page = await archive.do(eraser.run, Order(), exam_id=sat.exam_id)
    return page.outcomes[0].held_by if page.outcomes else ()


async def test_nothing_is_erased_while_a_review_or_an_appeal_of_the_attempt_is_open(archive):
    sat = await archive.sat(days_ago=999)
    reviewing = archive.rig.app.state.reviewing
    review = await archive.do(opened, archive, sat)
    steps = [
        lambda: None,
        lambda: reviewing.decide(review.id, Ruling(JUDGE, ReasonCode.FORBIDDEN_MATERIAL, "seen")),
        lambda: reviewing.appeal(review.id, "It was my calculator"),
    ]
    for step in steps:
        await archive.do(step)
        assert await ask(archive, sat) == (HeldBy.REVIEW,)
        assert sum((await archive.left(sat)).values()) == 15
    await archive.do(reviewing.decide_appeal, review.id, UPHELD)
    assert await ask(archive, sat) == ()
    assert sum((await archive.left(sat)).values()) == 0


async def test_when_the_time_for_an_appeal_is_over_retention_goes_on(archive, owner):
    sat = await archive.sat(days_ago=999)
    review = await archive.do(opened, archive, sat)
    ruling = Ruling(JUDGE, ReasonCode.FORBIDDEN_MATERIAL, "seen")
    await archive.do(archive.rig.app.state.reviewing.decide, review.id, ruling)

    def let_time_pass() -> None:
        past = text(
            "UPDATE proctoring.reviews SET appeal_until = now() - interval '1 s' WHERE id = :id"
        )
        with owner.transaction() as session:
            session.execute(past, {"id": review.id})

    await asyncio.to_thread(let_time_pass)
    assert await ask(archive, sat) == ()
    assert sum((await archive.left(sat)).values()) == 0


async def test_a_review_that_opens_just_before_an_erasure_wins(archive):
    sat = await archive.sat()
    eraser = archive.rig.app.state.retention.eraser
    with_lock, may_go = threading.Event(), threading.Event()

    def block(session) -> None:
        events_store.lock_tallies(session, [sat.attempt_id])
        with_lock.set()
        assert may_go.wait(10)

    blocking = asyncio.create_task(archive.rig.rows(block))
    await asyncio.to_thread(with_lock.wait, 10)
    opening = asyncio.create_task(archive.do(opened, archive, sat))
    await archive.waiting(1)
    erasing = asyncio.create_task(
        archive.do(eraser.forget, sat.student_id, [sat.attempt_id], Order())
    )
    await archive.waiting(2)
    may_go.set()
    await blocking
    await opening
    [outcome] = await erasing
    assert outcome.held_by == (HeldBy.REVIEW,)
    assert sum((await archive.left(sat)).values()) == 15


async def test_a_persons_export_holds_the_reviews_about_him(archive, admin):
    sat = await archive.sat()
    await archive.do(opened, archive, sat)
    [attempt] = (await admin.get(f"/people/{sat.student_id}/export")).json()["attempts"]
    [review] = attempt["reviews"]
    assert (review["opening_reason"], review["student_id"]) == ("a phone", sat.student_id)
    assert "salt" not in review
