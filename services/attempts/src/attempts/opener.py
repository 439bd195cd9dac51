"""The task that has encrypted final answers opened, one at a time, in a process of their own.

Finding a key is up to a minute of pure computing: in this process it would take the interpreter
from the students. In one of its own, with the least priority, it takes what is free, and is killed
at its deadline (ADR 63). Any number of replicas run this task: each claims blobs that no other has
claimed, and a claim whose replica has died runs out.
"""

import asyncio
import contextlib
import sys
from collections.abc import Sequence

import structlog
from chassis.database import Database
from chassis.errors import Unavailable

from attempts.auth_client import Names
from attempts.opening import UNKNOWN_USER, Openings, is_hopeless
from attempts.store.openings import Claimed
from attempts.unlocking import Finding, Order, Sealed

log = structlog.get_logger()

_PROGRAM = (sys.executable, "-I", "-m", "attempts.unlocking")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8"}
_MARGIN_SECONDS = 10.0
_AGAIN_SECONDS = 5.0


class ProcessFailed(RuntimeError):
    """The process ended without an answer."""


class Opener:
    """`run` is the supervised task."""

    def __init__(
        self,
        database: Database,
        openings: Openings,
        names: Names,
        *,
        interval_seconds: float,
        seconds: float,
        window_ms: int,
        again_seconds: float = _AGAIN_SECONDS,
        margin_seconds: float = _MARGIN_SECONDS,
        program: Sequence[str] = _PROGRAM,
    ) -> None:
        """Look every `interval_seconds`; a blob has `seconds`, its key is sought in `window_ms`.

        A process that does not end by itself is killed `margin_seconds` later.
        """
        self._database = database
        self._openings = openings
        self._names = names
        self._interval = interval_seconds
        self._seconds = seconds
        self._window_ms = window_ms
        self._again = again_seconds
        self._margin = margin_seconds
        self._program = tuple(program)

    async def run(self) -> None:
        """Open what waits until cancelled; cancelling ends the process, and the claim runs out."""
        while True:
            has_opened = False
            try:
                has_opened = await self.open_next()
            except Unavailable as failure:
                log.warning("opener.storage_away", reason=failure.slug)
            if not has_opened:
                await asyncio.sleep(self._interval)

    async def open_next(self) -> bool:
        """Claim one blob and see it through; False when none waits."""
        lease = self._seconds + 2 * self._margin
        claimed = await self._database.run(self._openings.claim, lease)
        if claimed is None:
            return False
        finding = is_hopeless(claimed)
        if finding is not None:
            await self._shut(claimed, finding)
            return True
        try:
            username = (await self._names.known([claimed.student_id])).username(claimed.student_id)
        except Unavailable:
            await self._give_back(claimed, is_tried=False)
            return True
        if username:
            await self._open(claimed, username)
        else:
            await self._shut(claimed, UNKNOWN_USER)
        return True

    async def _open(self, claimed: Claimed, username: str) -> None:
        sealed = Sealed(claimed.answers, claimed.timestamp or "", username, claimed.exam_id)
        order = Order(sealed, self._window_ms, self._seconds)
        try:
            async with asyncio.timeout(self._seconds + self._margin):
                answer = await self._computed(order.text)
        except TimeoutError:
            await self._shut(claimed, Finding.OUT_OF_TIME)
        except ProcessFailed as error:
            log.warning("blob.process_failed", attempt_id=claimed.attempt_id, reason=str(error))
            await self._give_back(claimed, is_tried=True)
        else:
            settled = await self._database.run(self._openings.answered, claimed, answer)
            if settled is not None:
                log.info(
                    "blob.settled", attempt_id=claimed.attempt_id, outcome=settled.outcome.value
                )

    async def _computed(self, order: bytes) -> bytes:
        pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *self._program, stdin=pipe, stdout=pipe, stderr=nowhere, env=_ENVIRONMENT
        )
        try:
            answer, _ = await process.communicate(order)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await asyncio.shield(process.wait())
        if process.returncode:
            raise ProcessFailed(f"exit {process.returncode}")
        return answer

    async def _shut(self, claimed: Claimed, finding: str) -> None:
        await self._database.run(self._openings.shut, claimed, finding)
        log.info("blob.unreadable", attempt_id=claimed.attempt_id, finding=finding)

    async def _give_back(self, claimed: Claimed, *, is_tried: bool) -> None:
        await self._database.run(self._openings.give_back, claimed, self._again, is_tried=is_tried)
