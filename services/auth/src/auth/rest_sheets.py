"""The REST edge for sheets: administrators enrol students by CSV, or try it in a dry run."""

from typing import Annotated

from chassis import patience
from chassis.uploads import MULTIPART, uploaded
from fastapi import APIRouter, Depends, Query, Request

from auth.enrolling import Enrolling, Wish
from auth.errors import SheetTooLarge
from auth.rest_people import By
from auth.schemas import ImportReport
from auth.sheet import MAX_BYTES, OnExisting

router = APIRouter(prefix="/api/v1/auth/users", tags=["people"])

MOST_ROWS = 1_000
"""A request that hashes two secrets for each takes about 50 s; more rows are a command's work."""
_SHEET_SECONDS = 170.0
"""For how long a sheet may be read in; the gateway waits for 180 s."""


def _enrolling(request: Request) -> Enrolling:
    enrolling: Enrolling = request.app.state.enrolling
    return enrolling


Deeds = Annotated[Enrolling, Depends(_enrolling)]


@router.post("/import-csv", openapi_extra=MULTIPART)
async def import_csv(
    author: By,
    deeds: Deeds,
    request: Request,
    dry_run: Annotated[bool, Query()] = False,
    on_existing: Annotated[OnExisting, Query()] = OnExisting.SKIP,
) -> ImportReport:
    """Enrol the good rows of a sheet in one transaction and say what became of each row.

    Columns: username, email, full_name, hall_ticket_number, date_of_birth (DD/MM/YYYY or ISO),
    security_question, security_answer, password, center_code, trade_code. At most 1,000 rows. A dry
    run writes nothing.
    """
    content = await uploaded(request, "file", MAX_BYTES, SheetTooLarge)
    patience.allow(_SHEET_SECONDS)
    wish = Wish(content, on_existing, is_dry_run=dry_run, most_rows=MOST_ROWS)
    return ImportReport.of(await deeds.enrol(wish, by=author))
