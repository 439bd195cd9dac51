"""The tables of schema auth: what may stand in them; what it means is decided by the rules."""

from datetime import date, datetime
from uuid import UUID

from chassis.audit_store import AuditColumns
from chassis.outbox import outbox_table
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

SCHEMA = "auth"
METADATA = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    },
)


class Row(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012  # SQLAlchemy's own form


def _id() -> Mapped[int]:
    return mapped_column(Integer, Identity(), primary_key=True)


def _now() -> Mapped[datetime]:
    return mapped_column(server_default=func.now())


class TradeRow(Row):
    """A copy of what attempts owns, kept because a User shows his trade."""

    __tablename__ = "trades"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(String(255))
    code: Mapped[str] = mapped_column(String(50), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()


class CenterRow(Row):
    __tablename__ = "centers"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(String(255))
    code: Mapped[str] = mapped_column(String(50), unique=True)
    address: Mapped[str | None] = mapped_column(String(500))
    city: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str | None] = mapped_column(String(100))
    district: Mapped[str | None] = mapped_column(String(100))
    pincode: Mapped[str | None] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()


class RoleRow(Row):
    __tablename__ = "roles"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(String(50), unique=True)
    description: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()


class UserRow(Row):
    __tablename__ = "users"

    id: Mapped[int] = _id()
    email: Mapped[str] = mapped_column(String(255), unique=True)
    username: Mapped[str] = mapped_column(String(100), unique=True)
    hashed_password: Mapped[str] = mapped_column(String(255))
    full_name: Mapped[str] = mapped_column(String(255))
    hall_ticket_number: Mapped[str | None] = mapped_column(String(50), unique=True)
    date_of_birth: Mapped[date | None]
    security_question: Mapped[str | None] = mapped_column(String(255))
    security_answer_hash: Mapped[str | None] = mapped_column(String(255))
    trade_id: Mapped[int | None] = mapped_column(ForeignKey(TradeRow.id), index=True)
    center_id: Mapped[int | None] = mapped_column(ForeignKey(CenterRow.id), index=True)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    is_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()
    last_login: Mapped[datetime | None]

    trade: Mapped[TradeRow | None] = relationship(lazy="raise")
    center: Mapped[CenterRow | None] = relationship(lazy="raise")
    roles: Mapped[list[RoleRow]] = relationship(
        lazy="raise", secondary=lambda: user_roles, order_by=RoleRow.id
    )

    __table_args__ = (Index("ix_users_email_lower", func.lower(email)),)


user_roles: Table = Table(
    "user_roles",
    METADATA,
    Column("user_id", ForeignKey(UserRow.id, ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey(RoleRow.id), primary_key=True, index=True),
)


class AssignmentRow(Row):
    """Who watches or marks an exam; exams are attempts' and known here by id only."""

    __tablename__ = "assignments"

    exam_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[str] = mapped_column(String(10), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey(UserRow.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    assigned_by_id: Mapped[int]
    assigned_at: Mapped[datetime] = _now()

    __table_args__ = (CheckConstraint("role IN ('proctor', 'grader')", name="role"),)


class LoginRow(Row):
    """A signed-in stay: the family of all tokens that come from one login."""

    __tablename__ = "logins"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(UserRow.id, ondelete="CASCADE"), index=True)
    method: Mapped[str] = mapped_column(String(20))
    opened_at: Mapped[datetime] = _now()
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(20))

    __table_args__ = (
        CheckConstraint("method IN ('password', 'hall_ticket', 'oidc')", name="method"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended"),
    )


class RefreshTokenRow(Row):
    """One link of a login's chain: good until it is spent, then it names its successor.

    Everything that a token says can be made again from its row (signatures are deterministic), so
    the same successor can be given twice.
    """

    __tablename__ = "refresh_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    login_id: Mapped[UUID] = mapped_column(ForeignKey(LoginRow.id, ondelete="CASCADE"), index=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]
    successor_id: Mapped[UUID | None]

    __table_args__ = (CheckConstraint("(spent_at IS NULL) = (successor_id IS NULL)", name="spent"),)


class RevocationRow(Row):
    """What the other services must refuse although it is signed and not expired."""

    __tablename__ = "revocations"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    login_id: Mapped[UUID | None] = mapped_column(unique=True)
    user_id: Mapped[int | None]
    revoked_at: Mapped[datetime]
    forget_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (
        CheckConstraint("(login_id IS NULL) <> (user_id IS NULL)", name="one_subject"),
    )


class TryRow(Row):
    """Failed logins per way in and account; slots below zero count names that are nobody's."""

    __tablename__ = "login_tries"

    method: Mapped[str] = mapped_column(String(20), primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    failure_count: Mapped[int] = mapped_column(server_default=text("0"))
    counted_at: Mapped[datetime | None] = mapped_column(index=True)
    blocked_until: Mapped[datetime | None]


class SecondFactorRow(Row):
    """A TOTP secret, sealed as signing keys are; it guards the account once it is confirmed."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(
        ForeignKey(UserRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = _now()
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)


class RecoveryCodeRow(Row):
    """One of ten ways in without the device; only its hash, and when it was used."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[int] = mapped_column(
        ForeignKey(UserRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime | None]


class ChallengeRow(Row):
    """Somebody between two steps of signing in; of what he holds only the hash."""

    __tablename__ = "challenges"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int] = mapped_column(ForeignKey(UserRow.id, ondelete="CASCADE"), index=True)
    method: Mapped[str] = mapped_column(String(20))
    browser_hash: Mapped[str | None] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (
        CheckConstraint("purpose IN ('exchange', 'code', 'enrolment')", name="purpose"),
        CheckConstraint(
            "(purpose = 'exchange') = (browser_hash IS NOT NULL)", name="exchange_has_browser"
        ),
    )


class OidcFlowRow(Row):
    """A browser that was sent to the identity provider and has not come back yet."""

    __tablename__ = "oidc_flows"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    nonce: Mapped[str] = mapped_column(String(64))
    code_verifier: Mapped[str] = mapped_column(String(128))
    return_path: Mapped[str] = mapped_column(String(500))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class OidcLinkRow(Row):
    """Whose account an identity is: one of each provider for an account."""

    __tablename__ = "oidc_links"

    issuer: Mapped[str] = mapped_column(String(500), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(UserRow.id, ondelete="CASCADE"), index=True)
    granted_roles: Mapped[list[str]] = mapped_column(ARRAY(String(50)), server_default=text("'{}'"))
    linked_at: Mapped[datetime] = _now()
    last_used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("user_id", "issuer"),)


class SigningKeyRow(Row):
    """A key pair; the private half is sealed with a secret that the database never sees."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(String(43), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_private_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = _now()
    activated_at: Mapped[datetime | None]
    forget_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state IN ('active', 'next', 'retired')", name="state"),
        CheckConstraint("(state = 'retired') = (forget_at IS NOT NULL)", name="retired"),
        Index(
            "uq_signing_keys_active", "state", unique=True, postgresql_where=text("state='active'")
        ),
        Index("uq_signing_keys_next", "state", unique=True, postgresql_where=text("state='next'")),
    )


class AuditLogRow(AuditColumns, Row):
    """Append-only: the service's role may insert and read."""

    __tablename__ = "audit_logs"
    __table_args__ = (UniqueConstraint("chain", "place"),)

    subject_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    slot: Mapped[int | None] = mapped_column(BigInteger)


OUTBOX = outbox_table(METADATA, SCHEMA)
