"""/api/v1/exams in the formats of others: QTI and GIFT in, QTI out; and the images of questions.

Packages hold keys: they are for staff. An image is for whoever may see its question.
"""

from typing import Annotated

from chassis import patience
from chassis.access import AnyCaller
from chassis.uploads import MULTIPART, uploaded
from fastapi import APIRouter, Path, Query, Request, Response

from attempts.errors import GiftTooLarge, PackageTooLarge
from attempts.exchange import archive, gift
from attempts.exchange.dialect import QtiVersion
from attempts.exchange.picture import MEDIA_TYPES
from attempts.rest.content import By
from attempts.rest.shared import App, Eyes, PathId, Staff
from attempts.schemas.exchange import TakenReport

_READING_SECONDS = 50.0
"""For how long a file may be read in; the gateway waits for 60 s."""
_NOTHING_ELSE = "default-src 'none'; sandbox"
"""Whatever somebody has put into an image: it is shown as one, or not at all."""
_BINARY = {"schema": {"type": "string", "format": "binary"}}

router = APIRouter(prefix="/api/v1/exams", tags=["exams"])


@router.post("/question-banks/{qbank_id}/import-package", openapi_extra=MULTIPART)
async def import_package(author: By, app: App, qbank_id: PathId, request: Request) -> TakenReport:
    """Store the questions of a QTI 3 or 2.1 package of at most 8 MiB, or say all its flaws."""
    file = await uploaded(request, "file", archive.MAX_BYTES, PackageTooLarge)
    patience.allow(_READING_SECONDS)
    taken = await app.database.run(app.exchanging.import_package, qbank_id, file, author)
    return TakenReport.of_taken(taken, qbank_id)


@router.post("/question-banks/{qbank_id}/import-gift", openapi_extra=MULTIPART)
async def import_gift(author: By, app: App, qbank_id: PathId, request: Request) -> TakenReport:
    """Store the questions of a GIFT file of at most 5 MiB, or say all its flaws."""
    file = await uploaded(request, "file", gift.MAX_BYTES, GiftTooLarge)
    patience.allow(_READING_SECONDS)
    taken = await app.database.run(app.exchanging.import_gift, qbank_id, file, author)
    return TakenReport.of_taken(taken, qbank_id)


@router.get(
    "/{exam_id}/package",
    response_class=Response,
    responses={200: {"content": {"application/zip": _BINARY}}},
)
async def export_package(
    _: Staff,
    app: App,
    exam_id: PathId,
    version: Annotated[QtiVersion, Query(alias="format")] = QtiVersion.QTI_3,
) -> Response:
    """Return an exam with its keys and images as a QTI package."""
    packed = await app.database.run(app.exchanging.export, exam_id, version)
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="exam-{exam_id}-{version}.zip"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(packed, media_type="application/zip", headers=headers)


@router.get(
    "/questions/{question_id}/images/{sha256}",
    response_class=Response,
    responses={200: {"content": dict.fromkeys(MEDIA_TYPES, _BINARY)}},
)
async def get_image(
    _: AnyCaller,
    app: App,
    eyes: Eyes,
    question_id: PathId,
    sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
) -> Response:
    """Return an image of a question."""
    image, content = await app.database.run(app.exchanging.image, question_id, sha256, eyes)
    name = f"{sha256[:16]}.{MEDIA_TYPES[image.media_type]}"
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": _NOTHING_ELSE,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=image.media_type, headers=headers)
