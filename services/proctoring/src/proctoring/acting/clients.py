"""The ways out: attempts carries actions out and lists who sits; auth knows the staff's names.

Every call has a deadline; nothing of gRPC is seen above this module.
"""

from collections import OrderedDict
from collections.abc import Collection, Sequence

import grpc
import structlog
from chassis import rpc
from chassis.errors import Failure, Unavailable
from oep.attempts.v1 import attempts_pb2 as pb
from oep.attempts.v1 import attempts_pb2_grpc
from oep.auth.v1 import auth_pb2, auth_pb2_grpc

from proctoring.acting.action import Action, Kind, Refusal
from proctoring.acting.errors import ActionUnfinished
from proctoring.errors import AttemptsUnavailable

log = structlog.get_logger()

MOST_AT_ONCE = 500
"""Attempts that one call may name."""
NOT_DONE = "not-done"
"""How attempts answers the question after an action that was not carried out."""

_NAME_SECONDS = 1.0
_MOST_NAMES = 10_000
_STATUS_OF = {"attempt-not-found": 404, "invalid-action": 422, "invalid-allowance": 422}
_CLOSED = {
    pb.ATTEMPT_STATUS_SUBMITTED,
    pb.ATTEMPT_STATUS_GRADED,
    pb.ATTEMPT_STATUS_CANCELLED,
}

Outcome = Refusal | bool
"""Refused, or done: whether the attempt is closed by now."""


class SteeringClient:
    """Asks attempts over an open channel; safe for any number of callers."""

    def __init__(self, channel: grpc.aio.Channel, *, seconds: float) -> None:
        """`seconds` bounds each call, repetitions included."""
        self._stub = attempts_pb2_grpc.AttemptsServiceStub(channel)
        self._seconds = seconds

    async def act(
        self, actions: Sequence[Action], *, is_question: bool = False
    ) -> dict[int, Outcome]:
        """Carry one order out on up to 500 attempts; return what became of each.

        It may be repeated: attempts does nothing twice under one key (ADR 25). `is_question` asks
        for what became of it and does nothing. Raises `ActionUnfinished`.
        """
        request = _request(actions, is_question=is_question)
        try:
            answer = await rpc.call(self._stub.ActOnAttempts, request, seconds=self._seconds)
        except Unavailable as failure:
            raise ActionUnfinished from failure
        except Failure as why:
            refusal = Refusal(why.slug, why.detail, why.kind.value.http_status)
            return {action.attempt_id: refusal for action in actions}
        return {result.attempt_id: _outcome(result) for result in answer.results}

    async def running(self, exam_id: int) -> list[int]:
        """Return the attempts of an exam that are in progress. Raises `AttemptsUnavailable`."""
        request = pb.GetExamRequest(exam_id=exam_id)
        try:
            exam = await rpc.call(self._stub.GetExam, request, seconds=self._seconds)
        except Unavailable as failure:
            raise AttemptsUnavailable from failure
        running = pb.ATTEMPT_STATUS_IN_PROGRESS
        return [e.attempt.attempt_id for e in exam.roster if e.attempt.status == running]


class People:
    """User names, remembered once they are known; whose is not known has none."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = auth_pb2_grpc.AuthServiceStub(channel)
        self._names: OrderedDict[int, str] = OrderedDict()

    async def names(self, user_ids: Collection[int]) -> dict[int, str]:
        """Return user names by id; without auth those that are remembered. Never raises."""
        missing = sorted(set(user_ids) - self._names.keys())
        if missing:
            request = auth_pb2.GetUsersRequest(user_ids=missing)
            try:
                answer = await rpc.call(self._stub.GetUsers, request, seconds=_NAME_SECONDS)
            except Failure as failure:
                log.info("names.unknown", reason=failure.slug)
            else:
                self._names.update((user.user_id, user.username) for user in answer.users)
        found = {user_id: self._names[user_id] for user_id in user_ids if user_id in self._names}
        while len(self._names) > _MOST_NAMES:
            self._names.popitem(last=False)
        return found

    async def name(self, user_id: int) -> str | None:
        return (await self.names([user_id])).get(user_id)


def _request(actions: Sequence[Action], *, is_question: bool) -> pb.ActOnAttemptsRequest:
    first = actions[0]
    request = pb.ActOnAttemptsRequest(
        attempt_ids=[action.attempt_id for action in actions],
        actor_id=first.actor_id,
        reason=first.wish.text,
        ip_address=first.origin.ip_address,
        user_agent=first.origin.user_agent,
        action_id=str(first.action_id),
        is_question=is_question,
    )
    wish = first.wish
    match wish.kind:
        case Kind.PAUSE:
            request.pause.CopyFrom(pb.Pause(max_seconds=wish.seconds))
        case Kind.RESUME:
            request.unpause.SetInParent()
        case Kind.EXTEND:
            request.extend.seconds = wish.seconds or 0
        case Kind.AUTHORISE:
            request.authorise.SetInParent()
        case Kind.TERMINATE:
            request.cancel.reason_code = wish.reason_code or "other"
        case _:
            raise ValueError(f"{wish.kind.value} is no business of attempts")
    return request


def _outcome(result: pb.ActionResult) -> Outcome:
    if result.WhichOneof("outcome") == "done":
        return result.done.status in _CLOSED
    refused = result.refused
    by_id = refused.by_id if refused.HasField("by_id") else None
    return Refusal(refused.slug, refused.detail, _STATUS_OF.get(refused.slug, 409), by_id)
