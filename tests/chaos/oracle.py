"""Judges a run: what was promised against what is there (O1, O2, O3, O5 of README.md). Pure.

Each flaw is a sentence with the ids in it; no flaw is ever explained away.
"""

import hashlib
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.origins import Origin
from proctoring import chain
from proctoring.event import Event, EventDraft, Severity, chained

from chaos.found import Found, Heard, Row
from chaos.ledger import Ledger, Sent

_SHOWN = 5


@dataclass
class Verdict:
    """The counts of the JSON line, and every flaw in words."""

    accepted: int = 0
    stored: int = 0
    duplicates: int = 0
    order_violations: int = 0
    flaws: list[str] = field(default_factory=list)

    def note(self, flaws: Iterable[str]) -> int:
        """Keep flaws and return how many there were."""
        new = list(flaws)
        self.flaws += new
        return len(new)

    @property
    def shortened(self) -> list[str]:
        more = len(self.flaws) - _SHOWN
        return [*self.flaws[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]


def judge(ledger: Ledger, found: Found) -> Verdict:
    """Compare the promises with the rows, the rows with their chain, the stream with the rows."""
    events = [sent for sent in ledger.accepted if not sent.is_timing]
    timings = [sent for sent in ledger.accepted if sent.is_timing]
    verdict = Verdict(accepted=len(events) + len(timings))
    by_attempt = _grouped(found.events)
    stored_timings = [
        sent for sent in timings if (sent.attempt_id, sent.question_id) in found.timings
    ]
    verdict.stored = len({row["event_id"] for row in found.events}) + len(stored_timings)
    verdict.note(lost(events, found.events))
    verdict.duplicates += verdict.note(doubled(found.events))
    verdict.note(unasked(ledger, found.events))
    verdict.duplicates += verdict.note(miscounted(timings, found))
    verdict.order_violations += verdict.note(disordered(events, by_attempt))
    for attempt_id, rows in by_attempt.items():
        verdict.order_violations += verdict.note(holes(attempt_id, rows))
        verdict.note(unchained(attempt_id, rows, found.tallies.get(attempt_id)))
    verdict.note(unsaid(found.events, found.stream))
    verdict.duplicates += verdict.note(said_twice(found.stream))
    verdict.order_violations += verdict.note(said_in_disorder(found.stream))
    if found.conflict_count:
        verdict.note([f"{found.conflict_count} repeated posts were taken for other ones"])
    if found.outbox_count:
        verdict.note([f"{found.outbox_count} notices still wait in the outbox"])
    return verdict


# O1: every accepted event is in the database


def lost(accepted: Sequence[Sent], rows: Sequence[Row]) -> Iterable[str]:
    stored = {row["event_id"]: row for row in rows}
    for sent in accepted:
        row = stored.get(sent.id)
        if row is None:
            yield f"event {sent.id} of attempt {sent.attempt_id} was accepted and is not stored"
        elif (row["attempt_id"], row["client_sequence"]) != (sent.attempt_id, sent.number):
            yield f"event {sent.id} was stored as another one"


# O2: exactly once


def doubled(rows: Sequence[Row]) -> Iterable[str]:
    times = Counter((row["attempt_id"], row["event_id"]) for row in rows)
    return [f"event {one[1]} is stored {n} times" for one, n in times.items() if n > 1]


def unasked(ledger: Ledger, rows: Sequence[Row]) -> Iterable[str]:
    return [f"event {r['event_id']} nobody sent" for r in rows if r["event_id"] not in ledger.sent]


def miscounted(accepted: Sequence[Sent], found: Found) -> Iterable[str]:
    """Each timing is a showing of its own: the sums count every one once."""
    expected: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for sent in accepted:
        assert sent.question_id is not None  # timings have one
        total = expected[sent.attempt_id, sent.question_id]
        total[0] += sent.number
        total[1] += 1
    for key, (seconds, answers) in expected.items():
        row = found.timings.get(key)
        told = None if row is None else (row["total_time_seconds"], row["answer_count"])
        if told != (seconds, answers):
            yield f"timing of attempt, question {key}: {(seconds, answers)} accepted, {told} stored"


# O3: in accept order, without holes, chained


def disordered(accepted: Sequence[Sent], by_attempt: dict[int, list[Row]]) -> Iterable[str]:
    """What was promised before something else was first sent must stand before it."""
    known = {sent.id: sent for sent in accepted}
    for attempt_id, rows in by_attempt.items():
        earliest_later = float("inf")
        for row in reversed(rows):
            sent = known.get(row["event_id"])
            if sent is None or sent.first_sent_at is None or sent.accepted_at is None:
                continue
            if earliest_later < sent.first_sent_at:
                yield f"attempt {attempt_id}: event {sent.id} stands before an earlier one"
            if sent.sequence != row["sequence"]:
                yield f"event {sent.id}: place {sent.sequence} promised, {row['sequence']} stored"
            earliest_later = min(earliest_later, sent.accepted_at)


def holes(attempt_id: int, rows: Sequence[Row]) -> Iterable[str]:
    places = [row["sequence"] for row in rows]
    if places != list(range(1, len(rows) + 1)):
        yield f"attempt {attempt_id}: its sequence has holes or doubles: {_excerpt(places)}"


def unchained(attempt_id: int, rows: Sequence[Row], tally: Row | None) -> Iterable[str]:
    """Recompute the chain twice: by the service's own rule, and by what its README says."""
    if tally is None:
        yield f"attempt {attempt_id}: no tally"
        return
    own = theirs = chain.GENESIS
    for row in rows:
        own, theirs = link(own, row), chain.link(theirs, chained(_event(row)))
        if not own == theirs == row["hash"]:
            yield f"attempt {attempt_id}: the chain breaks at {row['sequence']}"
            return
        yield from uncommitted(row)
    if tally["head_hash"] != own:
        yield f"attempt {attempt_id}: the head is not the last link"
    if not tally["last_sequence"] == tally["count"] == len(rows):
        yield f"attempt {attempt_id}: {tally['count']} counted, {len(rows)} stored"


def link(previous: bytes, row: Row) -> bytes:
    """Return SHA-256(previous ‖ canonical JSON of the stored event), written down once more."""
    record = {
        "attempt_id": row["attempt_id"],
        "sequence": row["sequence"],
        "event_id": row["event_id"],
        "event_type": row["event_type"],
        "severity": row["severity"],
        "event_timestamp": _instant(row["event_timestamp"]),
        "received_at": _instant(row["received_at"]),
        "created_at": _instant(row["created_at"]),
        "question_id": row["question_id"],
        "client_sequence": row["client_sequence"],
        "late": row["late"],
        "event_data_sha256": None if row["data_hash"] is None else row["data_hash"].hex(),
        "network_sha256": row["network_hash"].hex(),
    }
    return hashlib.sha256(previous + _canonical(record)).digest()


def uncommitted(row: Row) -> Iterable[str]:
    """Compare what retention may remove later with the hashes that stand for it."""
    network = {"ip_address": row["ip_address"], "user_agent": row["user_agent"]}
    pairs = [(row["network_salt"], network, row["network_hash"])]
    if row["data_hash"] is not None:
        pairs.append((row["data_salt"], row["event_data"], row["data_hash"]))
    for salt, value, expected in pairs:
        if hashlib.sha256(salt + _canonical(value)).digest() != expected:
            yield f"event {row['event_id']}: a payload is not the one that was hashed"


# O5: the stream is complete; each once, in the order of the rows


def unsaid(rows: Sequence[Row], stream: Sequence[Heard]) -> Iterable[str]:
    said = {(heard.attempt_id, heard.event_id, heard.sequence) for heard in stream}
    stored = {(row["attempt_id"], row["event_id"], row["sequence"]) for row in rows}
    yield from (f"event {one[1]} is stored and was never said" for one in stored - said)
    yield from (f"event {one[1]} was said and is not stored so" for one in said - stored)


def said_twice(stream: Sequence[Heard]) -> Iterable[str]:
    messages = Counter(heard.message_id for heard in stream)
    events = Counter(heard.event_id for heard in stream)
    times = {**messages, **events}
    return [f"{what} was said {n} times" for what, n in times.items() if n > 1]


def said_in_disorder(stream: Sequence[Heard]) -> Iterable[str]:
    """What was put back stands behind what came meanwhile; each of both is in order (ADR 34)."""
    last: dict[tuple[int, bool], int] = {}
    for heard in stream:
        which = heard.attempt_id, heard.is_rebuilt
        if heard.sequence <= last.get(which, 0):
            yield f"attempt {heard.attempt_id}: {heard.sequence} was said after a later one"
        last[which] = heard.sequence


def _grouped(rows: Sequence[Row]) -> dict[int, list[Row]]:
    return {
        attempt_id: list(some)
        for attempt_id, some in itertools.groupby(rows, lambda row: row["attempt_id"])
    }


def _event(row: Row) -> Event:
    draft = EventDraft(
        attempt_id=row["attempt_id"],
        event_type=row["event_type"],
        severity=Severity(row["severity"]),
        event_timestamp=row["event_timestamp"],
        question_id=row["question_id"],
        event_id=UUID(row["event_id"]),
        client_sequence=row["client_sequence"],
        origin=Origin(row["ip_address"], row["user_agent"]),
    )
    names = ("event_timestamp", "received_at", "created_at", "late", "sequence", "data_salt")
    hashes = ("data_hash", "network_salt", "network_hash", "hash")
    return Event(id=row["id"], draft=draft, **{name: row[name] for name in (*names, *hashes)})


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _excerpt(places: Sequence[int]) -> str:
    wrong = next((n for n, place in enumerate(places, start=1) if place != n), len(places))
    return f"…{places[max(0, wrong - 3) : wrong + 2]}…"
