"""GET /api/v1/auth/audit: administrators read what was done and tried (contract §9.5)."""

from chassis.audit_api import AboutId, Filter
from fastapi import APIRouter

from auth.rest_people import Admin, People
from auth.schemas import AuditEntryShape

router = APIRouter(prefix="/api/v1/auth/audit", tags=["audit"])


@router.get("")
async def audit(
    _: Admin, people: People, wanted: Filter, user_id: AboutId = None
) -> list[AuditEntryShape]:
    """List entries, newest first; of a user what he did and what concerns him."""
    return [AuditEntryShape.of(logged) for logged in await people.audit(wanted, user_id)]
