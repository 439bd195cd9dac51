"""/api/v1/exams/{id}/safe-browser: what an exam accepts, and the file that students open."""

from typing import Annotated

from chassis.access import AnyCaller
from chassis.errors import FieldError, Invalid
from fastapi import APIRouter, Depends, Response

from attempts.drafting import Author
from attempts.rest.shared import Admin, App, From, PathId
from attempts.safe_browser import KeyKind
from attempts.schemas.safe_browser import DoorBody, NewKeyBody, SwitchBody

router = APIRouter(prefix="/api/v1/exams/{exam_id}/safe-browser", tags=["safe-browser"])


async def _author(caller: Admin, origin: From) -> Author:
    return Author(caller.user_id, origin)


By = Annotated[Author, Depends(_author)]


@router.get("")
async def get_door(_: Admin, app: App, exam_id: PathId) -> DoorBody:
    return DoorBody.of(await app.database.run(app.safe_browsing.door, exam_id))


@router.put("")
async def switch(author: By, app: App, exam_id: PathId, body: SwitchBody) -> DoorBody:
    """Turn the check on or off; on and without any key nobody is let in."""
    door = await app.database.run(
        app.safe_browsing.switch, exam_id, author, is_required=body.is_required
    )
    return DoorBody.of(door)


@router.post("/keys", status_code=201)
async def add_key(author: By, app: App, exam_id: PathId, body: NewKeyBody) -> DoorBody:
    """Accept one more key; a Browser Exam Key has to be told, a Config Key may be ours."""
    if body.key is None and body.kind is KeyKind.BROWSER:
        raise Invalid("key is required", errors=[FieldError("/key", "Field required")])
    door = await app.database.run(
        app.safe_browsing.add_key, exam_id, body.kind, body.key, body.note, author
    )
    return DoorBody.of(door)


@router.delete("/keys/{key_id}", status_code=204)
async def remove_key(author: By, app: App, exam_id: PathId, key_id: PathId) -> None:
    await app.database.run(app.safe_browsing.remove_key, exam_id, key_id, author)


@router.get("/config.seb", response_class=Response)
async def get_file(_: AnyCaller, app: App, exam_id: PathId) -> Response:
    """Return the configuration that students open; it holds no secret."""
    content = await app.database.run(app.safe_browsing.file, exam_id)
    name = f'attachment; filename="exam-{exam_id}.seb"'
    return Response(content, media_type="application/seb", headers={"Content-Disposition": name})
