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
_MAX_PEOPLE = 1_000


@dataclass(frozen=True, slots=True)
class Person:
    """How a user is shown to those who may see names."""

    full_name: str
    hall_ticket_number: str | None


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
        """Return whom auth knows of the users, by id; raise `Unavailable` without auth."""
        wanted, found = sorted(set(user_ids)), dict[int, Person]()
        for begin in range(0, len(wanted), _MAX_PEOPLE):
            request = pb.GetUsersRequest(user_ids=wanted[begin : begin + _MAX_PEOPLE])
            answer: pb.GetUsersResponse = await rpc.call(
                self._stub.GetUsers, request, seconds=self._seconds
            )
            found |= {user.user_id: _person(user) for user in answer.users}
        return found

    async def address(self, user_id: int) -> str | None:
        """Return where a user who may sign in gets mail; raise `Unavailable` without auth."""
        request = pb.GetAddressesRequest(user_ids=[user_id])
        answer: pb.GetAddressesResponse = await rpc.call(
            self._stub.GetAddresses, request, seconds=self._seconds
        )
        return next((each.email for each in answer.addresses), None)

    async def called(self, user_ids: Collection[int], part: str) -> set[int]:
        """Return who of up to 20,000 users has `part` in the name or hall ticket.

        In whatever letters. Raises `Unavailable` without auth.
        """
        request = pb.FindUsersRequest(user_ids=user_ids, called=part)
        answer: pb.FindUsersResponse = await rpc.call(
            self._stub.FindUsers, request, seconds=self._seconds
        )
        return set(answer.user_ids)

    async def revoked(self) -> list[Revoked]:
        """Return every login and user whose tokens have ended; raise `Unavailable` without auth."""
        answer: pb.ListRevocationsResponse = await rpc.call(
            self._stub.ListRevocations, pb.ListRevocationsRequest(), seconds=_LIST_SECONDS
        )
        return [_revoked(each) for each in answer.revocations]


def _person(message: pb.User) -> Person:
    has_ticket = message.HasField("hall_ticket_number")
    return Person(message.full_name, message.hall_ticket_number if has_ticket else None)


def _revoked(message: pb.Revocation) -> Revoked:
    return Revoked(
        login_id=message.login_id if message.HasField("login_id") else None,
        user_id=message.user_id if message.HasField("user_id") else None,
        revoked_at=message.revoked_at.ToDatetime(tzinfo=UTC),
        forget_at=message.forget_at.ToDatetime(tzinfo=UTC),
    )
