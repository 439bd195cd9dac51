"""What is a picture and what only looks like one, against pictures that another library writes."""

import contextlib
import io
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from proctoring.snapshots.errors import NotAPicture
from proctoring.snapshots.picture import LEAST_SIDE, MOST_SIDE, Picture, look

sides = st.integers(LEAST_SIDE, 80)
FORMS = {
    "JPEG": [{}, {"progressive": True}, {"optimize": True}, {"subsampling": 0}],
    "WEBP": [{}, {"lossless": True}, {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"}],
}
forms = st.sampled_from([(kind, options) for kind, all_of in FORMS.items() for options in all_of])


def drawn(kind: str, size: tuple[int, int], seed: int = 0, **options) -> bytes:
    noise = random.Random(seed).randbytes(3 * size[0] * size[1])  # noqa: S311  # it is a picture
    file = io.BytesIO()
    Image.frombytes("RGB", size, noise).save(file, kind, **options)
    return file.getvalue()


@given(forms, sides, sides, st.integers(0, 99), st.booleans())
def test_a_picture_is_what_its_writer_made(form, width, height, seed, is_grey):
    kind, options = form
    content = drawn(kind, (width, height), seed, **options)
    if is_grey and kind == "JPEG":
        file = io.BytesIO()
        Image.open(io.BytesIO(content)).convert("L").save(file, kind)
        content = file.getvalue()
    assert look(content) == Picture(f"image/{kind.lower()}", width, height)


def test_a_webp_that_can_be_seen_through_is_one():
    file = io.BytesIO()
    Image.new("RGBA", (40, 30), (1, 2, 3, 100)).save(file, "WEBP")
    assert look(file.getvalue()) == Picture("image/webp", 40, 30)


@pytest.mark.parametrize("kind", FORMS)
def test_no_part_of_a_picture_is_one_and_nothing_may_stand_behind_it(kind):
    content = drawn(kind, (20, 20))
    for end in range(len(content)):
        with pytest.raises(NotAPicture):
            look(content[:end])
    for more in (b"\0", b"<script>alert(1)</script>", b"PK\x03\x04", content):
        with pytest.raises(NotAPicture):
            look(content + more)
        with pytest.raises(NotAPicture):
            look(more + content)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xda", b"RIFF"]))
def test_whatever_is_sent_is_a_picture_or_refused(content, head):
    try:
        found = look(head + content)
    except NotAPicture:
        return
    assert min(found.width, found.height) >= LEAST_SIDE


@given(forms, st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_picture_raises_nothing_else(form, place, value):
    content = bytearray(drawn(form[0], (24, 24), **form[1]))
    content[place % len(content)] = value
    with contextlib.suppress(NotAPicture):
        look(bytes(content))


def other(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 32)).save(file, kind)
    return file.getvalue()


def moving() -> bytes:
    file = io.BytesIO()
    first, second = (Image.new("RGB", (32, 32), colour) for colour in ("red", "blue"))
    first.save(file, "WEBP", save_all=True, append_images=[second])
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"<html></html>",
        b"%PDF-1.7",
        other("PNG"),
        other("GIF"),
        other("BMP"),
        moving(),
        drawn("JPEG", (LEAST_SIDE - 1, 100)),
        drawn("WEBP", (100, LEAST_SIDE - 1)),
        b"RIFF" + struct.pack("<I", 4) + b"WEBP",
        b"\xff\xd8\xff\xd9",
    ],
    ids=[
        "nothing",
        "svg",
        "html",
        "pdf",
        "png",
        "gif",
        "bmp",
        "moving",
        *["narrow", "flat", "no-chunk", "no-frame"],
    ],
)
def test_nothing_else_is_a_picture(content):
    with pytest.raises(NotAPicture):
        look(content)


def test_a_picture_that_says_to_be_huge_is_none():
    content = bytearray(drawn("JPEG", (32, 32)))
    place = content.index(b"\xff\xc0") + 5
    struct.pack_into(">HH", content, place, MOST_SIDE + 1, 32)
    with pytest.raises(NotAPicture):
        look(bytes(content))
