"""The way to auth: who people are, what staff is assigned to, whose tokens have ended.

Names are decoration: while auth does not answer in time, lists are shown without them. Roles,
centers and assignments are not: what depends on them fails.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC

import grpc
import structlog
from chassis.assignments import Assigned
from chassis.errors import Failure
from chassis.rpc import call
from chassis.tokens import Revoked
from oep.auth.v1 import auth_pb2, auth_pb2_grpc

log = structlog.get_logger()

_BATCH = 1_000
_SECONDS = 1.0
_LIST_SECONDS = 5.0


@dataclass(frozen=True)
class Person:
    name: str
    hall_ticket_number: str | None
    username: str = ""
    roles: frozenset[str] = frozenset()
    center_id: int | None = None
    trade_id: int | None = None
    center_name: str | None = None


@dataclass(frozen=True)
class People:
    """Who is known, by user id; nobody while auth is away."""

    by_id: Mapping[int, Person]

    def name(self, user_id: int) -> str:
        person = self.by_id.get(user_id)
        return person.name if person is not None else ""

    def username(self, user_id: int) -> str:
        person = self.by_id.get(user_id)
        return person.username if person is not None else ""

    def roles(self, user_id: int) -> frozenset[str]:
        person = self.by_id.get(user_id)
        return person.roles if person is not None else frozenset()

    def center(self, user_id: int) -> int | None:
        person = self.by_id.get(user_id)
        return person.center_id if person is not None else None

    def trade(self, user_id: int) -> int | None:
        person = self.by_id.get(user_id)
        return person.trade_id if person is not None else None

    def center_name(self, user_id: int) -> str | None:
        person = self.by_id.get(user_id)
        return person.center_name if person is not None else None

    def hall_ticket(self, user_id: int) -> str | None:
        person = self.by_id.get(user_id)
        return person.hall_ticket_number if person is not None else None


class Names:
    """Asks auth for names; each question has `seconds` to be answered."""

    def __init__(self, channel: grpc.aio.Channel, *, seconds: float) -> None:
        """Use `channel`, which the app opens and closes."""
        self._stub = auth_pb2_grpc.AuthServiceStub(channel)
        self._seconds = seconds

    async def known(self, user_ids: Iterable[int]) -> People:
        """Return whom auth knows of up to 1,000 `user_ids`; raise `Unavailable` while it is away.

        For what must not be decided without knowing: roles and centers.
        """
        return People(await self._ask(sorted(set(user_ids))))

    async def of(self, user_ids: Iterable[int]) -> People:
        """Return whom auth knows of `user_ids`; nobody rather than a failure."""
        wanted = sorted(set(user_ids))
        found: dict[int, Person] = {}
        try:
            for begin in range(0, len(wanted), _BATCH):
                found |= await self._ask(wanted[begin : begin + _BATCH])
        except Failure as failure:
            log.warning("names.unavailable", reason=failure.slug, people=len(wanted))
        return People(found)

    async def _ask(self, user_ids: list[int]) -> dict[int, Person]:
        request = auth_pb2.GetUsersRequest(user_ids=user_ids)
        answer: auth_pb2.GetUsersResponse = await call(
            self._stub.GetUsers, request, seconds=self._seconds
        )
        return {user.user_id: _person(user) for user in answer.users}


class AuthClient:
    """Asks auth what only auth knows; each question has `seconds` to be answered."""

    def __init__(self, channel: grpc.aio.Channel, *, seconds: float = _SECONDS) -> None:
        """Use `channel`, which the app opens and closes."""
        self._stub = auth_pb2_grpc.AuthServiceStub(channel)
        self._seconds = seconds

    async def assigned(self, user_id: int) -> Assigned:
        """Return the exams that a user watches or marks; raise `Unavailable` without auth."""
        request = auth_pb2.ListAssignmentsRequest(user_id=user_id)
        answer: auth_pb2.ListAssignmentsResponse = await call(
            self._stub.ListAssignments, request, seconds=self._seconds
        )
        return frozenset((each.role, each.exam_id) for each in answer.assignments)

    async def revoked(self) -> list[Revoked]:
        """Return every login and user whose tokens have ended; raise `Unavailable` without auth."""
        answer: auth_pb2.ListRevocationsResponse = await call(
            self._stub.ListRevocations, auth_pb2.ListRevocationsRequest(), seconds=_LIST_SECONDS
        )
        return [_revoked(each) for each in answer.revocations]


def _person(user: auth_pb2.User) -> Person:
    has_ticket = user.HasField("hall_ticket_number")
    return Person(
        user.full_name,
        user.hall_ticket_number if has_ticket else None,
        user.username,
        frozenset(user.roles),
        user.center_id if user.HasField("center_id") else None,
        user.trade_id if user.HasField("trade_id") else None,
        user.center_name if user.HasField("center_name") else None,
    )


def _revoked(message: auth_pb2.Revocation) -> Revoked:
    return Revoked(
        login_id=message.login_id if message.HasField("login_id") else None,
        user_id=message.user_id if message.HasField("user_id") else None,
        revoked_at=message.revoked_at.ToDatetime(tzinfo=UTC),
        forget_at=message.forget_at.ToDatetime(tzinfo=UTC),
        login_user_id=message.login_user_id if message.HasField("login_user_id") else None,
    )
