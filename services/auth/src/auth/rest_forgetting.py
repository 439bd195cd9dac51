"""The REST edge of a person's export and erasure, for administrators."""

from typing import Any

from fastapi import APIRouter, Request

from auth.forgetting import Forgetting
from auth.rest_people import Admin, By, UserId
from auth.schemas import ErasureIn, User

router = APIRouter(prefix="/api/v1/auth", tags=["people"])


@router.get("/users/{user_id}/export")
async def export(_: Admin, request: Request, user_id: UserId) -> dict[str, Any]:
    """Return everything that auth holds on a person, but for hashes."""
    parts = request.app.state.parts
    deeds: Forgetting = parts.forgetting
    found: dict[str, Any] = await parts.database.run(deeds.export, user_id)
    return found


@router.post("/users/{user_id}/erasure")
async def erase(author: By, request: Request, user_id: UserId, body: ErasureIn) -> User:
    """Forget who a student is: only his number stays. Ends his logins; cannot be undone."""
    parts = request.app.state.parts
    deeds: Forgetting = parts.forgetting
    done = await parts.database.run(deeds.forget, user_id, body.reason, by=author)
    return User.of(done.account)
