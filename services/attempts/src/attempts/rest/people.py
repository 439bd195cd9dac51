"""/api/v1/attempts/people: a person's export and erasure, for administrators."""

from typing import Any

from fastapi import APIRouter

from attempts.forgetting import Wish
from attempts.rest.shared import Admin, App, From, PathId
from attempts.schemas.people import ErasedBody, ErasureBody

router = APIRouter(prefix="/api/v1/attempts", tags=["people"])


@router.get("/people/{user_id}/export")
async def export(_: Admin, app: App, user_id: PathId) -> dict[str, Any]:
    """Return all attempts of a person with everything that hangs on them."""
    found: dict[str, Any] = await app.database.run(app.forgetting.export, user_id)
    return found


@router.post("/people/{user_id}/erasure")
async def erase(
    caller: Admin, app: App, came_from: From, user_id: PathId, body: ErasureBody
) -> ErasedBody:
    """Remove addresses and browsers from a person's attempts; exam records stay."""
    wish = Wish(user_id, body.reason, caller.user_id, came_from)
    return ErasedBody(user_id=user_id, attempts=await app.database.run(app.forgetting.forget, wish))
