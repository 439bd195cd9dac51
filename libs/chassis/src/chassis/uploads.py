"""One uploaded file, read whole, with a limit that holds before anything is parsed."""

from collections.abc import AsyncGenerator
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from chassis.errors import FieldError, Invalid, TooLarge

_ENVELOPE_BYTES = 16 * 1024
"""What multipart may add to the file."""
MULTIPART: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            }
        },
    }
}
"""The description of a route that takes a file: FastAPI would parse it before asking who calls."""


class FileMissing(Invalid):
    slug = "file-missing"


async def uploaded(
    request: Request, name: str, limit: int, too_large: type[TooLarge] = TooLarge
) -> bytes:
    """Return the bytes of the file in part `name`; never hold much more than `limit`.

    Raises `too_large` or `FileMissing`.
    """
    body = await whole(request, limit + _ENVELOPE_BYTES, too_large)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise _missing(name)
    try:
        form = await MultiPartParser(request.headers, _once(body), max_files=1).parse()
    except (MultiPartException, KeyError) as error:
        raise _missing(name) from error
    try:
        part = form.get(name)
        if not isinstance(part, UploadFile):
            raise _missing(name)
        content = await part.read(limit + 1)
    finally:
        await form.close()
    if len(content) > limit:
        raise too_large
    return content


async def whole(request: Request, limit: int, too_large: type[TooLarge] = TooLarge) -> bytes:
    """Return the bytes of a body that is the file itself. Raises `too_large`."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _missing(name: str) -> FileMissing:
    flaw = FieldError(f"/{name}", "a file is required as multipart/form-data")
    return FileMissing(f"{flaw.pointer}: {flaw.message}", errors=[flaw])
