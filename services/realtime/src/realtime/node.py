"""One realtime node: its parts, how they are tied together, its tasks, its end.

Made inside the event loop; nothing connects before `start`.
"""

import asyncio
import math
import resource
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from chassis import rpc
from chassis.assignments import Assignments
from chassis.bus import Bus
from chassis.errors import Failure
from chassis.mtls import Identity
from chassis.serving import Supervisor
from chassis.tokens import LIST_PATIENCE_SECONDS, KeySet, Revocations, TokenVerifier

from realtime import admission, broadcasting, closing, frames, presence, saving, vitals
from realtime.admission import Admission
from realtime.attempts_client import AttemptsClient
from realtime.auth_client import AuthClient
from realtime.board_visits import BoardVisit, WindowVisit
from realtime.boards.arrivals import Arrivals
from realtime.boards.loading import Loader
from realtime.boards.watching import Boards
from realtime.broadcast import Bucket, Limit
from realtime.broadcasting import Broadcasting
from realtime.channels import BOARD_KINDS, Channel
from realtime.closing import Closing
from realtime.connection import Connection
from realtime.deliveries import Deliveries
from realtime.endings import Endings
from realtime.feed import Feed
from realtime.heartbeat import Heartbeat
from realtime.hub import Hub
from realtime.leases import Leases
from realtime.line import Line
from realtime.metrics import CONNECTIONS, LOST_SHOWN, PLANNED, REPLAYS
from realtime.notices import Message
from realtime.presence import Presence
from realtime.proctoring_client import ProctoringClient
from realtime.ring import Ring
from realtime.rollcall import RollCall
from realtime.saving import Saver
from realtime.settings import RealtimeSettings
from realtime.sightings import State
from realtime.student import Parts
from realtime.timekeeping import Timekeeper
from realtime.timing import DatabaseClock
from realtime.visits import BroadcastVisit, Stay, StudentVisit
from realtime.wire.socket import Wire

log = structlog.get_logger()

_SLICE_SECONDS = 0.05
_FAREWELL_SECONDS = 1.0
_OFFLINE_AFTER = 2
"""Silent checks; the silence has lasted one period longer at most."""
_OTHER_FILES = 200
"""What a node opens besides sockets: neighbours, the bus, its code, what is being greeted."""
_TOKENS_REMEMBERED = 1_000
"""Few: a socket shows its token once."""


def _patience(settings: RealtimeSettings) -> int:
    return math.ceil(settings.silence_seconds / settings.websocket_ping_seconds)


def _planned(settings: RealtimeSettings) -> int:
    """Return for how many sockets there is room: as planned, or as many as files may be open."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return settings.planned_connections
    return max(1, min(settings.planned_connections, most - _OTHER_FILES))


class Node:
    """Everything that lives as long as the process."""

    def __init__(self, settings: RealtimeSettings) -> None:
        self.settings = settings
        PLANNED.set(_planned(settings))
        self.is_stopping = False
        self.unauthenticated = 0
        self.wire = Wire(settings.flush_seconds, self._felt, self.left, _patience(settings))
        self.hub = Hub()
        self._deliveries = Deliveries(self.hub, self.wire.pump)
        self.bus = Bus(
            settings.nats_url,
            f"realtime-{settings.node_id}",
            replicas=settings.nats_replicas,
        )
        self.keys = KeySet(settings.jwks_url)
        self.revocations = Revocations(patience_seconds=LIST_PATIENCE_SECONDS)
        self.revocations.watchers.append(self._revoked)
        self.keys.watchers.append(self._key_revoked)
        verifier = TokenVerifier(
            self.keys, self.revocations, settings.token_issuer, remembered=_TOKENS_REMEMBERED
        )
        identity = Identity.of(settings)
        self._auth_channel = rpc.channel(settings.auth_grpc, "auth", identity)
        self._auth = AuthClient(self._auth_channel)
        self._attempts_channel = rpc.channel(settings.attempts_grpc, "attempts", identity)
        self._proctoring_channel = rpc.channel(settings.proctoring_grpc, "proctoring", identity)
        clock = DatabaseClock(datetime.now(UTC), time.monotonic())
        attempts = AttemptsClient(self._attempts_channel, clock)
        self.ring: Ring[Message] = Ring(settings.ring_messages, settings.ring_bytes)
        name = presence.name_of(settings.node_id)
        self.presence = Presence(self.bus, name)
        self.leases = Leases(self.bus, name, self.presence)
        self.roll = RollCall(self.bus, name, self.presence, self.leases)
        self.keeper = Timekeeper(self.hub, attempts, clock)
        self.feed = Feed(
            self.bus,
            self.ring,
            fold=self.presence.apply,
            fan_out=self._fan_out,
            settle=self.hub.settle,
            prepare=self._prepare,
            complete=self._complete,
            restart=self._restart,
            end=self._end,
            warm_messages=settings.warm_messages,
            replay_seconds=settings.replay_seconds,
            linger_seconds=settings.linger_seconds,
        )
        proctoring = ProctoringClient(self._proctoring_channel)
        self.boards = Boards(
            Loader(attempts, proctoring, self.presence, Endings(self.bus, self.presence)),
            Arrivals(self._auth.people, self.presence, self._is_watched),
            self.feed,
            self.ring,
            self._as_of,
            shared_seconds=settings.snapshot_shared_seconds,
        )
        self.saver = Saver(attempts, settings.save_seconds)
        self.admission = Admission(
            verifier,
            attempts,
            Assignments(self._auth.assigned),
            self.hub,
            socket_limit=settings.socket_limit,
            seconds=settings.admission_seconds,
            refused=self._refused,
        )
        self._parts = Parts(
            self.admission,
            self.feed,
            self.keeper,
            self.presence,
            self.saver,
            Limit(settings.student_burst, settings.student_frames_per_second),
            settings.outbound_limit_bytes,
        )
        self.broadcasting = Broadcasting(attempts, self.admission, self.bus, self.presence)
        self._supervisor = self._tasks()

    def student_visit(self) -> StudentVisit:
        return StudentVisit(self._parts)

    def board_visit(self, query: Mapping[str, str]) -> BoardVisit:
        """Return a visit of a whole board, or of a window of it if the handshake asks for that."""
        parts = self.admission, self.feed, self.keeper, self.boards
        limit_bytes = self.settings.board_limit_bytes
        if query.get("view") == "page":
            return WindowVisit(*parts, limit_bytes=limit_bytes, query=query)
        return BoardVisit(*parts, limit_bytes=limit_bytes)

    def broadcast_visit(self) -> BroadcastVisit:
        settings = self.settings
        return BroadcastVisit(
            self.admission,
            self.feed,
            self.keeper,
            self.broadcasting,
            Bucket(settings.broadcast_burst, settings.broadcasts_per_second, time.monotonic()),
            limit_bytes=settings.outbound_limit_bytes,
        )

    async def start(self) -> None:
        """Begin to connect to everything; returns at once."""
        await self.bus.start()
        self._supervisor.start()

    async def drain(self) -> None:
        """Let no more in, then send everyone away in slices, so that they do not return at once."""
        self.is_stopping = True
        everyone = list(self.hub)
        rate = closing.per_second(len(everyone), self.settings.drain_seconds)
        size = max(1, int(rate * _SLICE_SECONDS))
        for start in range(0, len(everyone), size):
            for connection in everyone[start : start + size]:
                connection.close(closing.GOING_AWAY)
            await asyncio.sleep(_SLICE_SECONDS)
        log.info("node.drained", connections=len(everyone))

    async def stop(self) -> None:
        await self.presence.flush(_FAREWELL_SECONDS)
        await self._supervisor.stop()
        await self.leases.give_back(_FAREWELL_SECONDS)
        await self.boards.stop()
        await self.bus.close()
        await self._auth_channel.close()
        await self._attempts_channel.close()
        await self._proctoring_channel.close()

    def left(self, connection: Connection, stay: Stay) -> None:
        """Forget a socket that was let in and has ended."""
        CONNECTIONS[connection.channel.kind].dec()
        self.hub.leave(connection)
        stay.end()

    def is_behind(self) -> bool:
        return self.feed.behind_seconds() > self.settings.stale_seconds

    def _tasks(self) -> Supervisor:
        settings, supervisor = self.settings, Supervisor()
        heartbeat = Heartbeat(self.wire, self.hub, self.keeper, self.feed, self.admission)
        supervisor.add("keys", self.keys.run)
        supervisor.add("revocations", lambda: self.revocations.follow(self.bus))
        supervisor.add(
            "revocation-list", lambda: self.revocations.keep(self._auth.revoked, self.bus)
        )
        supervisor.add("feed", self.feed.run)
        supervisor.add("boards", self.boards.run)
        supervisor.add("board-rows", lambda: self.boards.tend(settings.board_renew_seconds))
        supervisor.add("presence", self.presence.run)
        supervisor.add("leases", self.leases.run)
        supervisor.add("roll", self.roll.run)
        supervisor.add("clock", lambda: self.keeper.run(self.is_behind))
        supervisor.add("ping", lambda: heartbeat.ping(settings.ping_seconds))
        supervisor.add("wire", lambda: self.wire.watch(settings.websocket_ping_seconds))
        supervisor.add("time", lambda: heartbeat.push_time(settings.time_push_seconds))
        supervisor.add("rights", lambda: heartbeat.check_boards(settings.board_check_seconds))
        supervisor.add("vitals", lambda: vitals.watch(self.hub))
        supervisor.add("watch", lambda: heartbeat.watch_feed(settings.stale_seconds))
        for number in range(saving.GROUPS_IN_FLIGHT):
            supervisor.add(f"save-{number}", self.saver.run)
        for number in range(admission.GROUPS_IN_FLIGHT):
            supervisor.add(f"admit-{number}", self.admission.run)
        for number in range(broadcasting.AT_ONCE):
            supervisor.add(f"broadcast-{number}", self.broadcasting.run)
        return supervisor

    def _fan_out(self, message: Message) -> None:
        if message.traceparent is not None:
            self._deliveries.begin(message)
        self.hub.publish(message)
        self.keeper.apply(message)
        self.broadcasting.apply(message)
        self.boards.apply(message)

    def _as_of(self, exam_id: int) -> datetime:
        """Return for when it is what a board shows: now, unless its line is behind."""
        line = self.feed.line(exam_id)
        behind = line.behind_seconds() if line is not None else 0.0
        return self.keeper.now() - timedelta(seconds=behind)

    async def _prepare(self, exam_id: int) -> None:
        self.presence.forget(exam_id)
        await self.roll.call(exam_id)

    async def _complete(self, messages: Sequence[Message]) -> None:
        await self.boards.complete(messages)

    def _is_watched(self, exam_id: int) -> bool:
        return any(self.hub.listeners(Channel(kind, exam_id)) for kind in BOARD_KINDS)

    def _restart(self, line: Line) -> None:
        """Start an exam over: whoever is there already may have missed something."""
        self.hub.settle()  # what is due yet was said before
        self.boards.drop(line.exam_id)
        position = line.position
        frame = frames.resync("stream_reset", position, self.keeper.now())
        for connection in list(line.members):
            was_live = connection.is_live
            connection.start_over(position)
            if not was_live:
                continue  # whoever lets it go live looks at `joined_at`
            REPLAYS.labels("resync").inc()
            connection.send(frame)
            if connection.channel.is_board:
                self.boards.start_over(connection)
            else:
                connection.go_live(position.sequence)

    def _end(self, line: Line) -> None:
        self.presence.forget(line.exam_id)
        self.boards.drop(line.exam_id)

    def _felt(self, connection: Connection, silent_checks: int) -> None:
        states = (State.ONLINE, State.DEGRADED, State.OFFLINE)
        if silent_checks == _OFFLINE_AFTER:
            LOST_SHOWN["socket"].observe((silent_checks + 1) * self.wire.period_seconds)
        self.presence.felt(connection, states[min(silent_checks, len(states) - 1)])

    def _refused(self, connection: Connection, exam_id: int, failure: Failure) -> None:
        why = Closing(failure.kind.value.close_code, failure.detail)
        self.presence.refused(connection, exam_id, why)

    def _revoked(self, login_id: str | None, user_id: int | None) -> None:
        self.hub.close_revoked(login_id, user_id, closing.REVOKED)

    def _key_revoked(self, key_id: str) -> None:
        self.hub.close_signed_by(key_id, closing.REVOKED)
