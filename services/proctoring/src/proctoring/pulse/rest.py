"""REST of the pulse: who watches the exam's board may ask how its events came."""

from typing import Annotated, Any

from chassis.access import AnyCaller
from chassis.assignments import Assignments
from chassis.tokens import Caller
from fastapi import APIRouter, Depends, Query, Request, Response

from proctoring.edge import ExamId, as_json, read
from proctoring.errors import AccessDenied
from proctoring.pulse import store
from proctoring.pulse.schemas import PulseBody
from proctoring.pulse.spans import MOST_BUCKETS

router = APIRouter(prefix="/api/v1/proctoring", tags=["pulse"])

ALL_BOARDS, ASSIGNED_BOARDS = ("admin",), ("proctor",)
"""Who watches every board, and who that of an assigned exam: as at the monitor's socket."""
_SCHEMA = {"application/json": {"schema": {"$ref": "#/components/schemas/PulseBody"}}}
_DESCRIBED: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"content": _SCHEMA}},
}


async def _board_watcher(request: Request, caller: AnyCaller, exam_id: ExamId) -> Caller:
    assignments: Assignments = request.app.state.assignments
    reach = await assignments.reach(caller, ALL_BOARDS, ASSIGNED_BOARDS)
    if not reach.covers(exam_id):
        raise AccessDenied
    return caller


@router.get("/exams/{exam_id}/pulse", **_DESCRIBED)
async def get_pulse(
    request: Request,
    _: Annotated[Caller, Depends(_board_watcher)],
    exam_id: ExamId,
    bucket_seconds: Annotated[int, Query(ge=10, le=300)] = 60,
    bucket_count: Annotated[int, Query(ge=1, le=MOST_BUCKETS)] = 15,
) -> Response:
    """Count an exam's events of the last minutes by attempt and span of the server's time."""
    size = {"bucket_seconds": bucket_seconds, "bucket_count": bucket_count}
    return as_json(PulseBody.of(await read(request, store.pulse, exam_id, **size)))
