"""A client that keeps what it has until it is promised: each event until its 2xx.

It makes an event, now and then a timing, once a period. It posts the oldest first, in batches what
has piled up; a hasty one has several requests under way at once. It asks again with the same ids
after 429, 5xx or no answer, when `Retry-After` says so or after a back-off, until all is promised.
"""

import asyncio
import json
import random
import time
import uuid
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from load import client
from load.client import LOST, Answer, Line

from chaos.ledger import Ledger, Sent

EVENT = "/api/v1/proctoring/events"
BATCH = "/api/v1/proctoring/events/batch"
TIMING = "/api/v1/proctoring/question-timing"

_ANSWER_SECONDS = 20.0  # longer than the gateway waits
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_LARGEST_BATCH = 50
_SHOWN_BYTES = 80
_TIMING_EVERY = 6
_TYPES = ("tab_switch", "window_focus", "copy_paste_attempt", "answer_change")
_CLOCK_GRAIN = 0.005


class Student:
    """One student with one attempt."""

    def __init__(
        self,
        port: int,
        token: str,
        attempt_id: int,
        questions: Sequence[int],
        ledger: Ledger,
        lines: int = 1,
        skew_seconds: float = 0.0,
    ) -> None:
        """`lines` requests may be under way at once; `skew_seconds` is how wrong his clock is."""
        self._skew = timedelta(seconds=skew_seconds)
        self.attempt_id = attempt_id
        self.good_since = 0.0
        """When the newest answered request left."""
        self._port = port
        self._token = token
        self._questions = questions
        self._ledger = ledger
        self._heads = {
            path: client.request_head("POST", path, token) for path in (EVENT, BATCH, TIMING)
        }
        self._backlog: deque[Sent] = deque()
        self._news = asyncio.Event()
        self._lines: list[Line | None] = [None] * lines
        self._in_hand = 0
        self._number = 0
        self._made = 0

    @property
    def backlog_count(self) -> int:
        """Return how much is not promised yet."""
        return len(self._backlog) + self._in_hand

    async def make(self, period_seconds: float, stop: asyncio.Event) -> None:
        """Make events until `stop`."""
        await asyncio.sleep(random.uniform(0, period_seconds))  # noqa: S311  # spread, no secret
        while not stop.is_set():
            self._backlog.append(self._ledger.add(self._next()))
            self._news.set()
            await asyncio.sleep(period_seconds * random.uniform(0.8, 1.2))  # noqa: S311

    async def send(self) -> None:
        """Post until cancelled."""
        async with asyncio.TaskGroup() as group:
            for place in range(len(self._lines)):
                group.create_task(self._send(place))

    def close(self) -> None:
        for place in range(len(self._lines)):
            self._hang_up(place)

    async def _send(self, place: int) -> None:
        while True:
            while not self._backlog:
                self._news.clear()
                await self._news.wait()
            some = self._take_oldest()
            self._in_hand += len(some)
            await self._insist(place, some)
            self._in_hand -= len(some)

    async def _insist(self, place: int, some: Sequence[Sent]) -> None:
        """Post the same until it is promised."""
        pause = _FIRST_PAUSE
        while not self._take(some, answer := await self._post(place, some)):
            wait = answer.retry_after_seconds or pause
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _next(self) -> Sent:
        self._made += 1
        if self._made % _TIMING_EVERY == 0:
            question_id = random.choice(self._questions)  # noqa: S311
            seconds = random.randint(1, 30)  # noqa: S311
            return Sent(str(uuid.uuid4()), self.attempt_id, seconds, question_id, is_timing=True)
        self._number += 1
        return Sent(str(uuid.uuid4()), self.attempt_id, self._number)

    def _take_oldest(self) -> list[Sent]:
        """Take the oldest timing, or the events before the next timing."""
        some = [self._backlog.popleft()]
        while self._backlog and not some[0].is_timing and not self._backlog[0].is_timing:
            if len(some) == _LARGEST_BATCH:
                break
            some.append(self._backlog.popleft())
        return some

    async def _post(self, place: int, some: Sequence[Sent]) -> Answer:
        path = TIMING if some[0].is_timing else EVENT if len(some) == 1 else BATCH
        bodies = [_body(sent, self._skew) for sent in some]
        body = {"events": bodies} if path == BATCH else bodies[0]
        request = client.with_body(self._heads[path], json.dumps(body).encode())
        now = time.time()
        for sent in some:
            sent.leaves(now)
        answer = await self._answer(place, request)
        self._ledger.answered.append((now, answer.seconds, answer.status))
        return answer

    async def _answer(self, place: int, request: bytes) -> Answer:
        began = time.monotonic()
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                line = self._lines[place]
                if line is None or line.is_lost:
                    line = self._lines[place] = await client.connect(self._port)
                answer = await line.answer(request)
        except (OSError, TimeoutError):
            answer = Answer(LOST, b"", b"", time.monotonic() - began)
        if answer.status == LOST:
            self._hang_up(place)
        return answer

    def _hang_up(self, place: int) -> None:
        line, self._lines[place] = self._lines[place], None
        if line is not None:
            line.close()

    def _take(self, some: Sequence[Sent], answer: Answer) -> bool:
        """Note what an answer promises; False when it must be asked again."""
        if not answer.is_good:
            self._ledger.refusals[answer.status] += 1
            self._ledger.reasons[_reason(answer)] += 1
            self._judge_refusal(answer)
            return False
        now, body = time.time(), json.loads(answer.body)
        results = body.get("results", [{"status": 201, "event": body}])
        for sent, result in zip(some, results, strict=True):
            if result["status"] != 201:  # created
                self._ledger.odd.append(f"{sent.id}: {result}")
                return False
            self._promised(sent, result["event"], now)
        self.good_since = max(self.good_since, some[0].last_sent_at or 0.0)
        return True

    def _promised(self, sent: Sent, told: dict[str, Any], now: float) -> None:
        sent.accepted_at = now
        if sent.is_timing:
            return
        sent.sequence = told["sequence"]
        if told["event_id"] != sent.id:
            self._ledger.odd.append(f"{sent.id}: answered with {told['event_id']}")
        stored_at = datetime.fromisoformat(told["created_at"]).timestamp()
        if sent.tries > 1 and stored_at < (sent.last_sent_at or 0.0) - _CLOCK_GRAIN:
            self._ledger.known_again += 1

    def _judge_refusal(self, answer: Answer) -> None:
        status = answer.status
        is_server = status >= 500 or status in {429, LOST}  # the statuses' own line
        if not is_server or status == 500:
            self._ledger.odd.append(f"status {status}: {answer.body[:200]!r}")
        elif status != LOST and answer.retry_after_seconds is None:
            self._ledger.odd.append(f"status {status} without Retry-After")


def _reason(answer: Answer) -> str:
    """Return a refusal's own words, else how its body begins; `lost` when there was none."""
    if answer.status == LOST:
        return "lost"
    try:
        return str(json.loads(answer.body)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status}: {answer.body[:_SHOWN_BYTES].decode(errors='replace')}"


def _body(sent: Sent, skew: timedelta) -> dict[str, Any]:
    if sent.is_timing:
        return {
            "attempt_id": sent.attempt_id,
            "question_id": sent.question_id,
            "total_time_seconds": sent.number,
            "answer_changed": True,
            "event_id": sent.id,
            "visit_id": sent.id,
        }
    kind = _TYPES[sent.number % len(_TYPES)]
    return {
        "attempt_id": sent.attempt_id,
        "event_type": kind,
        "event_id": sent.id,
        "event_timestamp": (sent.made_at + skew).isoformat(),
        "client_sequence": sent.number,
        "event_data": {"count": sent.number, "where": "page é"},
    }
