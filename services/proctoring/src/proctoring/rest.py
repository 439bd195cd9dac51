"""REST of proctoring (contract §6): translates, authorises, calls one deed.

The token is checked before the body is read. Bodies of the hot path are decoded by msgspec, so
FastAPI sees no body parameter; their descriptions are put into OpenAPI by hand.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from chassis.access import AnyCaller
from chassis.describing import limited
from chassis.lanes import Lane, asked
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
from proctoring.errors import AccessDenied, SummaryDenied
from proctoring.event import Severity
from proctoring.posting import Posting

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

_LOAD = {
    "description": "How loaded the intake is, on every answer; slow down what can wait.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 10},
}

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
        described["responses"][status]["headers"] = {"OEP-Load": _LOAD}
        described["responses"] |= limited()
    return described


@router.post("/events", **_described("ProctoringEvent", status=201, body="EventBody"))
async def post_event(request: Request, caller: AnyCaller) -> Response:
    """Store one event; the same `event_id` again gets the first answer again."""
    return await _posted(request, caller, _posting(request).event)


@router.post("/events/batch", **_described("BatchAnswer", body="BatchBody"))
async def post_events(request: Request, caller: AnyCaller) -> Response:
    """Store up to 500 events; each item has its own status, one bad one does not sink the rest."""
    return await _posted(request, caller, _posting(request).batch)


@router.post("/question-timing", **_described("QuestionTiming", body="TimingBody"))
async def post_timing(request: Request, caller: AnyCaller) -> Response:
    """Take the seconds of the current showing of a question; answers the sum over all showings."""
    return await _posted(request, caller, _posting(request).timing)


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
    conflicts = await read(request, store.conflicts, attempt_id)
    return as_json(
        schemas.summary_out(summary, conflicts, await read(request, delivering.compare, attempt))
    )


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
    """Let `app.openapi` hold the schemas that routes refer to, of this module and `more`.

    Two that have one name and are not the same are a mistake, and raise.
    """
    original = app.openapi

    def openapi() -> dict[str, Any]:
        document = original()
        known = document["components"]["schemas"]
        for components in (_COMPONENTS, *more):
            for name, schema in components.items():
                if known.setdefault(name, schema) != schema:
                    raise ValueError(f"Two schemas are called {name}")
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _posting(request: Request) -> Posting:
    posting: Posting = request.app.state.posting
    return posting


async def _posted(request: Request, caller: Caller, lane: Lane) -> Response:
    """Answer as the lane itself does; it is asked before this module is (chassis.lanes)."""
    seconds: float = request.app.state.request_seconds
    content = await lane.ask(await asked(request, caller, lane)).kept(seconds)
    return Response(content, lane.status, media_type="application/json")
