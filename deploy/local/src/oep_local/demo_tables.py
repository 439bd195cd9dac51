"""Reads the two proctoring tables as people do: with psql, as the read-only user `exam_user`."""

import asyncio
import csv
import io
from collections.abc import Callable

from oep_local.demo_client import Backoff
from oep_local.errors import RunnerError

EVENTS_QUERY = """SELECT event_type, severity, COUNT(*) as count, MAX(event_timestamp) as latest
  FROM proctoring_events WHERE attempt_id = {attempt_id} \
GROUP BY event_type, severity ORDER BY latest DESC;"""
TIMINGS_QUERY = """SELECT question_id, total_time_seconds, answer_count, last_viewed_at
  FROM question_timings WHERE attempt_id = {attempt_id} ORDER BY question_id;"""
_EVENT_IDS = "SELECT event_id FROM proctoring_events WHERE attempt_id = {attempt_id}"
_TIMINGS = "SELECT question_id, total_time_seconds FROM question_timings WHERE attempt_id = {0}"


class Tables:
    """`psql` runs psql as exam_user with the given arguments, blocks, and returns its output."""

    def __init__(self, psql: Callable[[list[str]], str], patience_seconds: float) -> None:
        self._psql = psql
        self._patience_seconds = patience_seconds

    async def show(self, query: str, attempt_id: int) -> str:
        """Return what psql prints for people."""
        return await self._run(["-c", query.format(attempt_id=attempt_id)])

    async def event_ids(self, attempt_id: int) -> list[str]:
        rows = await self._rows(_EVENT_IDS.format(attempt_id=attempt_id))
        return [row[0] for row in rows]

    async def timings(self, attempt_id: int) -> list[tuple[int, int]]:
        rows = await self._rows(_TIMINGS.format(attempt_id))
        return [(int(question), int(seconds)) for question, seconds in rows]

    async def _rows(self, query: str) -> list[list[str]]:
        output = await self._run(["--csv", "-t", "-c", query])
        return list(csv.reader(io.StringIO(output)))

    async def _run(self, arguments: list[str]) -> str:
        backoff = Backoff(self._patience_seconds)
        while True:
            try:
                return await asyncio.to_thread(self._psql, arguments)
            except RunnerError as error:
                await backoff.pause(str(error))
