"""Packages to read: the samples of this folder as they are or changed, and items made of a body."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parent / "samples"


def _png() -> bytes:
    """Return one grey dot."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + name
            + content
            + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    dot = zlib.compress(b"\0\x80")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", dot) + chunk(b"IEND", b"")


PNG = _png()
MANIFEST = """<manifest xmlns="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1" identifier="m">
<resources><resource identifier="r" type="imsqti_item_xmlv3p0" href="i.xml"/></resources>
</manifest>"""
CHOICES = """<qti-choice-interaction response-identifier="RESPONSE" max-choices="1">
<qti-simple-choice identifier="x">one</qti-simple-choice>
<qti-simple-choice identifier="y">two</qti-simple-choice>
</qti-choice-interaction>"""
ESSAY = '<qti-extended-text-interaction response-identifier="RESPONSE"/>'
DECLARED = """<qti-response-declaration identifier="RESPONSE" cardinality="single"
base-type="identifier"><qti-correct-response><qti-value>y</qti-value></qti-correct-response>
</qti-response-declaration>"""


def zipped(files: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return packed.getvalue()


def item(body: str = f"<p>Which?</p>{CHOICES}", declared: str = DECLARED, more: str = "") -> str:
    return (
        '<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="i"'
        f' title="t" time-dependent="false">{declared}<qti-item-body>{body}</qti-item-body>{more}'
        "</qti-assessment-item>"
    )


@pytest.fixture(scope="session")
def png() -> bytes:
    return PNG


@pytest.fixture(scope="session")
def pack() -> Callable[..., bytes]:
    """Return a function that zips files."""
    return zipped


@pytest.fixture(scope="session")
def xml() -> Callable[..., str]:
    """Return a function that writes an item of QTI 3."""
    return item


@pytest.fixture(scope="session")
def alone() -> Callable[..., bytes]:
    """Return a function that packs one item: its XML, or what `item` makes it of."""

    def make(xml: str | None = None, files: Mapping[str, str | bytes] = {}, **parts: str) -> bytes:
        made = {"imsmanifest.xml": MANIFEST, "i.xml": item(**parts) if xml is None else xml}
        return zipped(made | files)

    return make


@pytest.fixture(scope="session")
def sample() -> Callable[..., bytes]:
    """Return a function that packs a sample, with files of it changed."""

    def make(name: str, **changed: str) -> bytes:
        folder = SAMPLES / name
        files: dict[str, str | bytes] = {
            path.relative_to(folder).as_posix(): path.read_text()
            for path in sorted(folder.rglob("*.xml"))
        }
        return zipped(files | {"items/images/fuse.png": PNG, "items/look.css": "p {}"} | changed)

    return make


@pytest.fixture(scope="session")
def essay() -> str:
    return ESSAY


@pytest.fixture(scope="session")
def choices() -> str:
    return CHOICES
