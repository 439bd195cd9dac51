"""What an installation may choose, and the names that its parts have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

VERSION = "0.1.0"
SERVICES = ("auth", "attempts", "proctoring", "realtime")
PAGES = "web"  # hands out the pages below /app; an installation may do without
COMPOSE_UPSTREAMS = {name: [f"{name}:{8101 + n}"] for n, name in enumerate((*SERVICES, PAGES))}
# Our own pages, and those that somebody is working on (contract §2.1).
DEFAULT_ORIGINS = tuple(f"http://localhost:{port}" for port in (8000, 5173, 5174, 5175, 5176))
COMPOSE_FILES = "/etc/envoy"  # where the image has openapi.json and docs.html
ROUTES_FILE, CLUSTERS_FILE = "routes.yaml", "clusters.yaml"
KUBERNETES_LIVE = "/etc/oep/live"
KUBERNETES_TLS = "/etc/oep/tls/certificate.yaml"
KUBERNETES_STATS_PORT = 9902
ORIGIN = r"https?://[A-Za-z0-9.\-\[\]:]+"


@dataclass(frozen=True)
class Limits:
    """How much is let through; README.md has the reason of each number."""

    body_bytes: int = 1 << 20
    import_bytes: int = 10 << 20
    headers_kib: int = 32
    head_seconds: int = 10
    request_seconds: int = 120
    silence_seconds: int = 60
    connections: int = 200_000
    streams: int = 100
    address_burst: int = 50_000
    address_per_minute: int = 600_000
    login_burst: int = 10_000
    login_per_minute: int = 12_000
    account_burst: int = 5_000
    account_per_minute: int = 30_000
    counted_at_once: int = 100_000
    upstream_connections: int = 1_024
    upstream_requests: int = 4_096
    upstream_waiting: int = 4_096
    upstream_sockets: int = 100_000
    upstream_retries: int = 64


@dataclass(frozen=True)
class Gateway:
    """What differs between a laptop, compose and a cluster."""

    upstreams: Mapping[str, Sequence[str]] = field(default_factory=lambda: COMPOSE_UPSTREAMS)
    host: str = "0.0.0.0"
    port: int = 8000
    admin_host: str = "127.0.0.1"
    admin_port: int = 9901
    origins: Sequence[str] = DEFAULT_ORIGINS
    limits: Limits = field(default_factory=Limits)
    keys_seconds: int = 30  # how old the public keys may be; a removed one is refused after that
    openapi: str = f"{COMPOSE_FILES}/openapi.json"
    docs: str = f"{COMPOSE_FILES}/docs.html"
    live: str = ""
    """The folder where Envoy finds routes and clusters, to read them anew when they change."""
    tls: str = ""
    """The file that names the public certificate for Envoy, which reads it anew when it changes."""
    certificate: str = ""
    """Instead of `tls`: the certificate itself, read once; `private_key` belongs to it."""
    private_key: str = ""
    stats_port: int = 0
    """Where Prometheus reads what Envoy counts; nothing else of the admin port is there."""

    @property
    def speaks_tls(self) -> bool:
        return bool(self.tls or self.certificate)
