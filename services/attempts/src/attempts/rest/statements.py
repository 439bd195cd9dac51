"""/api/v1/exams/{id}/statements: an exam's attempts for a learning record store (xAPI 1.0.3)."""

import json
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from attempts.rest.shared import MAX_ID, App, PathId, Staff

VERSION = "1.0.3"
_HOME = r"^https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?$"

router = APIRouter(prefix="/api/v1/exams", tags=["exams"])

Home = Annotated[
    str | None,
    Query(
        pattern=_HOME,
        max_length=200,
        description="whose accounts and activities these are; PUBLIC_URL, if not said otherwise",
    ),
]
After = Annotated[int, Query(ge=0, le=MAX_ID, description="attempts behind this id")]
Limit = Annotated[int, Query(ge=1, le=100, description="attempts of a page")]


class StatementResult(BaseModel):
    """As a learning record store answers: the list, and where it goes on."""

    statements: list[dict[str, Any]]
    more: str = Field(description="the next page, relative to the server; empty at the end")


@router.get("/{exam_id}/statements", response_model=StatementResult)
async def get_statements(
    _: Staff,
    app: App,
    exam_id: PathId,
    home: Home = None,
    after: After = 0,
    limit: Limit = 50,
) -> Response:
    """Return what students did in closed attempts, as statements that may be told again."""
    home = (home or app.safe_browsing.public_url).rstrip("/")
    page = await app.database.run(app.stating.page, exam_id, home, after=after, limit=limit)
    more = ""
    if page.last_id is not None:
        query = urlencode({"home": home, "after": page.last_id, "limit": limit})
        more = f"/api/v1/exams/{exam_id}/statements?{query}"
    body = json.dumps({"statements": page.statements, "more": more}, ensure_ascii=False)
    headers = {"Cache-Control": "private, no-store", "X-Experience-API-Version": VERSION}
    return Response(body, media_type="application/json", headers=headers)
