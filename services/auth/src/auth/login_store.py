"""What a login needs of the database, in three messages; each is planned once (ADR 19, 68).

When a hall comes at once, everything that a login takes besides its hash makes the others wait.
Functions run inside the caller's transaction on a database thread; they deal in the rules' objects.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis.prepared import Prepared
from pydantic import TypeAdapter
from sqlalchemy import RowMapping, delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.accounts import Account, Candidate, Center, Method, Role, Trade, slot_of_unknown
from auth.tables import TryRow
from auth.throttle import Tries

_ROLES = TypeAdapter(tuple[Role, ...])
_CENTER = TypeAdapter(Center)
_TRADE = TypeAdapter(Trade)


def _find(name: str, secret: str, where: str) -> Prepared:
    """Return the statement that finds who is named, and locks what is counted for him.

    The row of tries is made if need be; its values are the newest, also when somebody else held it.
    """
    return Prepared(
        name,
        f"""
WITH person AS (
  SELECT u.*, u.{secret} AS secret_hash FROM auth.users u WHERE {where}
), tried AS (
  INSERT INTO auth.login_tries AS t (method, slot)
  VALUES (:method, coalesce((SELECT id FROM person), :unknown_slot))
  ON CONFLICT (method, slot) DO UPDATE SET failure_count = t.failure_count
  RETURNING t.slot, t.failure_count, t.counted_at, t.blocked_until
)
SELECT tried.*, clock_timestamp() AS as_of,
       p.id, p.email, p.username, p.full_name, p.is_active, p.is_verified, p.created_at,
       p.last_login, p.hall_ticket_number, p.secret_hash, p.date_of_birth,
       (SELECT CAST(json_agg(r ORDER BY r.id) AS text)
        FROM auth.roles r JOIN auth.user_roles g ON g.role_id = r.id
        WHERE g.user_id = p.id) AS roles,
       CAST(to_json(c) AS text) AS center, CAST(to_json(d) AS text) AS trade
FROM tried
LEFT JOIN person p ON true
LEFT JOIN auth.centers c ON c.id = p.center_id
LEFT JOIN auth.trades d ON d.id = p.trade_id
""",  # noqa: S608  # two constants of this module
        {"name": "text", "method": "text", "unknown_slot": "bigint"},
    )


_FIND = {
    Method.PASSWORD: _find(
        "find_by_name",
        "hashed_password",
        "u.username = :name OR lower(u.email) = lower(:name)"
        " ORDER BY u.username = :name DESC, u.email = :name DESC, u.id LIMIT 1",
    ),
    Method.HALL_TICKET: _find(
        "find_by_hall_ticket", "security_answer_hash", "u.hall_ticket_number = :name"
    ),
}

_COUNT = Prepared(
    "count_try",
    """
UPDATE auth.login_tries
SET failure_count = :failure_count, counted_at = :counted_at, blocked_until = :blocked_until
WHERE method = :method AND slot = :slot
RETURNING slot
""",
    {
        "method": "text",
        "slot": "bigint",
        "failure_count": "integer",
        "counted_at": "timestamptz",
        "blocked_until": "timestamptz",
    },
)

# Foreign keys are looked at when all of it is written.
_OPEN = Prepared(
    "open_login",
    """
WITH let_in AS (
  UPDATE auth.users u SET last_login = now() WHERE id = :user_id AND is_active
    AND (:is_proven OR NOT EXISTS (
      SELECT FROM auth.second_factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL
    ))
  RETURNING id, last_login
), forgotten AS (
  DELETE FROM auth.login_tries t USING let_in WHERE t.method = :method AND t.slot = :slot
), opened AS (
  INSERT INTO auth.logins (id, user_id, method, opened_at, expires_at)
  SELECT :login_id, id, :method, last_login, last_login + :life FROM let_in
), issued AS (
  INSERT INTO auth.refresh_tokens (id, login_id, issued_at, expires_at)
  SELECT :refresh_id, :login_id, last_login, last_login + :life FROM let_in
)
SELECT last_login FROM let_in
""",
    {
        "user_id": "integer",
        "method": "text",
        "slot": "bigint",
        "login_id": "uuid",
        "refresh_id": "uuid",
        "life": "interval",
        "is_proven": "boolean",
    },
)


@dataclass(frozen=True)
class Knock:
    """Somebody who wants to come in: who he says to be, and what is counted of his tries."""

    candidate: Candidate
    tries: Tries
    at: datetime
    """The database's clock, read when the count was locked."""


@dataclass(frozen=True)
class Opening:
    """A login to be opened, with its first refresh token."""

    user_id: int
    slot: int
    method: Method
    login_id: UUID
    refresh_id: UUID
    life: timedelta
    is_proven: bool
    """Whether a second factor was shown; without, it opens for who has none only."""


def knock(session: Session, method: Method, name: str) -> Knock:
    """Find who is named, and lock what is counted for him, or for those whom nobody knows.

    A name is a hall ticket, or a user name, or else an e-mail address in any letter case.
    """
    values = {"name": name, "method": method, "unknown_slot": slot_of_unknown(name)}
    [row] = _FIND[method].run(session.connection(), values)
    tries = Tries(row["failure_count"], row["counted_at"], row["blocked_until"])
    return Knock(_candidate(row), tries, row["as_of"])


def count(session: Session, method: Method, slot: int, tries: Tries) -> None:
    """Store what is counted of a slot that `knock` has locked."""
    values = {
        "method": method,
        "slot": slot,
        "failure_count": tries.failure_count,
        "counted_at": tries.counted_at,
        "blocked_until": tries.blocked_until,
    }
    _COUNT.run(session.connection(), values)


def lock_tries(session: Session, method: Method, slot: int) -> tuple[Tries, datetime]:
    """Lock what is counted for a slot, making the row if need be; also tell the time."""
    statement = insert(TryRow).values(method=method, slot=slot)
    row = session.execute(
        statement.on_conflict_do_update(
            index_elements=[TryRow.method, TryRow.slot],
            set_={"failure_count": TryRow.failure_count},
        ).returning(
            TryRow.failure_count, TryRow.counted_at, TryRow.blocked_until, func.clock_timestamp()
        )
    ).one()
    return Tries(row[0], row[1], row[2]), row[3]


def forget_tries(session: Session, method: Method, slot: int) -> None:
    session.execute(delete(TryRow).where(TryRow.method == method, TryRow.slot == slot))


def open_login(session: Session, opening: Opening) -> datetime | None:
    """Open a login, forget the account's tries and note the moment, which is returned.

    None when the user is gone or inactive by now, or owes a second factor; nothing is written then.
    """
    values = {
        "user_id": opening.user_id,
        "slot": opening.slot,
        "method": opening.method,
        "login_id": str(opening.login_id),
        "refresh_id": str(opening.refresh_id),
        "life": opening.life,
        "is_proven": opening.is_proven,
    }
    rows = _OPEN.run(session.connection(), values)
    return rows[0]["last_login"] if rows else None


def _candidate(row: RowMapping) -> Candidate:
    if row["id"] is None:
        return Candidate(row["slot"])
    return Candidate(row["slot"], _account(row), row["secret_hash"], row["date_of_birth"])


def _account(row: RowMapping) -> Account:
    center, trade = row["center"], row["trade"]
    return Account(
        id=row["id"],
        email=row["email"],
        username=row["username"],
        full_name=row["full_name"],
        is_active=row["is_active"],
        is_verified=row["is_verified"],
        created_at=row["created_at"],
        last_login=row["last_login"],
        hall_ticket_number=row["hall_ticket_number"],
        roles=_ROLES.validate_json(row["roles"] or "[]"),
        center=None if center is None else _CENTER.validate_json(center),
        trade=None if trade is None else _TRADE.validate_json(trade),
    )
