"""The board in a real Chromium: 5,000 students on one page while 500 events/s arrive.

The platform, the students' sockets and the events are those of `bench_boards`. The work of a frame
is what the page's main thread does for one picture: from the moment the browser asks for it until
layout and paint are done, as the page itself can see it (a message that is sent when the picture is
asked for comes when it is made). Frames are counted while nothing moves, while events arrive, and
while somebody scrolls through all rows meanwhile.
"""

import asyncio
import os
from dataclasses import dataclass, field
from typing import Any

from browser import chromium
from oep_local.rig import Platform
from playwright.async_api import Page, async_playwright
from rich.console import Console
from rich.table import Table

from load import bench_boards, client, listening
from load.bench_boards import Score
from load.figures import Report, percentile
from load.listening import handshake, open_all
from load.meters import Neighbours
from load.rig import Rig, running
from load.rounds import Say
from load.signing import signer
from load.world import ADMIN, FIRST_EXAM, SECRET, World

GOAL_MS = 16
_POSTERS = 16
_WAIT_MS = 60_000
_SCROLL_ROWS = 40
_MILLI = 1000

_COUNT_FRAMES = """
() => {
  const seen = { work: [], between: [], stop: false };
  window.__frames = seen;
  const channel = new MessageChannel();
  let asked = 0, last = 0;
  channel.port1.onmessage = () => seen.work.push(performance.now() - asked);
  const frame = () => {
    if (seen.stop) return;
    asked = performance.now();
    if (last) seen.between.push(asked - last);
    last = asked;
    channel.port2.postMessage(0);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
"""
_FRAMES = "() => { window.__frames.stop = true; return window.__frames; }"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    students: int = 5_000
    per_second: int = 500
    seconds: float = 15.0

    @property
    def world(self) -> World:
        return World(self.students, running_exams=1, questions=10, has_admin=True)

    @property
    def boards(self) -> bench_boards.Size:
        return bench_boards.Size(self.students, boards=1, per_second=self.per_second)


@dataclass
class Frames:
    """What was seen of the page over one stretch, in ms."""

    name: str
    work: list[float] = field(default_factory=list)
    between: list[float] = field(default_factory=list)
    busy_share: float = 0.0
    """Of the page's main thread."""

    def facts(self) -> dict[str, Any]:
        return {
            "frames": len(self.work),
            "work_ms": [round(percentile(self.work, p), 1) for p in (50, 95, 99)],
            "between_ms": [round(percentile(self.between, p), 1) for p in (50, 95, 99)],
            "busy_share": round(self.busy_share, 2),
        }


def bench(size: Size, console: Console, say: Say) -> Report:
    """Measure and print; the report holds what was not as promised. Blocking."""
    program = chromium.ensure()
    with running(size.world, replicas={"web": 1}, say=say) as rig:
        say("students are seated")
        bench_boards.seat_halls(rig, size.boards.per_hall)
        neighbours = Neighbours()
        stretches, flaws = asyncio.run(_measure(rig, size, str(program), say))
        others = neighbours.share()
    facts = {each.name: each.facts() for each in stretches}
    console.print(_table(facts))
    row = [f"{size.students:,}, {size.per_second}/s"]
    for found in facts.values():
        p50, p95, p99 = found["work_ms"]
        row.append(f"{p50:.0f} / {p95:.0f} / {p99:.0f} ms ({found['busy_share']:.0%})")
        if p95 >= GOAL_MS:
            say(f"above the goal of {GOAL_MS} ms: {p95:.1f} ms")
    row.append("; ".join(flaws) or "every row")
    return Report("screen", others, facts, row, flaws)


async def _measure(rig: Rig, size: Size, program: str, say: Say) -> tuple[list[Frames], list[str]]:
    sign = await asyncio.to_thread(signer, rig.platform.environment("auth"))
    tokens = {student: sign(student, "student") for student in rig.world.sitter_ids}
    wanted = [
        (handshake(f"attempts/{rig.world.running_of(student)[0]}", token), _nothing)
        for student, token in tokens.items()
    ]
    students = await open_all(rig.port("realtime"), wanted)
    say(f"{len(students):,} students are online")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with listening.closing(students):
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=arguments)
            page = await browser.new_page(viewport={"width": 1440, "height": 900})
            await _open_board(page, rig.platform, size)
            say("the board shows them")
            lines = [await client.connect(rig.port("proctoring")) for _ in range(_POSTERS)]
            stretches, score = [await _still(page, size.seconds / 3)], Score("whole")
            for name, is_moving in (("events", False), ("events, scrolled", True)):
                due = bench_boards.plan(
                    rig.world, tokens, lines, score, size.per_second, size.seconds
                )
                playing = asyncio.create_task(client.open_loop(due))
                stretches.append(await _while(page, name, playing, is_moving=is_moving))
            flaws = await _flaws(page, size, score)
            for line in lines:
                line.close()
            await browser.close()
    return stretches, flaws


async def _open_board(page: Page, platform: Platform, size: Size) -> None:
    await page.goto(f"{platform.url}/app/staff/exams/{FIRST_EXAM}/board")
    await page.get_by_label("User name").fill(f"load{ADMIN}")
    await page.get_by_label("Password", exact=True).fill(SECRET)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    rows = page.locator(f"[aria-rowcount='{size.students}'], [aria-rowcount='{size.students + 1}']")
    await rows.wait_for(timeout=_WAIT_MS)


async def _still(page: Page, seconds: float) -> Frames:
    return await _while(page, "still", asyncio.create_task(asyncio.sleep(seconds)))


async def _while(
    page: Page, name: str, playing: "asyncio.Task[Any]", *, is_moving: bool = False
) -> Frames:
    """Count the page's frames until the task is done; scroll through the rows if so told."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable")
    busy, began = await _busy(devtools), client.clock()
    await page.evaluate(_COUNT_FRAMES)
    if is_moving:
        await page.mouse.move(600, 500)
    while not playing.done():
        if is_moving:
            await page.mouse.wheel(0, 30 * _SCROLL_ROWS)
        await asyncio.wait({playing}, timeout=0.1)
    playing.result()
    seen = await page.evaluate(_FRAMES)
    share = (await _busy(devtools) - busy) / (client.clock() - began)
    await devtools.detach()
    return Frames(name, seen["work"], seen["between"], share)


async def _busy(devtools: Any) -> float:
    """Return the seconds that the page's main thread has worked so far."""
    told = await devtools.send("Performance.getMetrics")
    return next(float(m["value"]) for m in told["metrics"] if m["name"] == "TaskDuration")


async def _flaws(page: Page, size: Size, score: Score) -> list[str]:
    """Say what is not as it should be: refused events, rows that are not there any more."""
    flaws = [str(score.run.failures)] if score.run.failures else []
    rows = await page.locator("[aria-rowcount]").first.get_attribute("aria-rowcount")
    if int(rows or 0) < size.students:
        flaws.append(f"{rows} rows")
    return flaws


def _nothing(_: bytes, __: float) -> None:
    """Hear a student's frame."""


def _table(facts: dict[str, dict[str, Any]]) -> Table:
    table = Table(title="frames of a board", caption="ms: p50 / p95 / p99")
    for name in ("", "frames", "work", "between", "main thread"):
        table.add_column(name, justify="left" if not name else "right")
    for name, found in facts.items():
        spans = [" / ".join(map(str, found[key])) for key in ("work_ms", "between_ms")]
        table.add_row(name, str(found["frames"]), *spans, f"{found['busy_share']:.0%}")
    return table
