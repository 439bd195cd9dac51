"""What goes on in the hall beside the events, so that boards have more to show than counts.

Answers are saved, extra time is given, clocks are stopped; in the end one attempt is submitted and
one cancelled. Nothing of it is promised to anybody here: what counts is that in the end every board
shows what the database holds. What fails under a fault is tried again with the next turn.
"""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

_TURN_SECONDS = 0.3
_PATIENCE_SECONDS = 5.0
_TRIES = 60
_DONE = {200, 201}
ANSWERS = frozenset({"copper"})
"""What it answers; as text, for a single answer has no first one."""


class Hall:
    """One exam's room: its students' own tokens, and a member of the staff's."""

    def __init__(
        self,
        url: str,
        staff_token: Callable[[], str],
        attempts: Mapping[int, str],
        questions: Sequence[int],
    ) -> None:
        """`attempts` has the token of each one's student."""
        self._url = f"{url}/api/v1/attempts"
        self._staff = staff_token
        self._tokens = attempts
        self._questions = questions
        self.done = 0

    async def run(self) -> None:
        """Do one thing after another until cancelled."""
        async with self._client() as http:
            for number in itertools.count():
                await self._turn(http, number)
                await asyncio.sleep(_TURN_SECONDS)

    async def close(self) -> None:
        """Submit the first attempt and cancel the last, whatever is still in the way."""
        first, *_, last = self._tokens
        async with self._client() as http:
            await self._at_last(http, first, "unpause", {"reason": "goes on"}, {400, 409})
            await self._at_last(
                http, first, "submit", {"confirm": True}, set(), self._tokens[first]
            )
            await self._at_last(http, last, "cancel", {"reason": "ends the run"}, set())

    async def _turn(self, http: httpx.AsyncClient, number: int) -> None:
        attempt_id = random.choice(list(self._tokens))  # noqa: S311
        if number % 4 == 0:
            await self._post(http, attempt_id, "allowances", {"seconds": 60, "reason": "chaos run"})
        elif number % 4 == 1:
            verb = "pause" if number % 8 == 1 else "unpause"
            await self._post(http, attempt_id, verb, {"reason": "chaos run"})
        else:
            answer = {
                "question_id": self._questions[number % len(self._questions)],
                "answer": "copper",
                "time_spent_seconds": 1,
            }
            await self._post(http, attempt_id, "answers", answer, self._tokens[attempt_id])

    async def _at_last(
        self,
        http: httpx.AsyncClient,
        attempt_id: int,
        verb: str,
        body: dict[str, Any],
        or_else: set[int],
        token: str | None = None,
    ) -> None:
        for _ in range(_TRIES):
            status = await self._post(http, attempt_id, verb, body, token)
            if status in _DONE | or_else:
                return
            await asyncio.sleep(_TURN_SECONDS)
        raise AssertionError(f"{verb} of attempt {attempt_id} was never taken, last {status}")

    async def _post(
        self,
        http: httpx.AsyncClient,
        attempt_id: int,
        verb: str,
        body: dict[str, Any],
        token: str | None = None,
    ) -> int:
        headers = {"Authorization": f"Bearer {token or self._staff()}"}
        with contextlib.suppress(httpx.HTTPError):
            answer = await http.post(f"{self._url}/{attempt_id}/{verb}", json=body, headers=headers)
            self.done += answer.status_code in _DONE
            return answer.status_code
        return 0

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=_PATIENCE_SECONDS, trust_env=False)
