"""What an image of a question is: a PNG, JPEG, WebP or GIF of 512 KiB at most, by its first bytes.

Pure; decodes nothing. SVG is a document that can run scripts, so it is none.
"""

import hashlib
from dataclasses import dataclass

MAX_BYTES = 512 * 1024
MEDIA_TYPES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
}
"""What is taken, each with the ending of its files."""

_PNG = b"\x89PNG\r\n\x1a\n"
_GIFS = (b"GIF87a", b"GIF89a")
_JPEG = b"\xff\xd8\xff"


class NotAPicture(ValueError):
    """Why a file is no image that a question may have, in words for its author."""


@dataclass(frozen=True)
class Picture:
    """An image, named by the SHA-256 of its bytes in hexadecimal."""

    sha256: str
    media_type: str
    content: bytes


def look(content: bytes) -> Picture:
    """Return the image that these bytes are. Raises `NotAPicture`."""
    if len(content) > MAX_BYTES:
        raise NotAPicture("is larger than 512 KiB")
    return Picture(hashlib.sha256(content).hexdigest(), _media_type(content), content)


def _media_type(content: bytes) -> str:
    if content.startswith(_PNG):
        return "image/png"
    if content.startswith(_JPEG):
        return "image/jpeg"
    if content.startswith(_GIFS):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    raise NotAPicture("is no PNG, JPEG, WebP or GIF")
