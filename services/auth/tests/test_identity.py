"""Who an outside identity is here, and which roles it brings: denied unless said otherwise."""

from datetime import UTC, datetime

import pytest
from auth import identity
from auth.accounts import Account, Role
from auth.errors import OidcAnswerInvalid, ReturnPathForeign
from auth.identity import identity_of, local_path, may_link_by_email, named_roles, roles_after
from hypothesis import given
from hypothesis import strategies as st

ISSUER = "https://id.example.org"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def account(*roles, is_active=True):
    held = tuple(Role(number, name, None, NOW) for number, name in enumerate(roles))
    return Account(7, "a@example.org", "a", "A", is_active, True, NOW, None, None, held, None, None)


def test_an_identity_is_issuer_and_subject_and_what_the_claim_says():
    claims = {"sub": "7f", "email": "a@b.org", "email_verified": True, "roles": ["x", "y", 3]}
    found = identity_of(ISSUER, claims, "roles")
    assert (found.issuer, found.subject, found.verified_email) == (ISSUER, "7f", "a@b.org")
    assert found.role_values == {"x", "y"}


@pytest.mark.parametrize("verified", [None, False, "true", 1, "yes"])
def test_an_address_counts_only_when_the_provider_says_it_verified_it(verified):
    claims = {"sub": "7f", "email": "a@b.org", "email_verified": verified}
    assert identity_of(ISSUER, claims, "roles").verified_email is None


@pytest.mark.parametrize("subject", [None, "", 7, "x" * 256, "straße", "a\x00b"])
def test_a_subject_is_up_to_255_ascii_characters_core_2(subject):
    with pytest.raises(OidcAnswerInvalid):
        identity_of(ISSUER, {"sub": subject}, "roles")


@pytest.mark.parametrize(
    ("claims", "name", "values"),
    [
        ({"realm_access": {"roles": ["x"]}}, "realm_access.roles", {"x"}),
        ({"https://example.org/roles": ["x"]}, "https://example.org/roles", {"x"}),
        ({"group": "x"}, "group", {"x"}),
        ({"roles": {"x": True}}, "roles", set()),
        ({"realm_access": "x"}, "realm_access.roles", set()),
        ({}, "roles", set()),
    ],
)
def test_the_claim_for_roles_is_found_by_its_name_or_its_way(claims, name, values):
    assert identity_of(ISSUER, {"sub": "7f"} | claims, name).role_values == values


MAP = {"office": {"hall_in_charge"}, "chief": {"admin", "hall_in_charge"}}


@pytest.mark.parametrize(
    ("values", "roles"),
    [
        ([], set()),
        (["admin"], set()),
        (["office"], {"hall_in_charge"}),
        (["office", "chief", "other"], {"hall_in_charge", "admin"}),
    ],
)
def test_only_what_the_map_names_is_given_and_admin_too(values, roles):
    found = identity_of(ISSUER, {"sub": "7f", "roles": values}, "roles")
    assert named_roles(found, MAP) == roles
    assert named_roles(found, {}) == set()


def test_the_provider_takes_what_it_gave_and_nothing_else():
    first = roles_after({"grader"}, set(), {"proctor", "grader"})
    assert first.all == {"grader", "proctor"}
    assert first.granted == {"proctor"}
    second = roles_after(first.all, first.granted, set())
    assert second.all == {"grader"}
    assert second.granted == set()


ROLES = st.frozensets(st.sampled_from(["admin", "proctor", "grader", "student"]))


@given(held=ROLES, granted=ROLES, named=ROLES)
def test_roles_by_hand_stay_and_no_other_comes_than_the_named(held, granted, named):
    after = roles_after(held, granted & held, named)
    assert held - granted <= after.all <= held | named
    assert after.granted <= named
    assert after.all - after.granted >= held - granted
    assert roles_after(after.all, after.granted, named) == after


@pytest.mark.parametrize(
    ("roles", "is_active", "has_link", "may"),
    [
        (["proctor"], True, False, True),
        (["proctor"], False, False, False),
        (["proctor"], True, True, False),
        (["proctor", "admin"], True, False, False),
    ],
)
def test_an_address_finds_no_administrator_nobody_inactive_and_nobody_twice(
    roles, is_active, has_link, may
):
    found = account(*roles, is_active=is_active)
    assert may_link_by_email(found, has_link=has_link) is may


@pytest.mark.parametrize("path", ["/app", "/app/", "/app/staff/exams/1/board?tab=2"])
def test_the_way_back_is_a_path_of_the_pages(path):
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "app",
        "/",
        "//evil.example/app",
        "https://evil.example/app/",
        "/application",
        "/app/../api/v1/auth/me",
        "/app\\evil",
        "/app/#oidc=x",
        "/app/\r\nSet-Cookie: a=b",
        "/app/\u2028",
        "javascript:/app",
        "/app/" + "a" * 500,
    ],
)
def test_no_other_way_back_is_taken(path):
    with pytest.raises(ReturnPathForeign):
        local_path(path)


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [
        ("https://id.example.org/a", True),
        ("http://localhost:9400", True),
        ("http://127.0.0.1:9400/x", True),
        ("http://id.example.org", False),
        ("http://localhost.evil.example", False),
        ("ftp://localhost", False),
        ("https://", False),
        ("", False),
    ],
)
def test_what_is_told_the_provider_travels_by_tls_or_stays_here(address, is_safe):
    assert identity.is_safe_address(address) is is_safe
