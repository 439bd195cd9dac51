"""Who asks from Safe Exam Browser with an exam's configuration, by what SEB documents (ADR 60).

Pure. A key never crosses the wire: the browser sends the SHA-256 of an address and the key, here
it is made a second time and compared. The Config Key of settings that we hand out is computed; a
Browser Exam Key can only be told to us, since it depends on the browser's own program.
"""

import base64
import hashlib
import hmac
import plistlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

Setting = str | int | bytes | datetime | Sequence["Setting"] | Mapping[str, "Setting"]
"""What a property list holds here; reals are not among SEB's settings that we write."""

Settings = Mapping[str, Setting]
ORIGINATOR = "originatorVersion"
"""Says who wrote the settings and is no part of them."""


class KeyKind(StrEnum):
    """What a key vouches for: the settings alone, or the settings and the browser's program."""

    CONFIG = "config"
    BROWSER = "browser"


@dataclass(frozen=True)
class Shown:
    """What a browser shows of its keys: their hashes with one address."""

    url: str
    config_hash: str | None = None
    browser_hash: str | None = None


@dataclass(frozen=True)
class Policy:
    """What an exam that is only sat in Safe Exam Browser accepts."""

    exam_id: int
    edition: int
    """Counts the changes: a login that passed before the last one has to pass again."""
    config_keys: tuple[str, ...] = ()
    browser_keys: tuple[str, ...] = ()

    def admits(self, shown: Shown) -> bool:
        """Say whether all kinds of keys that the exam has are shown; an exam without any has none.

        Every key is compared, in constant time: how long it takes tells nothing.
        """
        kinds = ((self.config_keys, shown.config_hash), (self.browser_keys, shown.browser_hash))
        found = [_count(keys, given, shown.url) > 0 for keys, given in kinds if keys]
        return bool(found) and all(found)


def request_hash(url: str, key: str) -> str:
    """Return what SEB sends of a key: SHA-256 of the address without fragment, and the key."""
    return _sha256(url.partition("#")[0] + key)


def config_key(settings: Settings) -> str:
    """Return the Config Key of settings, 64 lower-case hexadecimal digits."""
    return _sha256(seb_json(settings))


def seb_json(settings: Settings) -> str:
    """Return settings as the text that a Config Key is the hash of.

    Sorted by name whatever the case, no whitespace, nothing escaped, no empty dictionaries.
    """
    return _text({name: value for name, value in settings.items() if name != ORIGINATOR})


def seb_file(settings: Settings) -> bytes:
    """Return a `.seb` file: a plain property list, neither encrypted nor compressed."""
    return plistlib.dumps(dict(settings))


def settings_of(start_url: str) -> dict[str, Setting]:
    """Return the settings that we hand out: what opens at first, shut in as far as SEB does it."""
    return {
        ORIGINATOR: "OEP",
        "allowDictionaryLookup": False,
        "allowQuit": True,
        "allowScreenSharing": False,
        "allowSpellCheck": False,
        "browserViewMode": 1,
        "browserWindowAllowReload": True,
        "browserWindowWebView": 3,
        "enablePrintScreen": False,
        "enablePrivateClipboard": True,
        "newBrowserWindowByLinkPolicy": 0,
        "sendBrowserExamKey": True,
        "startURL": start_url,
    }


def _count(keys: Sequence[str], given: str | None, url: str) -> int:
    asked = (given or "").encode()
    return sum(hmac.compare_digest(request_hash(url, key).encode(), asked) for key in keys)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(value: Setting) -> str:
    match value:
        case bool():
            text = "true" if value else "false"
        case int():
            text = str(value)
        case str():
            text = f'"{value}"'
        case bytes():
            text = f'"{base64.b64encode(value).decode()}"'
        case datetime():
            text = f'"{value.replace(tzinfo=UTC).isoformat()}"'
        case Mapping():
            text = "{" + ",".join(f'"{k}":{_text(v)}' for k, v in _sorted(value)) + "}"
        case _:
            text = "[" + ",".join(_text(item) for item in value) + "]"
    return text


def _sorted(settings: Settings) -> list[tuple[str, Setting]]:
    pairs = [(name, value) for name, value in settings.items() if not _is_empty(value)]
    return sorted(pairs, key=lambda pair: (pair[0].lower(), pair[0].swapcase()))


def _is_empty(value: Setting) -> bool:
    return isinstance(value, Mapping) and all(_is_empty(item) for item in value.values())
