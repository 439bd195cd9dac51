"""What is a picture: one JPEG or one still WebP, whole, with nothing behind it.

Pure; reads the frame of a file and decodes nothing, so that no file can make it work hard. That the
first bytes say so is not enough: a file that is also something else would be stored and handed out.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from proctoring.snapshots.errors import NotAPicture

LEAST_SIDE, MOST_SIDE = 16, 8_192

_SOI, _EOI, _SOS = b"\xff\xd8", 0xD9, 0xDA
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive: what browsers write and show."""
_NEXT_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
"""Behind the data of a scan; stuffed bytes and restarts belong to it."""
_ANIMATED = 0x02


@dataclass(frozen=True, slots=True)
class Picture:
    """What the file says of itself."""

    media_type: str
    width: int
    height: int


def look(content: bytes) -> Picture:
    """Return what a file shows. Raises `NotAPicture`, also for what is cut or longer than that."""
    try:
        if content[:2] == _SOI:
            found = Picture("image/jpeg", *_jpeg(content))
        elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            found = Picture("image/webp", *_webp(content))
        else:
            raise NotAPicture
    except (IndexError, struct.error) as error:
        raise NotAPicture from error
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in (found.width, found.height)):
        raise NotAPicture
    return found


def _jpeg(content: bytes) -> tuple[int, int]:
    size: tuple[int, int] | None = None
    place, is_scanned = len(_SOI), False
    while True:
        marker, place = _marker(content, place)
        if marker == _EOI:
            if size is None or not is_scanned or place != len(content):
                raise NotAPicture
            return size
        (length,) = struct.unpack_from(">H", content, place)
        if marker in _FRAMES and size is None:
            height, width = struct.unpack_from(">HH", content, place + 3)
            size = width, height
        elif marker < 0xC0 or marker in _FRAMES or length < 2:
            raise NotAPicture
        place += length
        if marker == _SOS:
            is_scanned = True
            place = _end_of_scan(content, place)


def _marker(content: bytes, place: int) -> tuple[int, int]:
    """Return the marker at a place, and where its segment begins."""
    if content[place] != 0xFF:
        raise NotAPicture
    while content[place] == 0xFF:  # filled up with as many as one likes
        place += 1
    return content[place], place + 1


def _end_of_scan(content: bytes, place: int) -> int:
    found = _NEXT_MARKER.search(content, place)
    if found is None:
        raise NotAPicture
    return found.start()


def _webp(content: bytes) -> tuple[int, int]:
    (length,) = struct.unpack_from("<I", content, 4)
    if length + 8 != len(content):
        raise NotAPicture
    chunks = list(_chunks(content))
    if not chunks:
        raise NotAPicture
    images = [_still(name, content, place) for name, place in chunks if name in {b"VP8 ", b"VP8L"}]
    name, place = chunks[0]
    if len(images) != 1 or (name != b"VP8X" and len(chunks) != 1):
        raise NotAPicture
    if name != b"VP8X":
        return images[0]
    if content[place] & _ANIMATED or images[0] != _canvas(content, place):
        raise NotAPicture
    return images[0]


def _chunks(content: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield name and place of each chunk; they fill the file exactly."""
    place = 12
    while place < len(content):
        name, length = struct.unpack_from("<4sI", content, place)
        yield name, place + 8
        place += 8 + length + length % 2
    if place != len(content):
        raise NotAPicture


def _still(name: bytes, content: bytes, place: int) -> tuple[int, int]:
    if name == b"VP8 ":
        is_key = not content[place] & 1
        if not is_key or content[place + 3 : place + 6] != b"\x9d\x01\x2a":
            raise NotAPicture
        width, height = struct.unpack_from("<HH", content, place + 6)
        return width & 0x3FFF, height & 0x3FFF
    if content[place] != 0x2F:
        raise NotAPicture
    (bits,) = struct.unpack_from("<I", content, place + 1)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _canvas(content: bytes, place: int) -> tuple[int, int]:
    width = int.from_bytes(content[place + 4 : place + 7], "little") + 1
    height = int.from_bytes(content[place + 7 : place + 10], "little") + 1
    return width, height
