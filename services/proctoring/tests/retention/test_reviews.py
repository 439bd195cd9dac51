"""Legal hold by the real reviews: from the opening until nobody can change the outcome."""

import asyncio
import threading

from proctoring import store as events_store
from proctoring.attempt import Attempt, AttemptStatus
from proctoring.retention.due import HeldBy
from proctoring.retention.erasing import Order
from proctoring.review import store as review_store
from proctoring.review.case import AppealDecision, AppealRuling, Opening, Ruling
from proctoring.review.history import TEXTS
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


async def exported(admin, sat) -> list:
    [attempt] = (await admin.get(f"/people/{sat.student_id}/export")).json()["attempts"]
    return attempt["reviews"]


async def judged(archive, sat) -> int:
    """Bring a review of the attempt to its end; return its number."""
    reviewing = archive.rig.app.state.reviewing
    review = await archive.do(opened, archive, sat)
    ruling = Ruling(JUDGE, ReasonCode.FORBIDDEN_MATERIAL, "it was seen", "his brother did it, too")
    await archive.do(reviewing.decide, review.id, ruling)
    await archive.do(reviewing.appeal, review.id, "It was my calculator")
    upheld = AppealRuling(OTHER, AppealDecision.UPHELD, "it was a phone", "a hopeless case")
    await archive.do(reviewing.decide_appeal, review.id, upheld)
    return review.id


async def test_a_persons_export_has_his_reviews_without_colleagues_and_their_notes(archive, admin):
    sat = await archive.sat()
    await judged(archive, sat)
    [review] = await exported(admin, sat)
    assert (review["student_id"], review["outcome"]) == (sat.student_id, "confirmed")
    assert (review["explanation"], review["appeal_text"], review["appeal_explanation"]) == (
        "it was seen",
        "It was my calculator",
        "it was a phone",
    )
    internal = {"salt", "opening_reason", "internal_note", "appeal_note", "risk"}
    assert not internal & set(review)
    assert not [name for name in review if name.endswith("by_id")]


async def test_a_persons_export_does_not_tell_of_a_review_that_he_may_not_know_yet(archive, admin):
    sat = await archive.sat()
    await archive.do(opened, archive, sat)
    assert await exported(admin, sat) == []


async def test_an_erasure_empties_what_people_wrote_into_reviews_and_the_history_stays_whole(
    archive, admin
):
    sat, other = await archive.sat(), await archive.sat()
    review_id, kept_id = await judged(archive, sat), await judged(archive, other)
    erasure = await admin.post(f"/people/{sat.student_id}/erasure", json={"reason": "he asked"})
    [told] = erasure.json()["attempts"]
    assert told["others"]["reviews"] == 1
    reviewing = archive.rig.app.state.reviewing
    story = await archive.do(reviewing.story, review_id)
    assert {getattr(story.review, name) for name in (*TEXTS, "salt")} == {None}
    assert story.is_intact
    assert (story.review.outcome.value, story.review.decided_by_id) == ("confirmed", JUDGE)
    [shown] = await exported(admin, sat)
    assert (shown["outcome"], shown["appeal_text"]) == ("confirmed", None)
    untouched = (await archive.do(reviewing.story, kept_id)).review
    assert untouched.appeal_text == "It was my calculator"
    assert await archive.rig.rows(review_store.count_words, sat.attempt_id) == 0
    assert await archive.rig.rows(review_store.forget_words, sat.attempt_id) == 0
