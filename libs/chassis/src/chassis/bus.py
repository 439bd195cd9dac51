"""The way to NATS JetStream: publish with an acknowledgement, read without a hole.

A service starts and goes on without the bus; what it says waits in its outbox. Reading is by pull,
and every delivery's sequence is checked, because a dropped message must be noticed here and not by
a person in front of a board (design §5.7). Nothing here knows what a notice means.
"""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import BadRequestError, NoStreamResponseError, NotFoundError
from nats.js.kv import KeyValue

from chassis import metrics, tracing
from chassis.ending import end, stop_if_cancelled
from chassis.errors import Unavailable
from chassis.line import Line

log = structlog.get_logger()

EVENTS = "OEP_EVENTS"
CONTROL = "OEP_CONTROL"
STREAMS = (
    StreamConfig(
        name=EVENTS,
        subjects=["oep.v1.>"],
        max_age=72 * 3600,
        duplicate_window=600,
        allow_direct=True,
        allow_atomic=True,
    ),
    StreamConfig(
        name=CONTROL,
        subjects=["oep.control.>"],
        max_age=8 * 24 * 3600,
        duplicate_window=600,
        allow_direct=True,
        allow_atomic=True,
    ),
)
MOST_IN_BATCH = 1_000
_PATIENCE_SECONDS = 5.0
_PATIENCE_WITH_CHOICE_SECONDS = 2.0
_BATCH = 512
_CROWD = 32
_CROWD_SECONDS = 0.002
_PULL_SECONDS = 30.0
_HEARTBEAT_SECONDS = 1.0
_CONSUMER_LIFE_SECONDS = 60.0
_END_SECONDS = 2.0
_REBUILT = "OEP-Rebuilt"


class BusUnavailable(Unavailable):
    slug = "bus-unavailable"
    detail = "The message bus does not answer"


class StreamReset(Exception):
    """History is gone or was made anew: what was read so far cannot be continued; resync."""


@dataclass(frozen=True, order=True)
class Position:
    """A place in a stream; comparable only within one epoch (the stream's creation time)."""

    sequence: int
    epoch: str


@dataclass(frozen=True)
class Delivery:
    """One message as it lies in a stream."""

    sequence: int
    subject: str
    data: bytes
    at: datetime
    is_rebuilt: bool = False
    """Put back from where it came (ADR 34): who follows the stream was told it long ago."""
    traceparent: str | None = None
    """The context of who published it, when that is traced (ADR 46)."""


class Message(NamedTuple):
    """What is to be published; the same `msg_id` within the dedupe window is stored once."""

    subject: str
    payload: bytes
    msg_id: str
    is_rebuilt: bool = False
    traceparent: str | None = None


class Bus:
    """One supervised connection to NATS: to one server, or to one of several (ADR 35)."""

    def __init__(
        self,
        url: str,
        name: str,
        *,
        streams: Sequence[StreamConfig] = STREAMS,
        replicas: int = 1,
    ) -> None:
        """Only remember where the bus is; `start` connects.

        `url` may name several servers, comma separated. `replicas` is on how many of them streams
        and buckets lie; what lies on fewer is given more, nothing is ever taken away.
        """
        self._replicas = replicas
        self._servers = [part.strip() for part in url.split(",")]
        self._name = name
        self._streams = streams
        self.client = Line()
        self.watchers: set[Callable[[], None]] = set()
        """Called after each reconnection: what was standing on the server may be gone."""
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._is_lacking = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        return bool(self.client.is_connected)

    @property
    def patience_seconds(self) -> float:
        """How long to wait for an answer: not long where another server may give it."""
        return _PATIENCE_WITH_CHOICE_SECONDS if self.client.has_choice else _PATIENCE_SECONDS

    @property
    def jetstream(self) -> JetStreamContext:
        return self.client.jetstream(timeout=self.patience_seconds)

    async def start(self) -> None:
        """Begin to connect in the background and return at once."""
        self._task = asyncio.create_task(self._keep(), name="bus-keep")
        metrics.watch_bus(lambda: self.is_connected)

    async def wait_ready(self) -> None:
        """Return once connected with the streams in place. Safe to cancel."""
        await self._ready.wait()

    async def close(self) -> None:
        """End the connection and what tries to make one; takes seconds at most, bus or no bus."""
        if self._task is not None:
            await end([self._task], seconds=_END_SECONDS)
        if self.client.is_connected or self.client.is_reconnecting or self.client.is_connecting:
            await self._hang_up()

    async def _hang_up(self) -> None:
        """Close the client, as a task: it may wait for what it has cancelled itself.

        That must end nobody but it.
        """
        task = asyncio.create_task(self.client.close(), name="bus-close")
        try:
            await asyncio.wait([task], timeout=_END_SECONDS)
        finally:
            await end([task], seconds=_END_SECONDS)
        if task.done() and not task.cancelled():
            with contextlib.suppress(NatsError, OSError, TimeoutError):
                task.result()

    async def publish(
        self,
        subject: str,
        payload: bytes,
        msg_id: str | None,
        *,
        seconds: float | None = None,
        is_rebuilt: bool = False,
        traceparent: str | None = None,
    ) -> int:
        """Return the stream sequence once JetStream has stored the message.

        The same `msg_id` within the dedupe window is stored once. Raises `BusUnavailable` after
        `seconds`, if not said otherwise after `patience_seconds`.
        """
        if not self.is_connected:
            raise BusUnavailable
        headers = {"Nats-Msg-Id": msg_id} if msg_id else {}
        headers |= {_REBUILT: "1"} if is_rebuilt else {}
        headers |= {tracing.HEADER: traceparent} if traceparent else {}
        try:
            ack = await self.jetstream.publish(
                subject,
                payload,
                timeout=seconds or self.patience_seconds,
                headers=headers or None,
            )
        except (NatsError, OSError, TimeoutError) as error:
            self.suspect(error)
            raise BusUnavailable from error
        stop_if_cancelled()
        return int(ack.seq)

    async def publish_batch(self, messages: Sequence[Message]) -> bool:
        """Store up to `MOST_IN_BATCH` messages of one stream, all or none; say whether they are.

        One acknowledgement for all of them. False, and nothing stored, when one of them is known
        already or the stream takes no batches; then they go one by one. Raises `BusUnavailable`.
        """
        if not self.is_connected:
            raise BusUnavailable
        batch_id = uuid.uuid4().hex
        *before, last = messages
        frames = [_frame(message, batch_id, n) for n, message in enumerate(before, 1)]
        try:
            # Hundreds of messages one by one cost the client's checks and a coroutine each; it
            # offers no other way to hand over what is framed already.
            await self.client._send_command(b"".join(frames))  # noqa: SLF001
            answer = await self.client.request(
                last.subject,
                last.payload,
                timeout=self.patience_seconds,
                headers={
                    "Nats-Msg-Id": last.msg_id,
                    "Nats-Batch-Id": batch_id,
                    "Nats-Batch-Sequence": str(len(messages)),
                    "Nats-Batch-Commit": "1",
                    **({_REBUILT: "1"} if last.is_rebuilt else {}),
                    **({tracing.HEADER: last.traceparent} if last.traceparent else {}),
                },
            )
        except (NatsError, OSError, TimeoutError) as error:
            self.suspect(error)
            raise BusUnavailable from error
        stop_if_cancelled()
        ack = json.loads(answer.data)
        return "error" not in ack and ack.get("count") == len(messages)

    async def head(self, stream: str) -> Position:
        """Return the position of the newest message. Raises `BusUnavailable`."""
        if not self.is_connected:
            raise BusUnavailable
        try:
            info = await self.jetstream.stream_info(stream)
        except (NatsError, OSError, TimeoutError) as error:
            self.suspect(error)
            raise BusUnavailable from error
        stop_if_cancelled()
        return Position(info.state.last_seq, _epoch(info.created))

    async def first_sequence(self, stream: str) -> int:
        """Return the sequence of the oldest message still there. Raises `BusUnavailable`."""
        try:
            return int((await self.jetstream.stream_info(stream)).state.first_seq)
        except (NatsError, OSError, TimeoutError) as error:
            self.suspect(error)
            raise BusUnavailable from error

    async def bucket(self, name: str, *, ttl_seconds: float) -> KeyValue:
        """Return a bucket whose keys are kept in memory for so long, made if it is not there.

        Raises what the client does.
        """
        stream, jetstream = f"KV_{name}", self.jetstream
        try:
            return await jetstream.create_key_value(
                bucket=name, ttl=ttl_seconds, storage=StorageType.MEMORY, replicas=self._replicas
            )
        except BadRequestError:  # it is there, with fewer copies
            await self._improve((await jetstream.stream_info(stream)).config)
            return await jetstream.key_value(name)

    async def replay(
        self, stream: str, subjects: Sequence[str], after: int, upto: int, *, limit: int = 10_000
    ) -> list[Delivery]:
        """Return what lies in the stream after `after` and up to `upto`, in order.

        Raises `StreamReset` when the history no longer reaches back to `after` or is longer than
        `limit`, `BusUnavailable` when the bus does not answer.
        """
        if upto <= after:
            return []
        if await self.first_sequence(stream) > after + 1:
            raise StreamReset
        found: list[Delivery] = []
        reader = Reader(self, stream, subjects, after=after)
        async with contextlib.aclosing(reader.batches()) as batches:
            async for batch in batches:
                found += [delivery for delivery in batch if delivery.sequence <= upto]
                if len(found) > limit:
                    raise StreamReset
                if reader.is_at_end or (batch and batch[-1].sequence >= upto):
                    break
        return found

    async def latest(self, stream: str, subjects: Sequence[str]) -> list[Delivery]:
        """Return the newest message of each subject that a filter matches, in order.

        Raises `BusUnavailable` when the bus does not answer, or not in full.
        """
        if not self.is_connected:
            raise BusUnavailable
        try:
            return await self._latest(stream, subjects)
        except (NatsError, OSError, TimeoutError, _LostError) as error:
            self.suspect(error)
            raise BusUnavailable from error

    async def _latest(self, stream: str, subjects: Sequence[str]) -> list[Delivery]:
        config = _to_read(subjects, DeliverPolicy.LAST_PER_SUBJECT)
        info = await self.jetstream.add_consumer(stream, config)
        stop_if_cancelled()
        left, order, found = info.num_pending or 0, Order(0), list[Delivery]()
        pull = Pull(self, stream, str(info.name))
        await pull.start()
        try:
            while left:
                for message in await pull.next():
                    place = message.metadata.sequence
                    if not order.takes(place.consumer, place.stream):
                        raise _LostError
                    found.append(_delivery(message, place.stream))
                    left = message.metadata.num_pending
        finally:
            await pull.stop()
        return found

    async def _keep(self) -> None:
        """Connect, then see to the streams whenever one was missed, until cancelled."""
        await self._connect_for_ever()
        while True:
            await self._is_lacking.wait()
            self._is_lacking.clear()
            stop_if_cancelled()
            with contextlib.suppress(NatsError, OSError, TimeoutError):
                await self._ensure_streams()

    async def _connect_for_ever(self) -> None:
        pause = 0.1
        while not self._ready.is_set():
            stop_if_cancelled()
            try:
                await self._connect()
                await self._ensure_streams()
                self._ready.set()
            except (NatsError, OSError, TimeoutError) as error:
                log.warning(
                    "bus.unreachable", error=type(error).__name__, servers=len(self._servers)
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)

    async def _connect(self) -> None:
        if self.client.is_connected:
            return
        await self.client.connect(
            servers=self._servers,
            name=self._name,
            connect_timeout=2,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.2,
            ping_interval=3,
            max_outstanding_pings=2,
            error_cb=_log_error,
            disconnected_cb=_log_disconnected,
            reconnected_cb=self._reconnected,
            reconnect_to_server_handler=self.client.next_server,
        )

    async def _reconnected(self) -> None:
        log.info("bus.reconnected")
        for lose in list(self.watchers):
            lose()
        self._is_lacking.set()

    def suspect(self, error: BaseException) -> None:
        """Look, in the background, for what an error may mean.

        A wiped store answers "no stream", not "no server": missing streams are made again. Silence
        may be that of a server that was stopped: another one is looked for.
        """
        log.warning("bus.refused", error=type(error).__name__)
        if isinstance(error, (NotFoundError, NoStreamResponseError)):
            self._is_lacking.set()
        elif isinstance(error, TimeoutError):
            self.client.doubt()

    async def _ensure_streams(self) -> None:
        for config in self._streams:
            try:
                there = await self.jetstream.stream_info(str(config.name))
            except NotFoundError:
                await self.jetstream.add_stream(config.evolve(num_replicas=self._replicas))
            else:
                await self._improve(there.config)

    async def _improve(self, there: StreamConfig) -> None:
        """Give a stream of an older release or of a smaller bus what it lacks, if it can be had."""
        replicas = max(there.num_replicas or 1, self._replicas)
        better = there.evolve(num_replicas=replicas)
        if there.name in {config.name for config in self._streams if config.allow_atomic}:
            better = better.evolve(allow_atomic=True)
        if better != there:
            try:
                await self.jetstream.update_stream(better)
            except NatsError as error:
                log.warning("bus.not_improved", stream=there.name, error=type(error).__name__)


class Reader:
    """Reads a stream in order by pull and raises `StreamReset` rather than leave a hole.

    `after=None` begins at the head, a number begins behind that sequence. It survives the loss of
    its connection and of its consumer: it goes on behind the last message that it delivered.
    """

    def __init__(
        self, bus: Bus, stream: str, subjects: Sequence[str], *, after: int | None
    ) -> None:
        """Only remember what to read; `batches` begins."""
        self._bus = bus
        self._stream = stream
        self._subjects = list(subjects)
        self._after = after
        self._epoch: str | None = None
        self.position: Position | None = None
        """Behind which everything is still to come; None until the first contact."""
        self.is_at_end = False
        """Whether nothing was left to read at the last look; False while the bus is away."""

    async def batches(self) -> AsyncGenerator[list[Delivery], None]:
        """Yield what arrives, in order; an empty list says that there is nothing more just now."""
        while True:
            stop_if_cancelled()
            await self._bus.wait_ready()
            try:
                async with contextlib.aclosing(self._read_with_one_consumer()) as batches:
                    async for batch in batches:
                        yield batch
            except (NatsError, OSError, TimeoutError, BusUnavailable, _LostError) as error:
                log.warning("reader.again", stream=self._stream, error=type(error).__name__)
                if isinstance(error, TimeoutError):
                    self._bus.client.doubt()
                self.is_at_end = False
                await asyncio.sleep(0.1)

    async def _read_with_one_consumer(self) -> AsyncGenerator[list[Delivery], None]:
        position = await self._locate()
        info = await self._add_consumer(position.sequence)
        stop_if_cancelled()
        self.is_at_end = info.num_pending == 0
        yield []
        pull = Pull(self._bus, self._stream, str(info.name))
        order = Order(position.sequence)
        await pull.start()
        try:
            while True:
                stop_if_cancelled()
                batch: list[Delivery] = []
                for message in await pull.next():
                    place = message.metadata.sequence
                    if not order.takes(place.consumer, place.stream):
                        raise _LostError
                    self.is_at_end = message.metadata.num_pending == 0
                    batch.append(_delivery(message, order.seen))
                if batch:
                    self.position = Position(order.seen, position.epoch)
                    self._after = order.seen
                yield batch
        finally:
            await pull.stop()

    async def _locate(self) -> Position:
        """Find out where to begin, and whether that place still exists."""
        info = await self._bus.jetstream.stream_info(self._stream)
        epoch = _epoch(info.created)
        if self._epoch is not None and epoch != self._epoch:
            raise StreamReset
        self._epoch = epoch
        after = info.state.last_seq if self._after is None else self._after
        if after > info.state.last_seq or (after and info.state.first_seq > after + 1):
            raise StreamReset
        self._after = after
        self.position = Position(after, epoch)
        return self.position

    async def _add_consumer(self, after: int) -> ConsumerInfo:
        config = _to_read(self._subjects, DeliverPolicy.BY_START_SEQUENCE)
        return await self._bus.jetstream.add_consumer(
            self._stream, config.evolve(opt_start_seq=after + 1)
        )


class Order:
    """What one consumer may deliver next: numbers without a hole, places that rise. Pure."""

    def __init__(self, after: int) -> None:
        self.seen = after
        self._expected = 1

    def takes(self, consumer_number: int, place: int) -> bool:
        """Take the next message; False when something is missing, repeated or out of order."""
        if consumer_number != self._expected or place <= self.seen:
            return False
        self._expected, self.seen = consumer_number + 1, place
        return True


class _LostError(Exception):
    """The consumer skipped something or went silent; go on with a new one."""


class Pull:
    """Standing pull requests on one consumer, never more than two batches of messages ahead.

    Requests are standing rather than one fetch after another, so that a message arrives when it is
    published; the bound on what is requested is the bound on what waits here.
    """

    def __init__(self, bus: Bus, stream: str, consumer: str) -> None:
        self._bus = bus
        self._request_subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = bus.client.new_inbox()
        self._messages: list[Msg] = []
        self._arrived = asyncio.Event()
        self._is_lost = False
        self._requested = 0
        self._subscription: Subscription | None = None

    async def start(self) -> None:
        self._subscription = await self._bus.client.subscribe(self._inbox, cb=self._take)
        self._bus.watchers.add(self._lose)
        await self._request()

    async def stop(self) -> None:
        self._bus.watchers.discard(self._lose)
        if self._subscription is not None:
            with contextlib.suppress(NatsError, OSError, TimeoutError):
                await asyncio.wait_for(self._subscription.unsubscribe(), 1)

    async def next(self) -> list[Msg]:
        """Return what has arrived, or nothing at a heartbeat; raise `_LostError` on silence.

        Of a crowd the rest is waited for, as long as it comes as quickly: whoever reads does once
        for all of it what he would do for each part. A message, or some, wait for nothing.
        """
        if not self._messages:
            self._arrived.clear()
            async with asyncio.timeout(_HEARTBEAT_SECONDS * 2 + 1):
                await self._arrived.wait()
        met = 0
        while len(self._messages) - met >= _CROWD and len(self._messages) < self._requested:
            met = len(self._messages)
            await asyncio.sleep(_CROWD_SECONDS)
        if self._is_lost:
            raise _LostError
        taken, self._messages = self._messages, []
        self._requested -= len(taken)
        if self._requested < _BATCH:
            await self._request()
        return taken

    async def _take(self, message: Msg) -> None:
        status = (message.headers or {}).get("Status") if not message.reply else None
        if status is None:
            self._messages.append(message)
        elif status == "408":  # the request ran out; what it had not delivered is open again
            left = (message.headers or {}).get("Nats-Pending-Messages", str(_BATCH))
            self._requested -= int(left)
        elif status != "100":  # 409: consumer deleted, 503: nobody there
            self._is_lost = True
        self._arrived.set()

    def _lose(self) -> None:
        self._is_lost = True
        self._arrived.set()

    async def _request(self) -> None:
        self._requested += _BATCH
        wish = {
            "batch": _BATCH,
            "expires": int(_PULL_SECONDS * 1e9),
            "idle_heartbeat": int(_HEARTBEAT_SECONDS * 1e9),
        }
        await self._bus.client.publish(
            self._request_subject, json.dumps(wish).encode(), reply=self._inbox
        )


def _to_read(subjects: Sequence[str], policy: DeliverPolicy) -> ConsumerConfig:
    return ConsumerConfig(
        deliver_policy=policy,
        ack_policy=AckPolicy.NONE,
        filter_subjects=list(subjects),
        inactive_threshold=_CONSUMER_LIFE_SECONDS,
        mem_storage=True,
        num_replicas=1,
    )


def _delivery(message: Msg, sequence: int) -> Delivery:
    headers = message.headers or {}
    at = message.metadata.timestamp
    traceparent = headers.get(tracing.HEADER)
    return Delivery(sequence, message.subject, message.data, at, _REBUILT in headers, traceparent)


def _frame(message: Message, batch_id: str, number: int) -> bytes:
    """Return one message of a batch as it goes over the wire."""
    rebuilt = f"{_REBUILT}: 1\r\n" if message.is_rebuilt else ""
    traced = f"{tracing.HEADER}: {message.traceparent}\r\n" if message.traceparent else ""
    headers = (
        f"NATS/1.0\r\nNats-Msg-Id: {message.msg_id}\r\nNats-Batch-Id: {batch_id}\r\n"
        f"Nats-Batch-Sequence: {number}\r\n{rebuilt}{traced}\r\n"
    )
    size = len(headers)
    command = f"HPUB {message.subject} {size} {size + len(message.payload)}\r\n{headers}"
    return b"%b%b\r\n" % (command.encode(), message.payload)


def _epoch(created: datetime | None) -> str:
    return "0" if created is None else str(int(created.timestamp() * 1_000_000))


async def _log_error(error: Exception) -> None:
    """Log what the client goes on after, unless its task was cancelled meanwhile.

    The client tries to connect until it succeeds, whatever the error. A cancellation that met a
    refused connection is lost inside it; here, where each failed attempt passes, it is found again.
    """
    log.warning("bus.error", error=type(error).__name__)
    stop_if_cancelled()


async def _log_disconnected() -> None:
    log.warning("bus.disconnected")
