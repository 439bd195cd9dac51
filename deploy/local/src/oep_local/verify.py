"""Checks what the platform has signed: `python verify.py receipt.json --keys jwks.json`.

Works alone, with Python and `cryptography` only. No file can vouch for who signed it: the keys come
from elsewhere. Exit codes: 0 everything holds, 1 something does not or was not checked, 2 usage.
"""

import argparse
import base64
import hashlib
import json
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEYS_PATH = "/api/v1/attempts/receipt-keys"
NAMES = {"receipt", "signature", "kid", "algorithm"}
HOLDS, FAILS, UNCHECKED = "holds", "FAILS", "NOT CHECKED"
Finding = tuple[str, str]
Keys = dict[str, bytes]


class NotReadable(ValueError):
    """A file that is not what it should be."""


def canonical(value: Any) -> bytes:
    """Return the one text of a JSON value: sorted keys, no spaces, ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sha256(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def parse(text: bytes, name: str) -> Any:
    """Return the JSON value; a name that stands twice in one object could hide something."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise NotReadable(f"{name} is not JSON, or says something twice") from None


def keys_in(jwks: Any) -> Keys:
    """Return the Ed25519 keys of a JWKS by thumbprint (RFC 7638), whatever names it gives them."""
    found = {}
    try:
        for x in [key["x"] for key in jwks["keys"] if key.get("crv") == "Ed25519"]:
            name = canonical({"crv": "Ed25519", "kty": "OKP", "x": x})
            kid = base64.urlsafe_b64encode(hashlib.sha256(name).digest()).decode().rstrip("=")
            found[kid] = base64.urlsafe_b64decode(x + "=")
    except (TypeError, KeyError, AttributeError, ValueError):
        raise NotReadable("the keys are no JWKS (RFC 7517)") from None
    return found


def signature(document: Any, body: Any, keys: Keys | None) -> Finding:
    """Check who signed `body`."""
    kid, text = body.get("kid"), document.get("signature")
    if keys is None:
        return UNCHECKED, "who signed it: give the published keys with --keys or --url"
    if (document.get("algorithm"), document.get("kid")) != ("EdDSA", kid):
        return FAILS, "algorithm or key name was changed"
    if kid not in keys:
        return FAILS, f"signed with {kid}, which is none of the given keys"
    try:
        signed = base64.b64decode(text, validate=True)
        Ed25519PublicKey.from_public_bytes(keys[kid]).verify(signed, canonical(body))
    except (InvalidSignature, ValueError, TypeError):
        return FAILS, "the signature does not belong to this content"
    # The last characters of base64 can be written in several ways; only one is ours.
    is_ours = base64.b64encode(signed).decode() == text
    return (HOLDS, f"signed with {kid}") if is_ours else (FAILS, "the signature was changed")


def receipt(document: Any, keys: Keys | None, answers: Any) -> Iterator[Finding]:
    """Check the receipt of a submit."""
    body = document.get("receipt")
    if document.keys() != NAMES or not isinstance(body, dict):
        yield FAILS, "something beside the signed part is missing or was added"
        return
    is_whole = sha256(body.get("answers")) == body.get("answers_sha256")
    yield (HOLDS if is_whole else FAILS), "the list of answers"
    yield signature(document, body, keys)
    if answers is not None:
        yield from compared(body, answers)


def compared(body: Any, answers: Any) -> Iterator[Finding]:
    """Check answers, as `GET /attempts/{id}/answers` shows them, against their hashes."""
    try:
        given = {answer["question_id"]: answer for answer in answers}
        promised = {item["question_id"]: item["sha256"] for item in body["answers"]}
        if len(given) != len(answers) or given.keys() != promised.keys():
            yield FAILS, "there are more or fewer answers than the receipt names"
        for question_id in sorted(given.keys() & promised.keys()):
            said = {name: given[question_id][name] for name in ("answer", "is_flagged", "revision")}
            said |= {"attempt_id": body["attempt_id"], "question_id": question_id}
            is_same = sha256(said) == promised[question_id]
            yield (HOLDS if is_same else FAILS), f"answer to question {question_id}"
    except (TypeError, KeyError):
        raise NotReadable("the answers are no list as GET /attempts/{id}/answers gives") from None


CHECKS = {"oep.receipt.v1": receipt}


def findings(document: Any, keys: Keys | None, answers: Any = None) -> list[Finding]:
    """Return what holds and what does not; raise `ValueError` for nothing that is known here."""
    bodies = document.values() if isinstance(document, dict) else ()
    kinds = [str(body["type"]) for body in bodies if isinstance(body, dict) and "type" in body]
    if len(kinds) != 1 or kinds[0] not in CHECKS:
        raise NotReadable(f"the file is none of: {', '.join(CHECKS)}")
    return list(CHECKS[kinds[0]](document, keys, answers))


def main(arguments: list[str] | None = None, program: str = "verify.py") -> int:
    parser = argparse.ArgumentParser(program, description="Check what the platform has signed.")
    parser.add_argument("file", type=Path, help="what GET /attempts/{id}/receipt gave")
    parser.add_argument("--keys", type=Path, help="the published keys (JWKS), kept in a file")
    parser.add_argument("--url", help="take the keys from there, e.g. http://localhost:8000")
    parser.add_argument("--answers", type=Path, help="what GET /attempts/{id}/answers gave")
    chosen = parser.parse_args(arguments)
    try:
        keys = chosen.keys and keys_in(parse(chosen.keys.read_bytes(), "the file of keys"))
        if chosen.url and keys is None:
            answer = urllib.request.urlopen(chosen.url + KEYS_PATH, timeout=10)  # noqa: S310  # asked for
            keys = keys_in(parse(answer.read(), "the platform's answer"))
        answers = chosen.answers and parse(chosen.answers.read_bytes(), "the file of answers")
        found = findings(parse(chosen.file.read_bytes(), "the file"), keys, answers)
    except (ValueError, OSError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.writelines(f"{verdict:<12} {text}\n" for verdict, text in found)
    return 0 if all(verdict == HOLDS for verdict, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main())
