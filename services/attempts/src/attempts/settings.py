"""Settings of this service, read from the environment once, in `__main__`."""

from chassis.settings import DatabaseSettings
from pydantic import Field, SecretStr


class Settings(DatabaseSettings):
    rest_port: int = 8102
    grpc_port: int = 8202
    auth_grpc: str
    receipt_signing_secret: SecretStr = Field(min_length=32)
    """What the key that signs receipts is derived from; the same for all replicas."""
    names_timeout_seconds: float = Field(default=1.0, gt=0, le=10)
    """How long a staff list waits for names; afterwards it shows none."""
    clock_interval_seconds: float = Field(default=0.5, gt=0, le=2)
    grace_seconds: int = Field(default=300, ge=0)
    """How long after the deadline a submit still completes the attempt (contract §9.2)."""
    public_url: str = Field(default="http://localhost:8000", pattern=r"^https?://[^/?#]+$")
    """Where browsers reach the platform: what Safe Exam Browser hashes begins with it (ADR 60)."""
    opening_interval_seconds: float = Field(default=1.0, gt=0, le=60)
    """How often it is looked whether encrypted final answers wait to be opened."""
    opening_seconds: float = Field(default=180.0, gt=0, le=3600)
    """How long the key of one blob is sought; then it counts as unreadable."""
    opening_window_ms: int = Field(default=1_000, ge=0, le=10_000)
    """How far before the time that came with a blob its key is sought (contract §9.4)."""
