"""A group of saves gives the same as its saves one by one."""

from dataclasses import replace
from datetime import timedelta

from attempts.answer import Save
from attempts.attempt import Status
from attempts.progress import Ledger, Refusal, Saved, Situation, why_not
from hypothesis import given
from hypothesis import strategies as st

SAVES = st.lists(
    st.builds(
        Save,
        attempt_id=st.sampled_from([1, 2, 3]),
        student_id=st.sampled_from([2, 2, 2, 9]),
        question_id=st.integers(1, 4),
        value=st.sampled_from([None, "", [], "a", ["b"], False, 0]),
        is_flagged=st.booleans(),
        time_spent_seconds=st.integers(0, 3),
        message_id=st.sampled_from([None, None, "m1", "m2"]),
        is_flag_only=st.just(False),
    ),
    max_size=12,
)
MEMBERS = frozenset({(3, 1), (3, 2), (3, 3)})


def situation(attempt) -> Situation:
    attempts = {1: attempt(id=1), 2: attempt(id=2, status=Status.GRADED)}
    return Situation(attempts, MEMBERS, {}, {})


@given(SAVES)
def test_a_group_gives_the_same_as_its_saves_one_by_one(attempt_of, saves):
    now, singly = situation(attempt_of), []
    together = Ledger(now)
    outcomes = together.take_all(saves)
    for save in saves:
        ledger = Ledger(now)
        singly.append(ledger.take(save))
        now = Situation(ledger.attempts, MEMBERS, ledger.answers, ledger.receipts)
    assert outcomes == singly
    assert together.answers == dict(now.answers)
    assert together.attempts == dict(now.attempts)


@given(SAVES)
def test_the_counters_always_agree_with_the_answers(attempt_of, saves):
    ledger = Ledger(situation(attempt_of))
    ledger.take_all(saves)
    answers = [a for a in ledger.answers.values() if a.attempt_id == 1]
    attempt = ledger.attempts[1]
    assert attempt.questions_answered == sum(a.is_answered for a in answers)
    assert set(attempt.questions_flagged) == {a.question_id for a in answers if a.is_flagged}
    assert not any(key[0] == 2 for key in ledger.changed_answers), "a closed attempt is left alone"


def test_reasons_are_looked_at_in_the_contracts_order(attempt):
    running = attempt()
    late = replace(running, as_of=running.deadline_at + timedelta(seconds=1))
    assert why_not(None, 2).reason is Refusal.ATTEMPT_NOT_FOUND
    assert why_not(late, 9).reason is Refusal.ATTEMPT_NOT_FOUND
    assert why_not(replace(late, status=Status.SUBMITTED), 2).reason is Refusal.ATTEMPT_NOT_ACTIVE
    assert why_not(late, 2).reason is Refusal.TIME_EXPIRED
    assert why_not(replace(running, status=Status.EXPIRED), 2).reason is Refusal.TIME_EXPIRED
    assert why_not(running, 2) is None


def test_the_last_instant_still_counts(attempt):
    running = attempt()
    ledger = Ledger(Situation({1: replace(running, as_of=running.deadline_at)}, MEMBERS, {}, {}))
    outcome = ledger.take(Save(1, 2, 1, "a"))
    assert isinstance(outcome, Saved)
    assert outcome.receipt.time_remaining_seconds == 0
