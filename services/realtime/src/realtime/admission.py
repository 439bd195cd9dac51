"""Who may open a socket: the checks of contract §7.1 in their order, whatever the transport.

Each refusal is a failure of `errors`; how it is told (403 before accept, or a close code) is the
edge's business. Attempts is asked for all handshakes that wait at the same moment in one call.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from chassis.assignments import Assignments
from chassis.errors import Failure, NotFound, Unauthenticated
from chassis.tokens import Caller, TokenVerifier

from realtime.attempts_client import AttemptsClient, AttemptState
from realtime.connection import Connection
from realtime.errors import (
    AttemptClosed,
    AttemptNotFound,
    AuthenticationFailed,
    HandshakeInvalid,
    NeighbourAway,
    NotAllowed,
    OtherDevice,
    SafeBrowserRequired,
    TooManySockets,
)
from realtime.grouping import Grouper
from realtime.hub import Hub

Answer = TypeVar("Answer")

GROUPS_IN_FLIGHT = 2
_REST_SECONDS = 0.04
_ALL_BOARDS, _ASSIGNED_BOARDS = ("admin",), ("proctor",)
_OPEN = frozenset({"not_started", "in_progress"})
_MAX_ID = 2**31 - 1
_GROUP_LIMIT = 1_000
_QUEUE_LIMIT = 10_000


class Admission:
    """Decides about handshakes; `run` as many times as groups may be in flight."""

    def __init__(
        self,
        verifier: TokenVerifier,
        attempts: AttemptsClient,
        assignments: Assignments,
        hub: Hub,
        *,
        socket_limit: int,
        seconds: float,
        refused: Callable[[Connection, int, Failure], None],
    ) -> None:
        """Wait at most `seconds` for a service that is needed.

        `refused` hears that the owner of an attempt of an exam was not let in, and why.
        """
        self._refused = refused
        self._verifier = verifier
        self._attempts = attempts
        self._assignments = assignments
        self._hub = hub
        self._socket_limit = socket_limit
        self._seconds = seconds
        self._grouper: Grouper[int, AttemptState | None] = Grouper(
            self._ask,
            lambda attempt_id: attempt_id,
            group_limit=_GROUP_LIMIT,
            queue_limit=_QUEUE_LIMIT,
            rest_seconds=_REST_SECONDS,
        )

    async def run(self) -> None:
        await self._grouper.run()

    def identify(self, token: str) -> Caller:
        """Return who holds `token`. Raises `AuthenticationFailed`."""
        try:
            return self._verifier.verify(token)
        except Unauthenticated as error:
            raise AuthenticationFailed from error

    def renew(self, connection: Connection, token: str) -> Caller:
        """Let an open socket go on with another token of its user; return who holds it now.

        A student stays at his device, which is a login (ADR 16); what staff may is looked at again
        as for the old token. Raises `AuthenticationFailed`, `NotAllowed`, `OtherDevice`.
        """
        caller, before = self.identify(token), connection.caller
        if caller.user_id != before.user_id:
            raise NotAllowed
        if connection.channel.kind == "attempt" and caller.login_id != before.login_id:
            raise OtherDevice
        self._hub.rename(connection, caller)
        return caller

    async def admit_student(self, connection: Connection) -> tuple[AttemptState, float]:
        """Let the owner of an open attempt in; return its state and when it was asked for.

        Raises what contract §7.1 lists, `OtherDevice` by the exam's policy (ADR 16), and
        `SafeBrowserRequired` (ADR 60). On return the connection counts towards the limit.
        """
        state, sent = await self.own_attempt(connection)
        try:
            self._ensure_few(connection)
            connection.is_admitted = True
            if state.requires_safe_browser or _is_another_device(state, connection.caller):
                await self._ensure_device(state, connection)
        except Failure as failure:
            self._refused(connection, state.exam_id, failure)
            raise
        return state, sent

    async def own_attempt(self, connection: Connection) -> tuple[AttemptState, float]:
        """Return the state of a connection's attempt and when it was asked for.

        Raises `AttemptNotFound`, `NotAllowed`, `AttemptClosed`, `NeighbourAway`.
        """
        sent = time.monotonic()
        state = await self._state(connection.channel.id)
        if state is None:
            raise AttemptNotFound
        if state.student_id != connection.caller.user_id:
            raise NotAllowed
        if state.status not in _OPEN:
            raise AttemptClosed(f"Attempt is {state.status}")
        return state, sent

    async def admit_board(self, connection: Connection) -> None:
        """Let an administrator in, or a proctor who is assigned to the exam (ADR 18).

        Raises `NotAllowed`, `TooManySockets`, and `NeighbourAway` when nobody can say.
        """
        caller = connection.caller
        if not await self.may_watch(caller, connection.channel.id):
            raise NotAllowed
        self._ensure_few(connection)
        connection.is_admitted = True

    async def admit_broadcaster(self, connection: Connection) -> AttemptState:
        """Let staff speak to an open attempt who may watch its exam; return its state.

        Raises what contract §7.1 lists. Whoever has no such role learns nothing about attempts.
        """
        caller = connection.caller
        if not caller.has_any(*_ALL_BOARDS, *_ASSIGNED_BOARDS):
            raise NotAllowed
        state = await self._state(connection.channel.id)
        if state is None:
            raise AttemptNotFound
        if not await self.may_watch(caller, state.exam_id):
            raise NotAllowed
        if state.status not in _OPEN:
            raise AttemptClosed(f"Attempt is {state.status}")
        self._ensure_few(connection)
        connection.is_admitted = True
        return state

    async def may_watch(self, caller: Caller, exam_id: int) -> bool:
        """Say whether a caller may see an exam's board. Raises `NeighbourAway`."""
        asked = self._assignments.reach(caller, _ALL_BOARDS, _ASSIGNED_BOARDS)
        try:
            return (await self.in_time(asked)).covers(exam_id)
        except Failure as error:
            raise NeighbourAway from error

    async def in_time(self, answer: Awaitable[Answer]) -> Answer:
        """Wait for a neighbour as long as a handshake may. Raises `NeighbourAway`."""
        try:
            async with asyncio.timeout(self._seconds):
                return await answer
        except TimeoutError as error:
            raise NeighbourAway from error

    async def _state(self, attempt_id: int) -> AttemptState | None:
        try:
            return await self.in_time(self._grouper.submit(attempt_id))
        except Failure as error:
            raise NeighbourAway from error

    def _ensure_few(self, connection: Connection) -> None:
        count = self._hub.count_of_user(connection.caller.user_id, connection.channel)
        if count >= self._socket_limit:
            raise TooManySockets

    async def _ensure_device(self, state: AttemptState, connection: Connection) -> None:
        asked = self._attempts.admits(
            state.attempt_id,
            state.student_id,
            connection.caller.login_id,
            connection.whence(),
            seconds=self._seconds,
        )
        try:
            found = await self.in_time(asked)
        except NotFound as error:
            raise AttemptNotFound from error
        except Failure as error:
            raise NeighbourAway from error
        if found.lacks_safe_browser:
            raise SafeBrowserRequired
        if not found.is_admitted:
            raise OtherDevice

    async def _ask(self, attempt_ids: Sequence[int]) -> list[AttemptState | None]:
        wanted = list(dict.fromkeys(attempt_ids))
        states = await self._attempts.get(wanted, seconds=self._seconds)
        return [states.get(attempt_id) for attempt_id in attempt_ids]


def _is_another_device(state: AttemptState, caller: Caller) -> bool:
    """Say whether the exam wants to be asked about this device."""
    active = state.active_login_id
    return state.device_policy != "allow" and active not in {None, caller.login_id}


def path_id(text: str) -> int:
    """Return the id in a path. Raises `HandshakeInvalid`; one too large is merely unknown."""
    if not (text.isascii() and text.isdigit()):
        raise HandshakeInvalid
    return min(int(text[:20]), _MAX_ID)


def position(since: str | None, epoch: str | None) -> tuple[int, str] | None:
    """Return from where a client wants to go on; None when it starts anew.

    One that cannot be read counts as a position in another epoch, so that the client resyncs.
    """
    if since is None:
        return None
    if not (since.isascii() and since.isdigit() and epoch):
        return 0, "?"
    return int(since[:20]), epoch
