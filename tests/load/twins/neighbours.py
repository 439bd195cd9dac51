"""auth, attempts and proctoring as far as a realtime node asks them, with all answers ready.

For measuring a node alone: attempts are asked for in batches, as ever, and every attempt is in
progress and belongs to the student of the same number. `GRPC_PORT`, `HTTP_PORT` and `JWKS` are in
the environment.
"""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.rpc import RpcServer
from google.protobuf.timestamp_pb2 import Timestamp
from oep.attempts.v1 import attempts_pb2, attempts_pb2_grpc
from oep.auth.v1 import auth_pb2, auth_pb2_grpc

EXAM_ID = 1
_LENGTH = timedelta(hours=3)


def _stamp(moment: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(moment)
    return found


class Attempts(attempts_pb2_grpc.AttemptsServiceServicer):
    """Answers from one template."""

    def __init__(self) -> None:
        start = datetime.now(UTC)
        self._template = attempts_pb2.Attempt(
            exam_id=EXAM_ID,
            status=attempts_pb2.ATTEMPT_STATUS_IN_PROGRESS,
            version=1,
            duration_seconds=int(_LENGTH.total_seconds()),
            device_policy=attempts_pb2.DEVICE_POLICY_ALLOW,
            start_time=_stamp(start),
            deadline_at=_stamp(start + _LENGTH),
        )

    async def BatchGetAttempts(  # noqa: N802  # gRPC's name
        self, request: attempts_pb2.BatchGetAttemptsRequest, _: Any
    ) -> attempts_pb2.BatchGetAttemptsResponse:
        answer = attempts_pb2.BatchGetAttemptsResponse(server_time=_stamp(datetime.now(UTC)))
        for attempt_id in request.attempt_ids:
            found = answer.attempts.add()
            found.CopyFrom(self._template)
            found.attempt_id = found.student_id = attempt_id
        return answer

    async def GetClock(  # noqa: N802  # gRPC's name
        self, _request: attempts_pb2.GetClockRequest, _: Any
    ) -> attempts_pb2.GetClockResponse:
        return attempts_pb2.GetClockResponse(server_time=_stamp(datetime.now(UTC)))


class Auth(auth_pb2_grpc.AuthServiceServicer):
    """Nobody is revoked."""

    async def ListRevocations(  # noqa: N802  # gRPC's name
        self, _request: auth_pb2.ListRevocationsRequest, _: Any
    ) -> auth_pb2.ListRevocationsResponse:
        return auth_pb2.ListRevocationsResponse()


async def _answer_keys(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    body = os.environ["JWKS"].encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body))
    writer.write(body)
    await writer.drain()
    writer.close()


def _register(server: Any) -> None:
    attempts = Attempts()  # type: ignore[abstract]  # nothing else is asked
    auth = Auth()  # type: ignore[abstract]  # as above
    attempts_pb2_grpc.add_AttemptsServiceServicer_to_server(attempts, server)
    auth_pb2_grpc.add_AuthServiceServicer_to_server(auth, server)


async def main() -> None:
    """Serve until killed."""
    host = "127.0.0.1"
    calls = RpcServer(host, int(os.environ["GRPC_PORT"]), _register)
    await calls.start()
    async with await asyncio.start_server(_answer_keys, host, int(os.environ["HTTP_PORT"])) as keys:
        await keys.serve_forever()
    await calls.stop(0)


if __name__ == "__main__":
    asyncio.run(main())
