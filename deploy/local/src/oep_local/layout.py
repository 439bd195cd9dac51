"""What the platform consists of: which programs, in which order, with which environment.

The only module of the runner that knows the services by name. It describes; the supervisor runs.
"""

import http.client
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from oep_local import processes, wheels
from oep_local.access import SERVICES as STORED
from oep_local.access import Access
from oep_local.ports import LOOPBACK, PortPlan
from oep_local.processes import Command
from oep_local.state import ROOT, State
from oep_local.tls import Pair

SERVICES = (*STORED, "realtime")
PAGES = ROOT / "web"
GENERATOR = ROOT / "deploy" / "gateway" / "generate.py"
# A service closes its sockets in slices for this long; the supervisor's patience is longer.
SHUTDOWN_SECONDS = "2"
# The gateway asks every 2 s who is ready. Who has no replica has nobody to leave the work to.
LEAVING_SECONDS = "3"
ON_DEMAND = ("web", "prometheus", "grafana", "traces")
# Of requests that do not ask to be traced: enough to find one, little enough for a laptop.
TRACES_SHARE = "0.05"
MAIL = (
    *("MAIL_HOST", "MAIL_PORT", "MAIL_TLS", "MAIL_USER", "MAIL_PASSWORD", "MAIL_CA_FILE"),
    *("MAIL_FROM", "MAIL_LANGUAGE", "MAIL_ABOUT"),
)
"""What proctoring is told of mail, where whoever starts the platform says it."""
BUILD_SECONDS = 300
# What whoever starts the platform decides about signing in (docs/how-to/single-sign-on.md).
DECIDED = ("OIDC_", "SECOND_FACTOR_")
# Where Vite serves pages that somebody is working on, and where the existing client does.
DEVELOPERS = tuple(f"http://localhost:{port}" for port in range(5173, 5177))


@dataclass(frozen=True)
class Layout:
    """Where one installation keeps what and listens where."""

    state: State
    ports: PortPlan
    replicas: Mapping[str, int]
    tls: Pair | None = None
    """What the public door shows; without it the door speaks plainly."""
    interpreters: dict[str, Path] = field(default_factory=dict)
    resting: set[tuple[str, int]] = field(default_factory=set)
    """Services and replicas of which the gateway is not told, as of one that is about to end."""
    """Services that another Python runs from their next start on: a release built apart."""

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def url(self) -> str:
        """The public address."""
        return f"{self.scheme}://localhost:{self.ports.of('gateway')}"

    @property
    def access(self) -> Access:
        """The way into the database."""
        return Access(self.ports.of("postgres"), self.state.secrets())

    def about(self) -> dict[str, object]:
        """Describe the layout for run.json, from which `read` makes it again."""
        return {
            "url": self.url,
            "ports": dict(self.ports.by_name),
            "replicas": dict(self.replicas),
            "tls": asdict(self.tls) if self.tls else None,
        }

    @classmethod
    def read(cls, state: State) -> "Layout":
        """Return the layout of the platform that runs in `state`."""
        run = state.read_run()
        tls = Pair(**run["tls"]) if run.get("tls") else None
        return cls(state, PortPlan(run["ports"]), run["replicas"], tls)

    def count(self, name: str) -> int:
        """Return how many of it run: one unless said otherwise; some must be asked for."""
        return self.replicas.get(name, 0 if name in ON_DEMAND else 1)

    @property
    def traces(self) -> Path:
        """Where spans are written when `traces` are asked for."""
        return self.state.root / "traces"

    @property
    def origins(self) -> list[str]:
        """The pages that may call: those that the gateway hands out, and a developer's own."""
        port = self.ports.of("gateway")
        own = [f"{self.scheme}://{host}:{port}" for host in ("localhost", LOOPBACK)]
        return [*own, *DEVELOPERS]

    def addresses(self, name: str, port: str | None = None) -> str:
        """Return the addresses of all replicas, comma separated."""
        replicas = range(1, self.count(name) + 1)
        return ",".join(f"{LOOPBACK}:{self.ports.of(port or name, n)}" for n in replicas)

    def _asked(self, name: str) -> str:
        """Return the addresses that the gateway sends requests to."""
        asked = [n for n in range(1, self.count(name) + 1) if (name, n) not in self.resting]
        return ",".join(f"{LOOPBACK}:{self.ports.of(name, n)}" for n in asked)

    @property
    def nats_url(self) -> str:
        """The addresses of all servers of the bus, comma separated."""
        return ",".join(f"nats://{place}" for place in self.addresses("nats").split(","))

    def wanted_ports(self) -> list[tuple[str, int]]:
        """Name every port that must be free."""
        return [
            (name if n == 1 else f"{name}#{n}", self.ports.of(name, n))
            for name in self.ports.by_name
            if name != "nats_cluster" or self.count("nats") > 1
            for n in range(1, self.count(_owner(name)) + 1)
        ]

    def environment(self, service: str, replica: int = 1) -> dict[str, str]:
        """Return what a running service is told; it cannot change its tables."""
        secrets = self.state.secrets()
        found = {
            **processes.base_environment(),
            "HOST": LOOPBACK,
            "REST_PORT": str(self.ports.of(service, replica)),
            "NATS_URL": self.nats_url,
            "NATS_REPLICAS": str(self.count("nats")),
            "JWKS_URL": f"http://{LOOPBACK}:{self.ports.of('auth')}/.well-known/jwks.json",
            "TOKEN_ISSUER": "oep",
            "ALLOWED_ORIGINS": ",".join(self.origins),
            "NODE_ID": f"{service}-{replica}",
            "LEAVING_SECONDS": LEAVING_SECONDS if self.count(service) > 1 else "0",
            "SHUTDOWN_SECONDS": SHUTDOWN_SECONDS,
            **{f"{name.upper()}_GRPC": self.addresses(name, f"{name}_grpc") for name in STORED},
        }
        if self.count("traces"):
            found |= {"TRACES_TO": f"file:{self.traces}", "TRACES_SHARE": TRACES_SHARE}
        if service in STORED:
            found["GRPC_PORT"] = str(self.ports.of(f"{service}_grpc", replica))
            found["DATABASE_URL"] = self.access.url(f"{service}_app")
        if service == "auth":
            found |= {name: value for name, value in os.environ.items() if name.startswith(DECIDED)}
            found["SIGNING_KEY_SECRET"] = secrets["signing_key_secret"]
        if service == "attempts":
            found["RECEIPT_SIGNING_SECRET"] = secrets["receipt_signing_secret"]
            found["PUBLIC_URL"] = self.url
        if service == "proctoring":
            found["EVIDENCE_SIGNING_SECRET"] = secrets["evidence_signing_secret"]
            found["SNAPSHOTS_PLACE"] = str(self.state.root / "snapshots")
            found["PUBLIC_URL"] = self.url
            found["WEBHOOKS_TRUSTED_HOSTS"] = f"{LOOPBACK},localhost"
            found |= {name: os.environ[name] for name in MAIL if name in os.environ}
        return found

    def environment_of_deeds(self, service: str) -> dict[str, str]:
        """Return what `migrate` and `import` are told: a service's environment plus its owner."""
        owner = self.access.url(f"{service}_owner")
        return {**self.environment(service), "MIGRATION_DATABASE_URL": owner}

    def gateway_command(self) -> Command:
        """How the gateway is run; one worker does for a laptop."""
        config = ["-c", str(self.state.gateway), "--disable-hot-restart", "--concurrency", "1"]
        return Command(
            argv=(str(wheels.envoy()), *config, "--log-level", "warning"),
            environment=processes.base_environment(),
            folder=self.state.root,
        )

    def build_pages(self) -> None:
        """Have the pages built, if anything changed; takes a minute the first time."""
        made = Command((sys.executable, str(PAGES / "build.py")), dict(os.environ), ROOT)
        processes.run("the pages (web/build.py)", made, BUILD_SECONDS)

    def pages_command(self) -> Command:
        folder = ("--folder", str(PAGES / "dist"), "--port", str(self.ports.of("web")))
        trace = ("--trace",) if self.count("traces") else ()
        argv = (sys.executable, "-m", "oep_web", *folder, *trace)
        return Command(argv, processes.base_environment(), self.state.root)

    def write_gateway_config(self) -> None:
        """Have the gateway's own generator write its configuration for our addresses."""
        upstreams = [f"--upstream={name}={self._asked(name)}" for name in SERVICES]
        here = ["--host", LOOPBACK, "--port", str(self.ports.of("gateway"))]
        admin = ["--admin-host", LOOPBACK, "--admin-port", str(self.ports.of("gateway_admin"))]
        pages = [
            f"--openapi={GENERATOR.parent / 'openapi.json'}",
            f"--docs={GENERATOR.parent / 'docs.html'}",
        ]
        pages += [f"--origin={origin}" for origin in self.origins]
        upstreams.append(f"--upstream=web={self.addresses('web')}")
        live = ["--live", str(self.state.gateway_live)]
        if self.tls:
            live += ["--certificate", self.tls.certificate, "--private-key", self.tls.private_key]
        argv = (sys.executable, str(GENERATOR), *upstreams, *here, *admin, *pages, *live)
        made = Command(argv, processes.base_environment(), self.state.root)
        self.state.gateway.write_text(processes.run("the gateway's configuration", made))


def _owner(port_name: str) -> str:
    """Return whose port this is: `nats_monitor` is one of nats."""
    return "nats" if port_name.startswith("nats_") else port_name.removesuffix("_grpc")


def answers(port: int, path: str) -> bool:
    """Whether an HTTP server on loopback says 200; blocks for up to two seconds."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
