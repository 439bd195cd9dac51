"""Every SQL statement about people and logins; gives and takes the rules' objects, never rows.

Functions run inside the caller's transaction on a database thread. `lock` in a name says that the
row stays locked until that transaction ends.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Float,
    Table,
    case,
    cast,
    delete,
    func,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload

from auth.accounts import (
    Account,
    Center,
    EndedLogin,
    EndReason,
    Link,
    Method,
    Revocation,
    Role,
    Stay,
    Successor,
    Trade,
)
from auth.tables import (
    CenterRow,
    ChallengeRow,
    LoginRow,
    OidcFlowRow,
    RefreshTokenRow,
    RevocationRow,
    RoleRow,
    TradeRow,
    TryRow,
    UserRow,
    user_roles,
)

LARGEST_USER_ID = 2**31 - 1
_WHOLE_ACCOUNT = (
    joinedload(UserRow.center),
    joinedload(UserRow.trade),
    selectinload(UserRow.roles),
)


_CALLED = text(
    """
    SELECT u.id FROM auth.users u,
         LATERAL (SELECT casefold(CAST(:part AS text) COLLATE pg_unicode_fast) AS part) AS sought
    WHERE u.id = ANY(CAST(:ids AS bigint[]))
      AND (strpos(casefold(u.full_name COLLATE pg_unicode_fast), sought.part) > 0
           OR strpos(casefold(u.hall_ticket_number COLLATE pg_unicode_fast), sought.part) > 0)
    ORDER BY u.id
    """
)


def load_accounts(session: Session, user_ids: Iterable[int]) -> list[Account]:
    """Load the accounts that exist, in the order of their ids."""
    wanted = {user_id for user_id in user_ids if 0 < user_id <= LARGEST_USER_ID}
    rows = session.scalars(
        select(UserRow).where(UserRow.id.in_(wanted)).order_by(UserRow.id).options(*_WHOLE_ACCOUNT)
    )
    return [_account(row) for row in rows]


def ids_called(session: Session, user_ids: Iterable[int], part: str) -> list[int]:
    """Return who of the users has `part` in the name or hall ticket, in whatever letters."""
    wanted = sorted({user_id for user_id in user_ids if 0 < user_id <= LARGEST_USER_ID})
    return list(session.execute(_CALLED, {"ids": wanted, "part": part}).scalars())


def load_stay(session: Session, user_id: int, login_id: UUID) -> Stay:
    """Load the holder of an access token and the state of his login."""
    accounts = load_accounts(session, [user_id])
    login = session.execute(
        select(LoginRow.ended_at).where(LoginRow.id == login_id, LoginRow.user_id == user_id)
    ).first()
    return Stay(
        account=accounts[0] if accounts else None,
        has_login=login is not None,
        is_ended=login is not None and login.ended_at is not None,
    )


def forgive_try(session: Session, method: Method, slot: int) -> None:
    """Take back one counted try whose secret nobody got round to checking."""
    session.execute(
        update(TryRow)
        .where(TryRow.method == method, TryRow.slot == slot)
        .values(failure_count=func.greatest(TryRow.failure_count - 1, 0), blocked_until=None)
    )


def replace_hash(session: Session, method: Method, user_id: int, old: str, new: str) -> None:
    """Store a better hash of the same secret, unless the secret was changed meanwhile."""
    column = UserRow.hashed_password if method is Method.PASSWORD else UserRow.security_answer_hash
    session.execute(
        update(UserRow).where(UserRow.id == user_id, column == old).values({column: new})
    )


def add_refresh_token(
    session: Session, token_id: UUID, login_id: UUID, at: datetime, until: datetime
) -> None:
    session.execute(
        insert(RefreshTokenRow).values(
            id=token_id, login_id=login_id, issued_at=at, expires_at=until
        )
    )


def lock_link(session: Session, token_id: UUID, login_id: UUID, user_id: int) -> Link | None:
    """Lock a refresh token and its login, so that of two uses at once one comes second."""
    # Both rows are locked: a row that is only joined would be read as it was before the wait.
    row = session.execute(
        select(LoginRow.ended_at, RefreshTokenRow.spent_at, RefreshTokenRow.successor_id)
        .join_from(LoginRow, RefreshTokenRow, RefreshTokenRow.login_id == LoginRow.id)
        .where(RefreshTokenRow.id == token_id, LoginRow.id == login_id, LoginRow.user_id == user_id)
        .with_for_update()
    ).first()
    if row is None:
        return None
    successor = _successor(session, row.successor_id) if row.successor_id else None
    return Link(login_id, row.ended_at is not None, row.spent_at, successor)


def _successor(session: Session, token_id: UUID) -> Successor:
    # Read under the login's lock, without which nobody spends a token of it.
    row = session.execute(
        select(RefreshTokenRow.issued_at, RefreshTokenRow.spent_at).where(
            RefreshTokenRow.id == token_id
        )
    ).one()
    return Successor(token_id, row.issued_at, is_spent=row.spent_at is not None)


def spend(session: Session, token_id: UUID, successor_id: UUID, at: datetime) -> None:
    session.execute(
        update(RefreshTokenRow)
        .where(RefreshTokenRow.id == token_id)
        .values(spent_at=at, successor_id=successor_id)
    )


def extend_login(session: Session, login_id: UUID, until: datetime) -> None:
    session.execute(update(LoginRow).where(LoginRow.id == login_id).values(expires_at=until))


def end_login(
    session: Session, login_id: UUID, user_id: int, reason: EndReason, longest: timedelta
) -> EndedLogin | None:
    """End a login and list it as revoked for `longest`; None when it had ended already."""
    revoked_at = session.execute(
        update(LoginRow)
        .where(LoginRow.id == login_id, LoginRow.user_id == user_id, LoginRow.ended_at.is_(None))
        .values(ended_at=func.now(), end_reason=reason)
        .returning(LoginRow.ended_at)
    ).scalar_one_or_none()
    if revoked_at is None:
        return None
    ended = EndedLogin(login_id, user_id, revoked_at, revoked_at + longest)
    session.execute(
        insert(RevocationRow).values(
            login_id=login_id, revoked_at=ended.revoked_at, forget_at=ended.forget_at
        )
    )
    return ended


def list_revocations(session: Session) -> list[Revocation]:
    """List what must still be refused, oldest first."""
    rows = session.execute(
        select(RevocationRow, LoginRow.user_id)
        .outerjoin(LoginRow, LoginRow.id == RevocationRow.login_id)
        .where(RevocationRow.forget_at > func.now())
        .order_by(RevocationRow.id)
    )
    return [Revocation(r.login_id, r.user_id, r.revoked_at, r.forget_at, of) for r, of in rows]


def now(session: Session) -> datetime:
    """Tell the time of the transaction's begin, by the database's clock."""
    return session.execute(select(func.now())).scalar_one()


def imported_shares(session: Session) -> dict[Method, float]:
    """Measure which share of stored hashes was made by bcrypt, per way in."""
    row = session.execute(
        select(
            _imported_share(UserRow.hashed_password), _imported_share(UserRow.security_answer_hash)
        )
    ).one()
    return {Method.PASSWORD: row[0], Method.HALL_TICKET: row[1]}


def forget_old(session: Session, *, quiet_seconds: int, limit: int = 5_000) -> int:
    """Delete what nobody can use any more; return how many rows went."""
    quiet = func.now() - timedelta(seconds=quiet_seconds)
    dead = func.now() - timedelta(days=1)
    gone = 0
    for row, key, is_over in (
        (LoginRow, (LoginRow.id,), LoginRow.expires_at < dead),
        (RevocationRow, (RevocationRow.id,), RevocationRow.forget_at < func.now()),
        (ChallengeRow, (ChallengeRow.token_hash,), ChallengeRow.expires_at < func.now()),
        (OidcFlowRow, (OidcFlowRow.state_hash,), OidcFlowRow.expires_at < func.now()),
        (TryRow, (TryRow.method, TryRow.slot), TryRow.counted_at < quiet),
    ):
        some = select(*key).where(is_over).limit(limit).with_for_update(skip_locked=True)
        statement: Any = delete(row).where(tuple_(*key).in_(some)).returning(*key)
        gone += len(session.execute(statement).all())
    return gone


def load_secrets(session: Session, user_ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    """Load the hashes of password and security answer of the users that exist."""
    rows = session.execute(
        select(UserRow.id, UserRow.hashed_password, UserRow.security_answer_hash).where(
            UserRow.id.in_(user_ids)
        )
    )
    return {row.id: (row.hashed_password, row.security_answer_hash) for row in rows}


def role_ids(session: Session) -> dict[str, int]:
    return {role.name: role.id for role in session.scalars(select(RoleRow))}


def upsert(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows by id, or bring the existing ones up to date; a later `last_login` stays."""
    if not rows:
        return
    statement = insert(table)
    changes: dict[str, Any] = {name: statement.excluded[name] for name in rows[0] if name != "id"}
    if "last_login" in changes:
        changes["last_login"] = func.greatest(table.c.last_login, statement.excluded.last_login)
    session.execute(
        statement.on_conflict_do_update(index_elements=[table.c.id], set_=changes), list(rows)
    )


def grant_roles(session: Session, pairs: Sequence[tuple[int, int]]) -> None:
    """Give roles to users; those who have them keep them."""
    if pairs:
        rows = [{"user_id": user_id, "role_id": role_id} for user_id, role_id in pairs]
        session.execute(insert(user_roles).on_conflict_do_nothing(), rows)


def move_sequence(session: Session, table: Table) -> None:
    """Make the next id that is given greater than all that are there."""
    name = func.pg_get_serial_sequence(f"{table.schema}.{table.name}", "id")
    largest = select(func.max(table.c.id)).scalar_subquery()
    session.execute(
        select(func.setval(name, func.greatest(largest, func.pg_sequence_last_value(name), 1)))
    )


def _imported_share(column: ColumnElement[Any] | Any) -> Any:
    is_imported = case((column.like("$2%"), 1.0), else_=0.0)
    share = func.avg(is_imported).filter(column.is_not(None))
    return cast(func.coalesce(share, 0.0), Float)


def _account(row: UserRow) -> Account:
    return Account(
        id=row.id,
        email=row.email,
        username=row.username,
        full_name=row.full_name,
        is_active=row.is_active,
        is_verified=row.is_verified,
        created_at=row.created_at,
        last_login=row.last_login,
        hall_ticket_number=row.hall_ticket_number,
        roles=tuple(_role(role) for role in row.roles),
        center=center(row.center) if row.center else None,
        trade=_trade(row.trade) if row.trade else None,
    )


def _role(row: RoleRow) -> Role:
    return Role(row.id, row.name, row.description, row.created_at)


def center(row: CenterRow) -> Center:
    return Center(
        id=row.id,
        name=row.name,
        code=row.code,
        address=row.address,
        city=row.city,
        state=row.state,
        pincode=row.pincode,
        district=row.district,
        is_active=row.is_active,
        created_at=row.created_at,
    )


def _trade(row: TradeRow) -> Trade:
    return Trade(
        id=row.id,
        name=row.name,
        code=row.code,
        description=row.description,
        is_active=row.is_active,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
