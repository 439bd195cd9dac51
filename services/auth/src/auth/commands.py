"""The verbs that only auth has: `keys` looks at the signing keys and changes them."""

import argparse
import json
import sys
from dataclasses import dataclass

from chassis.database import Database
from chassis.errors import Failure

from auth.keyring import Keyring
from auth.keys import StoredKey
from auth.rekeying import Rekeying
from auth.settings import Settings


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
