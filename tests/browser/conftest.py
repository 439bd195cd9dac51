"""The pages in a real Chromium, served by the whole platform.

A page that logs an error, breaks its content security policy or throws fails its test, whatever
else the test was about.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from oep_local.rig import Platform
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from browser import chromium
from browser.people import Hall

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = ROOT / "docs" / "screens"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The browser's own words for an answer that the page itself handles and shows.
HANDLED = (
    "Failed to load resource:",
    "WebSocket connection to",
    "TypeError: Failed to fetch dynamically imported module:",
)

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def stack(server_folder) -> Iterator[Platform]:
    """The whole platform with its pages, and two nodes of realtime."""
    running = Platform(server_folder / "browser", {"realtime": 2, "web": 1})
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="session")
def hall(stack) -> Iterator[Hall]:
    hall = Hall(stack)
    yield hall
    hall.close()


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


@pytest.fixture
def open_page(browser, stack) -> Iterator[Open]:
    """Return a function that opens `path` in a browser profile of its own.

    Further named arguments are Playwright's for a new context (`locale`, `color_scheme`, …).
    """
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def listen(page: Page) -> None:
        page.on("console", lambda message: troubles.extend(_trouble(message)))
        page.on("pageerror", lambda error: troubles.append(str(error)))

    def open_(path: str, **options: object) -> Page:
        given = {"base_url": stack.url, "locale": "en-GB", "timezone_id": "Asia/Kolkata"}
        context = browser.new_context(**{**given, **options})
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.on("page", listen)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert troubles == [], "the pages complained"


def _trouble(message: ConsoleMessage) -> list[str]:
    is_handled = message.text.startswith(HANDLED)
    return [message.text] if message.type == "error" and not is_handled else []


@pytest.fixture(scope="session")
def assert_accessible() -> Callable[[Page], None]:
    """Return a check by axe of everything that is shown now (WCAG 2.2 AA and good practice)."""
    script = AXE.read_text()

    def check(page: Page) -> None:
        page.evaluate(script)
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: rules}).then(done => done.violations)", RULES
        )
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
