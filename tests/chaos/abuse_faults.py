"""What strangers try while an exam runs: what is not theirs (26), and what is too much (28).

The cases are those of `make abuse` (tests/abuse); what is new here is everybody else, who must not
notice. Everything is done to an exam of its own.
"""

import asyncio
import contextlib
import dataclasses
import random
import time
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

from abuse import bombs, slowloris
from abuse import scene as scenes
from abuse.forgeries import forger_of
from abuse.policy import (
    ANONYMOUS,
    OTHER,
    ROWS,
    SOCKETS,
    Row,
    asked,
    fits,
    full,
    handshake,
)
from abuse.scene import Actor, Scene
from abuse.slowloris import Kind
from abuse.tally import Tally
from load import listening
from load.figures import percentile
from load.listening import Refused
from load.world import ADMIN, ONE, SECRET
from oep_local.rig import Platform

from chaos.apart import apart
from chaos.fault import Fault
from chaos.run import Run

_STRANGERS = (ANONYMOUS, OTHER, "proctor elsewhere")
_FORGER = "forger"
_NOBODYS_ID = 2_000_000_000
_FORGERIES_OF_EACH = 1
"""How many forgeries each operation is shown in the short form; chance chooses which."""
_MILLI = 1_000
_MOST_TIMES_SLOWER = 2.0
_FLOOD, _FLOOD_SHORT = 200, 30
_SOCKETS_ALLOWED = 8
"""Of one student's attempt, on each node."""
_OPEN_SECONDS = 20.0
_HOLD_SECONDS, _HOLD_SHORT_SECONDS = 20.0, 3.0


@contextlib.asynccontextmanager
async def _scene(platform: Platform) -> AsyncIterator[Scene]:
    admin = {"username": f"load{ADMIN}", "password": SECRET}
    async with scenes.opened(platform, admin, trade_id=ONE) as scene:
        yield scene


async def ask_for_what_is_not_theirs(run: Run) -> None:
    """Try every route and every socket as strangers, and with tokens that nobody issued."""
    async with _scene(run.platform) as scene, run.window():
        tally = Tally("access")
        real = scene.actors["student owner"].token
        assert real is not None
        forger = await asyncio.to_thread(forger_of, run.platform, real)
        for row in ROWS:
            await _as_strangers(scene, row, tally)
            for wrong, token in _chosen(run, forger.all()):
                await _forged(scene, row, wrong, token, tally)
        for path in SOCKETS:
            await _sockets(scene, path, forger.all(), tally)
    _judged(run, tally)


def _chosen(run: Run, forged: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return random.sample(forged, _FORGERIES_OF_EACH) if run.size.is_short else forged


async def _as_strangers(scene: Scene, row: Row, tally: Tally) -> None:
    for name in _STRANGERS:
        if name in row.may:
            continue
        answer = await asked(scene, row, name)
        wrong = "" if fits(row, name, answer) else answer.text[:200] or "no words"
        tally.saw(f"{row.operation} as {name}", answer.status_code, wrong)
        if name in row.hidden and "{" in row.operation:
            nobodys = await asked(scene, _of_nobody(row), name)
            is_same = _told(nobodys) == _told(answer)
            wrong = "" if is_same else f"an id that exists is told from one that does not: {name}"
            tally.saw(f"{row.operation} of nobody", nobodys.status_code, wrong)


def _of_nobody(row: Row) -> Row:
    """Return the same operation on an object that does not exist."""

    def path(scene: Scene) -> Mapping[str, int]:
        return dict.fromkeys(row.path(scene), _NOBODYS_ID)

    return dataclasses.replace(row, path=path)


def _told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("detail")


async def _forged(scene: Scene, row: Row, wrong: str, token: str, tally: Tally) -> None:
    if ANONYMOUS in row.may:
        return
    scene.actors[_FORGER] = Actor(_FORGER, token=token)
    answer = await asked(scene, dataclasses.replace(row, ends_login=False), _FORGER)
    flaw = "" if answer.status_code == 401 else answer.text[:200] or "no words"
    tally.saw(f"{row.operation} with a token: {wrong}", answer.status_code, flaw)


async def _sockets(scene: Scene, path: str, forged: list[tuple[str, str]], tally: Tally) -> None:
    place = full(path).format(exam_id=scene.exam_id, attempt_id=scene.attempt())
    theirs = [(name, scene.actors[name].token) for name in _STRANGERS]
    for name, token in (*theirs, *forged):
        status = await handshake(scene, place, token)
        tally.saw(f"{path} by {name}", status, "" if status in {401, 403} else "let in")


async def take_too_much(run: Run) -> None:
    """Send what is large, deep or slow, and open more sockets than are allowed."""
    before = run.answers_between(0.0, time.time())
    held = await asyncio.to_thread(bombs.held_bytes, run.platform)
    began = time.time()
    async with run.window():
        tally = await apart(partial(_bombed, run.platform))
        await _held(run)
        await _flooded(run, tally)
        ended = time.time()
    _judged(run, tally)
    after = await asyncio.to_thread(bombs.held_bytes, run.platform)
    grown = {name: (after[name] - held[name]) / bombs.MEBIBYTE for name in held}
    run.words.append(f"grown: {', '.join(f'{n} {mib:.0f} MiB' for n, mib in grown.items())}")
    calm, during = _p99(before), _p99(run.answers_between(began, ended))
    run.words.append(f"others' p99 {calm:.0f} ms before, {during:.0f} ms meanwhile")
    if during > _MOST_TIMES_SLOWER * calm:
        run.was_late(f"others' p99 {during / calm:.1f} times as long")


def _bombed(platform: Platform) -> Tally:
    """Throw every bomb. Blocking, in a process of its own."""

    async def all_of_them() -> Tally:
        tally = Tally("bombs")
        async with _scene(platform) as scene:
            await bombs.try_all(scene, tally)
        return tally

    return asyncio.run(all_of_them())


def _p99(answers: list[tuple[float, int]]) -> float:
    good = sorted(seconds for seconds, status in answers if 200 <= status < 300)  # 2xx
    return percentile(good, 99) * _MILLI


async def _held(run: Run) -> None:
    """Hold slow connections of every kind."""
    count = _FLOOD_SHORT if run.size.is_short else _FLOOD
    seconds = _HOLD_SHORT_SECONDS if run.size.is_short else _HOLD_SECONDS
    address = "127.0.0.1", run.rig.port("gateway")
    async with contextlib.AsyncExitStack() as stack:
        for kind in Kind:
            await stack.enter_async_context(slowloris.hold(address, count, kind))
        await asyncio.sleep(seconds)


async def _flooded(run: Run, tally: Tally) -> None:
    """Open many sockets on one attempt: no more than are allowed stay."""
    attempt_id, token = run.outsiders_attempt
    port = run.rig.port("gateway")

    async def one() -> listening.Listener | None:
        with contextlib.suppress(Refused, OSError, TimeoutError):
            request = listening.handshake(f"attempts/{attempt_id}", token)
            async with asyncio.timeout(_OPEN_SECONDS):  # who is not answered did not come in
                return await listening.opened(port, request, lambda *_: None)
        return None

    count = _FLOOD_SHORT if run.size.is_short else _FLOOD
    opened = [socket for socket in await asyncio.gather(*(one() for _ in range(count))) if socket]
    with listening.closing(opened):
        stayed = sum(not socket.is_lost for socket in opened)
    allowed = _SOCKETS_ALLOWED * run.platform.layout.count("realtime")
    wrong = "" if 0 < stayed <= allowed else f"more than {allowed} stayed"
    tally.saw(f"{count} sockets of one attempt", stayed, wrong)


def _judged(run: Run, tally: Tally) -> None:
    told = ", ".join(f"{count} of {answer}" for answer, count in tally.answers.most_common(8))
    run.words.append(f"{tally.cases} tries: {told}")
    for text in tally.violations:
        run.flaw(text)


ABUSE_FAULTS = (
    Fault(26, "what is not theirs", ask_for_what_is_not_theirs, frozenset(), 10, has_boards=True),
    Fault(28, "too much", take_too_much, frozenset(), 10, has_boards=True),
)
