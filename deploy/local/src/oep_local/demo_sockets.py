"""The demo's sockets: they come back after every drop, from the position that they had reached.

`LivingSocket` knows connecting, positions and close codes; what the frames mean is told to it by
the student's socket and the board's socket that build on it.
"""

import asyncio
import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from oep_local import tls
from oep_local.demo_client import Backoff, DemoFailedError
from oep_local.transcript import Transcript

Frame = dict[str, Any]

_ACK_SECONDS = 5.0
_STAY_AWAY = 4500
# refusals that another try may turn around
_SAVE_LATER = {"CHECKPOINT_SAVE_ERROR", "CHECKPOINT_FAILED"}


class LivingSocket:
    """One socket that reconnects until it is closed by us or told to stay away."""

    def __init__(
        self,
        url: str,
        token: str,
        transcript: Transcript,
        *,
        who: str,
        versioned: bool = True,
        patience_seconds: float = 60.0,
    ) -> None:
        self._url = url
        self._token = token
        self._transcript = transcript
        self._who = who
        self._versioned = versioned
        self._patience_seconds = patience_seconds
        self._trust = tls.trust() if url.startswith("wss:") else None
        self._connection: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._may_connect = asyncio.Event()
        self._heard = asyncio.Condition()
        self._failure: DemoFailedError | None = None
        self.position: tuple[int, str] | None = None
        self.connected_count = 0
        self.resync_count = 0
        self.repeated_count = 0
        self.frames: list[Frame] = []

    async def open(self) -> None:
        """Connect and wait for the `connected` frame."""
        self._may_connect.set()
        if self._task is None:
            self._task = asyncio.create_task(self._live(), name=f"{self._who}-socket")
        wanted = self.connected_count + 1
        await self.until(lambda: self.connected_count >= wanted, "connected")

    async def drop(self) -> None:
        """Cut the line as a broken network does, and stay offline until `open`."""
        self._may_connect.clear()
        if self._connection is not None:
            self._connection.transport.abort()

    async def close(self) -> None:
        self._may_connect.clear()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._connection is not None:
            await self._connection.close()

    async def until(
        self, condition: Callable[[], bool], what: str, timeout_seconds: float | None = None
    ) -> None:
        """Wait until frames have made `condition` true; raises `DemoFailedError` after the time."""
        seconds = timeout_seconds or self._patience_seconds
        try:
            async with asyncio.timeout(seconds), self._heard:
                await self._heard.wait_for(lambda: self._failure is not None or condition())
        except TimeoutError:
            raise DemoFailedError(f"{self._who}: no {what} within {seconds:g} s") from None
        if not condition() and self._failure is not None:
            raise self._failure

    @property
    def is_over(self) -> bool:
        """Whether the server has told us to stay away."""
        return self._failure is not None

    async def hear(self, frame: Frame) -> None:
        """Take one frame; called in order of arrival, repeated ones are left out."""
        self.frames.append(frame)

    def line_lost(self) -> None:
        """Learn that the connection is gone; what was sent on it may never be answered."""

    async def _live(self) -> None:
        while True:
            await self._may_connect.wait()
            try:
                await self._connect_patiently()
                await self._read()
            except DemoFailedError as error:
                self._failure = error
            except (LookupError, TypeError, ValueError) as error:
                self._failure = DemoFailedError(
                    f"{self._who}: a frame is not as promised: {error!r}"
                )
            if self._failure is not None:
                await self._tell()
                return

    async def _connect_patiently(self) -> None:
        backoff = Backoff(self._patience_seconds)
        while True:
            try:
                self._connection = await connect(
                    self._address(),
                    subprotocols=[Subprotocol("oep.v1")] if self._versioned else None,
                    proxy=None,
                    compression=None,
                    ssl=self._trust,
                )
            except (OSError, InvalidHandshake, TimeoutError) as error:
                reason = _handshake_trouble(error)
                self._transcript.say("trouble", f"{self._who} socket: {reason}; will come back")
                await backoff.pause(f"{self._who} socket: {reason}")
            else:
                return

    def _address(self) -> str:
        query = {"token": self._token}
        if self.position is not None and self._versioned:
            query |= {"since": str(self.position[0]), "epoch": self.position[1]}
        return f"{self._url}?{urlencode(query)}"

    async def _read(self) -> None:
        connection = self._connection
        assert connection is not None  # noqa: S101 - set by _connect_patiently
        try:
            async for text in connection:
                await self._take(json.loads(text))
        except ConnectionClosed:
            pass
        self.line_lost()
        code = connection.close_code or 1006
        if code >= _STAY_AWAY:
            reason = connection.close_reason
            raise DemoFailedError(f"{self._who} socket was told to stay away: {code} {reason}")
        if self._may_connect.is_set():
            self._transcript.say("trouble", f"{self._who} socket closed ({code}); will come back")
            await asyncio.sleep(0.2)

    async def _take(self, frame: Frame) -> None:
        if self._is_repeated(frame):
            self.repeated_count += 1
            return
        await self.hear(frame)
        if frame["type"] == "connected":
            self.connected_count += 1
        if frame["type"] == "resync":
            self.resync_count += 1
        await self._tell()

    def _is_repeated(self, frame: Frame) -> bool:
        """Whether a positioned frame was seen before; takes its position otherwise."""
        raw = frame.get("position")
        if raw is None:
            return False
        seen = (int(raw["sequence"]), str(raw["epoch"]))
        if frame["type"] == "connected":
            # the head of the stream: ours only when we asked for nothing older
            self.position = self.position or seen
            return False
        before = self.position
        restarts = frame["type"] in {"resync", "snapshot"}
        if not restarts and before and before[1] == seen[1] and seen[0] <= before[0]:
            return True
        self.position = seen
        return False

    async def _tell(self) -> None:
        async with self._heard:
            self._heard.notify_all()

    async def send(self, frame: Frame) -> bool:
        """Send now; false when there is no connection."""
        if self._connection is None:
            return False
        try:
            await self._connection.send(json.dumps(frame))
        except ConnectionClosed:
            return False
        return True


class StudentSocket(LivingSocket):
    """The exam page's socket: saves answers and hears what concerns the attempt."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._replies: dict[str, asyncio.Future[Frame | None]] = {}
        self.resent_count = 0

    async def hear(self, frame: Frame) -> None:
        await super().hear(frame)
        waiting = self._replies.get(str(frame.get("message_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(frame)

    def line_lost(self) -> None:
        for waiting in self._replies.values():
            if not waiting.done():
                waiting.set_result(None)

    async def save(self, question_id: int, answer: Any, sequence: int) -> Frame:
        """Send a checkpoint, with one message id, until it is acknowledged; returns the ack."""
        message_id = str(uuid.uuid4())
        frame = {
            "type": "checkpoint",
            "question_id": question_id,
            "answer": answer,
            "is_flagged": False,
            "time_spent_seconds": 0,
            "sequence": sequence,
            "message_id": message_id,
        }
        backoff = Backoff(self._patience_seconds)
        while True:
            reply = await self._ask(message_id, frame)
            if reply is not None and reply["type"] == "checkpoint_ack":
                return reply
            if reply is not None and reply.get("error_code") not in _SAVE_LATER:
                raise DemoFailedError(f"checkpoint refused: {reply}")
            self.resent_count += 1
            reason = "no ack" if reply is None else str(reply.get("error_code"))
            self._transcript.say("trouble", f"question {question_id}: {reason}; kept, sent again")
            await backoff.pause(f"checkpoint of question {question_id}: {reason}")

    async def _ask(self, message_id: str, frame: Frame) -> Frame | None:
        """Send once and wait for the reply with this message id; None when there is none."""
        reply: asyncio.Future[Frame | None] = asyncio.get_running_loop().create_future()
        self._replies[message_id] = reply
        try:
            if not await self.send(frame):
                return None
            async with asyncio.timeout(_ACK_SECONDS):
                return await reply
        except TimeoutError:
            return None
        finally:
            del self._replies[message_id]


def _handshake_trouble(error: Exception) -> str:
    if isinstance(error, InvalidStatus):
        return f"refused with HTTP {error.response.status_code}"
    return type(error).__name__
