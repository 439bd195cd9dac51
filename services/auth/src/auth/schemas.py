"""What goes over REST: bodies that are checked strictly, shapes that hold exactly contract §2.4."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from chassis.audit_api import EntryBody
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from auth.accounts import EMAIL_PATTERN, Account
from auth.enrolling import Report
from auth.entering import Pair, SignedIn
from auth.people import NOBODYS_PASSWORD, AssignableRole, RoleName
from auth.sheet import OnExisting, Outcome


def _without_nul(text: str) -> str:
    # Postgres stores no NUL; nobody's name or answer has one.
    if "\x00" in text:
        message = "must not contain a NUL character"
        raise ValueError(message)
    return text


Line = Annotated[str, Field(max_length=1_000), AfterValidator(_without_nul)]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)


class PasswordLogin(_Body):
    username: Line = Field(description="User name or e-mail address")
    password: Line


class HallTicketLogin(_Body):
    hall_ticket_number: Annotated[Line, Field(min_length=5, max_length=50)]
    date_of_birth: Line = Field(description="DD/MM/YYYY")
    security_answer: Annotated[Line, Field(min_length=1)]


class Refresh(_Body):
    refresh_token: Annotated[str, Field(max_length=8_192)]


class Logout(_Body):
    refresh_token: Annotated[str, Field(max_length=8_192)] | None = None


Name = Annotated[Line, Field(min_length=1, max_length=100)]
LongName = Annotated[Line, Field(min_length=1, max_length=255)]
Email = Annotated[LongName, Field(pattern=EMAIL_PATTERN)]
HallTicket = Annotated[Line, Field(min_length=5, max_length=50)]
Secret = Annotated[Line, Field(min_length=1)]
BirthDate = Annotated[date, Field(strict=False)]
Role = Annotated[RoleName, Field(strict=False)]
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class _Person(_Body):
    model_config = ConfigDict(extra="forbid")

    hall_ticket_number: HallTicket | None = None
    date_of_birth: BirthDate | None = None
    security_question: LongName | None = None
    security_answer: Secret | None = None
    center_id: Id | None = None
    trade_id: Id | None = None

    def columns(self) -> dict[str, Any]:
        """Return what is given, without the roles; secrets are still plain."""
        return self.model_dump(exclude_unset=True, exclude={"roles"})


class PersonIn(_Person):
    email: Email
    username: Name
    full_name: LongName
    password: Secret | None = None
    roles: list[Role] = []
    is_active: bool = True
    is_verified: bool = False

    def columns(self) -> dict[str, Any]:
        """Return what is given; without a password none will do."""
        return {"hashed_password": NOBODYS_PASSWORD} | super().columns()


class PersonChange(_Person):
    """Only what is given changes; null is for what may be missing."""

    email: Email = ""
    username: Name = ""
    full_name: LongName = ""
    password: Secret = ""
    roles: list[Role] | None = None
    is_active: bool = True
    is_verified: bool = False


class ErasureIn(_Body):
    """`reason` is kept in the audit for good: no names."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Line, Field(min_length=3)]


class CenterIn(_Body):
    model_config = ConfigDict(extra="forbid")

    name: LongName
    code: Annotated[Line, Field(min_length=1, max_length=50)]
    address: Annotated[Line, Field(max_length=500)] | None = None
    city: Annotated[Line, Field(max_length=100)] | None = None
    state: Annotated[Line, Field(max_length=100)] | None = None
    pincode: Annotated[Line, Field(max_length=20)] | None = None
    district: Annotated[Line, Field(max_length=100)] | None = None
    is_active: bool = True


class _Shape(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class RoleShape(_Shape):
    id: int
    name: str
    description: str | None
    created_at: datetime


class CenterShape(_Shape):
    id: int
    name: str
    code: str
    address: str | None
    city: str | None
    state: str | None
    pincode: str | None
    district: str | None
    is_active: bool
    created_at: datetime


class TradeShape(_Shape):
    id: int
    name: str
    code: str
    description: str | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


class AuditEntryShape(EntryBody):
    subject_id: int | None


class ImportedRow(_Shape):
    row: int
    username: str
    outcome: Outcome
    messages: list[str]
    user_id: int | None


class ImportReport(BaseModel):
    dry_run: bool
    on_existing: OnExisting
    added: int
    updated: int
    unchanged: int
    skipped: int
    refused: int
    rows: list[ImportedRow]

    @classmethod
    def of(cls, report: Report) -> Self:
        counts = {outcome.value: report.count(outcome) for outcome in Outcome}
        return cls(
            dry_run=report.is_dry_run,
            on_existing=report.on_existing,
            rows=[ImportedRow.model_validate(row) for row in report.rows],
            **counts,
        )


class AssignmentShape(_Shape):
    exam_id: int
    role: AssignableRole
    user_id: int


class ColleagueShape(_Shape):
    """Who has to do with an exam: no more of him than colleagues need to name him."""

    id: int
    full_name: str
    roles: list[RoleName] = Field(description="In which he has to do with this exam")


class User(_Shape):
    id: int
    email: str
    username: str
    full_name: str
    is_active: bool
    is_verified: bool
    created_at: datetime
    last_login: datetime | None
    roles: list[RoleShape]
    center: CenterShape | None
    hall_ticket_number: str | None
    trade: TradeShape | None

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls.model_validate(account)


class Tokens(BaseModel):
    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # a word, not a token

    @classmethod
    def of_pair(cls, pair: Pair) -> Self:
        return cls(access_token=pair.access_token, refresh_token=pair.refresh_token)


class LoggedIn(Tokens):
    user: User

    @classmethod
    def of(cls, signed_in: SignedIn) -> Self:
        return cls(
            access_token=signed_in.pair.access_token,
            refresh_token=signed_in.pair.refresh_token,
            user=User.of(signed_in.account),
        )


Code = Annotated[Line, Field(min_length=1, max_length=100)]
"""Of an authenticator, or a recovery code; blanks and dashes do not matter."""
Token = Annotated[Line, Field(min_length=1, max_length=100)]


class CodeIn(_Body):
    code: Code


class ChallengeIn(_Body):
    """`challenge` is what the refusal `second-factor-due` carries."""

    challenge: Token


class SecondStep(ChallengeIn):
    """`challenge` is what the refusal of the first step carries."""

    code: Code


class OidcCode(_Body):
    """`code` is what the browser came back to the page with."""

    code: Token


class IdentityIn(_Body):
    """`subject` is what the identity provider calls the person, as its claim `sub`."""

    model_config = ConfigDict(extra="forbid")

    subject: Annotated[Line, Field(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$")]


class SecretShape(_Shape):
    """For an authenticator, by hand or as a picture of the address; shown once."""

    secret: str
    otpauth_uri: str


class SecondFactorShape(_Shape):
    is_on: bool
    is_demanded: bool = Field(description="Whether a role of the user needs a second factor")
    confirmed_at: datetime | None
    recovery_codes_left: int


class RecoveryCodes(BaseModel):
    recovery_codes: list[str] = Field(description="Ten, each good once; shown once")


class LoggedInEnrolled(LoggedIn):
    recovery_codes: list[str] = Field(description="Ten, each good once; shown once")


class OidcShape(BaseModel):
    is_on: bool
    name: str = Field(description="What the button for it says")


class LoggedOut(BaseModel):
    message: str = "Logged out"


class Jwk(BaseModel):
    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str


class Jwks(BaseModel):
    keys: list[Jwk]
