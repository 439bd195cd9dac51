"""The legal hold: nothing is erased while a review or an appeal is undecided or may still come."""

import asyncio

from proctoring.review.holds import held


async def test_an_attempt_is_held_until_nobody_can_change_the_outcome(rig, desk):
    def prepare() -> dict[str, int]:
        made = {
            "opened": desk.opened(),
            "decided": desk.decided(),
            "appealed": desk.appealed(),
            "overturned": desk.overturned(),
            "window over": desk.decided(),
            "appealed and late": desk.appealed(),
        }
        desk.let_time_pass(made["window over"].id)
        desk.let_time_pass(made["appealed and late"].id)
        return {name: review.attempt_id for name, review in made.items()}

    attempts = await asyncio.to_thread(prepare)
    found = await rig.rows(held, [*attempts.values(), 2_999_999])
    assert {name for name, attempt in attempts.items() if attempt in found} == {
        "opened",
        "decided",
        "appealed",
        "appealed and late",
    }
    assert 2_999_999 not in found


async def test_an_older_review_that_ended_does_not_hide_a_new_one(rig, desk):
    first = await asyncio.to_thread(desk.overturned)
    await asyncio.to_thread(desk.opened, first.attempt_id)
    assert await rig.rows(held, [first.attempt_id]) == {first.attempt_id}


async def test_nothing_asked_is_nothing_held(rig):
    assert await rig.rows(held, []) == set()
