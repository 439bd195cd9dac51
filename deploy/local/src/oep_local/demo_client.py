"""An honest client of the gateway: it keeps what it has to say until that is taken.

It retries what may succeed later (no connection, 429, 502, 503, 504) with growing, jittered pauses
and the same ids, for a bounded time; every other answer is final and goes to the caller.
"""

import asyncio
import random
import time
from typing import Any

import httpx

from oep_local import tls
from oep_local.errors import RunnerError
from oep_local.transcript import Transcript

RETRIED = frozenset({429, 502, 503, 504})
_REQUEST_SECONDS = 10.0
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 3.0


class DemoFailedError(RunnerError):
    """The system did not do what the contract promises, or stayed away for too long."""


class Backoff:
    """Growing pauses with jitter until `patience_seconds` have passed since its making."""

    def __init__(self, patience_seconds: float) -> None:
        self._end = time.monotonic() + patience_seconds
        self._longest = _FIRST_PAUSE_SECONDS

    async def pause(self, reason: str, at_least_seconds: float = 0.0) -> None:
        """Wait before the next try; raises `DemoFailedError` when patience has ended."""
        if time.monotonic() >= self._end:
            raise DemoFailedError(f"gave up: {reason}")
        seconds = random.uniform(self._longest / 2, self._longest)  # noqa: S311 - jitter
        self._longest = min(self._longest * 2, _LONGEST_PAUSE_SECONDS)
        await asyncio.sleep(max(seconds, at_least_seconds))


class Client:
    """One person's REST calls; safe to use for several at the same time."""

    def __init__(self, base_url: str, transcript: Transcript, patience_seconds: float) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{base_url}/api/v1",
            timeout=_REQUEST_SECONDS,
            trust_env=False,
            verify=tls.trust(),
        )
        self._transcript = transcript
        self._patience_seconds = patience_seconds
        self.token = ""
        self.retry_count = 0

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a successful GET."""
        return _successful(await self.call("GET", path, query=query))

    async def post(self, path: str, body: Any) -> Any:
        """Return the JSON of a successful POST."""
        return _successful(await self.call("POST", path, body=body))

    async def put(self, path: str) -> Any:
        """Return the JSON of a successful PUT that needs no body."""
        return _successful(await self.call("PUT", path))

    async def call(
        self, method: str, path: str, *, body: Any = None, query: Any = None
    ) -> httpx.Response:
        """Send until there is a final answer, whatever its status."""
        backoff = Backoff(self._patience_seconds)
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        while True:
            wish = 0.0
            try:
                answer = await self._http.request(
                    method, path, json=body, params=query, headers=headers
                )
            except httpx.TransportError as error:
                reason = f"{method} {path}: {type(error).__name__}"
            else:
                if answer.status_code not in RETRIED:
                    return answer
                wish = _retry_after(answer)
                reason = f"{method} {path}: {answer.status_code}, Retry-After {wish:g} s"
            self.retry_count += 1
            self._transcript.say("trouble", f"{reason}; kept, will be sent again")
            await backoff.pause(reason, wish)


def _retry_after(answer: httpx.Response) -> float:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdigit() else 0.0


def _successful(answer: httpx.Response) -> Any:
    if answer.is_success:
        return answer.json()
    raise DemoFailedError(f"{described(answer)} to {answer.request.method} {answer.request.url}")


def described(answer: httpx.Response) -> str:
    """Status and problem text of an answer, on one line."""
    try:
        detail = answer.json().get("detail", "")
    except (ValueError, AttributeError):
        detail = answer.text[:200]
    return f"{answer.status_code} {detail}"
