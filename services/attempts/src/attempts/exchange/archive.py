"""A zip from a stranger: everything that could be wrong with it is looked at before it is unpacked.

No file is ever written. A file never yields more bytes than its entry declares, so the limits hold
when the declared sizes keep them.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator

MAX_BYTES = 8 * 1024 * 1024
MAX_FILES = 3_000
MAX_UNPACKED_BYTES = 32 * 1024 * 1024
MAX_RATIO = 200
"""Of a file that is not small; text packs to a tenth, XML that repeats itself to a fiftieth."""

_SMALL_BYTES = 64 * 1024
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1


class Unpackable(ValueError):
    """Why an archive, or a file of it, is not read, in words for its author."""

    def __init__(self, message: str, file: str = "") -> None:
        """Name the file of the archive, if it is about one."""
        self.file = file
        super().__init__(message)


class Archive:
    """The files of a zip by their names."""

    def __init__(self, content: bytes) -> None:
        """Look at the list of files. Raises `Unpackable`."""
        if len(content) > MAX_BYTES:
            raise Unpackable("is larger than 8 MiB")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Unpackable("is no zip archive") from error
        self._entries = dict(_looked_at(self._zip.infolist()))

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return a file's bytes. Raises `Unpackable`, also for one that is not there."""
        entry = self._entries.get(name)
        if entry is None:
            raise Unpackable("is not in the package", name)
        if entry.file_size > most_bytes:
            raise Unpackable(f"is larger than {most_bytes // 1024} KiB", name)
        try:
            return self._zip.read(entry)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            raise Unpackable("is damaged", name) from error


def _looked_at(entries: list[zipfile.ZipInfo]) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    if len(entries) > MAX_FILES:
        raise Unpackable(f"holds more than {MAX_FILES} files")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise Unpackable(f"unpacks to more than {MAX_UNPACKED_BYTES // 1024**2} MiB")
    seen = set()
    for entry in entries:
        flaw = _flaw(entry)
        if flaw is None and entry.filename in seen:
            flaw = "is there twice"
        if flaw is not None:
            raise Unpackable(flaw, entry.filename)
        seen.add(entry.filename)
        if not entry.is_dir():
            yield entry.filename, entry


def _flaw(entry: zipfile.ZipInfo) -> str | None:
    if not _is_inside(entry.orig_filename):
        return "has a name that leads out of the package"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if entry.compress_type not in _METHODS:
        return "is packed in a way that is not read"
    if entry.file_size > max(_SMALL_BYTES, entry.compress_size * MAX_RATIO):
        return f"is packed to less than 1/{MAX_RATIO}"
    return None


def _is_inside(name: str) -> bool:
    is_relative = bool(name) and not name.startswith("/") and ":" not in name
    is_plain = "\\" not in name and "\0" not in name
    return is_relative and is_plain and ".." not in name.split("/")
