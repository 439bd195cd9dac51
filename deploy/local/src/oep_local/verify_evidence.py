"""Checks an evidence bundle: `python verify_evidence.py bundle.json --keys keys.json`.

Needs Python and `cryptography` only. It believes nothing that the file says of itself: every hash
is computed anew; the keys come from where the platform publishes them. Ends with 0 if all holds.
"""

import argparse
import base64
import hashlib
import json
import urllib.request
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TYPE = "oep.evidence.v1"
SECTIONS = ["attempt", "delivery", "timings", "events", "removals", "heads", "keys"]
BESIDE_THE_CHAIN = {"id", "event_data", "event_data_salt", "network", "network_salt", "hash"}
CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
HOLDS, FAILS, UNCHECKED = "holds", "FAILS", "NOT CHECKED"


def need(is_so: bool, words: str) -> None:
    if not is_so:
        raise ValueError(words)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of a JSON text; a name that stands twice could hide something."""
    need(len(dict(pairs)) == len(pairs), "a name stands twice in one object")
    return dict(pairs)


def sha256(*parts: Any) -> str:
    """Return the hash over bytes, and over the one text of JSON values: names sorted, no spaces."""
    texts = [p if isinstance(p, bytes) else CANONICAL.encode(p).encode() for p in parts]
    return hashlib.sha256(b"".join(texts)).hexdigest()


def sections(bundle: Any, said: Any) -> str:
    """Check count and hash of every section against the statement at the end of the file."""
    need((len(bundle), len(bundle["export"])) == (9, 3), "something was added, or is missing")
    need(bundle["type"] == said["type"] == TYPE, f"this checks {TYPE} only")
    for name in SECTIONS:
        now = {"count": len(bundle[name]), "sha256": sha256(bundle[name])}
        need(said["sections"][name] == now, f"'{name}' is not what was exported")
    return f"all {len(SECTIONS)} are what was exported at {said['exported_at']}"


def chain(bundle: Any, said: Any) -> str:
    """Check that each event has the next number, fits the hash before, and stands as sealed."""
    hashes, ours = ["0" * 64], said["attempt_id"]
    for number, event in enumerate(bundle["events"], 1):
        is_next = (event["sequence"], event["attempt_id"]) == (number, ours)
        need(is_next, f"event {number} is missing, or was moved")
        told = {name: event[name] for name in event if name not in BESIDE_THE_CHAIN}
        hashes.append(sha256(bytes.fromhex(hashes[-1]), told))
        need(hashes[-1] == event["hash"], f"event {number} is not what was recorded")
    head = {"sequence": len(hashes) - 1, "hash": hashes[-1]}
    need(said["head"] == head, "there are fewer events, or more, than were exported")
    seals = [json.loads(envelope["body"]) for envelope in bundle["heads"]]
    for seal in seals:
        number, is_ours = seal["sequence"], seal["attempt_id"] == ours
        need(is_ours and 0 <= number < len(hashes), f"{number} events were sealed, here are fewer")
        need(seal["head_hash"] == hashes[number], f"up to event {number} is not what was sealed")
    listed = ", ".join(f"{s['sequence']} at {s['sealed_at']} ({s['reason']})" for s in seals)
    return f"{len(hashes) - 1} events, each linked to the one before; sealed: {listed}"


def payloads(bundle: Any, said: Any) -> str:
    """Check that what came with an event fits its commitment, or was removed on record."""
    gone, erased = {kind: set[int]() for kind in ("payload", "network", "person")}, 0
    for record in [json.loads(envelope["body"]) for envelope in bundle["removals"]]:
        need(record["attempt_id"] == said["attempt_id"], "a removal from another attempt")
        for first, last in record["sequences"]:
            gone[record["kind"]].update(range(first, min(last, len(bundle["events"])) + 1))
    for number, event in enumerate(bundle["events"], 1):
        for kind, name in (("payload", "event_data"), ("network", "network")):
            value, salt, digest = (event[name + end] for end in ("", "_salt", "_sha256"))
            if salt is not None:
                now = sha256(bytes.fromhex(salt), value)
                need(now == digest, f"{name} of event {number} is not what was recorded")
            elif value is not None or digest is not None:
                is_told = value is None and (number in gone[kind] or number in gone["person"])
                need(is_told, f"{name} of event {number} was taken away, or put in")
                erased += 1
    return f"all fit; {erased} were erased, as {len(bundle['removals'])} removal records say"


def delivery(bundle: Any, _: Any) -> str:
    """Check what is said to be missing against the numbers that the client gave its events."""
    facts, came = bundle["delivery"], {event["client_sequence"] for event in bundle["events"]}
    numbers, gaps, expected = sorted(came - {None}), [], 0 if 0 in came else 1
    for number in [*numbers, max([facts["claimed_last_sequence"] or 0, *numbers]) + 1]:
        gaps += [[expected, number - 1]] if number > expected else []
        expected = number + 1
    count = sum(last - first + 1 for first, last in gaps)
    now = {"received_count": len(numbers), "missing": gaps[:100], "missing_count": count}
    need(facts == facts | now, "what is said to be missing does not fit the events")
    return f"{len(numbers)} numbered events came, {count} are missing"


def signatures(bundle: Any, keys: Any) -> str:
    """Check that the export, every sealed head and every removal record are the platform's."""
    known = {key["kid"]: base64.urlsafe_b64decode(key["x"] + "=") for key in keys["keys"]}
    envelopes = [bundle["export"], *bundle["heads"], *bundle["removals"]]
    for envelope in envelopes:
        kid, text, signature = (envelope[name] for name in ("kid", "body", "signature"))
        need(kid in known, f"{kid} is none of the given keys")
        raw = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(known[kid]).verify(raw, text.encode())
        need(base64.b64encode(raw).decode() == signature, "a signature was written differently")
    return f"{len(envelopes)} texts, with {', '.join(sorted({each['kid'] for each in envelopes}))}"


def findings(bundle: Any, keys: Any) -> list[tuple[str, str]]:
    """Return of each check whether it holds, and what was seen."""
    found = [] if keys else [(UNCHECKED, "signatures: give the published keys with --keys")]
    for check in [sections, chain, payloads, delivery, *([signatures] if keys else [])]:
        try:
            against = keys if check is signatures else json.loads(bundle["export"]["body"])
            found.append((HOLDS, f"{check.__name__}: {check(bundle, against)}"))
        except Exception as flaw:  # noqa: BLE001  # whatever stands there, the other checks go on
            found.append((FAILS, f"{check.__name__}: {str(flaw) or type(flaw).__name__}"))
    return found


def read(place: str) -> Any:
    """Return the JSON value in a file, or at an address."""
    address = place if "://" in place else Path(place).resolve().as_uri()
    return json.loads(urllib.request.urlopen(address, timeout=10).read(), object_pairs_hook=once)  # noqa: S310  # asked for


def main(words: list[str] | None = None, program: str = "verify_evidence.py") -> int:
    parser = argparse.ArgumentParser(program, description="Check an evidence bundle.")
    parser.add_argument("file", help="what GET /proctoring/attempt/{id}/evidence gave")
    parser.add_argument("--keys", help="the published keys (JWKS): a file, or their address")
    chosen = parser.parse_args(words)
    try:
        found = findings(read(chosen.file), chosen.keys and read(chosen.keys))
    except (OSError, ValueError, RecursionError) as problem:
        found = [(FAILS, f"cannot be read: {problem}")]
    print(*(f"{verdict:<12} {text}" for verdict, text in found), sep="\n")  # noqa: T201
    return 0 if all(verdict == HOLDS for verdict, _ in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
