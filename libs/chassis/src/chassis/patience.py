"""How long a request may wait in all: one deadline from its arrival over everything it waits for.

A Postgres that is stopped keeps to no time limit of its own: the kernel goes on taking what we send
it. So whoever waits for something on behalf of a request waits `within` its patience, and the
gateway, which waits for 15 s, is never the one who answers (ADR 38). What has no request behind it,
background tasks and gRPC handlers, has other bounds: it outlasts trouble, or its caller's deadline
ends it.

An answer that has begun can only be cut, and may take long: from then on each wait has the whole
time for itself. Nothing here knows what is waited for.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Patience:
    """The patience of one request; it is shared by all tasks that work for it."""

    __slots__ = ("_seconds", "_until", "is_reading")

    def __init__(self, seconds: float, *, is_reading: bool) -> None:
        """Begin now. `is_reading` says that nothing can have been stored by it."""
        self._seconds = seconds
        self._until: float | None = time.monotonic() + seconds
        self.is_reading = is_reading

    def left(self) -> float:
        """Return for how many seconds more something may be waited for."""
        return self._seconds if self._until is None else max(0.0, self._until - time.monotonic())

    def allow(self, seconds: float) -> None:
        """Begin anew with another length."""
        self._seconds, self._until = seconds, time.monotonic() + seconds

    def for_each_wait(self) -> None:
        """From now on let each wait have the whole time for itself."""
        self._until = None


_current: ContextVar[Patience | None] = ContextVar("patience", default=None)


def current() -> Patience | None:
    """Return the patience of the request that is served here, if there is one."""
    return _current.get()


def allow(seconds: float) -> None:
    """Give the request that is served here so long from now: what the gateway waits for longer."""
    patience = _current.get()
    if patience is not None:
        patience.allow(seconds)


def for_each_wait() -> None:
    """Let each wait of the request that is served here have the whole time for itself."""
    patience = _current.get()
    if patience is not None:
        patience.for_each_wait()


@contextmanager
def begun(seconds: float, method: str) -> Iterator[Patience]:
    """Let what is done in the block, and the tasks that it makes, have this patience."""
    patience = Patience(seconds, is_reading=method in _READING)
    token = _current.set(patience)
    try:
        yield patience
    finally:
        _current.reset(token)


class Spent(Exception):  # it is caught where it is raised, and means no error yet
    """The patience is at its end. What was waited for may go on, and its outcome is not known."""


@asynccontextmanager
async def within() -> AsyncIterator[None]:
    """Wait in the block no longer than is left; cancels what it waits for, then raises `Spent`."""
    patience = _current.get()
    limit = asyncio.timeout(None if patience is None else patience.left())
    try:
        async with limit:
            yield
    except TimeoutError:
        if limit.expired():
            raise Spent from None
        raise
