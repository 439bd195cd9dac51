"""What every shelf must do, done to a folder and to a bucket of a real S3 server."""

import hashlib
import os
from collections.abc import Iterator

import pytest
from proctoring.snapshots.errors import ShelfUnavailable
from proctoring.snapshots.shelf import Bucket, Folder, Shelf, shelf_of

BUCKET = "pictures"
FIRST, SECOND = b"a picture", os.urandom(512 * 1024)


def name(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


@pytest.fixture(scope="module")
def s3(server_folder) -> Iterator[str]:
    """Return the address of an S3 server with a bucket; its fixture's server needs no Docker."""
    import boto3  # noqa: PLC0415  # where a service is alone there is none
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="me",
        aws_secret_access_key="secret",
    )
    client.create_bucket(Bucket=BUCKET)
    client.close()
    yield address
    server.stop()


def bucket(settings, address: str, place: str = f"s3://{BUCKET}/of/ours") -> Bucket:
    changed = {
        "snapshots_place": place,
        "snapshots_s3_endpoint": address,
        "snapshots_s3_key_id": "me",
        "snapshots_s3_secret": type(settings.evidence_signing_secret)("secret"),
    }
    found = shelf_of(settings.model_copy(update=changed))
    assert isinstance(found, Bucket)
    return found


@pytest.fixture(params=["folder", "bucket"])
def shelf(request, tmp_path, settings) -> Shelf:
    if request.param == "folder":
        return Folder(tmp_path)
    return bucket(settings, request.getfixturevalue("s3"))


def test_what_was_put_is_opened_and_nothing_else_is_there(shelf):
    for content in (FIRST, SECOND):
        assert shelf.open(name(content)) is None
        shelf.put(name(content), content)
    assert shelf.open(name(FIRST)) == FIRST
    assert shelf.open(name(SECOND)) == SECOND


def test_the_same_again_is_fine(shelf):
    shelf.put(name(FIRST), FIRST)
    shelf.put(name(FIRST), FIRST)
    assert shelf.open(name(FIRST)) == FIRST


def test_what_is_deleted_is_gone_and_deleting_it_again_is_fine(shelf):
    shelf.put(name(FIRST), FIRST)
    shelf.put(name(SECOND), SECOND)
    shelf.delete(name(FIRST))
    shelf.delete(name(FIRST))
    assert shelf.open(name(FIRST)) is None
    assert shelf.open(name(SECOND)) == SECOND


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_a_shelf_that_is_away_says_so(kind, tmp_path, settings, request):
    place = tmp_path / "a file"
    place.write_bytes(b"")
    if kind == "folder":
        away: Shelf = Folder(place)
    else:
        away = bucket(settings, request.getfixturevalue("s3"), "s3://no-such-bucket")
    with pytest.raises(ShelfUnavailable):
        away.put(name(FIRST), FIRST)


def test_a_file_is_on_the_disk_before_put_returns(tmp_path, monkeypatch):
    done = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("sync"), sync(handle))[1])
    monkeypatch.setattr(
        os, "replace", lambda *paths, **_: (done.append("replace"), replace(*paths))[1]
    )
    Folder(tmp_path).put(name(FIRST), FIRST)
    assert done == ["sync", "replace", "sync", "sync", "sync"]


def test_what_breaks_off_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ShelfUnavailable):
        Folder(tmp_path).put(name(FIRST), FIRST)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_without_a_place_there_is_no_shelf(settings):
    assert shelf_of(settings.model_copy(update={"snapshots_place": None})) is None
