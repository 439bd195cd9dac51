"""Takes people over from another system: trades (a copy), centers, roles, users, assignments.

Repeatable: ids are kept and rows brought up to date, but the password, the answer and the last
login of somebody who is here already stay his own, unless a row brings a plain password. An `admin`
that nobody gave a role gets it, with a password that is known to the importing person only.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar, cast

from chassis.importing import ImportRefused, Progress, Report, Rows
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from sqlalchemy import Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth import assignment_store, audit_store, store
from auth.accounts import ADMIN, normalised_answer
from auth.audit import COMMAND, PEOPLE, entry
from auth.passwords import hash_secret, is_right
from auth.people import AssignableRole, Assignment
from auth.tables import CenterRow, RoleRow, Row, TradeRow, UserRow

M = TypeVar("M", bound=BaseModel)

_TABLES = ("trades", "centers", "roles", "users", "user_roles", "assignments")
_STEP = 100
_RANDOM_PASSWORD_BYTES = 12


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _calendar_date(value: Any) -> Any:
    # The old system kept a timestamp at midnight; a birthday has no time and no zone.
    return date.fromisoformat(value[:10]) if isinstance(value, str) else value


Moment = Annotated[datetime, AfterValidator(_in_utc)]
Birthday = Annotated[date, BeforeValidator(_calendar_date)]
Id = Annotated[int, Field(ge=1, lt=2**31)]


def _now() -> datetime:
    return datetime.now(UTC)


class _In(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class _Stamped(_In):
    created_at: Moment = Field(default_factory=_now)
    updated_at: Moment = Field(default_factory=_now)


class TradeIn(_Stamped):
    id: Id
    name: str
    code: str
    description: str | None = None
    is_active: bool = True


class CenterIn(_Stamped):
    id: Id
    name: str
    code: str
    address: str | None = None
    city: str | None = None
    state: str | None = None
    district: str | None = None
    pincode: str | None = None
    is_active: bool = True


class RoleIn(_Stamped):
    id: Id
    name: str
    description: str | None = None


class UserIn(_Stamped):
    id: Id
    email: str
    username: str
    full_name: str
    hashed_password: str | None = None
    password: str | None = None
    hall_ticket_number: str | None = None
    date_of_birth: Birthday | None = None
    security_question: str | None = None
    security_answer_hash: str | None = None
    security_answer: str | None = None
    trade_id: Id | None = None
    center_id: Id | None = None
    is_active: bool = True
    is_verified: bool = False
    last_login: Moment | None = None

    @model_validator(mode="after")
    def _has_a_password(self) -> "UserIn":
        if self.hashed_password is None and self.password is None:
            message = "neither hashed_password nor password is given"
            raise ValueError(message)
        return self


class UserRoleIn(_In):
    user_id: Id
    role_id: Id


class AssignmentIn(_In):
    exam_id: Id
    role: AssignableRole
    user_id: Id
    assigned_by_id: Id


def load(
    session: Session,
    rows: Rows,
    report: Report,
    progress: Progress,
    *,
    admin_password: str | None = None,
) -> None:
    """Write all rows in the caller's transaction and say in `report` what became of them.

    Raises `ImportRefused`. Plain passwords are hashed here, 24 ms each.
    """
    total = sum(len(of_table) for of_table in rows.values())
    say = _Counter(progress, total)
    users = _read(rows, "users", UserIn)
    pairs = _read(rows, "user_roles", UserRoleIn)
    assigned = _read(rows, "assignments", AssignmentIn)
    try:
        _upsert(session, TradeRow, _read(rows, "trades", TradeIn), say)
        _upsert(session, CenterRow, _read(rows, "centers", CenterIn), say)
        roles = _load_roles(session, _read(rows, "roles", RoleIn), say)
        known = store.load_secrets(session, [user.id for user in users])
        orphan = _orphan_admin(users, pairs)
        if orphan is not None:
            _take_admin_in(session, orphan, orphan.id in known, admin_password, report)
        _load_users(session, users, known, say)
        granted = [(pair.user_id, _role_id(pair.role_id, roles)) for pair in pairs]
        if orphan is not None:
            granted.append((orphan.id, store.role_ids(session)[ADMIN]))
        store.grant_roles(session, granted)
        for each in assigned:
            wanted = Assignment(each.exam_id, each.role, each.user_id)
            assignment_store.save(session, wanted, each.assigned_by_id)
    except IntegrityError as error:
        raise _clash(error) from error
    for table in (TradeRow, CenterRow, RoleRow, UserRow):
        store.move_sequence(session, _table(table))
    say(len(pairs) + len(assigned))
    counts = {name: len(rows[name]) for name in _TABLES if name in rows}
    audit_store.append(
        session, entry(COMMAND, "people_imported", PEOPLE, "Rows imported", **counts)
    )
    report.imported = {name: len(rows[name]) for name in _TABLES if name in rows}
    _say_what_was_left(rows, users, {user_id for user_id, _ in granted}, known, report)


class _Counter:
    """Tells how many rows are done, now and then."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def __call__(self, count: int) -> None:
        self._done += count
        self._progress(self._done, self._total)


def _read(rows: Rows, table: str, shape: type[M]) -> list[M]:
    found: list[M] = []
    for row in rows.get(table, []):
        try:
            found.append(shape.model_validate(row))
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            message = f"{table}, row with id {row.get('id')}: {place} {first['msg']}"
            raise ImportRefused(message) from None
    return found


def _upsert(
    session: Session, table: type[Row], rows: Sequence[BaseModel], say: Callable[[int], None]
) -> None:
    store.upsert(session, _table(table), [row.model_dump() for row in rows])
    say(len(rows))


def _load_roles(
    session: Session, rows: Sequence[RoleIn], say: Callable[[int], None]
) -> dict[int, int]:
    """Bring roles in by name; return which of our ids each imported id stands for."""
    ours = store.role_ids(session)
    new = [row for row in rows if row.name not in ours]
    _upsert(session, RoleRow, new, say)
    say(len(rows) - len(new))
    ours |= {row.name: row.id for row in new}
    return {row.id: ours[row.name] for row in rows}


def _role_id(imported: int, roles: dict[int, int]) -> int:
    # Rows without roles (demo data) mean ours.
    return roles.get(imported, imported)


def _load_users(
    session: Session,
    users: Sequence[UserIn],
    known: dict[int, tuple[str, str | None]],
    say: Callable[[int], None],
) -> None:
    for begin in range(0, len(users), _STEP):
        some = users[begin : begin + _STEP]
        store.upsert(session, _table(UserRow), [_user_values(user, known) for user in some])
        say(len(some))


def _user_values(user: UserIn, known: dict[int, tuple[str, str | None]]) -> dict[str, Any]:
    values = user.model_dump(exclude={"password", "security_answer"})
    old_password, old_answer = known.get(user.id, (None, None))
    answer = None if user.security_answer is None else normalised_answer(user.security_answer)
    values["hashed_password"] = _kept(user.password, old_password) or user.hashed_password
    values["security_answer_hash"] = _kept(answer, old_answer) or user.security_answer_hash
    return values


def _kept(plain: str | None, old: str | None) -> str | None:
    """Return the hash to keep: the old one, unless a plain secret says otherwise."""
    if plain is None or (old is not None and is_right(plain, old)):
        return old
    return hash_secret(plain)


def _orphan_admin(users: Sequence[UserIn], pairs: Sequence[UserRoleIn]) -> UserIn | None:
    with_role = {pair.user_id for pair in pairs}
    return next((u for u in users if u.username == ADMIN and u.id not in with_role), None)


def _take_admin_in(
    session: Session, admin: UserIn, is_known: bool, password: str | None, report: Report
) -> None:
    """Give a new admin a password that somebody knows; say in the report what changes."""
    before = store.load_accounts(session, [admin.id])
    if not before or ADMIN not in before[0].role_names:
        report.changed.append(f"User {ADMIN} (id {admin.id}) had no role: is {ADMIN} now.")
    if password is not None:
        admin.password = password
        report.changed.append(f"User {ADMIN}: the password is the given one.")
    elif not is_known:
        admin.password = secrets.token_urlsafe(_RANDOM_PASSWORD_BYTES)
        report.changed.append(
            f"User {ADMIN}: nobody knows the imported password; the new one is {admin.password}"
            " (shown this once)."
        )


def _say_what_was_left(
    rows: Rows,
    users: Sequence[UserIn],
    with_role: set[int],
    known: dict[int, tuple[str, str | None]],
    report: Report,
) -> None:
    report.left += [
        f"{name}: {len(rows[name])} rows; auth has no such table."
        for name in sorted(rows.keys() - set(_TABLES))
    ]
    if known:
        report.left.append(
            f"users: {len(known)} were here already and kept their passwords and answers."
        )
    without = [str(user.id) for user in users if user.id not in with_role]
    if without:
        shown = ", ".join(without[:20])
        report.left.append(f"users: {len(without)} have no role and may do little: ids {shown}.")


def _clash(error: IntegrityError) -> ImportRefused:
    diagnosis = getattr(error.orig, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or "a constraint"
    table = getattr(diagnosis, "table_name", None) or "a table"
    return ImportRefused(f"{table}: a row breaks {name}; nothing was written.")


def _table(row: type[Row]) -> Table:
    return cast("Table", row.__table__)
