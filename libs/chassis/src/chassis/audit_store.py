"""Statements on an audit: append, read, verify. A service's role may do nothing else with it.

Functions run inside the caller's transaction on a database thread. The table is the service's own,
made of `AuditColumns` and a column for each name in its entries' `ABOUT`.
"""

import hashlib
import json
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from typing import Any, Generic

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Identity,
    String,
    Text,
    TextClause,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.audit import FIRST, E, Logged, first_flaw, record
from chassis.origins import Origin

_HOLD = text("""
SELECT pg_advisory_xact_lock(hashtextextended(c, 0)) FROM unnest(CAST(:chains AS text[])) AS t (c)
""")
_TEXTS = ("event_type", "event_category", "description", "error_message")
_PAGE = 1_000


class AuditColumns:
    """What every audit holds; unique are `chain` and `place`. No foreign key: nothing cascades."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    chain: Mapped[str] = mapped_column(Text)
    place: Mapped[int] = mapped_column(BigInteger)
    event_type: Mapped[str] = mapped_column(Text, index=True)
    event_category: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    ip_address: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(Text)
    success: Mapped[bool]
    error_message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class Wanted:
    """Which entries a list shows; None asks for all."""

    skip: int = 0
    limit: int = 100
    event_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """The first instant that is not shown any more."""
    success: bool | None = None


@dataclass
class Verdict(Generic[E]):
    """What became of checking every chain."""

    chain_count: int = 0
    entry_count: int = 0
    flaws: list[Logged[E]] = field(default_factory=list)
    """The first entry that does not fit, of each chain that has one."""
    heads_sha256: str = ""
    """Covers the last hash of every chain: kept elsewhere, it shows that later ends are missing."""


class Audit(Generic[E]):
    """One service's audit: its table and the kind of its entries."""

    def __init__(self, row: type[Any], entry: type[E]) -> None:
        """`row` is a mapped class with `AuditColumns`."""
        self._row = row
        self._entry = entry

    def append(self, session: Session, entries: Sequence[E]) -> None:
        """Append entries, each behind the last of its chain: one statement for many chains."""
        unlocked = sorted({entry.chain for entry in entries if not entry.is_chain_held})
        if unlocked:
            session.execute(_HOLD, {"chains": unlocked})
        statement = _append(str(self._row.__table__), self._entry.ABOUT)
        for turn in _turns(entries):
            session.execute(statement, self._values(turn, datetime.now(UTC)))

    def find(
        self, session: Session, wanted: Wanted, *clauses: ColumnElement[bool]
    ) -> list[Logged[E]]:
        """List entries, newest first."""
        row = self._row
        query = select(row).where(*clauses).order_by(row.id.desc())
        if wanted.event_type is not None:
            query = query.where(row.event_type == wanted.event_type)
        if wanted.since is not None:
            query = query.where(row.created_at >= wanted.since)
        if wanted.until is not None:
            query = query.where(row.created_at < wanted.until)
        if wanted.success is not None:
            query = query.where(row.success.is_(wanted.success))
        found = session.scalars(query.offset(wanted.skip).limit(wanted.limit))
        return [self._logged(each) for each in found]

    def chain(self, session: Session, name: str) -> list[Logged[E]]:
        """Return a whole chain, oldest first."""
        row = self._row
        query = select(row).where(row.chain == name).order_by(row.place)
        return [self._logged(each) for each in session.scalars(query)]

    def where(self, session: Session, *clauses: ColumnElement[bool]) -> list[Logged[E]]:
        """Return all entries that fit, oldest first."""
        row = self._row
        query = select(row).where(*clauses).order_by(row.id)
        return [self._logged(each) for each in session.scalars(query)]

    def verify(self, session: Session) -> Verdict[E]:
        """Check every chain from its first entry to its last; reads in pages."""
        verdict: Verdict[E] = Verdict()
        heads = hashlib.sha256()
        for _, rows in groupby(self._all(session), key=lambda row: row.chain):
            walk = _Walk(map(self._proved, rows))
            flaw = first_flaw(walk)
            if flaw is not None:
                verdict.flaws.append(flaw)
            verdict.chain_count += 1
            verdict.entry_count += walk.finish()
            heads.update(walk.last_hash.encode())
        verdict.heads_sha256 = heads.hexdigest()
        return verdict

    def _all(self, session: Session) -> Iterator[Any]:
        row = self._row
        # Sorted by bytes: the digest of the heads must not depend on a server's language.
        query = select(row).order_by(row.chain.collate("C"), row.place)
        yield from session.scalars(query.execution_options(yield_per=_PAGE))

    def _proved(self, row: Any) -> Logged[E]:
        """Return the entry of a row; without a hash when columns say what the hash does not."""
        logged = self._logged(row)
        is_same = (row.chain, row.success) == (logged.entry.chain, logged.entry.success)
        return logged if is_same else replace(logged, hash="")

    def _values(self, entries: Sequence[E], at: datetime) -> dict[str, Any]:
        names = (*_TEXTS, "chain", "user_id", *self._entry.ABOUT)
        columns: dict[str, Any] = {n: [getattr(entry, n) for entry in entries] for n in names}
        return columns | {
            "details": [json.dumps(entry.details) for entry in entries],
            "ip_address": [entry.origin.ip_address for entry in entries],
            "user_agent": [entry.origin.user_agent for entry in entries],
            "record": [record(entry, at) for entry in entries],
            "created_at": at,
            "first": FIRST,
        }

    def _logged(self, row: Any) -> Logged[E]:
        entry = self._entry(
            **{name: getattr(row, name) for name in (*_TEXTS, "user_id", *self._entry.ABOUT)},
            details=row.details,
            origin=Origin(row.ip_address, row.user_agent),
        )
        return Logged(row.id, row.place, row.created_at, row.previous_hash, row.hash, entry)


class _Walk:
    """Goes along a chain, counts its entries and remembers the last one."""

    def __init__(self, chain: Iterator[Logged[Any]]) -> None:
        self._chain = chain
        self._count = 0
        self.last_hash = FIRST

    def __iter__(self) -> Iterator[Logged[Any]]:
        for logged in self._chain:
            self._count += 1
            self.last_hash = logged.hash
            yield logged

    def finish(self) -> int:
        """Go to the end, wherever the walk was left; return the number of all entries."""
        deque(self, maxlen=0)
        return self._count


def _turns(entries: Sequence[E]) -> list[list[E]]:
    """Split entries so that no chain occurs twice in a turn: a place is taken only once."""
    seen: Counter[str] = Counter()
    turns: list[list[E]] = []
    for entry in entries:
        number = seen[entry.chain]
        seen[entry.chain] += 1
        if number == len(turns):
            turns.append([])
        turns[number].append(entry)
    return turns


@cache
def _append(table: str, about: tuple[str, ...]) -> TextClause:
    """Return the statement that takes entries as arrays; names come from code, never from users."""
    columns = "".join(f", {name}" for name in about)
    taken = "".join(f", n.{name}" for name in about)
    arrays = "".join(f", CAST(:{name} AS bigint[])" for name in about)
    return text(f"""
INSERT INTO {table}
       (chain, place, event_type, event_category, description, user_id{columns}, details,
        ip_address, user_agent, success, error_message, created_at, previous_hash, hash)
SELECT n.chain, coalesce(p.place, 0) + 1, n.event_type, n.event_category, n.description,
       n.user_id{taken}, n.details, n.ip_address, n.user_agent, n.error_message IS NULL,
       n.error_message, :created_at, coalesce(p.hash, :first),
       encode(sha256(convert_to(coalesce(p.hash, :first) || n.record, 'UTF8')), 'hex')
FROM unnest(CAST(:chain AS text[]), CAST(:event_type AS text[]), CAST(:event_category AS text[]),
            CAST(:description AS text[]), CAST(:user_id AS bigint[]){arrays},
            CAST(:details AS json[]), CAST(:ip_address AS text[]), CAST(:user_agent AS text[]),
            CAST(:error_message AS text[]), CAST(:record AS text[]))
     AS n (chain, event_type, event_category, description, user_id{columns}, details, ip_address,
           user_agent, error_message, record)
LEFT JOIN LATERAL (
  SELECT a.place, a.hash FROM {table} a WHERE a.chain = n.chain ORDER BY a.place DESC LIMIT 1
) p ON true
""")  # noqa: S608  # only names of tables and columns are put in
