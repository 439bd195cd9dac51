"""The way out to auth: who is assigned to which exam, whose tokens have ended, who people are.

Every call has a deadline; nothing of gRPC is seen above this module.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC

import grpc
from chassis import rpc
from chassis.assignments import Assigned
from chassis.tokens import Revoked
from oep.auth.v1 import auth_pb2 as pb
from oep.auth.v1 import auth_pb2_grpc

_SECONDS = 1.0
_LIST_SECONDS = 5.0
_PEOPLE_SECONDS = 0.5


@dataclass(frozen=True)
class Person:
    full_name: str
    hall_ticket_number: str | None
    center: str | None = None
    """The center's name."""


class AuthClient:
    """Asks auth over an open channel; safe for any number of callers."""

    def __init__(self, channel: grpc.aio.Channel, *, seconds: float = _SECONDS) -> None:
        """`seconds` bounds each question, repetitions included."""
        self._stub = auth_pb2_grpc.AuthServiceStub(channel)
        self._seconds = seconds

    async def assigned(self, user_id: int) -> Assigned:
        """Return the exams that a user watches or marks; raise `Unavailable` without auth."""
        request = pb.ListAssignmentsRequest(user_id=user_id)
        answer: pb.ListAssignmentsResponse = await rpc.call(
            self._stub.ListAssignments, request, seconds=self._seconds
        )
        return frozenset((each.role, each.exam_id) for each in answer.assignments)

    async def people(self, user_ids: Collection[int]) -> dict[int, Person]:
        """Return those who are known, soon or never; raise `Unavailable` without auth."""
        request = pb.GetUsersRequest(user_ids=user_ids)
        answer: pb.GetUsersResponse = await rpc.call(
            self._stub.GetUsers, request, seconds=_PEOPLE_SECONDS
        )
        return {each.user_id: _person(each) for each in answer.users}

    async def revoked(self) -> list[Revoked]:
        """Return every login and user whose tokens have ended; raise `Unavailable` without auth."""
        answer: pb.ListRevocationsResponse = await rpc.call(
            self._stub.ListRevocations, pb.ListRevocationsRequest(), seconds=_LIST_SECONDS
        )
        return [_revoked(each) for each in answer.revocations]


def _person(user: pb.User) -> Person:
    return Person(
        user.full_name,
        user.hall_ticket_number if user.HasField("hall_ticket_number") else None,
        user.center_name if user.HasField("center_name") else None,
    )


def _revoked(message: pb.Revocation) -> Revoked:
    return Revoked(
        login_id=message.login_id if message.HasField("login_id") else None,
        user_id=message.user_id if message.HasField("user_id") else None,
        revoked_at=message.revoked_at.ToDatetime(tzinfo=UTC),
        forget_at=message.forget_at.ToDatetime(tzinfo=UTC),
    )
