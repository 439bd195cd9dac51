"""What auth does by itself, again and again: reload its keys, measure hashes, forget what is over.

Trouble with Postgres is waited out here, so that auth starts before its database and outlives it.
"""

import asyncio

import structlog
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
    """Two endless tasks for the supervisor."""

    def __init__(
        self,
        *,
        database: Database,
        keyring: Keyring,
        verifying: KeySet,
        sign_in: SignIn,
        settings: Settings,
    ) -> None:
        """Share `verifying` with this process's own token check."""
        self._database = database
        self._keyring = keyring
        self._verifying = verifying
        self._sign_in = sign_in
        self._settings = settings

    async def keep_keys(self) -> None:
        """Load the keys at once and then regularly, as other replicas may have changed them."""
        while True:
            pause = await self._load_keys()
            await asyncio.sleep(pause)

    async def keep_tidy(self) -> None:
        """Delete, in small portions, what nobody can use any more."""
        while True:
            try:
                gone = await self._database.run(self._tidy)
                log.debug("store.tidied", row_count=gone)
                await asyncio.sleep(self._settings.tidy_seconds)
            except Unavailable:
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _load_keys(self) -> float:
        try:
            await self._database.run(self._load)
        except KeysSealedOtherwise:
            log.error("keys.sealed_otherwise", hint="SIGNING_KEY_SECRET has changed; put it back")  # noqa: TRY400  # the trace says nothing more
            return self._settings.keys_reload_seconds
        except Unavailable as failure:
            log.warning("keys.not_loaded", reason=failure.slug)
            return _AGAIN_SECONDS
        self._verifying.load(self._keyring.jwks())
        return self._settings.keys_reload_seconds

    def _load(self) -> None:
        with self._database.transaction() as session:
            self._keyring.load(session)
            self._sign_in.imported_shares = store.imported_shares(session)

    def _tidy(self) -> int:
        with self._database.transaction() as session:
            return store.forget_old(session, quiet_seconds=self._settings.forget_failures_seconds)
