"""Has reports printed as PDF: in processes of their own, a bounded number at a time (ADR 24).

Laying out pages is a second of pure computing. In a thread of this process it would take the
interpreter from the events that come in meanwhile; in a process of its own, with less priority, it
takes what is free, can be ended at its deadline, and takes its memory along when it ends. The
process gets the report on its standard input and nothing else: no settings, no secrets.
"""

import asyncio
import contextlib
import sys
from collections.abc import Sequence

import structlog

from proctoring.report.errors import ReportsBusy, ReportTooSlow

log = structlog.get_logger()

_PROGRAM = (sys.executable, "-I", "-m", "proctoring.report.printing")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8"}


class NotPrinted(RuntimeError):
    """The printing process failed; its words are in the log of the failure."""


class Press:
    """Prints at most `at_once` reports at a time and lets `line` more wait."""

    def __init__(
        self,
        *,
        at_once: int = 1,
        line: int = 4,
        seconds: float = 20.0,
        program: Sequence[str] = _PROGRAM,
    ) -> None:
        """`seconds` bounds waiting and printing together."""
        self._free = asyncio.Semaphore(at_once)
        self._places = at_once + line
        self._taken = 0
        self._seconds = seconds
        self._program = tuple(program)

    async def print(self, kind: str, content: bytes) -> bytes:
        """Return the PDF of a report in JSON; `kind` is "attempt" or "exam".

        Raises `ReportsBusy` when the line is full and `ReportTooSlow` at the deadline. Cancelling
        ends the process.
        """
        if self._taken >= self._places:
            raise ReportsBusy
        self._taken += 1
        try:
            async with asyncio.timeout(self._seconds), self._free:
                return await self._printed(kind, content)
        except TimeoutError as error:
            raise ReportTooSlow from error
        finally:
            self._taken -= 1

    async def _printed(self, kind: str, content: bytes) -> bytes:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self._program, kind, stdin=pipe, stdout=pipe, stderr=pipe, env=_ENVIRONMENT
        )
        try:
            paper, said = await process.communicate(content)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await asyncio.shield(process.wait())
        if process.returncode:
            raise NotPrinted(f"exit {process.returncode}: {_last_line(said)}")
        return paper


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1].split(":")[0] if lines else "nothing said"
