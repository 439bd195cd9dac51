"""The staff's door: by a real identity provider, and with a second factor."""

import os
import re
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pyotp
import pytest
from oidc_provider import LocalProvider
from playwright.sync_api import Page, expect

from browser.people import Hall

DOOR = "/app/staff/"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def provider(stack, tmp_path_factory) -> Iterator[LocalProvider]:
    port = urlsplit(os.environ["OIDC_ISSUER"]).port
    back = os.environ["OIDC_REDIRECT_URI"]
    with LocalProvider(tmp_path_factory.mktemp("provider"), port or 0, back) as running:
        yield running


@pytest.fixture
def add(hall: Hall):
    """Return a function that adds somebody with these roles; what the platform says of him."""
    with hall.rest_of("admin") as admin:

        def make(*roles: str) -> dict:
            name = f"p{uuid.uuid4().hex[:10]}"
            email = f"{name}@demo.example"
            body = {"username": name, "email": email, "full_name": "Signe Example"}
            secrets = {"password": PASSWORD, "roles": roles}
            return admin.post("/auth/users", json=body | secrets).raise_for_status().json()

        yield make


def by_password(page: Page, person: dict) -> None:
    page.get_by_role("textbox", name="User name").fill(person["username"])
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def type_code(page: Page, code: str) -> None:
    page.get_by_role("textbox", name="Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def at_provider(page: Page, name: str) -> None:
    """Go to the identity provider by the page's link and come back from it."""
    page.get_by_role("link", name="Sign in by Single sign-on").click()
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()


def test_staff_sign_in_by_the_identity_provider_and_nothing_stays_in_the_address(
    open_page, provider, add, assert_accessible, screenshot
):
    person = add("proctor")
    claims = {"email": person["email"], "email_verified": True, "roles": ["exam office"]}
    provider.know({"signe": claims})
    page = open_page(f"{DOOR}reviews")
    page.get_by_role("link", name="Sign in by Single sign-on").wait_for()
    assert_accessible(page)
    screenshot(page, "staff-sign-in")
    at_provider(page, "signe")
    page.get_by_role("button", name="Sign out").wait_for()
    assert urlsplit(page.url)._replace(netloc="", scheme="").geturl() == f"{DOOR}reviews"
    expect(page.get_by_role("link", name="Administration")).to_be_visible()  # by the role's map
    page.reload()
    page.get_by_role("button", name="Sign out").wait_for()


def test_who_has_no_account_here_is_told_so_and_may_try_a_password(open_page, provider, add):
    person = add("proctor")
    provider.know({"noor": {"email": "noor@elsewhere.example", "email_verified": True}})
    page = open_page(DOOR)
    at_provider(page, "noor")
    page.get_by_text("Your identity belongs to no account here").wait_for()
    assert "#" not in page.url
    by_password(page, person)
    page.get_by_role("button", name="Sign out").wait_for()


def test_a_student_signs_in_by_the_identity_provider(open_page, provider, add, assert_accessible):
    person = add("student")
    provider.know({"sunil": {"email": person["email"], "email_verified": True}})
    page = open_page("/app/")
    page.get_by_role("link", name="Sign in by Single sign-on").wait_for()
    assert_accessible(page)
    at_provider(page, "sunil")
    page.get_by_role("heading", name="Your exams").wait_for()
    assert "#" not in page.url


def test_whose_role_needs_a_second_factor_sets_it_up_at_the_door_and_uses_it_from_then_on(
    open_page, add, assert_accessible, screenshot
):
    person = add("proctor", os.environ["SECOND_FACTOR_ROLES"])
    page = open_page(DOOR)
    by_password(page, person)
    secret = page.get_by_text(re.compile("^[A-Z2-7]{32}$")).inner_text()
    assert_accessible(page)
    type_code(page, pyotp.TOTP(secret).now())
    kept = page.get_by_role("listitem").get_by_text(re.compile("^[a-z2-7]{4}(-[a-z2-7]{4}){3}$"))
    expect(kept).to_have_count(10)
    codes = kept.all_inner_texts()
    page.get_by_role("button", name="I have kept them").click()
    page.get_by_role("button", name="Sign out").click()
    by_password(page, person)
    page.get_by_text("Six digits from your authenticator").wait_for()
    assert_accessible(page)
    screenshot(page, "staff-second-step")
    type_code(page, "000000")
    page.get_by_text("Wrong code, or one that was used already").wait_for()
    type_code(page, codes[0])
    page.get_by_role("button", name="Sign out").wait_for()


def test_behind_the_identity_provider_a_second_factor_is_asked_for_too(
    open_page, provider, add, stack
):
    person = add("grader")
    code = enrol(stack.url, person)
    provider.know({"stine": {"email": person["email"], "email_verified": True}})
    page = open_page(DOOR)
    at_provider(page, "stine")
    type_code(page, code)
    page.get_by_role("button", name="Sign out").wait_for()


def enrol(url: str, person: dict) -> str:
    """Give somebody a second factor by REST; return one of his recovery codes."""
    with httpx.Client(base_url=f"{url}/api/v1/auth", trust_env=False, timeout=10) as http:
        typed = {"username": person["username"], "password": PASSWORD}
        login = http.post("/login", json=typed).raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {login['access_token']}"
        secret = http.post("/second-factor").raise_for_status().json()["secret"]
        body = {"code": pyotp.TOTP(secret).now()}
        done = http.post("/second-factor/confirm", json=body).raise_for_status()
        return done.json()["recovery_codes"][0]
