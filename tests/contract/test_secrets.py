"""No secret is in the tree or has ever been: every line of every commit is looked at.

The rules are shapes that only a secret has (keys of cloud services, private keys, tokens) and names
that promise one with a value too random to be a word. What was found and is none stands in
`HARMLESS`, with its reason; one that is found no more has to go from there.
"""

import math
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHAPES = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----",
    "JSON Web Token": r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}",
    "key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "token of GitHub": r"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{40,}",
    "token of GitLab": r"\bglpat-[A-Za-z0-9_-]{20}\b",
    "token of Slack": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "key of Google": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "key of Stripe": r"\b[rs]k_live_[0-9A-Za-z]{20,}",
    "token of an index": r"\bpypi-[A-Za-z0-9_-]{50,}|\bnpm_[A-Za-z0-9]{36}\b",
    "password in an address": r"\b[a-z][a-z0-9+]{2,}://[^\s:/@\"'{}$<>]+:(?P<value>[^\s:/@\"'{}$<>]{8,})@",
    "named": (
        r"(?i)(?:passw(?:or)?d|secret|token|api_?key|private_?key)[a-z_]*[\"']?\s*[:=]\s*"
        r"[\"']?(?P<value>[A-Za-z0-9+/_=-]{16,})(?![A-Za-z0-9+/_=(.\[{-])"
    ),
}
_ALL = {name: re.compile(shape) for name, shape in SHAPES.items()}
_BITS = 3.7
"""Of entropy in each character; words and names of our own have fewer, random texts more."""
_NO_TEXT = ("package-lock.json", "requirements.lock", "requirements.txt", ".svg", ".binpb", ".pb")
HARMLESS: dict[str, str] = {}


def entropy(text: str) -> float:
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def secrets(text: str) -> Iterator[tuple[str, str]]:
    """Yield what looks like a secret: its kind and its text."""
    for kind, shape in _ALL.items():
        for found in shape.finditer(text):
            value = found.groupdict().get("value") or found[0]
            if kind not in {"named", "password in an address"} or is_random(value):
                yield kind, value


def is_random(value: str) -> bool:
    """Whether it has too much in it for a word: bits, figures and letters."""
    has_both = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return has_both and entropy(value) > _BITS


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True)
    return done.stdout.decode(errors="replace")


def written() -> Iterator[str]:
    """Yield what commits have added and said, and what is here and not committed yet."""
    paths = [".", *(f":(exclude)*{end}" for end in _NO_TEXT)]
    for command in (("log", "-p", "--all", "-U0"), ("diff", "-U0", "HEAD")):
        text = git(*command, "--no-color", "--no-ext-diff", "--", *paths)
        yield "\n".join(line for line in text.splitlines() if line.startswith("+"))
    yield git("log", "--all", "--format=%B")


@pytest.fixture(scope="module")
def found() -> set[tuple[str, str]]:
    return {each for text in written() for each in secrets(text)}


def test_no_commit_has_ever_held_a_secret(found):
    assert {(kind, value) for kind, value in found if value not in HARMLESS} == set()


def test_each_exception_is_still_one(found):
    assert set(HARMLESS) - {value for _, value in found} == set()
    assert all(HARMLESS.values()), "each says why it is none"


@pytest.mark.parametrize(
    "line",
    [
        "-----BEGIN " + "PRIVATE KEY-----",
        "key = " + "AKIA" + "ABCDEFGHIJ234567",
        "ghp_" + "a1B2" * 9,
        "xoxb-" + "1234567890-abc",
        'PASSWORD = "' + "kJ8x2mQ9vL4nR7wZ" + '"',
        "signing_secret: " + "9f8E7d6C5b4A3z2Y1x0W",
        "postgresql://app:" + "kJ8x2mQ9vL4nR7wZ" + "@db/exam",
        "eyJ" + "hbGciOiJFZERTQSJ9abc" + ".eyJ" + "zdWIiOiI3IiwiZXhwIjo",
    ],
)
def test_a_secret_is_found(line):
    assert list(secrets(line))


@pytest.mark.parametrize(
    "line",
    [
        'password = "policy-policy"',
        "token: str = settings.signing_key_secret_of_the_service",
        "postgresql://app:password@db/exam",
        "secret = secrets.token_urlsafe(24)",
    ],
)
def test_a_word_is_none(line):
    assert list(secrets(line)) == []
