"""A review as a state machine: each rule by itself, then any order of steps against a model."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from proctoring.attempt import Attempt, AttemptStatus
from proctoring.review import case
from proctoring.review.case import (
    AppealDecision,
    AppealRuling,
    Opening,
    Review,
    Ruling,
    State,
    Terms,
)
from proctoring.review.errors import (
    AlreadyAppealed,
    AlreadyDecided,
    AppealAlreadyDecided,
    AppealTooLate,
    NotAppealed,
    NothingToAppeal,
    OwnAttempt,
    ReviewNotFound,
    SamePerson,
)
from proctoring.review.reasons import Decision, ReasonCode

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TERMS = Terms(timedelta(days=7), timedelta(days=14), timedelta(days=21))
STUDENT, OPENER, JUDGE, OTHER = 7, 20, 21, 22
ATTEMPT = Attempt(1, STUDENT, 3, AttemptStatus.SUBMITTED)
CONFIRMED, CLEARED = ReasonCode.FORBIDDEN_MATERIAL, ReasonCode.NO_BREACH


def opened(by_id: int = OPENER) -> Review:
    return case.begin(ATTEMPT, Opening(by_id, "a phone"), NOW, TERMS, salt=b"salt", risk=None)


def decided(code: ReasonCode = CONFIRMED) -> Review:
    return case.decide(opened(), Ruling(JUDGE, code, "seen"), NOW, TERMS)


def appealed() -> Review:
    return case.appeal(decided(), "It was my calculator", NOW, TERMS)


def judged(decision: AppealDecision = AppealDecision.OVERTURNED, by_id: int = OTHER) -> Review:
    return case.decide_appeal(appealed(), AppealRuling(by_id, decision, "looked again"), NOW)


def test_a_review_begins_open_and_with_a_day_by_which_it_is_to_be_decided():
    review = opened()
    assert (review.state, review.outcome, review.version) == (State.OPEN, None, 1)
    assert review.decision_due_at == NOW + timedelta(days=7)


def test_a_cleared_student_has_nothing_to_wait_for():
    review = decided(CLEARED)
    assert (review.state, review.outcome) == (State.CLOSED, Decision.CLEARED)
    assert (review.closed_at, review.appeal_until) == (NOW, None)
    with pytest.raises(NothingToAppeal):
        case.appeal(review, "why not", NOW, TERMS)


def test_a_confirmed_suspicion_may_be_appealed_against_for_a_while():
    review = decided()
    assert (review.state, review.outcome) == (State.DECIDED, Decision.CONFIRMED)
    assert review.appeal_until == NOW + timedelta(days=14)
    assert review.may_appeal(NOW + timedelta(days=14, microseconds=-1))
    assert not review.may_appeal(NOW + timedelta(days=14))


def test_an_appeal_after_the_deadline_is_refused_and_told_when_that_was():
    with pytest.raises(AppealTooLate) as refused:
        case.appeal(decided(), "too late", NOW + timedelta(days=14), TERMS)
    assert "ended on 2026-03-16 at 09:00 UTC" in refused.value.detail
    closed = case.close(decided(), NOW + timedelta(days=14))
    with pytest.raises(AppealTooLate):
        case.appeal(closed, "too late", NOW + timedelta(days=14), TERMS)


def test_a_student_appeals_once():
    with pytest.raises(AlreadyAppealed):
        case.appeal(appealed(), "again", NOW, TERMS)
    with pytest.raises(AlreadyAppealed):
        case.appeal(judged(AppealDecision.UPHELD), "again", NOW, TERMS)


def test_an_open_review_is_not_there_for_its_student():
    with pytest.raises(ReviewNotFound):
        case.appeal(opened(), "I have heard of it", NOW, TERMS)


@pytest.mark.parametrize("by_id", [OPENER, JUDGE])
def test_who_opened_or_decided_does_not_decide_on_the_appeal(by_id: int):
    with pytest.raises(SamePerson):
        judged(by_id=by_id)


@pytest.mark.parametrize(
    ("decision", "outcome"),
    [
        (AppealDecision.UPHELD, Decision.CONFIRMED),
        (AppealDecision.OVERTURNED, Decision.CLEARED),
    ],
)
def test_another_person_upholds_or_overturns_and_that_is_the_end(decision, outcome):
    review = judged(decision)
    assert (review.state, review.outcome) == (State.CLOSED, outcome)
    assert review.decision is Decision.CONFIRMED  # what was decided first stays to be read


def test_nobody_judges_an_attempt_of_his_own():
    with pytest.raises(OwnAttempt):
        opened(STUDENT)
    with pytest.raises(OwnAttempt):
        case.decide(opened(), Ruling(STUDENT, CLEARED, "I am innocent"), NOW, TERMS)
    with pytest.raises(OwnAttempt):
        judged(by_id=STUDENT)


def test_who_decides_second_is_told_who_was_first():
    with pytest.raises(AlreadyDecided) as refused:
        case.decide(decided(), Ruling(OTHER, CLEARED, "no"), NOW, TERMS)
    assert refused.value.members["decided_by_id"] == JUDGE
    assert refused.value.detail == f"The review is decided already, by user {JUDGE}"
    with pytest.raises(AppealAlreadyDecided) as refused:
        case.decide_appeal(judged(), AppealRuling(99, AppealDecision.UPHELD, "no"), NOW)
    assert refused.value.members["decided_by_id"] == OTHER


def test_without_an_appeal_there_is_nothing_for_another_person_to_decide():
    for review in (opened(), decided(), decided(CLEARED)):
        with pytest.raises(NotAppealed):
            case.decide_appeal(review, AppealRuling(OTHER, AppealDecision.UPHELD, "x"), NOW)


def test_time_closes_nothing_but_decisions_that_nobody_appealed_against():
    late = NOW + timedelta(days=15)
    assert case.close(decided(), late).state is State.CLOSED
    for review in (opened(), appealed(), judged(), decided(CLEARED)):
        assert case.close(review, late) == review
    assert case.close(decided(), NOW).state is State.DECIDED


def test_every_reason_has_a_decision_and_words():
    for code in ReasonCode:
        assert code.decision in Decision
        assert code.words.endswith(".")
    assert {code.decision for code in ReasonCode} == set(Decision)


class Model(RuleBasedStateMachine):
    """Any step at any time by anybody: the machine must do what a few plain facts say."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.review = opened()
        self.decided_by: int | None = None
        self.is_cleared = False
        self.until: datetime | None = None
        self.has_appealed = False
        self.appeal_decided_by: int | None = None
        self.is_closed_by_time = False
        self.step_count = 1

    people = st.sampled_from([STUDENT, OPENER, JUDGE, OTHER, 23])

    def took(self, after: Review) -> None:
        self.review = after
        self.step_count += 1

    @rule(days=st.sampled_from([0, 1, 13, 14]))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(by_id=people, code=st.sampled_from(ReasonCode))
    def decide(self, by_id: int, code: ReasonCode) -> None:
        may = by_id != STUDENT and self.decided_by is None
        try:
            after = case.decide(self.review, Ruling(by_id, code, "seen"), self.now, TERMS)
        except (OwnAttempt, AlreadyDecided):
            assert not may
            return
        assert may
        self.decided_by = by_id
        self.is_cleared = code.decision is Decision.CLEARED
        self.until = None if self.is_cleared else self.now + TERMS.appeal
        self.took(after)

    @rule()
    def appeal(self) -> None:
        may = self.until is not None and not self.has_appealed and self.now < self.until
        try:
            after = case.appeal(self.review, "no", self.now, TERMS)
        except (ReviewNotFound, AlreadyAppealed, NothingToAppeal, AppealTooLate):
            assert not may
            return
        assert may
        self.has_appealed = True
        self.took(after)

    @rule(by_id=people, decision=st.sampled_from(AppealDecision))
    def decide_appeal(self, by_id: int, decision: AppealDecision) -> None:
        is_another = by_id not in {STUDENT, OPENER, self.decided_by}
        may = self.has_appealed and self.appeal_decided_by is None and is_another
        try:
            after = case.decide_appeal(
                self.review, AppealRuling(by_id, decision, "looked again"), self.now
            )
        except (OwnAttempt, SamePerson, NotAppealed, AppealAlreadyDecided):
            assert not may
            return
        assert may
        self.appeal_decided_by = by_id
        self.is_cleared = decision is AppealDecision.OVERTURNED
        self.took(after)

    @rule()
    def close(self) -> None:
        is_over = self.until is not None and self.now >= self.until
        may = is_over and not self.has_appealed and not self.is_closed_by_time
        after = case.close(self.review, self.now)
        assert (after != self.review) == may
        if may:
            self.is_closed_by_time = True
            self.took(after)

    @invariant()
    def it_is_in_the_state_that_the_facts_say(self) -> None:
        review = self.review
        is_final = self.appeal_decided_by is not None or self.is_closed_by_time
        is_final |= self.decided_by is not None and self.until is None
        if is_final:
            assert review.state is State.CLOSED
        elif self.has_appealed:
            assert review.state is State.APPEALED
        else:
            assert review.state is (State.OPEN if self.decided_by is None else State.DECIDED)
        assert (review.closed_at is not None) == is_final
        assert (review.outcome is Decision.CLEARED) == (
            self.decided_by is not None and self.is_cleared
        )

    @invariant()
    def nobody_ever_judges_himself_or_his_own_judgement(self) -> None:
        judges = [self.review.opened_by_id, self.review.decided_by_id]
        assert self.review.appeal_decided_by_id is None or (
            self.review.appeal_decided_by_id not in judges
        )
        assert STUDENT not in [*judges, self.review.appeal_decided_by_id]

    @invariant()
    def each_step_is_a_version_and_the_opening_never_changes(self) -> None:
        assert self.review.version == self.step_count
        began = replace(opened(), version=0)
        same = ("attempt_id", "student_id", "opened_by_id", "opened_at", "decision_due_at")
        assert all(getattr(self.review, n) == getattr(began, n) for n in same)


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)
