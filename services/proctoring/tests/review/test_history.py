"""The history of a review: whole, chained, and witness against whoever changes the review."""

import argparse
import asyncio
import json
from dataclasses import replace

import pytest
from chassis.store_commands import Audit
from proctoring.__main__ import SERVICE
from proctoring.review import history
from proctoring.review.case import State
from proctoring.settings import Settings
from sqlalchemy import text

from .conftest import JUDGE, OPENER, OTHER, STUDENT


@pytest.fixture
async def story(desk):
    review = await asyncio.to_thread(desk.overturned)
    return await asyncio.to_thread(desk.reviewing.story, review.id)


async def test_every_step_is_told_by_whom_and_in_order(story):
    steps = [(e.entry.event_type, e.entry.user_id, e.place) for e in story.entries]
    assert steps == [
        ("review_opened", OPENER, 1),
        ("review_decided", JUDGE, 2),
        ("review_appealed", STUDENT, 3),
        ("review_appeal_decided", OTHER, 4),
    ]
    assert story.is_intact
    assert [e.entry.details["state"] for e in story.entries] == [
        "open",
        "decided",
        "appealed",
        "closed",
    ]


async def test_no_text_is_in_the_history_itself_and_each_is_vouched_for(story):
    kept = repr([e.entry.details for e in story.entries])
    for name in history.TEXTS:
        words = getattr(story.review, name)
        assert words not in kept
        assert any(name in e.entry.details["commitments"] for e in story.entries)


@pytest.mark.parametrize("name", history.TEXTS)
async def test_a_text_that_was_changed_or_removed_is_named(story, name):
    for words in ("something else", None):
        changed = replace(story.review, **{name: words})
        found = history.story(changed, story.entries)
        assert found.changed == (name,)
        assert not found.is_intact


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("decided_by_id", OTHER + 1),
        ("appeal_decided_by_id", OTHER + 1),
        ("opened_by_id", OTHER + 1),
        ("outcome", None),
        ("state", State.OPEN),
        ("reason_code", None),
        ("appeal_decision", None),
    ],
)
async def test_a_review_that_says_something_else_than_its_history_is_named(story, column, value):
    changed = replace(story.review, **{column: value})
    assert column in history.story(changed, story.entries).changed


async def test_words_that_were_erased_leave_the_chain_whole(story):
    erased = replace(story.review, salt=None, **dict.fromkeys(history.TEXTS))
    assert history.story(erased, story.entries).is_intact
    forged = replace(erased, explanation="something else")
    assert history.story(forged, story.entries).changed == ("explanation",)


async def test_a_missing_entry_is_found_wherever_it_was(story):
    for place in range(len(story.entries)):
        left = [e for e in story.entries if e.place != place + 1]
        found = history.story(story.review, left)
        assert not found.is_intact
        assert found.flawed_place == (place + 2 if place + 1 < len(story.entries) else place + 1)


@pytest.mark.parametrize(
    "forgery", ["user_id = 99", "details = '{}'", "event_type = 'review_closed'", "place = 9"]
)
async def test_an_entry_that_the_owner_of_the_database_changed_is_found(desk, owner, forgery):
    review = await asyncio.to_thread(desk.decided)

    def forge() -> None:
        statement = f"UPDATE proctoring.review_history SET {forgery}"  # noqa: S608
        chosen = "WHERE review_id = :id AND place = 2"
        with owner.transaction() as session:
            session.execute(text(f"{statement} {chosen}"), {"id": review.id})

    await asyncio.to_thread(forge)
    story = await asyncio.to_thread(desk.reviewing.story, review.id)
    assert not story.is_intact


async def test_a_command_checks_the_history_of_all_reviews_and_names_a_broken_one(
    desk, owner, settings: Settings, capsys
):
    [verify] = [v for v in SERVICE.verbs if isinstance(v, Audit) and v.name == "reviews"]

    async def verified() -> tuple[int, dict]:
        code = await asyncio.to_thread(verify.run, settings, argparse.Namespace(deed="verify"))
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    review = await asyncio.to_thread(desk.overturned)
    _, before = await verified()
    assert before["entry_count"] >= 4

    def forge() -> None:
        forgery = "UPDATE proctoring.review_history SET user_id = 99 WHERE review_id = :id"
        with owner.transaction() as session:
            session.execute(text(f"{forgery} AND place = 2"), {"id": review.id})

    await asyncio.to_thread(forge)
    code, after = await verified()
    assert code == 1
    broken = {each["chain"] for each in after["flaws"]}
    assert broken - {each["chain"] for each in before["flaws"]} == {f"review:{review.id}"}
