"""What is done to a whole service, and to the keys that sign (4, 15 and 16)."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from load import client
from load.client import Answer
from load.figures import percentile
from load.rig import login_request
from oep_local import keys

from chaos.acts import down, suspended, until
from chaos.fault import Fault
from chaos.run import Run
from chaos.watch import ask

_MILLI = 1_000
_SAVE_P99_MS = 300.0
_LOGIN_SECONDS = 0.5
_LIMITS = {"attempts": 10.0, "proctoring": 10.0, "auth": 10.0, "gateway": 60.0}
"""Who must refuse a removed key after how many seconds."""
_KNOWN_AGE = timedelta(seconds=121)
"""How old the next key must be before it signs: two cache times."""
_KNOWN_SECONDS = 240.0
_READS = {
    "attempts": "/api/v1/attempts/{}/time-status",
    "proctoring": "/api/v1/proctoring/attempt/{}/events",
    "auth": "/api/v1/auth/me",
    "gateway": "/api/v1/attempts/{}/time-status",
}
"""What the outsider may read of his attempt, at whose port."""
_SILENCE = frozenset({0, 502, 503, 504})
"""What a client sees of a service that says nothing; 0 is his own patience."""


async def stop_proctoring(run: Run) -> None:
    """Let proctoring be silent: answers are saved as before, events wait where they are made."""
    seconds = 4.0 if run.size.is_short else 30.0
    async with run.window():
        began = time.time()
        await suspended(run, "proctoring", seconds)
        saves = [one for one in run.saves.answered if began <= one[0] < began + seconds]
    if run.fault.has_boards:  # then the hall pauses attempts, whose saves are refused
        saves = [one for one in saves if one[2] != 400]  # Bad Request
    if run.size.is_short and not saves:  # few students, few seconds
        run.words.append("nobody saved while proctoring was silent")
        return
    good = sorted(took for _, took, status in saves if status == 200)  # OK
    p99 = percentile(good, 99) * _MILLI
    run.words.append(
        f"{len(good)} of {len(saves)} saves accepted while proctoring was silent, p99 {p99:.0f} ms"
    )
    if not good or len(good) < len(saves):
        run.flaw(f"{len(saves) - len(good)} of {len(saves)} saves were refused")
    if p99 > _SAVE_P99_MS:
        run.was_late(f"p99 of saves {p99:.0f} ms, not {_SAVE_P99_MS:.0f}")


async def hold_auth_down(run: Run) -> None:
    """Let nobody log in for ten minutes: whoever is in goes on as before."""
    seconds = 5.0 if run.size.is_short else 600.0
    async with logins(run) as seen:
        await until(lambda: _counted(seen, is_good=True))
        async with run.window():
            began = time.time()
            await down(run, "auth", seconds)
            posts = run.answers_between(began, began + seconds)
            ended = time.time()
        meanwhile = seen.statuses(began + _LOGIN_SECONDS, ended - _LOGIN_SECONDS)
        seen.answers.clear()
        await until(lambda: _counted(seen, is_good=True))
    good = sum(200 <= status < 300 for _, status in posts)  # 2xx
    told = ", ".join(f"{count} of {status}" for status, count in meanwhile.items())
    run.words.append(f"logins meanwhile: {told}; {good} of {len(posts)} posts accepted")
    if set(meanwhile) != {503}:
        run.flaw(f"logins were answered with {told or 'nothing'} while auth was down")
    if not good or good < len(posts):
        run.flaw(f"{len(posts) - good} of {len(posts)} posts were refused while auth was down")
    if not seen.statuses(0, time.time()).get(200):
        run.flaw("nobody could log in afterwards")


async def change_keys(run: Run) -> None:
    """Rotate as planned, which nobody notices; then remove the key that has leaked."""
    async with run.window(), logins(run) as seen:
        await until(lambda: _next_is_known(run), _KNOWN_SECONDS)
        await _changed(run, "rotate")
        seen.answers.clear()
        await until(lambda: _counted(seen, is_good=True))
        await asyncio.sleep(run.size.quiet_seconds)
        if (told := seen.statuses(0, time.time())).keys() != {200}:
            run.flaw(f"logins around a rotation were answered with {told}")
        leaked = await _token(run)
        await until(lambda: _next_is_known(run), _KNOWN_SECONDS)
        [active, *_] = await _changed(run, "list")
        began = time.monotonic()
        await _changed(run, "revoke", str(active["kid"]))
        at = {
            name: await _refused_after(run, name, leaked, began, seconds)
            for name, seconds in _LIMITS.items()
        }
        seen.answers.clear()
        await until(lambda: _counted(seen, is_good=True))
    told_at = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in at.items())
    run.words.append(f"a removed key's token was refused after: {told_at}")
    if not seen.statuses(0, time.time()).get(200):
        run.flaw("nobody could log in after a key was removed")


@dataclass
class Logins:
    """The answers to logins that are tried all the time, with the instants when they were sent."""

    answers: list[tuple[float, Answer]] = field(default_factory=list)

    def statuses(self, began: float, ended: float) -> Counter[int]:
        """Return how many had which status, of those sent in between."""
        return Counter(answer.status for at, answer in self.answers if began <= at < ended)


@contextlib.asynccontextmanager
async def logins(run: Run) -> AsyncIterator[Logins]:
    """Log in through the gateway all the time while the block runs, and use what is given."""
    seen = Logins()
    who = run.outsiders_id

    async def all_the_time() -> None:
        while True:
            at = time.time()
            answer = await ask(run.rig.port("gateway"), login_request(who))
            seen.answers.append((at, answer))
            if answer.is_good and (used := await _used(run, answer)) != 200:  # OK
                run.flaw(f"a token that was just given was answered with {used}")
            if answer.status == 503 and answer.retry_after_seconds is None:
                run.flaw("a login was refused with 503 and without Retry-After")
            await asyncio.sleep(_LOGIN_SECONDS)

    task = asyncio.create_task(all_the_time())
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _counted(seen: Logins, *, is_good: bool) -> int:
    return sum(answer.is_good is is_good for _, answer in seen.answers)


async def _used(run: Run, login: Answer) -> int:
    token = json.loads(login.body)["access_token"]
    return (await ask(run.rig.port("gateway"), _read(run, "gateway", token))).status


def _read(run: Run, name: str, token: str) -> bytes:
    attempt_id, _ = run.outsiders_attempt
    return client.with_body(client.request_head("GET", _READS[name].format(attempt_id), token), b"")


async def _token(run: Run) -> str:
    answer = await ask(run.rig.port("gateway"), login_request(run.outsiders_id))
    token: str = json.loads(answer.body)["access_token"]
    return token


async def _refused_after(run: Run, name: str, token: str, began: float, limit: float) -> float:
    """Return after how many seconds a token is refused by a part of the platform."""
    port, request = run.rig.port(name), _read(run, name, token)

    async def is_refused() -> bool:
        return (await ask(port, request)).status == 401

    is_over = await until(is_refused, max(0.0, limit - (time.monotonic() - began)))
    seconds = time.monotonic() - began
    if not is_over:
        run.was_late(f"{name} took a removed key's token after {seconds:.0f} s")
    return seconds


async def _next_is_known(run: Run) -> bool:
    _, coming, *_ = await _changed(run, "list")
    return datetime.now(UTC) - datetime.fromisoformat(str(coming["created_at"])) > _KNOWN_AGE


async def _changed(run: Run, *words: str) -> list[dict[str, object]]:
    return await asyncio.to_thread(keys.change_in, run.platform.layout, *words)


SERVICE_FAULTS = (
    Fault(4, "proctoring silent", stop_proctoring, _SILENCE, 10, has_saves=True),
    Fault(15, "auth down", hold_auth_down, frozenset(), 10, has_saves=True),
    Fault(16, "keys rotated, one removed", change_keys, frozenset(), 10, has_saves=True),
)
