"""The threads in which secrets are hashed, and the bounded queues in front of them.

A mass login must neither stop the event loop nor let requests pile up. There are two queues (see
`turns`): `logins` at the door, before a login costs anything, and one at the threads. The threads
may take every core, because they step back: a running exam comes first (ADR 33).
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from auth.passwords import DUMMY_ARGON2, DUMMY_BCRYPT, hash_secret, is_right, needs_new_hash
from auth.turns import Turns

R = TypeVar("R")

_BESIDE_THREADS = 2
_NICENESS, _LOWEST = 5, 19
"""A third of what another busy thread gets, and all that nobody else wants."""


@dataclass(frozen=True)
class Verdict:
    """Whether a secret was right and, if its hash should be replaced, the better one."""

    is_right: bool
    better_hash: str | None = None


class Hashing:
    """As many threads as may hash at once, and `queue_size` places to wait for one."""

    def __init__(self, *, threads: int, queue_size: int, wait_seconds: float) -> None:
        """Make no thread yet; they appear with the first work."""
        self._pool = ThreadPoolExecutor(threads, "hashing", initializer=_step_back)
        turns = partial(Turns, queue_size=queue_size, wait_seconds=wait_seconds)
        self._turns = turns(at_once=threads)
        self.logins = turns(at_once=threads + _BESIDE_THREADS)
        """Logins that may be under way: those that hash, and some that read or write meanwhile."""

    async def check(self, secret: str, stored: str | None, *, like_imported: bool) -> Verdict:
        """Say whether the secret is right; without a stored hash spend the same time and say no.

        `like_imported` chooses whose time is spent: that of an imported hash or of our own.
        Raises `HashingBusy`.
        """
        if stored is not None:
            return await self._run(_judge, secret, stored)
        await self._run(is_right, secret, DUMMY_BCRYPT if like_imported else DUMMY_ARGON2)
        return Verdict(is_right=False)

    async def hash(self, secret: str) -> str:
        """Return a new hash of a secret. Raises `HashingBusy`."""
        return await self._run(hash_secret, secret)

    @property
    def is_busy(self) -> bool:
        """Say whether something is hashed at this moment."""
        return self._turns.is_taken

    def close(self) -> None:
        """Refuse new work and let running work end by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., R], *args: str) -> R:
        await self._turns.take()
        done = asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args))
        # The place is free when the thread is, not when a caller has lost patience.
        done.add_done_callback(lambda _: self._turns.give_back())
        return await asyncio.shield(done)


def _step_back() -> None:
    """Give this thread a lower priority; where a thread has none of its own, all stays as it is."""
    with contextlib.suppress(OSError, AttributeError):
        thread = threading.get_native_id()
        usual = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, min(usual + _NICENESS, _LOWEST))


def _judge(secret: str, stored: str) -> Verdict:
    # In one piece of work: who has come to the front of the queue does not go to its end again.
    if not is_right(secret, stored):
        return Verdict(is_right=False)
    return Verdict(True, hash_secret(secret) if needs_new_hash(stored) else None)
