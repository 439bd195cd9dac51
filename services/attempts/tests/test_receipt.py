"""What a receipt says, and which claims of sent events can be read."""

import json

import pytest
from attempts.answer import Answer
from attempts.attempt import Status, SubmitReason
from attempts.receipt import NO_CLAIM, Claim, claimed, signed
from chassis import signing
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("value", [0, 1, 5, 2**63 - 1])
def test_a_whole_number_is_a_claim(value):
    assert claimed(value) == Claim(value)


@pytest.mark.parametrize(
    ("value", "flaw"),
    [
        (-1, "out_of_range"),
        (2**63, "out_of_range"),
        (5.0, "not_a_whole_number"),
        ("5", "not_a_whole_number"),
        (True, "not_a_whole_number"),
        ([5], "not_a_whole_number"),
        ({}, "not_a_whole_number"),
    ],
)
def test_anything_else_is_a_flaw_and_no_claim(value, flaw):
    assert claimed(value) == Claim(None, flaw)


def test_nothing_is_claimed_by_nothing():
    assert claimed(None) is NO_CLAIM


def test_a_receipt_names_every_answer_in_the_order_of_questions(attempt, key):
    done = attempt(
        status=Status.GRADED,
        submit_time=attempt().as_of,
        submit_reason=SubmitReason.STUDENT,
        last_event_sequence=9,
    )
    answers = [Answer(1, 5, "b", revision=2), Answer(1, 3, None, is_flagged=True, revision=1)]
    receipt = signed(done, answers, key)
    said = json.loads(receipt.body)
    listed = [
        {"question_id": 3, "revision": 1, "sha256": answers[1].sha256},
        {"question_id": 5, "revision": 2, "sha256": answers[0].sha256},
    ]
    assert said == {
        "type": "oep.receipt.v1",
        "attempt_id": 1,
        "exam_id": 3,
        "student_id": 2,
        "submitted_at": "2026-03-01T10:00:00Z",
        "submit_reason": "student",
        "answers": listed,
        "answers_sha256": signing.sha256(listed),
        "last_event_sequence": 9,
        "kid": key.kid,
    }
    assert signing.is_signed(key.public, signing.canonical(said), receipt.signature)


@given(st.permutations([Answer(1, n, str(n), revision=n) for n in range(1, 6)]))
def test_the_order_in_which_answers_were_stored_does_not_matter(attempt_of, key, answers):
    first, second = (signed(attempt_of(), some, key) for some in (answers, sorted(answers, key=id)))
    assert first == second
