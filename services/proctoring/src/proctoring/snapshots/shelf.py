"""Where the files of pictures lie, named by their hash: a folder, or a bucket of an S3 server.

Blocking, for worker threads. What `put` has returned of is durable. To put what is there, and to
delete what is not, is fine. Nothing here knows what a picture is about.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from proctoring.settings import Settings
from proctoring.snapshots.errors import ShelfUnavailable

_S3_SECONDS = timedelta(seconds=3)
_S3_TRIES = timedelta(seconds=6)
"""Less than a request waits for in all."""
_TROUBLES = (BaseError, OSError, TimeoutError)
_NOT_THERE = (FileNotFoundError, NotFoundError)


class Shelf(Protocol):
    """The whole of what a store must be able to do. All raise `ShelfUnavailable`."""

    def put(self, sha256: bytes, content: bytes, /) -> None:
        """Keep a file; returns when it would outlast a loss of power."""

    def open(self, sha256: bytes, /) -> bytes | None:
        """Return the file, or None when it is not there."""

    def delete(self, sha256: bytes, /) -> None:
        """Remove the file."""


def shelf_of(settings: Settings) -> Shelf | None:
    """Return the shelf of an installation; None where it keeps no snapshots."""
    place = settings.snapshots_place
    if place is None:
        return None
    if place.startswith("s3://"):
        return Bucket(settings)
    return Folder(Path(place))


class Folder:
    """Files in a folder that all replicas share, in 65,536 folders below it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, sha256: bytes, content: bytes, /) -> None:
        with _named(OSError):
            folder = self._place(sha256).parent
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".new-", delete=False) as file:
                try:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                    Path(file.name).replace(self._place(sha256))
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
            for each in (folder, folder.parent, self._root):  # it may be new, by whomever
                _sync(each)

    def open(self, sha256: bytes, /) -> bytes | None:
        with _named(OSError):
            try:
                return self._place(sha256).read_bytes()
            except FileNotFoundError:
                return None

    def delete(self, sha256: bytes, /) -> None:
        with _named(OSError):
            place = self._place(sha256)
            with suppress(FileNotFoundError):
                place.unlink()
                _sync(place.parent)

    def _place(self, sha256: bytes) -> Path:
        name = sha256.hex()
        return self._root / name[:2] / name[2:4] / name


class Bucket:
    """Objects in a bucket of S3, or of what speaks like it; the bucket is there already."""

    def __init__(self, settings: Settings) -> None:
        """Connect to nothing yet."""
        address = urlsplit(settings.snapshots_place or "")
        endpoint, secret = settings.snapshots_s3_endpoint, settings.snapshots_s3_secret
        given = {
            "prefix": address.path.strip("/"),
            "endpoint": endpoint,
            "region": settings.snapshots_s3_region,
            "access_key_id": settings.snapshots_s3_key_id,
            "secret_access_key": None if secret is None else secret.get_secret_value(),
        }
        known: Any = {name: value for name, value in given.items() if value}
        self._store = S3Store(
            address.netloc,
            **known,
            client_options={
                "timeout": _S3_SECONDS,
                "connect_timeout": _S3_SECONDS,
                "allow_http": bool(endpoint and endpoint.startswith("http://")),
            },
            retry_config={"max_retries": 2, "retry_timeout": _S3_TRIES},
        )

    def put(self, sha256: bytes, content: bytes, /) -> None:
        with _named(*_TROUBLES):
            obstore.put(self._store, sha256.hex(), content, use_multipart=False)

    def open(self, sha256: bytes, /) -> bytes | None:
        with _named(*_TROUBLES):
            try:
                return bytes(obstore.get(self._store, sha256.hex()).bytes())
            except _NOT_THERE:
                return None

    def delete(self, sha256: bytes, /) -> None:
        with _named(*_TROUBLES), suppress(*_NOT_THERE):
            obstore.delete(self._store, sha256.hex())


@contextmanager
def _named(*troubles: type[Exception]) -> Iterator[None]:
    try:
        yield
    except troubles as error:
        raise ShelfUnavailable from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
