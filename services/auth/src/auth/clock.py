"""What auth does by itself, again and again: reload its keys, measure hashes, forget what is over.

Trouble with Postgres is waited out here, so that auth starts before its database and outlives it.
"""

import asyncio

import structlog
from chassis.bus import CONTROL, Bus, Reader, StreamReset
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.tokens import KeySet

from auth import store
from auth.keyring import Keyring, KeysSealedOtherwise
from auth.settings import Settings
from auth.sign_in import SignIn

log = structlog.get_logger()

_AGAIN_SECONDS = 0.5


class Clock:
    """Three endless tasks for the supervisor."""

    def __init__(
        self,
        *,
        database: Database,
        bus: Bus,
        keyring: Keyring,
        verifying: KeySet,
        sign_in: SignIn,
        settings: Settings,
    ) -> None:
        """Share `verifying` with this process's own token check."""
        self._database = database
        self._bus = bus
        self._keyring = keyring
        self._verifying = verifying
        self._sign_in = sign_in
        self._settings = settings
        self._have_changed = asyncio.Event()

    async def keep_keys(self) -> None:
        """Load the keys at once, when they are said to have changed, and regularly besides."""
        while True:
            self._have_changed.clear()
            pause = await self._load_keys()
            await self._wait_for_change(pause)

    async def hear_of_keys(self) -> None:
        """Have the keys loaded as soon as the bus says that somebody has changed them."""
        while True:
            reader = Reader(self._bus, CONTROL, ["oep.control.key_rotated"], after=None)
            # What was said before this reader stood in its place, it does not hear.
            is_new = True
            try:
                async for batch in reader.batches():
                    if batch or is_new:
                        self._have_changed.set()
                    is_new = False
            except StreamReset:
                await asyncio.sleep(_AGAIN_SECONDS)

    async def keep_tidy(self) -> None:
        """Delete, in small portions, what nobody can use any more."""
        while True:
            try:
                gone = await self._database.run(self._tidy)
                log.debug("store.tidied", row_count=gone)
                await asyncio.sleep(self._settings.tidy_seconds)
            except Unavailable:
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _wait_for_change(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._have_changed.wait()
        except TimeoutError:
            return

    async def _load_keys(self) -> float:
        before = self._keyring.published
        try:
            await self._database.run(self._load)
        except KeysSealedOtherwise:
            log.error("keys.sealed_otherwise", hint="SIGNING_KEY_SECRET has changed; put it back")  # noqa: TRY400  # the trace says nothing more
            return self._settings.keys_reload_seconds
        except Unavailable as failure:
            log.warning("keys.not_loaded", reason=failure.slug)
            return _AGAIN_SECONDS
        if self._keyring.published != before:
            log.info("keys.changed", kids=self._keyring.published)
        self._verifying.load(self._keyring.jwks())
        return self._settings.keys_reload_seconds

    def _load(self) -> None:
        with self._database.transaction() as session:
            self._keyring.load(session)
            self._sign_in.imported_shares = store.imported_shares(session)

    def _tidy(self) -> int:
        with self._database.transaction() as session:
            return store.forget_old(session, quiet_seconds=self._settings.forget_failures_seconds)
