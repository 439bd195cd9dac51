"""Which notices are worth a mail, and what it says."""

import json

import pytest
from proctoring.outgoing.letter import About, letter, words
from proctoring.outgoing.topic import notice

AT = "2026-03-02T09:00:00Z"


def written(fact: str, **data):
    said = {"id": "attempts-7", "fact": fact, "at": AT, "exam_id": 2, "attempt_id": 1}
    return letter(notice(json.dumps(said | {"data": {"student_id": 9} | data}).encode()))


@pytest.mark.parametrize(
    ("fact", "data", "about"),
    [
        ("allowance_granted", {"seconds": 600}, About.EXTRA_TIME),
        ("status_changed", {"status": "graded", "previous_status": "submitted"}, About.RESULT),
        ("grade_changed", {"grade_version": 2}, About.RESULT),
        ("review_changed", {"state": "closed", "review_id": 5}, About.APPEAL),
    ],
)
def test_extra_time_results_and_ends_of_reviews_may_be_worth_one(fact, data, about):
    found = written(fact, **data)
    assert (found.about, found.student_id, found.id) == (about, 9, "attempts-7")
    assert found.review_id == (5 if about is About.APPEAL else None)


@pytest.mark.parametrize(
    ("fact", "data"),
    [
        ("status_changed", {"status": "submitted", "previous_status": "in_progress"}),
        ("status_changed", {"status": "graded", "previous_status": "graded"}),
        ("review_changed", {"state": "decided", "review_id": 5}),
        ("review_changed", {"state": "open", "review_id": 5}),
        ("event_recorded", {"event": {"severity": "violation"}}),
        ("deadline_changed", {}),
    ],
)
def test_nothing_else_is_worth_a_mail(fact, data):
    assert written(fact, **data) is None


@pytest.mark.parametrize("language", ["en", "hi"])
@pytest.mark.parametrize("about", About)
def test_a_mail_says_where_to_look_and_nothing_of_what(about, language):
    said = words(about, language, "https://exams.example.org")
    assert "https://exams.example.org" in said.text
    assert said.subject
    assert "\n" not in said.subject
    assert not [c for c in said.subject + said.text.replace("https", "") if c.isdigit()]


def test_every_language_has_words_of_its_own():
    pairs = [(words(a, "en", "u"), words(a, "hi", "u")) for a in About]
    assert not [en for en, hi in pairs if en.subject == hi.subject or en.text == hi.text]
    assert all(hi.subject[0] > "\u0900" for _, hi in pairs)
