"""The border between the event loop and the synchronous world of SQLAlchemy (design §4).

A session is opened, used and closed inside one function on a worker thread; a statement on a thread
that runs an event loop raises `LoopThreadSQL`. Trouble with Postgres becomes `Unavailable`; nothing
here knows a table. When the connection is lost, or patience ends, while a COMMIT may be under way,
it is `OutcomeUnknown`: what may be stored is never said to be lost.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import psycopg2.errors
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from chassis import metrics, patience, tracing
from chassis.errors import OutcomeUnknown, Unavailable
from chassis.settings import DatabaseSettings, psycopg2_url

P = ParamSpec("P")
R = TypeVar("R")

_IDLE_SECONDS = 2.0
"""A connection that has rested longer is asked whether it lives before it is used."""
_RESTING_SINCE = "resting_since"

_TRANSIENT = (
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.QueryCanceled,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.AdminShutdown,
    psycopg2.errors.CrashShutdown,
    psycopg2.errors.CannotConnectNow,
    psycopg2.errors.DiskFull,
    psycopg2.errors.ReadOnlySqlTransaction,
)


_ENDS_OF_A_SERVER = (psycopg2.errors.AdminShutdown, psycopg2.errors.CrashShutdown)


class LoopThreadSQL(RuntimeError):
    """A statement was about to run on an event loop's thread: a defect, never a caller's fault."""


class DatabaseUnavailable(Unavailable):
    slug = "database-unavailable"
    detail = "Storage is temporarily unavailable, nothing was stored. Please try again."


class Database:
    """A pool of connections and as many worker threads: no thread waits for a connection."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 8,
        statement_timeout_ms: int = 5_000,
        lock_timeout_ms: int = 3_000,
        queue_size: int = 1_000,
        by_index: bool = False,
    ) -> None:
        """Prepare the pool; the first connection is made by the first transaction.

        `by_index` is for connections that only ever look rows up by their keys: what Postgres
        believes of a table that was empty when it planned must not make it read the whole of it.
        """
        self.engine = _engine(url, pool_size, statement_timeout_ms, lock_timeout_ms, by_index)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._threads = ThreadPoolExecutor(pool_size, thread_name_prefix="database")
        self._places = queue_size
        self._waiting = 0
        metrics.watch_pool(self)

    @classmethod
    def from_settings(
        cls, settings: DatabaseSettings, *, pool_size: int | None = None, by_index: bool = False
    ) -> "Database":
        """Return the pool that the settings describe, or one beside it of another size."""
        return cls(
            settings.database_url.get_secret_value(),
            pool_size=pool_size or settings.database_pool_size,
            statement_timeout_ms=settings.statement_timeout_ms,
            lock_timeout_ms=settings.lock_timeout_ms,
            by_index=by_index,
        )

    @property
    def waiting(self) -> int:
        """How many deeds are under way or wait for a thread."""
        return self._waiting

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session; commit at the end, roll back on any exception.

        Blocking; for worker threads only. Raises `Unavailable` when Postgres is away, too slow,
        or refuses for a reason that passes.
        """
        with _trouble_named() as trouble, self._sessions() as session, session.begin():
            yield session
            trouble.may_be_stored = True  # from here to the end it is COMMIT that may fail

    @contextmanager
    def single(self) -> Iterator[Connection]:
        """Yield a connection on which each statement is a transaction of its own.

        That saves the messages that begin and commit one. Blocking and raising like `transaction`.
        """
        with _trouble_named() as trouble, self.engine.connect() as connection:
            trouble.may_be_stored = True
            # Not by SQLAlchemy's isolation level: taking that back would be a message of its own.
            driver: Any = connection.connection.driver_connection
            driver.autocommit = True
            try:
                yield connection
            finally:
                if not driver.closed:
                    driver.autocommit = False

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work` on a database thread; raise `Unavailable` when too many wait already.

        For a request it does so, too, when its patience ends (`chassis.patience`), as
        `OutcomeUnknown` when the work may have stored something. Neither that nor cancelling the
        caller stops work that has begun: its transaction ends by itself.
        """
        if self._waiting >= self._places:
            raise DatabaseUnavailable
        self._waiting += 1
        begun = self._threads.submit(tracing.carrying(work), *args, **kwargs)
        try:
            async with patience.within():
                return await asyncio.wrap_future(begun)
        except patience.Spent:
            raise _end_of_patience(is_begun=not begun.cancel()) from None
        except OutcomeUnknown as error:
            if not _is_reading():
                raise
            raise DatabaseUnavailable from error
        finally:
            self._waiting -= 1

    def ping(self) -> None:
        """Raise `Unavailable` unless Postgres answers. Blocking."""
        with self.transaction() as session:
            session.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Close all connections once running work is done. Blocking."""
        self._threads.shutdown(wait=True)
        self.engine.dispose()


def _end_of_patience(*, is_begun: bool) -> Unavailable:
    return OutcomeUnknown() if is_begun and not _is_reading() else DatabaseUnavailable()


def _is_reading() -> bool:
    asked = patience.current()
    return asked is not None and asked.is_reading


@dataclass
class _Trouble:
    may_be_stored: bool = False


@contextmanager
def _trouble_named() -> Iterator[_Trouble]:
    trouble = _Trouble()
    try:
        yield trouble
    except PoolTimeout as error:
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        if trouble.may_be_stored and _says_nothing_of_its_outcome(error):
            raise OutcomeUnknown from error
        if is_transient(error):
            raise DatabaseUnavailable from error
        raise


def _says_nothing_of_its_outcome(error: DBAPIError) -> bool:
    """Say whether the server may have committed before it, or the line to it, went away."""
    if isinstance(error.orig, _ENDS_OF_A_SERVER):
        return True
    has_sqlstate = bool(getattr(error.orig, "pgcode", None))
    return not has_sqlstate and (
        error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
    )


def is_transient(error: DBAPIError) -> bool:
    """Say whether the same request may succeed later without anybody changing anything."""
    if isinstance(error.orig, _TRANSIENT) or error.connection_invalidated:
        return True
    has_sqlstate = bool(getattr(error.orig, "pgcode", None))
    return isinstance(error, (OperationalError, InterfaceError)) and not has_sqlstate


def _engine(
    url: str, pool_size: int, statement_timeout_ms: int, lock_timeout_ms: int, by_index: bool
) -> Engine:
    options = (
        f"-c statement_timeout={statement_timeout_ms} -c lock_timeout={lock_timeout_ms}"
        " -c idle_in_transaction_session_timeout=10000 -c timezone=UTC"
        " -c plan_cache_mode=force_generic_plan"  # what is prepared is planned once
    )
    if by_index:
        options += " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
    engine = create_engine(
        psycopg2_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=3,
        pool_use_lifo=True,
        insertmanyvalues_page_size=1_000,
        connect_args={
            "options": options,
            "connect_timeout": 3,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
    )
    event.listen(engine, "before_cursor_execute", _refuse_on_loop_thread)
    event.listen(engine, "do_connect", _refuse_on_loop_thread)
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", _wake)
    return engine


def _note_rest(_: Any, record: Any) -> None:
    record.info[_RESTING_SINCE] = time.monotonic()


def _wake(connection: Any, record: Any, _: Any) -> None:
    """Ask a rested connection whether it lives; the pool makes a new one when it does not.

    One that was used a moment ago is not asked: that would double the messages of a hot path. When
    it is dead all the same, its request gets 503, and all connections of its age are made anew.
    """
    rest = time.monotonic() - record.info.get(_RESTING_SINCE, time.monotonic())
    if rest < _IDLE_SECONDS:
        return
    _refuse_on_loop_thread()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except psycopg2.Error as error:
        raise DisconnectionError from error


def _refuse_on_loop_thread(*_: Any) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise LoopThreadSQL("SQL on the event loop's thread; use `await database.run(...)`")
