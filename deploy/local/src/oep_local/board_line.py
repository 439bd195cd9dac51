"""The line to an exam's board (contract, section 8.2): it breaks, and comes back where it was.

Codes 4000 to 4499, a refused handshake and a lost network mean: come back, after pauses that grow.
4501 means that the token counts no more: sign in anew, once. Everything else from 4500 on ends it.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from oep_local import tls
from oep_local.errors import RunnerError
from oep_local.exits import Exit

_FIRST_PAUSE_SECONDS = 0.3
_LONGEST_PAUSE_SECONDS = 10.0
_PING_SECONDS = 10.0
_OPEN_SECONDS = 10.0
_LARGEST_FRAME = 64 * 2**20
"""A snapshot of many thousand attempts is one frame."""
_STAY_AWAY = 4500
_TOKEN_OVER, _FORBIDDEN, _NOT_FOUND = 4501, 4503, 4504
_CODES = {_TOKEN_OVER: Exit.REFUSED, _FORBIDDEN: Exit.REFUSED, _NOT_FOUND: Exit.NOT_FOUND}

Position = tuple[int, str]


class SentAway(RunnerError):
    """The platform shows no board, and will not later; the text says why."""

    def __init__(self, reason: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(f"No board: {reason}")
        self.code = code


@dataclass(frozen=True)
class Lost:
    """The line broke, or could not be laid; it is tried again after so long."""

    reason: str
    again_in_seconds: float


class Line:
    """Yields what comes over the line, for ever: frames, and a `Lost` whenever it is gone."""

    def __init__(
        self,
        url: str,
        exam_id: int,
        sign_in: Callable[[], str],
        position: Callable[[], Position | None],
    ) -> None:
        """`sign_in` blocks and returns a token; `position` says what was taken in last."""
        self._url = f"{url.replace('http', 'ws', 1)}/api/v1/ws/exams/{exam_id}/monitor"
        self._sign_in = sign_in
        self._position = position
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._token: str | None = None
        self._was_welcome = False
        """Whether the token was ever good for a connection."""

    async def listen(self) -> AsyncIterator[dict[str, Any] | Lost]:
        """Yield frames and losses in order; raises SentAway, and what `sign_in` raises."""
        while True:
            if self._token is None:
                self._token = await asyncio.to_thread(self._sign_in)
                self._was_welcome = False
            try:
                async with self._opened() as socket:
                    await socket.send(json.dumps({"type": "auth", "token": self._token}))
                    async for text in socket:
                        yield self._read(text)
                reason = _closed(socket.close_code, socket.close_reason)
            except ConnectionClosed as closed:
                reason = _closed(*_said(closed))
            except (OSError, InvalidHandshake, TimeoutError) as failure:
                reason = _trouble(failure)
            if reason is None:
                if not self._was_welcome:
                    raise SentAway("the login is refused", Exit.REFUSED)
                self._token = None
                continue
            seconds = self._next_pause()
            yield Lost(reason, seconds)
            await asyncio.sleep(seconds)

    def _opened(self) -> connect:
        place = self._position()
        asked = "?" + urlencode({"since": place[0], "epoch": place[1]}) if place else ""
        return connect(
            self._url + asked,
            subprotocols=[Subprotocol("oep.v1")],
            open_timeout=_OPEN_SECONDS,
            ping_interval=_PING_SECONDS,
            ping_timeout=_PING_SECONDS,
            max_size=_LARGEST_FRAME,
            proxy=None,
            compression=None,
            ssl=tls.trust() if self._url.startswith("wss:") else None,
        )

    def _read(self, text: str | bytes) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(text)
        if frame["type"] == "connected":
            self._was_welcome = True
            self._pause_seconds = _FIRST_PAUSE_SECONDS
        return frame

    def _next_pause(self) -> float:
        longest = self._pause_seconds
        self._pause_seconds = min(2 * longest, _LONGEST_PAUSE_SECONDS)
        return random.uniform(longest / 2, longest)  # noqa: S311  # jitter


def _said(closed: ConnectionClosed) -> tuple[int | None, str | None]:
    return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (None, None)


def _closed(code: int | None, reason: str | None) -> str | None:
    """Return why the line is gone; None when the token counts no more; raises SentAway."""
    if code == _TOKEN_OVER:
        return None
    if code is not None and code >= _STAY_AWAY:
        raise SentAway(f"{reason} ({code})", _CODES.get(code, Exit.FAILED))
    return f"{reason or 'closed'} ({code})" if code else "the connection broke"


def _trouble(failure: Exception) -> str:
    if isinstance(failure, InvalidStatus):
        status = failure.response.status_code
        if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS:
            raise SentAway(f"the gateway refuses with {status}") from failure
        return f"the gateway says {status}"
    return type(failure).__name__
