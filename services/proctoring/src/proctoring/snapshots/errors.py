"""What can go wrong with snapshots, in words that say what to do."""

from chassis.errors import Conflict, Invalid, NotFound, Refused, TooLarge, TooMany, Unavailable


class SnapshotsOff(Refused):
    slug = "snapshots-off"
    detail = "This installation keeps no snapshots"


class PictureTooLarge(TooLarge):
    slug = "picture-too-large"
    detail = "A snapshot may have 512 KiB"


class NotAPicture(Invalid):
    slug = "not-a-picture"
    detail = "A snapshot is one whole JPEG or one still WebP picture"


class SnapshotIdTaken(Conflict):
    slug = "snapshot-id-taken"
    detail = "Another snapshot, or an event, was stored under this id"


class TooManySnapshots(TooMany):
    """More than a page takes, or than is kept of one attempt; nothing was stored."""

    slug = "too-many-snapshots"
    detail = "Too many snapshots of this attempt, nothing was stored. Keep it and try again later."


class SnapshotsBusy(Unavailable):
    """As many uploads as there is room for; nothing was stored."""

    slug = "snapshots-busy"
    detail = "Too many snapshots are arriving, nothing was stored. Please try again."
    retry_after_seconds = 5


class ShelfUnavailable(Unavailable):
    slug = "snapshot-store-unavailable"
    detail = "The store of snapshots does not answer. Please try again."
    retry_after_seconds = 5


class SnapshotNotFound(NotFound):
    slug = "snapshot-not-found"
    detail = "Snapshot not found"


class PictureErased(NotFound):
    slug = "picture-erased"
    detail = "The picture was erased; its record stays"


class PictureMissing(NotFound):
    """A row without its file: nothing that the service does can lead here."""

    slug = "picture-missing"
    detail = "The picture is not in its store"
