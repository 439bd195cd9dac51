from datetime import UTC, date, datetime, timedelta

import pytest
from auth.accounts import (
    UNKNOWN_SLOTS,
    Account,
    Candidate,
    Link,
    Role,
    Stay,
    Successor,
    admit_by_hall_ticket,
    admit_holder,
    admit_refresh,
    costs_like_imported,
    normalised_answer,
    read_birth_date,
    repeats_lost_answer,
    slot_of_unknown,
)
from auth.errors import (
    BirthDateUnreadable,
    HolderGone,
    LoginEnded,
    RefreshTokenInvalid,
    StudentInactive,
    StudentsOnly,
    UnknownHallTicket,
    UserInactive,
    UserNotFound,
    WrongBirthDate,
    WrongSecurityAnswer,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def account(*, role="student", is_active=True):
    return Account(
        id=1,
        email="e",
        username="u",
        full_name="f",
        is_active=is_active,
        is_verified=False,
        created_at=NOW,
        last_login=None,
        hall_ticket_number="HT",
        roles=(Role(5, role, None, NOW),),
        center=None,
        trade=None,
    )


@pytest.mark.contract("3/hall-ticket/calendar-date")
@given(st.dates(min_value=date(1, 1, 1)))
def test_every_date_is_read_from_its_own_form(day):
    assert read_birth_date(f"{day.day:02}/{day.month:02}/{day.year:04}") == day


@pytest.mark.parametrize(
    "text", ["", "1/1/2000", "00/01/2000", "29/02/2001", "01/13/2000", "01-01-2000",
             "\u0660\u0661/\u0660\u0661/\u0662\u0660\u0660\u0660",
             "01/01/0000", "01/01/20000", "2000/01/01"]
)  # fmt: skip
def test_what_is_no_date_in_this_form_is_refused(text):
    with pytest.raises(BirthDateUnreadable):
        read_birth_date(text)


@given(st.text())
def test_no_text_makes_reading_a_date_fail_otherwise(text):
    try:
        read_birth_date(text)
    except BirthDateUnreadable:
        return


@pytest.mark.contract("3/hall-ticket/order")
@given(
    st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans(),
    st.booleans(),
)  # fmt: skip
def test_the_first_check_that_fails_is_the_one_that_is_told(
    known, readable, same_day, has_hash, right, active, student
):
    someone = account(role="student" if student else "admin", is_active=active)
    candidate = Candidate(
        1, someone if known else None, "hash" if has_hash else None, date(2001, 2, 2)
    )
    birth_date = ("02/02/2001" if same_day else "03/02/2001") if readable else "2001"
    expected = [
        (known, UnknownHallTicket),
        (readable, BirthDateUnreadable),
        (same_day, WrongBirthDate),
        (has_hash and right, WrongSecurityAnswer),
        (active, StudentInactive),
        (student, StudentsOnly),
    ]
    failing = [failure for passes, failure in expected if not passes]
    if failing:
        with pytest.raises(failing[0]):
            admit_by_hall_ticket(candidate, birth_date, is_secret_right=right)
    else:
        assert admit_by_hall_ticket(candidate, birth_date, is_secret_right=right) is someone


@pytest.mark.parametrize(
    ("stay", "failure"),
    [
        (Stay(None, has_login=True, is_ended=True), LoginEnded),
        (Stay(None, has_login=False, is_ended=False), UserNotFound),
        (Stay(account(is_active=False), has_login=True, is_ended=False), UserInactive),
        (Stay(account(), has_login=False, is_ended=False), LoginEnded),
    ],
)
def test_the_holder_of_a_useless_token_is_told_why(stay, failure):
    with pytest.raises(failure):
        admit_holder(stay)


def test_a_refresh_needs_an_active_user_and_a_login_that_stands():
    link = Link(login_id=None, is_ended=False)
    assert admit_refresh(account(), link).id == 1
    for someone in (None, account(is_active=False)):
        with pytest.raises(HolderGone):
            admit_refresh(someone, None)
    for broken in (None, Link(login_id=None, is_ended=True)):
        with pytest.raises(RefreshTokenInvalid):
            admit_refresh(account(), broken)


@pytest.mark.parametrize(
    ("after_ms", "is_successor_spent", "repeats"),
    [
        (0, False, True),
        (15_000, False, True),
        (15_001, False, False),
        (-5, False, True),
        (0, True, False),
        (15_000, True, False),
    ],
)
def test_a_second_use_repeats_a_lost_answer_for_fifteen_seconds(
    after_ms, is_successor_spent, repeats
):
    spent_at = datetime(2026, 1, 1, tzinfo=UTC)
    link = Link(
        None,
        is_ended=False,
        spent_at=spent_at,
        successor=Successor(None, spent_at, is_spent=is_successor_spent),
    )
    now = spent_at + timedelta(milliseconds=after_ms)
    assert repeats_lost_answer(link, now, timedelta(seconds=15)) is repeats


def test_an_answer_is_compared_without_outer_spaces_and_case():
    assert normalised_answer("  KuMar\n") == "kumar"


@given(st.text())
def test_names_that_are_nobodys_share_a_bounded_number_of_slots(name):
    assert -UNKNOWN_SLOTS <= slot_of_unknown(name) <= -1
    assert slot_of_unknown(name) == slot_of_unknown(name)


def test_dummies_are_as_often_like_imported_ones_as_known_accounts_are():
    slots = range(-UNKNOWN_SLOTS, 0)
    for share in (0.0, 0.25, 1.0):
        like = sum(costs_like_imported(slot, share) for slot in slots)
        assert like == share * UNKNOWN_SLOTS
