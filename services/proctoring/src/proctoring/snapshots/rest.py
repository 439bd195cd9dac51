"""REST of snapshots: their students send them, who watches the exam looks at them.

Those who only mark do not: they mark without names, and a face says more than a name (ADR 42).
"""

from typing import Annotated
from uuid import UUID

import structlog
from chassis import problems, uploads
from chassis.access import AnyCaller, From
from chassis.describing import limited
from chassis.errors import Failure
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime

from proctoring.acting.guarding import Watcher
from proctoring.edge import AttemptId, Limit
from proctoring.intake import Intake
from proctoring.snapshots.errors import PictureTooLarge
from proctoring.snapshots.gallery import Gallery
from proctoring.snapshots.schemas import PICTURES, SnapshotOut
from proctoring.snapshots.snapshot import EARLIEST, LATEST, MAX_BYTES, Source
from proctoring.snapshots.taking import Taking, Upload

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1/proctoring", tags=["snapshots"])

SnapshotId = Annotated[UUID, Path()]
TakenAt = Annotated[AwareDatetime, Query(ge=EARLIEST, le=LATEST)]
After = Annotated[int, Query(ge=0, le=2**63 - 1)]
_LOAD = {
    "description": "How loaded the platform is; slow down what can wait.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 10},
}
_NOTHING_ELSE = "default-src 'none'; sandbox"
"""Whatever somebody has put into a picture: it is shown as one, or not at all."""


@router.post(
    "/attempt/{attempt_id}/snapshots",
    status_code=201,
    response_model=SnapshotOut,
    responses=limited() | {201: {"headers": {"OEP-Load": _LOAD}}},
    openapi_extra={"requestBody": {"required": True, "content": PICTURES}},
)
async def post_snapshot(
    request: Request,
    caller: AnyCaller,
    origin: From,
    attempt_id: AttemptId,
    snapshot_id: Annotated[UUID, Query()],
    source: Annotated[Source, Query()],
    taken_at: TakenAt,
) -> Response:
    """Store a picture of 512 KiB at most; the same `snapshot_id` again gets the first answer again.

    What was taken before the submit may come for a while after it.
    """
    taking: Taking = request.app.state.snapshots
    answer: Response
    try:
        with taking.place():
            content = await uploads.whole(request, MAX_BYTES, PictureTooLarge)
            upload = Upload(attempt_id, snapshot_id, source, taken_at, content, origin)
            stored = await taking.take(caller.user_id, upload)
        answer = JSONResponse(SnapshotOut.of(stored).model_dump(mode="json"), 201)
    except Failure as failure:
        answer = problems.respond(request, failure)
    intake: Intake = request.app.state.intake
    answer.headers["OEP-Load"] = str(max(taking.load, intake.load))
    return answer


@router.get("/attempt/{attempt_id}/snapshots")
async def get_snapshots(
    request: Request, party: Watcher, after_sequence: After = 0, limit: Limit = 100
) -> list[SnapshotOut]:
    """Return snapshots behind an event of the chain, in its order."""
    found = await _gallery(request).page(
        party.attempt.attempt_id, after=after_sequence, limit=limit
    )
    return [SnapshotOut.of(each) for each in found]


@router.get(
    "/attempt/{attempt_id}/snapshots/{snapshot_id}",
    response_class=Response,
    responses={200: {"content": PICTURES}},
)
async def get_picture(request: Request, party: Watcher, snapshot_id: SnapshotId) -> Response:
    """Return the picture as it came; who looked at it stands in the log."""
    attempt_id = party.attempt.attempt_id
    found, content = await _gallery(request).picture(attempt_id, snapshot_id)
    log.info(
        "snapshot.viewed",
        attempt_id=attempt_id,
        snapshot_id=str(snapshot_id),
        user_id=party.caller.user_id,
    )
    name = f"{found.source}-{attempt_id}-{found.sequence}.{found.media_type.removeprefix('image/')}"
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": _NOTHING_ELSE,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=found.media_type, headers=headers)


def _gallery(request: Request) -> Gallery:
    gallery: Gallery = request.app.state.gallery
    return gallery
