"""How long a page takes to be there: sign-in, exam room and board, opened in a real Chromium.

Each opening is a navigation of a tab that is signed in already, past the gateway. *Cold* is without
the browser's cache and without the worker that keeps the student's page, as on a computer that
never saw it; *warm* is with both. What counts is the browser's own first-contentful-paint, and
when what the page is for stands in it: the form, the question, the rows.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from browser import chromium
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from load.figures import Report, percentile
from load.meters import Neighbours
from load.rig import Rig, running
from load.rounds import Say
from load.world import ADMIN, FIRST_EXAM, FIRST_STUDENT, SECRET, World

GOAL_MS = 1_000
_WAIT_MS = 60_000

_WATCH = """
(() => {
  const look = () => {
    if (document.querySelector(%r)) {
      requestAnimationFrame(() => setTimeout(() => { window.__there = performance.now(); }));
    } else {
      requestAnimationFrame(look);
    }
  };
  look();
})();
"""
_MEASURED = """
() => {
  const [paint] = performance.getEntriesByName('first-contentful-paint');
  return paint && window.__there ? [paint.startTime, window.__there] : null;
}
"""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    times: int = 10
    """Openings of each page, of each kind."""
    students: int = 100

    @property
    def world(self) -> World:
        return World(self.students, running_exams=1, questions=10, has_admin=True)


@dataclass
class Opened:
    """What was seen of one page, in ms after the navigation began."""

    name: str
    painted: list[float] = field(default_factory=list)
    there: list[float] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        return {
            "openings": len(self.there),
            "painted_ms": [round(percentile(self.painted, p)) for p in (50, 95)],
            "there_ms": [round(percentile(self.there, p)) for p in (50, 95)],
        }


@dataclass(frozen=True)
class Place:
    """A page: its address, who opens it, and what stands in it when it is there."""

    name: str
    path: str
    username: str | None
    sign: str


def places(rig: Rig) -> list[Place]:
    attempt_id = rig.world.running_of(FIRST_STUDENT)[0]
    board = f"/app/staff/exams/{FIRST_EXAM}/board"
    return [
        Place("sign-in", "/app/", None, "form"),
        Place("exam room", f"/app/attempts/{attempt_id}", f"load{FIRST_STUDENT}", "article"),
        Place("board", board, f"load{ADMIN}", "[aria-rowcount]"),
    ]


def bench(size: Size, console: Console, say: Say) -> Report:
    """Measure and print; the report holds what was not as promised. Blocking."""
    program = chromium.ensure()
    found: list[Opened] = []
    with running(size.world, replicas={"web": 1}, say=say) as rig:
        neighbours = Neighbours()
        with _browser(str(program)) as browser:
            for place in places(rig):
                for kind in ("cold", "warm"):
                    found.append(_open(browser, rig.platform.url, place, kind, size.times))
                    say(f"{found[-1].name}: {found[-1].facts()}")
        others = neighbours.share()
    facts = {each.name: each.facts() for each in found}
    console.print(_table(facts))
    row = [f"{size.times}"]
    for told in facts.values():
        row.append(" / ".join(f"{ms}" for ms in told["painted_ms"]))
        row.append(" / ".join(f"{ms}" for ms in told["there_ms"]))
    late = [name for name, told in facts.items() if told["painted_ms"][1] >= GOAL_MS]
    for name in late:
        say(f"above the goal of {GOAL_MS} ms: {name}")
    return Report("render", others, facts, row, [])


@contextmanager
def _browser(program: str) -> Iterator[Browser]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


def _open(browser: Browser, url: str, place: Place, kind: str, times: int) -> Opened:
    opened = Opened(f"{place.name}, {kind}")
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        service_workers="block" if kind == "cold" else "allow",
    )
    page = context.new_page()
    page.goto(url + place.path)
    if place.username is not None:
        _enter(page, place.username)
    page.locator(place.sign).first.wait_for(timeout=_WAIT_MS)
    context.add_init_script(_WATCH % place.sign)
    if kind == "cold":
        _without_cache(context, page)
    else:
        page.reload()  # once more, so that cache and worker have what they keep
        page.wait_for_load_state("networkidle")
    for _ in range(times):
        answer = page.goto(url + place.path)
        if answer is None or not answer.ok:
            raise RuntimeError(f"{place.path} was not opened")
        painted, there = page.wait_for_function(_MEASURED, timeout=_WAIT_MS).json_value()
        opened.painted.append(painted)
        opened.there.append(there)
    context.close()
    return opened


def _without_cache(context: BrowserContext, page: Page) -> None:
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})


def _enter(page: Page, username: str) -> None:
    by_name = page.get_by_role("radio", name="User name")
    name = page.get_by_label("User name").last
    name.or_(by_name).first.wait_for()
    if by_name.count():
        by_name.check()
        name = page.get_by_label("User name or e-mail")
    name.fill(username)
    page.get_by_label("Password", exact=True).fill(SECRET)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _table(facts: dict[str, dict[str, Any]]) -> Table:
    table = Table(title="a page is opened", caption="ms: p50 / p95")
    for name in ("", "openings", "painted", "there"):
        table.add_column(name, justify="left" if not name else "right")
    for name, found in facts.items():
        spans = [" / ".join(map(str, found[key])) for key in ("painted_ms", "there_ms")]
        table.add_row(name, str(found["openings"]), *spans)
    return table
