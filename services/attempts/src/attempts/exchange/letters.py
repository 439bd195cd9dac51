"""The letters of options, and how any option key is written as an identifier of XML and back."""

import re
import string

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PREFIX = "key."


def letters(count: int) -> list[str]:
    """Return that many option keys that sort as they stand: letters, or 01, 02 … for very many."""
    if count <= len(string.ascii_uppercase):
        return list(string.ascii_uppercase[:count])
    return [f"{number:02}" for number in range(1, count + 1)]


def identifier(key: str) -> str:
    """Return an identifier (an NCName) for an option key."""
    return key if _PLAIN.fullmatch(key) else f"{_PREFIX}{key.encode().hex()}"


def key_of(name: str) -> str:
    """Return the option key of an identifier; one that we have not made is the key itself."""
    if not name.startswith(_PREFIX):
        return name
    try:
        return bytes.fromhex(name.removeprefix(_PREFIX)).decode()
    except ValueError:
        return name
