"""Every statement about sealed heads and the reading of whole chains; decides nothing.

Blocking, inside the caller's transaction. Events are read in pages by their sequence, so that no
more than a page of a long chain is ever in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from proctoring import chain
from proctoring.evidence.bundle import StoredEvent
from proctoring.evidence.seal import Head, Signed

_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_CLOCK = text("SELECT clock_timestamp()")
_HEADS = text(
    """
    SELECT ended.attempt_id, ended.exam_id, coalesce(t.last_sequence, 0) AS sequence,
           coalesce(t.head_hash, :genesis) AS hash,
           (SELECT max(h.sequence) FROM proctoring.sealed_heads h
            WHERE h.attempt_id = ended.attempt_id) AS sealed_sequence
    FROM unnest(CAST(:attempt_ids AS bigint[]), CAST(:exam_ids AS bigint[]))
         AS ended (attempt_id, exam_id)
    LEFT JOIN proctoring.tallies t ON t.attempt_id = ended.attempt_id
    ORDER BY ended.attempt_id
    """
)
_SUBMITTED = text(
    """
    SELECT attempt_id, exam_id FROM proctoring.submissions
    WHERE attempt_id > :after ORDER BY attempt_id LIMIT :limit
    """
)
_ADD = text(
    """
    INSERT INTO proctoring.sealed_heads (attempt_id, sequence, body, signature, kid)
    SELECT * FROM unnest(CAST(:attempt_ids AS bigint[]), CAST(:sequences AS bigint[]),
                         CAST(:bodies AS text[]), CAST(:signatures AS bytea[]),
                         CAST(:kids AS text[]))
           AS new (attempt_id, sequence, body, signature, kid)
    ORDER BY attempt_id
    ON CONFLICT (attempt_id, sequence) DO NOTHING
    """
)
_SEALS = text(
    """
    SELECT sequence, body, signature, kid FROM proctoring.sealed_heads
    WHERE attempt_id = :attempt_id ORDER BY sequence
    """
)
# The day leads to the one partition in which all events of the attempt are.
_PAGE = text(
    """
    SELECT id, attempt_id, sequence, event_id, event_type, severity, event_timestamp, received_at,
           created_at, question_id, client_sequence, late, CAST(event_data AS text), data_salt,
           data_hash, ip_address, user_agent, network_salt, network_hash, hash
    FROM proctoring.proctoring_events
    WHERE exam_day = (SELECT exam_day FROM proctoring.tallies WHERE attempt_id = :attempt_id)
      AND attempt_id = :attempt_id AND sequence > :after AND sequence <= :through
    ORDER BY sequence LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class Found:
    """Where a chain stands, and the furthest head of it that is sealed, if any."""

    head: Head
    sealed_sequence: int | None


def hold_still(session: Session) -> None:
    """Let all that follows see one moment. The first statement of its transaction."""
    session.execute(_SNAPSHOT)


def clock(session: Session) -> datetime:
    return session.execute(_CLOCK).scalar_one()  # type: ignore[no-any-return]


def heads(session: Session, attempts: Sequence[tuple[int, int]]) -> list[Found]:
    """Return where the chains of attempts stand, given as (attempt, exam), in id order."""
    wanted = {
        "attempt_ids": [attempt_id for attempt_id, _ in attempts],
        "exam_ids": [exam_id for _, exam_id in attempts],
        "genesis": chain.GENESIS,
    }
    return [_found(row) for row in session.execute(_HEADS, wanted).mappings()]


def submitted(session: Session, after: int, limit: int) -> list[tuple[int, int]]:
    """Return a page of the attempts that are known to be submitted, as (attempt, exam)."""
    rows = session.execute(_SUBMITTED, {"after": after, "limit": limit})
    return [(row.attempt_id, row.exam_id) for row in rows]


def add(session: Session, seals: Sequence[tuple[Head, Signed]]) -> None:
    """Store seals; a head that is sealed already keeps its first one."""
    session.execute(
        _ADD,
        {
            "attempt_ids": [head.attempt_id for head, _ in seals],
            "sequences": [head.sequence for head, _ in seals],
            "bodies": [seal.body for _, seal in seals],
            "signatures": [seal.signature for _, seal in seals],
            "kids": [seal.kid for _, seal in seals],
        },
    )


def seals(session: Session, attempt_id: int) -> dict[int, Signed]:
    """Return the seals of an attempt by the sequence that each says."""
    rows = session.execute(_SEALS, {"attempt_id": attempt_id})
    return {row.sequence: Signed(row.body, bytes(row.signature), row.kid) for row in rows}


def page(
    session: Session, attempt_id: int, *, after: int, through: int, limit: int
) -> list[StoredEvent]:
    """Return up to `limit` events behind `after` and up to `through`, in order."""
    wanted = {"attempt_id": attempt_id, "after": after, "through": through, "limit": limit}
    return [_event(row) for row in session.execute(_PAGE, wanted).mappings()]


def _found(row: RowMapping) -> Found:
    head = Head(row["attempt_id"], row["exam_id"], row["sequence"], bytes(row["hash"]))
    return Found(head, row["sealed_sequence"])


def _event(row: RowMapping) -> StoredEvent:
    network_salt = _bytes(row["network_salt"])
    network = {"ip_address": row["ip_address"], "user_agent": row["user_agent"]}
    return StoredEvent(
        chained=_chained(row),
        row_id=row["id"],
        event_data=row["event_data"],
        event_data_salt=_bytes(row["data_salt"]),
        network=None if network_salt is None and not any(network.values()) else network,
        network_salt=network_salt,
        hash=bytes(row["hash"]),
    )


def _chained(row: RowMapping) -> dict[str, Any]:
    """Return what the chain covers, as it lies there; a test holds it equal to `event.chained`."""
    as_they_are = ("attempt_id", "sequence", "event_type", "severity", "question_id")
    return {name: row[name] for name in (*as_they_are, "client_sequence", "late")} | {
        "event_id": None if row["event_id"] is None else str(row["event_id"]),
        "event_timestamp": chain.instant(row["event_timestamp"]),
        "received_at": chain.instant(row["received_at"]),
        "created_at": chain.instant(row["created_at"]),
        "event_data_sha256": None if row["data_hash"] is None else bytes(row["data_hash"]).hex(),
        "network_sha256": bytes(row["network_hash"]).hex(),
    }


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)
