"""What an installation can choose; units are in the names."""

from chassis.settings import ServiceSettings
from pydantic import Field


class RealtimeSettings(ServiceSettings):
    """Read from the environment in `__main__`. `node_id` must differ between the nodes."""

    auth_grpc: str
    """Address of auth; several replicas comma-separated."""
    attempts_grpc: str
    """Address of attempts."""
    proctoring_grpc: str
    """Address of proctoring."""
    drain_seconds: float = Field(default=30.0, ge=0)
    """The longest that a node takes to send its sockets away; few are sent away sooner."""
    socket_limit: int = Field(default=8, ge=8)
    """Sockets per user and attempt (contract §7.1: never below 8)."""
    broadcast_burst: int = Field(default=20, ge=1)
    """Frames that one broadcast socket may send at once; what exceeds it is answered."""
    broadcasts_per_second: float = Field(default=5.0, gt=0)
    """Frames that one broadcast socket may send in the long run."""
    student_burst: int = Field(default=200, ge=1)
    """Frames that one student's socket may send at once, pongs not counted; a page that comes back
    sends all its answers at once."""
    student_frames_per_second: float = Field(default=20.0, gt=0)
    """Frames that one student's socket may send in the long run."""
    planned_connections: int = Field(default=15_000, ge=1)
    """Sockets that this node is for; beyond it operators are told, nobody is refused."""
    unauthenticated_limit: int = Field(default=1_000, ge=1)
    """Sockets that may wait for their first frame, with the token, at once."""
    outbound_limit_bytes: int = Field(default=256 * 1024, ge=1_024)
    """What may wait unread by a student; a slower reader is cut (4008)."""
    board_limit_bytes: int = Field(default=8 * 1024 * 1024, ge=1_024)
    """The same for a board."""
    ring_messages: int = Field(default=50_000, ge=1)
    """Messages that are kept for those who come back."""
    ring_bytes: int = Field(default=64 * 1024 * 1024, ge=1_024)
    """What they may take in all."""
    warm_messages: int = Field(default=10_000, ge=0)
    """How far before the head a node begins to read an exam, so that its ring can serve."""
    linger_seconds: float = Field(default=30.0, ge=0)
    """For how long an exam is read on when its last socket here has left."""
    ping_seconds: float = Field(default=30.0, gt=0)
    """How often a frame `ping` is sent."""
    time_push_seconds: float = Field(default=8.0, gt=0, le=10)
    """How often the time is told unasked to sockets without `oep.v1`."""
    auth_seconds: float = Field(default=5.0, gt=0)
    """How long the first frame, with the token, may take."""
    board_check_seconds: float = Field(default=5.0, gt=0)
    """How often it is looked whether a board's proctor is still assigned to its exam."""
    admission_seconds: float = Field(default=3.0, gt=0)
    """How long a handshake waits for a neighbour that does not answer."""
    save_seconds: float = Field(default=5.0, gt=0)
    """How long attempts may take to store answers."""
    replay_seconds: float = Field(default=5.0, gt=0)
    """How long reading what was missed may take; then `resync`."""
    stale_seconds: float = Field(default=2.0, gt=0)
    """Behind the stream's end for longer, a node says that it is not up to date."""
    snapshot_shared_seconds: float = Field(default=1.0, ge=0)
    """How old the rows of a board may be, kept up to date by notices, for whoever opens it."""
    board_renew_seconds: float = Field(default=60.0, gt=0)
    """How often the rows of a board that is watched are read anew, for what no notice tells."""
    websocket_ping_seconds: float = Field(default=1.8, gt=0)
    """Who does not answer one is shown degraded, who does not answer two offline: within 3 times
    this, so that a lost student is seen in 6 s."""
    silence_seconds: float = Field(default=20.0, gt=0)
    """Who has said nothing for so long is dropped."""
    flush_seconds: float = Field(default=0.01, ge=0, le=0.25)
    """While frames follow each other, sockets are written to this often, not for each frame."""
