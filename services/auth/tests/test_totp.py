"""The rules of second factors: RFC 6238 by its letter, and recovery codes."""

import base64
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from auth.accounts import Account, Role
from auth.second_factor import (
    Factor,
    Need,
    bare,
    is_totp,
    matching_step,
    may_have,
    need_of,
    new_recovery_codes,
    new_secret,
    otpauth_uri,
    recovery_hash,
)

SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)


def code_at(when):
    return pyotp.TOTP(SECRET).at(when)


def account(*roles):
    held = tuple(Role(number, name, None, NOW) for number, name in enumerate(roles))
    return Account(7, "a@example.org", "a", "A", True, True, NOW, None, None, held, None, None)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_rfc_6238_appendix_b_its_values_are_right_at_their_times(seconds, code):
    when = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(SECRET, code, when, None) == seconds // 30


@pytest.mark.parametrize(("drift", "counts"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_rfc_6238_5_2_and_6_one_step_of_drift_is_borne_either_way(drift, counts):
    code = code_at(NOW + timedelta(seconds=drift))
    assert (matching_step(SECRET, code, NOW, None) is not None) is counts


def test_rfc_6238_5_2_a_step_that_was_taken_is_taken_once_and_none_before_it():
    step = matching_step(SECRET, code_at(NOW), NOW, None)
    assert matching_step(SECRET, code_at(NOW), NOW, step) is None
    earlier = code_at(NOW - timedelta(seconds=30))
    assert matching_step(SECRET, earlier, NOW, step) is None
    later = NOW + timedelta(seconds=30)
    assert matching_step(SECRET, code_at(later), later, step) == step + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12a456", "١٢٣٤٥٦", "½½½½½½", "ünicod"])
def test_what_is_not_six_digits_is_no_code(code):
    assert not is_totp(code)
    assert matching_step(SECRET, code, NOW, None) is None


def test_rfc_4226_4_r6_a_secret_has_160_bits_and_no_two_are_the_same():
    made = {new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(base64.b32decode(each)) for each in made} == {20}


def test_an_authenticator_reads_the_same_secret_from_the_address():
    read = pyotp.parse_uri(otpauth_uri(SECRET, "amara", "Exams & more"))
    assert (read.secret, read.name, read.issuer) == (SECRET, "amara", "Exams & more")
    assert (read.digits, read.interval) == (6, 30)


def test_ten_recovery_codes_of_80_bits_however_they_are_typed():
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert {len(base64.b32decode(bare(code).upper())) for code in codes} == {10}
    code = codes[0]
    typed = f" {code.upper().replace('-', ' ')} "
    assert recovery_hash(7, typed) == recovery_hash(7, code)
    assert recovery_hash(8, code) != recovery_hash(7, code)
    assert not is_totp(bare(code))


ON, BEGUN = Factor(b"", True, None), Factor(b"", False, None)


@pytest.mark.parametrize(
    ("factor", "roles", "need"),
    [
        (None, ["admin"], Need.ENROLMENT),
        (BEGUN, ["admin"], Need.ENROLMENT),
        (ON, ["admin"], Need.CODE),
        (None, ["proctor"], Need.NOTHING),
        (BEGUN, ["proctor"], Need.NOTHING),
        (ON, ["proctor"], Need.CODE),
        (ON, [], Need.CODE),
    ],
)
def test_a_code_is_owed_by_who_has_a_factor_and_a_factor_by_a_demanding_role(factor, roles, need):
    assert need_of(factor, account(*roles), frozenset({"admin"})) is need


@pytest.mark.parametrize(
    ("roles", "may"), [([], False), (["student"], False), (["student", "grader"], True)]
)
def test_second_factors_are_for_staff(roles, may):
    assert may_have(account(*roles)) is may
