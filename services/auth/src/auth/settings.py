"""What an installation decides about auth: lifetimes, the cost of guessing, the sealing secret."""

import os

from chassis.settings import DatabaseSettings
from chassis.tokens import REFRESH_SECONDS
from pydantic import Field, SecretStr

from auth.keys import Spread
from auth.tokens import Lifetimes

DAY_SECONDS = 24 * 3600


def _cores() -> int:
    return min(os.cpu_count() or 1, 8)


class Settings(DatabaseSettings):
    """Read from the environment by `__main__`; see the README's table."""

    signing_key_secret: SecretStr = Field(min_length=32)

    student_access_seconds: int = Field(default=8 * 3600, ge=60, le=DAY_SECONDS)
    other_access_seconds: int = Field(default=30 * 60, ge=60, le=DAY_SECONDS)
    refresh_seconds: int = Field(default=7 * DAY_SECONDS, ge=60, le=90 * DAY_SECONDS)
    refresh_grace_seconds: int = Field(default=15, ge=0, le=60)

    free_failures: int = Field(default=5, ge=1, le=100)
    longest_delay_seconds: int = Field(default=30, ge=1, le=300)
    forget_failures_seconds: int = Field(default=900, ge=1, le=DAY_SECONDS)

    hashing_threads: int = Field(default_factory=_cores, ge=1, le=64)
    """Every core, at most eight; they run behind everything else (`hashing`)."""
    hashing_queue_size: int = Field(default=1_000, ge=1, le=10_000)
    hashing_wait_seconds: float = Field(default=7.0, gt=0, le=60)
    """At the door, and again for a thread: both and the work must fit into the gateway's 15 s."""

    keys_reload_seconds: float = Field(default=15.0, gt=0, le=3600)
    jwks_cache_seconds: int = Field(default=60, ge=1, le=3600)
    tidy_seconds: float = Field(default=600.0, gt=0)

    @property
    def lifetimes(self) -> Lifetimes:
        return Lifetimes(
            student_access_seconds=self.student_access_seconds,
            other_access_seconds=self.other_access_seconds,
            refresh_seconds=self.refresh_seconds,
        )

    @property
    def spread(self) -> Spread:
        """How long news of a key travels: to caches of the document, to the other services."""
        cache_seconds = max(self.jwks_cache_seconds, REFRESH_SECONDS)
        return Spread(cache_seconds, self.keys_reload_seconds)
