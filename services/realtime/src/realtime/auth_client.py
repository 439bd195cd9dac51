"""The way out to auth: who is assigned to which exam, and whose tokens have ended.

Every call has a deadline; nothing of gRPC is seen above this module.
"""

from datetime import UTC

import grpc
from chassis import rpc
from chassis.assignments import Assigned
from chassis.tokens import Revoked
from oep.auth.v1 import auth_pb2 as pb
from oep.auth.v1 import auth_pb2_grpc

_SECONDS = 1.0
_LIST_SECONDS = 5.0


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

    async def revoked(self) -> list[Revoked]:
        """Return every login and user whose tokens have ended; raise `Unavailable` without auth."""
        answer: pb.ListRevocationsResponse = await rpc.call(
            self._stub.ListRevocations, pb.ListRevocationsRequest(), seconds=_LIST_SECONDS
        )
        return [_revoked(each) for each in answer.revocations]


def _revoked(message: pb.Revocation) -> Revoked:
    return Revoked(
        login_id=message.login_id if message.HasField("login_id") else None,
        user_id=message.user_id if message.HasField("user_id") else None,
        revoked_at=message.revoked_at.ToDatetime(tzinfo=UTC),
        forget_at=message.forget_at.ToDatetime(tzinfo=UTC),
    )
