"""The way out to auth: which exams a proctor watches or a grader marks.

Every call has a deadline; nothing of gRPC is seen above this module.
"""

import grpc
from chassis import rpc
from chassis.assignments import Assigned
from oep.auth.v1 import auth_pb2 as pb
from oep.auth.v1 import auth_pb2_grpc

_SECONDS = 1.0


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
