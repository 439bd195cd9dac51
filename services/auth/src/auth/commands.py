"""The verbs that only auth has: `keys` changes the signing keys, `people` enrols students."""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog
from chassis.database import Database
from chassis.errors import Failure
from fastapi.encoders import jsonable_encoder

from auth.audit import COMMAND
from auth.enrolling import Enrolling, Report, Wish
from auth.forgetting import Forgetting
from auth.hashing import Hashing
from auth.keyring import Keyring
from auth.keys import StoredKey
from auth.people import may_be_forgotten
from auth.proving import reset
from auth.rekeying import Rekeying
from auth.settings import Settings
from auth.sheet import OnExisting, Outcome

MOST_ROWS = 20_000
_NICENESS = 10
_ASKED = "the person asked for it"


@dataclass(frozen=True)
class Keys:
    """`keys list|rotate|revoke KID`: prints the published keys as JSON; 1 = nothing was changed."""

    name: str = "keys"
    help: str = "list the signing keys, rotate them, or revoke one in an emergency"

    def add_options(self, parser: argparse.ArgumentParser, /) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        deeds.add_parser("list", help="show the keys that are published")
        rotate = deeds.add_parser("rotate", help="let the next key sign from now on")
        rotate.add_argument(
            "--force",
            action="store_true",
            help="also when the next key may not be known everywhere yet",
        )
        revoke = deeds.add_parser("revoke", help="refuse at once all that a key has signed")
        revoke.add_argument("kid", help="the key's name, as `list` shows it")

    def run(self, settings: Settings, chosen: argparse.Namespace, /) -> int:
        database = Database.from_settings(settings)
        keyring = Keyring(settings.signing_key_secret)
        rekeying = Rekeying(database, keyring, settings.lifetimes, settings.spread)
        try:
            keys = _keys(rekeying, chosen)
        except Failure as failure:
            sys.stderr.write(f"{failure.detail}\n")
            return 1
        finally:
            database.dispose()
        sys.stdout.write(json.dumps({"keys": [_shown(key) for key in keys]}) + "\n")
        return 0


def _keys(rekeying: Rekeying, chosen: argparse.Namespace) -> list[StoredKey]:
    if chosen.deed == "rotate":
        return rekeying.rotate(is_forced=chosen.force)
    if chosen.deed == "revoke":
        return rekeying.revoke(chosen.kid)
    return rekeying.published()


def _shown(key: StoredKey) -> dict[str, str | None]:
    return {
        "kid": key.kid,
        "state": key.state,
        "created_at": key.created_at.isoformat(),
        "activated_at": key.activated_at.isoformat() if key.activated_at else None,
        "published_until": key.forget_at.isoformat() if key.forget_at else None,
    }


@dataclass(frozen=True)
class People:
    """`people import FILE`: progress and report as JSON lines; 1 = nothing was written.

    `people export|erase|find|reset-second-factor USER`: about one person, as one line of JSON.

    It hashes in its own process, on all cores with low priority: no request's time bounds it, and
    the running service lets people in meanwhile.
    """

    name: str = "people"
    help: str = "enrol students from a CSV sheet; export, erase, let in again one person"

    def add_options(self, parser: argparse.ArgumentParser, /) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        _add_person_options(deeds)
        chosen = deeds.add_parser("import", help="enrol the students of a sheet")
        chosen.add_argument("file", type=Path, help="CSV in UTF-8, the first row names the columns")
        chosen.add_argument("--dry-run", action="store_true", help="only say what would be done")
        chosen.add_argument(
            "--on-existing",
            choices=list(OnExisting),
            default=OnExisting.SKIP,
            help="what to do with somebody who is here already",
        )

    def run(self, settings: Settings, chosen: argparse.Namespace, /) -> int:
        if chosen.deed != "import":
            return _about_person(settings, chosen)
        try:
            content = chosen.file.read_bytes()
        except OSError as error:
            _say({"error": f"{chosen.file} cannot be read: {error.strerror}"})
            return 1
        on_existing = OnExisting(chosen.on_existing)
        wish = Wish(content, on_existing, is_dry_run=chosen.dry_run, most_rows=MOST_ROWS)
        os.nice(_NICENESS)
        try:
            report = asyncio.run(_enrol(settings, wish))
        except Failure as failure:
            _say({"error": failure.detail})
            return 1
        counts = {outcome.value: report.count(outcome) for outcome in Outcome}
        rows = [asdict(row) for row in report.rows]
        _say({"report": {"dry_run": wish.is_dry_run, **counts, "rows": rows}})
        return 0


def _add_person_options(deeds: Any) -> None:
    export = deeds.add_parser("export", help="print everything about a person as JSON")
    erase = deeds.add_parser("erase", help="forget who a student is; cannot be undone")
    erase.add_argument("--reason", default=_ASKED, help="kept in the audit: no names")
    find = deeds.add_parser("find", help="print a person's id, and whether he may be erased")
    reset = deeds.add_parser("reset-second-factor", help="let in again who has lost it")
    for deed in (export, erase, find, reset):
        deed.add_argument("user", help="user name or id; id:7 is always an id")


def _about_person(settings: Settings, chosen: argparse.Namespace) -> int:
    """Export, erase or find; 1 = nothing was done, and standard error says why."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    database = Database.from_settings(settings)
    forgetting = Forgetting(database, settings.lifetimes, lambda: None)
    try:
        account = forgetting.find(chosen.user)
        user_id = account.id
        said: dict[str, Any] = {"user_id": user_id}
        if chosen.deed == "find":
            said["may_be_erased"] = may_be_forgotten(account)
        elif chosen.deed == "export":
            said |= forgetting.export(user_id)
        elif chosen.deed == "erase":
            said["is_new"] = forgetting.forget(user_id, chosen.reason, by=COMMAND).is_new
        elif chosen.deed == "reset-second-factor":
            said["had_one"] = reset(database, user_id, by=COMMAND)
    except Failure as failure:
        sys.stderr.write(f"{failure.detail}\n")
        return 1
    finally:
        database.dispose()
    _say(jsonable_encoder(said))
    return 0


async def _enrol(settings: Settings, wish: Wish) -> Report:
    database = Database.from_settings(settings)
    cores = os.cpu_count() or 1
    hashing = Hashing(threads=cores, queue_size=cores, wait_seconds=60)
    enrolling = Enrolling(database, hashing, settings.lifetimes, lambda: None, at_once=cores)
    try:
        return await enrolling.enrol(wish, by=COMMAND, progress=_progress)
    finally:
        hashing.close()
        await asyncio.to_thread(database.dispose)


def _progress(done: int, total: int) -> None:
    _say({"progress": done, "total": total})


def _say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
