"""The threads in which secrets are hashed, and the bounded queue in front of them.

A mass login must neither stop the event loop nor let requests pile up: whoever finds the queue full
or waits too long gets `HashingBusy` with a time to come back that differs from his neighbour's.
"""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from auth.errors import HashingBusy
from auth.passwords import DUMMY_ARGON2, DUMMY_BCRYPT, hash_secret, is_right, needs_new_hash

R = TypeVar("R")


@dataclass(frozen=True)
class Verdict:
    """Whether a secret was right and, if its hash should be replaced, the better one."""

    is_right: bool
    better_hash: str | None = None


class Hashing:
    """As many threads as may hash at once, and `queue_size` places to wait for one."""

    def __init__(self, *, threads: int, queue_size: int, wait_seconds: float) -> None:
        """Make no thread yet; they appear with the first work."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hashing")
        self._free = asyncio.Semaphore(threads)
        self._queue_size = queue_size
        self._wait_seconds = wait_seconds
        self._waiting = 0

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

    def close(self) -> None:
        """Refuse new work and let running work end by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., R], *args: str) -> R:
        await self._enter()
        done = asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args))
        # The place is free when the thread is, not when a caller has lost patience.
        done.add_done_callback(lambda _: self._free.release())
        return await asyncio.shield(done)

    async def _enter(self) -> None:
        if self._waiting >= self._queue_size:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1


def _judge(secret: str, stored: str) -> Verdict:
    # In one piece of work: who has come to the front of the queue does not go to its end again.
    if not is_right(secret, stored):
        return Verdict(is_right=False)
    return Verdict(True, hash_secret(secret) if needs_new_hash(stored) else None)


def _busy() -> HashingBusy:
    return HashingBusy(retry_after_seconds=random.randint(2, 6))  # noqa: S311  # jitter, no secret
