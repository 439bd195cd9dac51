"""Who is trusted (27): stolen refresh tokens, ended logins, guesses, other sites and headers."""

import contextlib
import json
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from load import client, listening
from load.client import Answer
from load.listening import Listener, Refused
from load.rig import LOGIN, login_request
from load.world import BIRTH_DATE, hall_ticket

from chaos.acts import until
from chaos.fault import Fault
from chaos.run import Run
from chaos.student import EVENT
from chaos.watch import ask

_END_SECONDS = 5.0
"""How soon an ended login is refused everywhere, and its sockets are closed."""
_GUESSES = 8
_GUESSES_FREE = 5
_PATIENCE_SECONDS = 40.0
_NONE: Mapping[str, str] = {}
_ELSEWHERE = "https://elsewhere.example"
_FORGED_ADDRESS = "203.0.113.9"
_REFRESH = client.request_head("POST", "/api/v1/auth/refresh")
_ME, _TIME = "/api/v1/auth/me", "/api/v1/attempts/{}/time-status"
_EVENTS = "/api/v1/proctoring/attempt/{}/events"


@dataclass(frozen=True)
class Pair:
    """What a login gave."""

    access: str
    refresh: str


async def break_trust(run: Run) -> None:
    async with run.window():
        await _steal_a_refresh_token(run)
        await _end_a_login(run)
        await _guess(run)
        await _come_from_elsewhere(run)
        await _forge_headers(run)


async def _steal_a_refresh_token(run: Run) -> None:
    """Let two use a login by turns: it ends for both of them, with its socket."""
    stolen = await _log_in(run, run.outsiders_id)
    mine = _pair(await _refreshed(run, stolen))
    mine = _pair(await _refreshed(run, mine))
    async with _listening(run, mine.access) as socket:
        began = time.monotonic()
        theirs = await _refreshed(run, stolen)
        if theirs.status != 401:
            run.flaw(f"a spent refresh token was answered with {theirs.status}")
        await _is_over(run, "a stolen login", mine, socket, began)
    if (again := await _refreshed(run, mine)).status != 401:
        run.flaw(f"a revoked family was refreshed: {again.status}")


async def _end_a_login(run: Run) -> None:
    """Log out: that login's socket is closed, another login of the same student goes on."""
    ending, other = await _log_in(run, run.outsiders_id), await _log_in(run, run.outsiders_id)
    async with _listening(run, ending.access) as socket, _listening(run, other.access) as going_on:
        began = time.monotonic()
        done = await _asked(run, "POST", "/api/v1/auth/logout", ending.access)
        if not done.is_good:
            run.flaw(f"a logout was answered with {done.status}")
        await _is_over(run, "a login that was ended", ending, socket, began)
        if going_on.is_lost or (await _asked(run, "GET", _ME, other.access)).status != 200:
            run.flaw("another login of the same student ended, too")


async def _is_over(run: Run, what: str, pair: Pair, socket: Listener, began: float) -> None:
    """Wait until a login is refused by every service and its socket is closed."""
    attempt_id, _ = run.outsiders_attempt
    paths = [_ME, _TIME.format(attempt_id), _EVENTS.format(attempt_id)]

    async def is_refused() -> bool:
        answers = [await _asked(run, "GET", path, pair.access) for path in paths]
        return socket.is_lost and all(answer.status == 401 for answer in answers)

    is_over = await until(is_refused, 2 * _END_SECONDS)
    seconds = time.monotonic() - began
    run.words.append(f"{what}: over after {seconds:.1f} s, socket closed by {socket.close_code}")
    if not is_over:
        run.flaw(f"{what} was not over after {seconds:.0f} s")
    elif seconds > _END_SECONDS:
        run.was_late(f"{what} was over after {seconds:.1f} s, not {_END_SECONDS:.0f}")


async def _guess(run: Run) -> None:
    """Guess at one ticket: it is slowed down, the next one's owner is not, nor is it for ever."""
    victim, neighbour, *_ = run.rig.world.newcomer_ids
    said: Counter[int] = Counter()
    for number in range(_GUESSES):
        guess = await ask(run.rig.port("gateway"), _wrong_login(victim, f"guess {number}"))
        said[guess.status] += 1
        if guess.status == 429 and guess.retry_after_seconds is None:
            run.flaw("a guess was refused with 429 and without Retry-After")
    told = ", ".join(f"{count} of {status}" for status, count in sorted(said.items()))
    run.words.append(f"{_GUESSES} guesses: {told}")
    if set(said) != {401, 429} or said[401] > _GUESSES_FREE + 1:
        run.flaw(f"guesses were answered with {told}")
    if not (await ask(run.rig.port("gateway"), login_request(neighbour))).is_good:
        run.flaw("somebody else could not log in")

    async def is_let_in() -> bool:
        return (await ask(run.rig.port("gateway"), login_request(victim))).is_good

    if not await until(is_let_in, _PATIENCE_SECONDS):
        run.flaw(f"who was guessed at could not log in within {_PATIENCE_SECONDS:.0f} s")


async def _come_from_elsewhere(run: Run) -> None:
    """Open a socket and read, as another site's page would with a user's browser."""
    attempt_id, token = run.outsiders_attempt
    request = listening.handshake(f"attempts/{attempt_id}", token)
    with contextlib.suppress(Refused):
        foreign = _with(request, "origin", _ELSEWHERE)
        (await listening.opened(run.rig.port("gateway"), foreign, lambda *_: None)).close()
        run.flaw("a socket was opened from another site")
    head = client.request_head("GET", _TIME.format(attempt_id), token)
    answer = await ask(
        run.rig.port("gateway"), client.with_body(_with(head, "origin", _ELSEWHERE), b"")
    )
    if b"access-control-allow-origin" in answer.head.lower():
        run.flaw("another site may read answers")


async def _forge_headers(run: Run) -> None:
    """Say who one is in headers that gateways set: nobody believes it."""
    [attempt_id, owners_token], (_, token) = (
        next(iter(run.spare_attempts.items())),
        run.outsiders_attempt,
    )
    forged = {
        "x-user-id": str(run.rig.world.sitter_ids[0]),
        "x-oep-user": str(run.rig.world.sitter_ids[0]),
        "x-auth-roles": "admin",
        "x-forwarded-for": _FORGED_ADDRESS,
        "x-client-ip": _FORGED_ADDRESS,
    }
    path = _TIME.format(attempt_id)
    for who in (None, token):
        answer = await _asked(run, "GET", path, who, headers=forged)
        if answer.status not in {401, 403, 404}:
            run.flaw(f"forged headers were answered with {answer.status}")
    event = {"attempt_id": attempt_id, "event_type": "tab_switch", "event_id": str(uuid.uuid4())}
    told = await _asked(run, "POST", EVENT, owners_token, event, forged)
    address = json.loads(told.body).get("ip_address") if told.is_good else None
    if address is None or address == _FORGED_ADDRESS:
        run.flaw(f"an event with forged headers: {told.status}, from {address}")


@contextlib.asynccontextmanager
async def _listening(run: Run, token: str) -> AsyncIterator[Listener]:
    attempt_id, _ = run.outsiders_attempt
    request = listening.handshake(f"attempts/{attempt_id}", token)
    socket = await listening.opened(run.rig.port("gateway"), request, lambda *_: None)
    try:
        yield socket
    finally:
        socket.close()


async def _log_in(run: Run, who: int) -> Pair:
    return _pair(await ask(run.rig.port("gateway"), login_request(who)))


async def _refreshed(run: Run, pair: Pair) -> Answer:
    body = json.dumps({"refresh_token": pair.refresh}).encode()
    return await ask(run.rig.port("gateway"), client.with_body(_REFRESH, body))


def _pair(answer: Answer) -> Pair:
    told = json.loads(answer.body)
    return Pair(told["access_token"], told["refresh_token"])


async def _asked(
    run: Run,
    method: str,
    path: str,
    token: str | None,
    body: object = None,
    headers: Mapping[str, str] = _NONE,
) -> Answer:
    head = client.request_head(method, path, token)
    for name, value in headers.items():
        head = _with(head, name, value)
    text = b"" if body is None else json.dumps(body).encode()
    return await ask(run.rig.port("gateway"), client.with_body(head, text))


def _with(request: bytes, name: str, value: str) -> bytes:
    """Put a header behind the request's first line."""
    first, rest = request.split(b"\r\n", 1)
    return b"%b\r\n%b: %b\r\n%b" % (first, name.encode(), value.encode(), rest)


def _wrong_login(who: int, answer: str) -> bytes:
    body = {
        "hall_ticket_number": hall_ticket(who),
        "date_of_birth": BIRTH_DATE,
        "security_answer": answer,
    }
    return client.with_body(LOGIN, json.dumps(body).encode())


TRUST_FAULTS = (
    Fault(
        27,
        "trust abused",
        break_trust,
        frozenset(),
        10,
        has_boards=True,
        has_spare=True,
        newcomers=2,
    ),
)
