"""REST of this concept, gathered."""

from fastapi import APIRouter

from proctoring.acting import rest_actions, rest_claims, rest_talk

router = APIRouter(prefix="/api/v1/proctoring", tags=["acting"])
for part in (rest_actions, rest_claims, rest_talk):
    router.include_router(part.router)
