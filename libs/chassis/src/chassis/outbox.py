"""What is announced is written with the fact, in one transaction, and leaves later (design §5.5).

`add` writes notes inside the deed's transaction; `Relay` publishes them in order per key and
deletes what the bus has acknowledged. The row's id is the message's dedupe id, so a crash between
publishing and deleting doubles nothing. Delivery is the relay's; meaning is the service's.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    DateTime,
    Identity,
    MetaData,
    Table,
    Text,
    create_engine,
    func,
    insert,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from chassis import arrays, metrics, tracing
from chassis.bus import MOST_IN_BATCH, Bus, BusUnavailable, Message
from chassis.settings import psycopg2_url

log = structlog.get_logger()

_CONCURRENT_KEYS = 64
_POLL_SECONDS = 0.1
_GATHER_SECONDS = 0.025
"""From a turn that moved something to the next, which forgets it and takes what has come since:
notices leave with more neighbours. After a quiet moment the first one leaves at once."""
_MANY = 50
_GATHER_MANY_SECONDS = 0.05
"""After a turn that moved that many. A batch costs the bus about 4 ms of processor and each message
in it 10 µs, so that thousands a second want fewer batches (ADR 27)."""
_FOLLOWER_SECONDS = 1.0
_LOOK_SECONDS = 2.0
"""From one look at how much waits to the next."""


@dataclass(frozen=True)
class Note:
    """One fact to announce: past tense, absolute values, JSON-serialisable."""

    subject: str
    fact: str
    data: dict[str, Any]
    order_key: int
    """Notes with the same key leave in the order in which they were written."""
    exam_id: int | None = None
    attempt_id: int | None = None


def outbox_table(metadata: MetaData, schema: str) -> Table:
    """Return the outbox of a service, to be part of its own metadata and migrations."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("order_key", BigInteger, nullable=False),
        Column("subject", Text, nullable=False),
        Column("payload", JSON, nullable=False),
        Column("traceparent", Text),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        schema=schema,
    )


def add(
    session: Session,
    outbox: Table,
    notes: Sequence[Note],
    traces: Mapping[int, str | None] | None = None,
) -> None:
    """Write notes in one statement inside the caller's transaction; `Relay.wake` comes after it.

    What is traced here is traced on. `traces` says it by `order_key` where one deed is done for
    several requests.
    """
    if not notes:
        return
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    rows = [
        {"order_key": n.order_key, "subject": n.subject, "payload": envelope(n, at)} for n in notes
    ]
    current = tracing.current()
    if current is not None or traces:
        traced = [_trace(note, traces, current) for note in notes]
        rows = [row | {"traceparent": one} for row, one in zip(rows, traced, strict=True)]
    session.execute(insert(outbox), rows)


def _trace(note: Note, traces: Mapping[int, str | None] | None, current: str | None) -> str | None:
    return current if traces is None else traces.get(note.order_key)


def envelope(note: Note, at: str) -> dict[str, Any]:
    """Return what readers get, except for the id, which the outbox gives."""
    payload: dict[str, Any] = {"fact": note.fact, "at": at, "data": note.data}
    if note.attempt_id is not None:
        payload |= {"exam_id": note.exam_id, "attempt_id": note.attempt_id}
    return payload


class _Row(NamedTuple):
    id: int
    order_key: int
    message: Message


class Relay:
    """Moves rows from the outbox to the bus; of several replicas one leads, by an advisory lock.

    The lock lives as long as the relay's one connection. Should two lead for a moment, the bus
    drops what it has already.
    """

    def __init__(self, database_url: str, outbox: Table, bus: Bus, *, source: str) -> None:
        """`source` (the service's name) makes ids unique over all outboxes."""
        self._engine = create_engine(
            psycopg2_url(database_url),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "connect_timeout": 3,
                "options": "-c statement_timeout=5000",
                "tcp_user_timeout": 10_000,
            },
        )
        self._outbox = outbox
        self._bus = bus
        self._source = source
        table = f"{outbox.schema}.{outbox.name}"
        self._oldest = f"""
            SELECT id, order_key, subject, CAST(payload AS text), traceparent
            FROM {table} ORDER BY id LIMIT {MOST_IN_BATCH}
            """  # noqa: S608  # only names of our own
        # By the key's index alone, however much waits; numbers may have been left out between.
        self._look = f"""
            SELECT coalesce(max(id) - min(id) + 1, 0),
                   (SELECT extract(epoch FROM clock_timestamp() - created_at)
                    FROM {table} ORDER BY id LIMIT 1)
            FROM {table}
            """  # noqa: S608  # only names of our own
        self._look_at = 0.0
        self._forget = f"DELETE FROM {table} WHERE id = ANY (CAST(%s AS bigint[]))"  # noqa: S608  # the service's own table
        self._sent: list[int] = []
        self._connection: Connection | None = None
        self._is_leader = False
        self._moved = 0
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Say that something was committed. Thread-safe; lost calls cost one poll interval."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def run(self) -> None:
        """Relay until cancelled; trouble with either side is logged and outlasted."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                began = self._loop.time()
                pause = await self._turn()
                if pause and self._moved:
                    gather = _GATHER_SECONDS if self._moved < _MANY else _GATHER_MANY_SECONDS
                    await asyncio.sleep(began + gather - self._loop.time())
                elif pause:
                    await self._wait_for_news(pause)
        finally:
            await asyncio.to_thread(self._leave)

    async def _turn(self) -> float:
        """Move one batch; return how long to wait before the next turn."""
        self._news.clear()
        self._moved = 0
        try:
            if not self._bus.is_connected:
                await asyncio.to_thread(self._glance)
                return _FOLLOWER_SECONDS
            rows = await asyncio.to_thread(self._load)
            if rows is None:
                return _FOLLOWER_SECONDS
            publish = self._publish_traced if tracing.is_on() else self._publish
            self._sent = await publish(rows)
            metrics.PUBLISHED.inc(len(self._sent))
            self._moved = len(self._sent) if len(self._sent) == len(rows) else 0
        except SQLAlchemyError as error:
            log.warning("relay.storage_away", error=type(error).__name__)
            await asyncio.to_thread(self._disconnect)
            return _FOLLOWER_SECONDS
        if len(self._sent) < len(rows):
            return _FOLLOWER_SECONDS / 4
        return 0 if len(rows) == MOST_IN_BATCH else _POLL_SECONDS

    async def _wait_for_news(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass

    def _load(self) -> list[_Row] | None:
        """Forget what was sent and return what is oldest then, in one message; blocking.

        None when another replica leads: it sends again what we have not forgotten, and the bus
        drops it.
        """
        connection = self._glance()
        if not self._is_leader:
            lock = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
            name = f"{self._outbox.schema}.outbox"
            self._is_leader = bool(connection.execute(lock, {"name": name}).scalar_one())
        if not self._is_leader:
            self._sent = []
            return None
        if self._sent:
            message, values = f"{self._forget}; {self._oldest}", (arrays.numbers(self._sent),)
            rows = connection.exec_driver_sql(message, values).all()
            self._sent = []
        else:
            rows = connection.exec_driver_sql(self._oldest).all()
        return [self._row(*row) for row in rows]

    def _glance(self) -> Connection:
        """Return the connection; count, now and then, what waits. Blocking."""
        if self._connection is None:
            self._connection = self._engine.connect()
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _LOOK_SECONDS
            rows, oldest = self._connection.exec_driver_sql(self._look).one()
            metrics.OUTBOX_ROWS.set(rows)
            metrics.OUTBOX_OLDEST.set(max(0.0, float(oldest or 0)))
        return self._connection

    def _row(
        self, row_id: int, key: int, subject: str, payload: str, traceparent: str | None
    ) -> _Row:
        """Pass the payload on as the text that it is; only its id is put in front."""
        msg_id = f"{self._source}-{row_id}"
        whole = f'{{"id":"{msg_id}",{payload[1:]}'
        message = Message(subject, whole.encode(), msg_id, traceparent=traceparent)
        return _Row(row_id, key, message)

    def _leave(self) -> None:
        """Forget what was sent, if storage lets us, and let go. Blocking."""
        try:
            if self._connection is not None and self._sent:
                self._connection.exec_driver_sql(self._forget, (arrays.numbers(self._sent),))
        except SQLAlchemyError as error:  # who leads next sends it again, and the bus drops it
            log.warning("relay.storage_away", error=type(error).__name__)
        self._disconnect()

    def _disconnect(self) -> None:
        self._is_leader = False
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    async def _publish_traced(self, rows: list[_Row]) -> list[int]:
        """Publish; who is traced sees how long that took, and how long his row had waited."""
        spans = {
            row.id: tracing.begin(
                "outbox.publish",
                row.message.traceparent,
                kind="producer",
                attributes={"messaging.message.id": row.message.msg_id},
            )
            for row in rows
            if row.message.traceparent
        }
        try:
            return await self._publish([_below(row, spans.get(row.id)) for row in rows])
        finally:
            for span in spans.values():
                if span is not None:
                    span.end()

    async def _publish(self, rows: list[_Row]) -> list[int]:
        """Publish all rows at once, or else each key's in order, keys side by side.

        After a crash some are in the stream already, and all go one by one.

        Return the acknowledged ids.
        """
        try:
            if len(rows) > 1 and await self._bus.publish_batch([row.message for row in rows]):
                return [row.id for row in rows]
        except BusUnavailable:
            return []  # one by one they would wait for it, too
        by_key: dict[int, list[_Row]] = {}
        for row in rows:
            by_key.setdefault(row.order_key, []).append(row)
        places = asyncio.Semaphore(_CONCURRENT_KEYS)
        sent: list[int] = []
        async with asyncio.TaskGroup() as group:
            for line in by_key.values():
                group.create_task(self._publish_line(line, places, sent))
        return sent

    async def _publish_line(
        self, line: list[_Row], places: asyncio.Semaphore, sent: list[int]
    ) -> None:
        async with places:
            for row in line:
                message = row.message
                try:
                    await self._send(message)
                except BusUnavailable:
                    return
                sent.append(row.id)

    async def _send(self, message: Message) -> None:
        if message.traceparent is None:
            await self._bus.publish(message.subject, message.payload, message.msg_id)
        else:
            await self._bus.publish(
                message.subject,
                message.payload,
                message.msg_id,
                traceparent=message.traceparent,
            )


def _below(row: _Row, span: tracing.Span | None) -> _Row:
    """Let the message say that it comes from the span, if there is one."""
    if span is None:
        return row
    return row._replace(message=row.message._replace(traceparent=span.traceparent))
