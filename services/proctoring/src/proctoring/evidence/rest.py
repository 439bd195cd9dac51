"""REST of evidence: the bundle of an attempt, and the published keys with which anybody checks it.

A bundle is shown to whom the events are shown: the student himself, who may have to appeal with it,
and those who may look at his exam.
"""

import structlog
from chassis.access import AnyCaller
from chassis.signing import SigningKey
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from proctoring import keyring
from proctoring.attempts_client import AttemptsClient
from proctoring.edge import EVERYWHERE, AttemptId, check_reach, read
from proctoring.errors import AccessDenied, AttemptNotFound
from proctoring.evidence.exporting import Exports
from proctoring.evidence.schemas import EvidenceBundle, KeysBody

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1/proctoring", tags=["evidence"])

_KEYS_SECONDS = 300


@router.get("/evidence-keys")
async def list_keys(request: Request, response: Response) -> KeysBody:
    """Return all keys that have signed evidence, and the one that signs now, to anybody."""
    key: SigningKey = request.app.state.signing_key
    used = await read(request, keyring.public_keys)
    response.headers["Cache-Control"] = f"public, max-age={_KEYS_SECONDS}"
    return KeysBody.of([key.public, *used])


@router.get(
    "/attempt/{attempt_id}/evidence",
    response_class=StreamingResponse,
    responses={200: {"model": EvidenceBundle}},
)
async def get_evidence(
    request: Request, caller: AnyCaller, attempt_id: AttemptId
) -> StreamingResponse:
    """Return everything that is stored of an attempt, so that others can check it without us."""
    attempts: AttemptsClient = request.app.state.attempts
    sitting = (await attempts.sittings([attempt_id])).get(attempt_id)
    if sitting is None:
        raise AttemptNotFound
    if sitting.attempt.student_id != caller.user_id:
        exam_id = sitting.attempt.exam_id
        await check_reach(request, caller, exam_id, EVERYWHERE, AccessDenied)
    exports: Exports = request.app.state.exports
    parts = await exports.begin(sitting)
    log.info("evidence.exported", attempt_id=attempt_id, user_id=caller.user_id)
    name = f"evidence-attempt-{attempt_id}.json"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(parts, media_type="application/json", headers=headers)
