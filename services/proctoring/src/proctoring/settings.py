"""What an installation decides about proctoring: its neighbour, its proxies, its bounds."""

from chassis.settings import DatabaseSettings
from pydantic import Field, SecretStr


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
