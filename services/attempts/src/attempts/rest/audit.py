"""GET /api/v1/attempts/audit: administrators read what was done and tried (contract §9.5)."""

from chassis.audit_api import AboutId, Filter
from fastapi import APIRouter

from attempts.rest.shared import Admin, App
from attempts.schemas.audit import AuditEntryBody

router = APIRouter(prefix="/api/v1/attempts", tags=["audit"])


@router.get("/audit")
async def get_audit(
    _: Admin,
    app: App,
    wanted: Filter,
    attempt_id: AboutId = None,
    exam_id: AboutId = None,
    user_id: AboutId = None,
) -> list[AuditEntryBody]:
    """List entries, newest first; `since` is shown, `until` is not any more."""
    ids = {"attempt_id": attempt_id, "exam_id": exam_id, "user_id": user_id}
    found = await app.database.run(app.reading.audit, wanted, ids)
    return [AuditEntryBody.of(logged) for logged in found]
