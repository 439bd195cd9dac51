"""The pages in a real Chromium, served by the whole platform.

A page that logs an error, breaks its content security policy or throws fails its test, whatever
else the test was about.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from oep_local.ports import free_port
from oep_local.rig import Platform
from oidc_provider import CLIENT, SECRET
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from browser import chromium
from browser.people import Hall
from browser.sitting import Sitting, sit
from browser.walks import sign_in_staff

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = ROOT / "docs" / "screens"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What passes is not described, and no style sheet fetched again for the one experimental rule that
# wants it.
# A colour on its way to another one is nobody's to read: what moves and ends is waited for.
RUN_AXE = """async rules => {
  const ending = document.getAnimations().filter(each =>
    each.effect.getComputedTiming().endTime !== Infinity)
  await Promise.allSettled(ending.map(each => each.finished))
  const only = { runOnly: rules, resultTypes: ['violations'], preload: false }
  return (await axe.run(document, only)).violations
}"""
# The browser's own words for an answer that the page itself handles and shows.
HANDLED = (
    "Failed to load resource:",
    "WebSocket connection to",
    "TypeError: Failed to fetch dynamically imported module:",
)

SCREEN = {"width": 1280, "height": 800}
# How long is waited for what must come; nothing that comes is slower by it.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def stack(server_folder) -> Iterator[Platform]:
    """The whole platform with its pages, and two nodes of realtime.

    It knows an identity provider, which only the tests about it start; a role that nobody of the
    demo has needs a second factor.
    """
    running = Platform(server_folder / "browser", {"realtime": 2, "web": 1})
    with pytest.MonkeyPatch.context() as environment:
        for name, value in signing_in(running.url).items():
            environment.setenv(name, value)
        try:
            yield running.start()
        finally:
            running.stop()


def signing_in(url: str) -> dict[str, str]:
    """Return what is decided about signing in, as `make up` would be told."""
    return {
        "OIDC_ISSUER": f"http://localhost:{free_port()}",
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_REDIRECT_URI": f"{url}/api/v1/auth/oidc/callback",
        "OIDC_LINKS_BY_EMAIL": "true",
        "OIDC_ROLE_MAP": '{"exam office": ["hall_in_charge"]}',
        "SECOND_FACTOR_ROLES": "hall_auth",
    }


@pytest.fixture(scope="session")
def hall(stack) -> Iterator[Hall]:
    hall = Hall(stack)
    yield hall
    hall.close()


@pytest.fixture(scope="package")
def sitting(hall) -> Sitting:
    """One exam that was sat and submitted, for all tests that look back at it."""
    return sit(hall)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, while this folder's tests run: Playwright's loop bears no other in its thread."""
    program = chromium.ensure()
    arguments = ["--use-fake-device-for-media-stream"]  # a camera; whether a page may is asked
    arguments += ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=arguments)
        yield running
        running.close()


class Profiles:
    """Browser profiles of one test, or of a file's tests, and what their pages complained of."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self._contexts: list[BrowserContext] = []
        self._troubles: list[str] = []

    def open(self, path: str, **options: object) -> Page:
        given = {"base_url": self._address, "locale": "en-GB", "timezone_id": "Asia/Kolkata"}
        context = self._browser.new_context(**{**given, "viewport": SCREEN, **options})
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.on("page", self._listen)
        page = context.new_page()
        page.goto(path)
        return page

    def assert_content(self) -> None:
        found, self._troubles = self._troubles, []
        assert found == [], "the pages complained"

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _listen(self, page: Page) -> None:
        page.on("console", lambda message: self._troubles.extend(_trouble(message)))
        page.on("pageerror", lambda error: self._troubles.append(str(error)))


def _trouble(message: ConsoleMessage) -> list[str]:
    is_handled = message.text.startswith(HANDLED)
    return [message.text] if message.type == "error" and not is_handled else []


class Desks:
    """A signed-in tab for each member of staff."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles
        self._pages: dict[str, Page] = {}

    def at(self, role: str, path: str) -> Page:
        """Open a page of the staff's part and wait for its title."""
        page = self._pages.get(role) or self._sign_in(role)
        page.goto(f"/app/staff{path}")
        page.get_by_role("heading", level=1).wait_for()
        return page

    def leave(self) -> None:
        for page in self._pages.values():
            page.unroute_all(behavior="wait")
            page.emulate_media(color_scheme="light", media="screen")
            page.set_viewport_size(SCREEN)
            page.evaluate("localStorage.clear()")
        self._profiles.assert_content()

    def _sign_in(self, role: str) -> Page:
        # Without motion, colours are what they will be as soon as the theme has changed.
        page = self._profiles.open("/app/staff/", reduced_motion="reduce")
        sign_in_staff(page, role)
        self._pages[role] = page
        return page


@pytest.fixture
def open_page(browser, stack) -> Iterator[Open]:
    """Return a function that opens `path` in a browser profile of its own.

    Further named arguments are Playwright's for a new context (`locale`, `color_scheme`, …).
    """
    profiles = Profiles(browser, stack.url)
    yield profiles.open
    profiles.close()
    profiles.assert_content()


@pytest.fixture(scope="module")
def desks(browser, stack) -> Iterator[Desks]:
    profiles = Profiles(browser, stack.url)
    yield Desks(profiles)
    profiles.close()


@pytest.fixture
def staff_at(desks) -> Iterator[Open]:
    """Return a function that opens `path` as a `role`, which signs in once for all tests of a file.

    The tab is the same for all of them, so what a test changes there it is given back as it was:
    light, on a screen, in English, with nothing routed.
    """
    yield desks.at
    desks.leave()


@pytest.fixture(scope="session")
def assert_accessible() -> Callable[[Page], None]:
    """Return a check by axe of everything that is shown now (WCAG 2.2 AA and good practice)."""
    script = AXE.read_text()

    def check(page: Page) -> None:
        if not page.evaluate("'axe' in window"):
            page.evaluate(script)
        found = page.evaluate(RUN_AXE, RULES)
        told = [f"{each['id']}: {each['help']}: {_where(each)}" for each in found]
        assert told == []

    return check


def _where(violation: dict) -> str:  # type: ignore[type-arg]  # axe's own JSON
    nodes = violation["nodes"]
    return "; ".join(f"{node['target']} {node['failureSummary']}" for node in nodes)


@pytest.fixture(scope="session")
def screenshot(tmp_path_factory) -> Callable[[Page, str], Path]:
    """Return a camera. `make screens` keeps its pictures in docs/screens, other runs drop them."""
    folder = SCREENS if os.environ.get("OEP_SCREENS") else tmp_path_factory.mktemp("screens")

    def take(page: Page, name: str) -> Path:
        folder.mkdir(exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", animations="disabled")
        return folder / f"{name}.png"

    return take
