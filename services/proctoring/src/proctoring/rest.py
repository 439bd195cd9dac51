"""REST of proctoring (contract §6): translates, authorises, calls one deed.

The token is checked before the body is read. Bodies of the hot path are decoded by msgspec, so
FastAPI sees no body parameter; their descriptions are put into OpenAPI by hand.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from chassis import problems
from chassis.access import AnyCaller
from chassis.errors import Failure, Unavailable
from chassis.origins import Origin, origin
from chassis.tokens import Caller
from fastapi import APIRouter, FastAPI, Query, Request, Response

from proctoring import delivering, schemas, store, timing_store
from proctoring.edge import (
    ASSIGNED,
    EVERYWHERE,
    AttemptId,
    ExamId,
    Limit,
    Skip,
    as_json,
    check_reach,
    check_reader,
    existing_attempt,
    read,
)
from proctoring.errors import AccessDenied, BodyTooLarge, SummaryDenied
from proctoring.event import EventDraft, Severity, Taken
from proctoring.intake import Intake
from proctoring.recording import Draft, Outcome
from proctoring.timing import Timing

EventTypeFilter = Annotated[str | None, Query(pattern=schemas.TYPE_PATTERN)]

_COMPONENTS = schemas.components(
    [
        schemas.EventBody,
        schemas.TimingBody,
        schemas.BatchBody,
        schemas.ProctoringEvent,
        schemas.BatchAnswer,
        schemas.QuestionTiming,
        schemas.ViolationSummary,
        schemas.AttemptDelivery,
    ]
)

router = APIRouter(prefix="/api/v1/proctoring", tags=["proctoring"])


def _described(
    answer: str, *, status: int = 200, body: str | None = None, many: bool = False
) -> dict[str, Any]:
    """Return the OpenAPI description of a route whose bodies FastAPI does not handle."""
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{answer}"}
    content = {"schema": {"type": "array", "items": schema} if many else schema}
    described: dict[str, Any] = {
        "status_code": status,
        "response_class": Response,
        "responses": {status: {"content": {"application/json": content}}},
    }
    if body is not None:
        posted = {"schema": {"$ref": f"#/components/schemas/{body}"}}
        extra = {"requestBody": {"required": True, "content": {"application/json": posted}}}
        described["openapi_extra"] = extra
    return described


@router.post("/events", **_described("ProctoringEvent", status=201, body="EventBody"))
async def post_event(request: Request, caller: AnyCaller) -> Response:
    """Store one event; the same `event_id` again gets the first answer again."""
    body = await _body(request, schemas.MAX_BODY_BYTES)
    draft = schemas.event_draft(body, _origin(request))
    return as_json(_event_out(await _take_one(request, caller, draft)), 201)


@router.post("/events/batch", **_described("BatchAnswer", body="BatchBody"))
async def post_events(request: Request, caller: AnyCaller) -> Response:
    """Store up to 500 events; each item has its own status, one bad one does not sink the rest."""
    items = schemas.batch_items(await _body(request, schemas.MAX_BATCH_BYTES))
    came_from = _origin(request)
    drafts = [_draft_or_failure(item, came_from, index) for index, item in enumerate(items)]
    good = [draft for draft in drafts if isinstance(draft, EventDraft)]
    taken = iter(await _intake(request).take(caller.user_id, good) if good else [])
    outcomes = [next(taken) if isinstance(d, EventDraft) else d for d in drafts]
    for outcome in outcomes:
        if isinstance(outcome, Unavailable):
            raise outcome
    results = [_batch_item(request, index, outcome) for index, outcome in enumerate(outcomes)]
    return as_json(schemas.BatchAnswer(results))


@router.post("/question-timing", **_described("QuestionTiming", body="TimingBody"))
async def post_timing(request: Request, caller: AnyCaller) -> Response:
    """Take the seconds of the current showing of a question; answers the sum over all showings."""
    draft = schemas.timing_draft(await _body(request, schemas.MAX_BODY_BYTES))
    timing = await _take_one(request, caller, draft)
    assert isinstance(timing, Timing)  # noqa: S101  # a timing draft becomes nothing else
    return as_json(schemas.timing_out(timing))


@router.get("/attempt/{attempt_id}/events", **_described("ProctoringEvent", many=True))
async def get_events(
    request: Request,
    caller: AnyCaller,
    attempt_id: AttemptId,
    event_type: EventTypeFilter = None,
    severity: Severity | None = None,
    skip: Skip = 0,
    limit: Limit = 100,
) -> Response:
    """Return a page of an attempt's events, newest first."""
    await check_reader(request, caller, attempt_id)
    events = await read(
        request,
        store.list_events,
        attempt_id,
        event_type=event_type,
        severity=severity,
        skip=skip,
        limit=limit,
    )
    return as_json([schemas.event_out(event) for event in events])


@router.get("/attempt/{attempt_id}/violations", **_described("ViolationSummary"))
async def get_violations(request: Request, caller: AnyCaller, attempt_id: AttemptId) -> Response:
    """Return what was counted in an attempt. The role is checked first: ids stay unguessable."""
    if not caller.has_any("admin", *ASSIGNED):
        raise SummaryDenied
    attempt = await existing_attempt(request, attempt_id)
    await check_reach(request, caller, attempt.exam_id, ("admin",), SummaryDenied)
    summary = await read(request, store.summary, attempt_id)
    return as_json(schemas.summary_out(summary, await read(request, delivering.compare, attempt)))


@router.get("/exams/{exam_id}/delivery", **_described("AttemptDelivery", many=True))
async def get_incomplete(
    request: Request, caller: AnyCaller, exam_id: ExamId, skip: Skip = 0, limit: Limit = 100
) -> Response:
    """Return the submitted attempts of an exam of whose events some have not come."""
    await check_reach(request, caller, exam_id, EVERYWHERE, AccessDenied)
    found = await read(request, delivering.incomplete, exam_id, skip=skip, limit=limit)
    return as_json([schemas.incomplete_out(submission, came) for submission, came in found])


@router.get("/attempt/{attempt_id}/question-timings", **_described("QuestionTiming", many=True))
async def get_timings(request: Request, caller: AnyCaller, attempt_id: AttemptId) -> Response:
    """Return the time of each question of an attempt, longest first."""
    await check_reader(request, caller, attempt_id)
    timings = await read(request, timing_store.list_timings, attempt_id)
    return as_json([schemas.timing_out(timing) for timing in timings])


def describe(app: FastAPI, *more: Mapping[str, Any]) -> None:
    """Let `app.openapi` hold the schemas that routes refer to, of this module and `more`."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        document = original()
        for components in (_COMPONENTS, *more):
            document["components"]["schemas"].update(components)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


async def _body(request: Request, limit: int) -> bytes:
    """Return the body; raise `BodyTooLarge` before more than `limit` bytes are held."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise BodyTooLarge
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge
        chunks.append(chunk)
    return b"".join(chunks)


def _origin(request: Request) -> Origin:
    return origin(
        request.client.host if request.client else None,
        request.headers.get("x-forwarded-for"),
        request.headers.get("user-agent"),
        request.app.state.settings.trusted_proxies,
    )


def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


async def _take_one(request: Request, caller: Caller, draft: Draft) -> Taken | Timing:
    (outcome,) = await _intake(request).take(caller.user_id, [draft])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _event_out(outcome: Outcome) -> schemas.ProctoringEvent:
    assert isinstance(outcome, Taken)  # noqa: S101  # an event draft becomes nothing else
    return schemas.event_out(outcome)


def _draft_or_failure(item: msgspec.Raw, came_from: Origin, index: int) -> EventDraft | Failure:
    try:
        return schemas.event_draft(item, came_from, f"/events/{index}")
    except Failure as failure:
        return failure


def _batch_item(request: Request, index: int, outcome: Outcome | Exception) -> schemas.BatchItem:
    if isinstance(outcome, Failure):
        error = problems.body(outcome, request.url.path, problems.request_id(request))
        return schemas.BatchItem(index, error["status"], error=error)
    if isinstance(outcome, Exception):  # logged where it happened; its text stays here
        error = {
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
            "detail": "Internal Server Error",
            "instance": request.url.path,
            "request_id": problems.request_id(request),
        }
        return schemas.BatchItem(index, 500, error=error)
    return schemas.BatchItem(index, 201, event=_event_out(outcome))
