"""REST of this concept."""

from fastapi import APIRouter

router = APIRouter(prefix="/api/v1/proctoring", tags=["retention"])
