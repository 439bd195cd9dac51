"""What an installation decides about proctoring: its neighbour, its proxies, its bounds."""

from typing import Annotated, Any, Literal, Self

from chassis.settings import Addresses, DatabaseSettings
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

About = Literal["extra_time", "result", "appeal"]
STANDARD_SECONDS = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""The example that Standard Webhooks gives: ten tries within three days and a bit."""


class Settings(DatabaseSettings):
    """Read from the environment by `__main__`; see the README's table."""

    attempts_grpc: str
    """Address of attempts; several replicas comma-separated."""
    auth_grpc: str
    """Address of auth, which knows who is assigned to which exam."""
    attempts_seconds: float = Field(default=2.0, gt=0, le=30)
    """How long attempts may take to answer for one group."""
    evidence_signing_secret: SecretStr = Field(min_length=32)
    """What the key that signs evidence is derived from; the same for all replicas."""
    evidence_sweep_seconds: float = Field(default=3_600.0, ge=1)
    """How long between two looks for ended attempts whose chain is not sealed to its end."""

    acting_seconds: float = Field(default=10.0, gt=0, le=20)
    """How long attempts may take to carry out an action on up to 500 attempts."""

    intake_capacity: int = Field(default=5_000, ge=500)
    """Events and timings that may wait; one more is answered 503."""
    intake_group_size: int = Field(default=1_000, ge=1, le=1_000)
    """Events and timings written in one transaction; a batch is never split."""
    intake_groups_in_flight: int = Field(default=2, ge=1, le=8)
    """Groups of a hundred and more written at once; smaller ones are written one by one, so that
    the next one grows. One more is asked about meanwhile. Never two for one attempt."""
    intake_patience_seconds: float = Field(default=5.0, gt=0)
    """Longest wait before being taken up; then 503, nothing stored. Well below the 10 s that a
    request has in all."""

    snapshots_place: str | None = None
    """Where pictures lie: a folder that all replicas share, or s3://bucket/prefix. None: nowhere,
    and none are taken in."""
    snapshots_s3_endpoint: str | None = None
    """Address of the S3 server; None: that of Amazon in the region."""
    snapshots_s3_region: str = "us-east-1"
    snapshots_s3_key_id: str | None = None
    """Without it the machine's own rights are used."""
    snapshots_s3_secret: SecretStr | None = None
    snapshots_per_attempt: int = Field(default=1_500, ge=1, le=100_000)
    """Pictures that are kept of an attempt; one more is answered 429."""
    snapshots_late_seconds: float = Field(default=900.0, ge=0)
    """How long after a submit what was taken before it may arrive."""
    snapshots_at_once: int = Field(default=16, ge=1, le=256)
    """Uploads that may be held in memory, half a MiB each; one more is answered 503."""
    snapshots_sweep_seconds: float = Field(default=60.0, gt=0)
    """Between two looks for files that nothing refers to any more."""

    webhooks_trusted_hosts: Addresses = ()
    """Hosts that webhooks may go to without TLS and at private addresses, comma separated: those of
    the installation itself. All others need https and a public address."""
    webhooks_ca_file: str | None = None
    """Certificate authorities that receivers' certificates may have beside the public ones."""
    webhooks_seconds: float = Field(default=15.0, gt=0, le=60)
    """How long a receiver may take to answer."""
    webhooks_retry_seconds: Annotated[tuple[float, ...], NoDecode] = STANDARD_SECONDS
    """From one try to the next, comma separated; jitter is added. After the last one a message is
    given up."""
    webhooks_at_once: int = Field(default=32, ge=1, le=500)
    """Messages that are being sent at the same moment by one process."""
    webhooks_each: int = Field(default=8, ge=1, le=100)
    """How many of them to one receiver."""
    mail_host: str | None = None
    """The SMTP server that mail to students is handed to; None: no mail is sent."""
    mail_port: int = Field(default=587, ge=1, le=65_535)
    mail_tls: Literal["starttls", "implicit", "none"] = "starttls"
    """none: only for a server on the same machine; then nobody signs in."""
    mail_user: str | None = None
    mail_password: SecretStr | None = None
    mail_ca_file: str | None = None
    """Certificate authorities that the server's certificate may have beside the public ones."""
    mail_from: str = ""
    """Who writes: an address."""
    mail_language: Literal["en", "hi"] = "en"
    """The language of mails: nobody's own is known."""
    mail_about: Annotated[tuple[About, ...], NoDecode] = ("extra_time", "result", "appeal")
    """What mails are sent about, comma separated."""
    mail_seconds: float = Field(default=30.0, gt=0, le=120)
    """How long handing one over may take."""
    mail_retry_seconds: Annotated[tuple[float, ...], NoDecode] = (60, 300, 1_800, 7_200, 21_600)
    """From one try to the next where the server says 4xx or is away; then it is given up."""
    mail_at_once: int = Field(default=4, ge=1, le=50)
    """Mails that are being handed over at the same moment by one process."""
    public_url: str = Field(default="http://localhost:8000", pattern=r"^https?://[^/?#]+$")
    """Where browsers reach the platform, without a path: stands in every mail."""
    outgoing_days: float = Field(default=30.0, ge=4, le=3_650)
    """How long what left is kept, and can be told again."""
    outgoing_look_seconds: float = Field(default=2.0, gt=0, le=60)
    """Between two looks for what is due, or for somebody to tell; what this process itself does is
    known at once."""

    review_decision_days: float = Field(default=14.0, gt=0, le=3_650)
    """How long after its opening a review should be decided; later ones are listed as overdue."""
    review_appeal_days: float = Field(default=14.0, gt=0, le=3_650)
    """How long after a decision, which is announced at once, its student may appeal."""
    review_appeal_decision_days: float = Field(default=14.0, gt=0, le=3_650)
    """How long after an appeal it should be decided."""
    review_clock_seconds: float = Field(default=30.0, gt=0)
    """How often reviews are closed whose time for an appeal is over."""

    retention_is_on: bool = True
    """Whether what is due is removed by itself; runs by hand work all the same."""
    retention_events_days: int = Field(default=180, ge=1, le=36_500)
    """How long payloads of events are kept after the end of a sitting, unless an exam says else."""
    retention_network_days: int = Field(default=90, ge=1, le=36_500)
    """How long addresses and user agents are kept."""
    retention_snapshots_days: int = Field(default=90, ge=1, le=36_500)
    """How long pictures are kept."""
    retention_interval_seconds: float = Field(default=600.0, gt=0)
    """Between two looks for what is due."""

    @field_validator(
        "webhooks_trusted_hosts",
        "webhooks_retry_seconds",
        "mail_about",
        "mail_retry_seconds",
        mode="before",
    )
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(word.strip() for word in value.split(",") if word.strip())

    @field_validator("mail_host", "mail_user", "mail_password", "mail_ca_file", mode="before")
    @classmethod
    def _absent(cls, value: Any) -> Any:
        return value or None

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> Self:
        if self.mail_host is None:
            return self
        if not self.mail_from:
            raise ValueError("MAIL_HOST wants MAIL_FROM, too")
        if (self.mail_user is None) != (self.mail_password is None):
            raise ValueError("MAIL_USER and MAIL_PASSWORD go together: both or none")
        if self.mail_tls == "none" and self.mail_user is not None:
            raise ValueError("MAIL_TLS=none would send MAIL_PASSWORD for everybody to read")
        return self
