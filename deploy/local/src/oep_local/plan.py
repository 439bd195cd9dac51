"""The platform's programs in the order in which they start, each as a part or a task."""

import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial

from oep_local import nats as nats_server
from oep_local import observing
from oep_local.access import SERVICES as STORED
from oep_local.layout import SERVICES, Layout, answers
from oep_local.migrations import migrate
from oep_local.nats import NatsServer, Seat
from oep_local.parts import Part, Stage, Task, label
from oep_local.postgres import PostgresServer
from oep_local.processes import Command


def stages(layout: Layout, seed: Callable[[], None] | None = None) -> Sequence[Stage]:
    """Return the whole platform in the order in which it starts."""
    server, *tables = _tables(layout)
    services = [
        service(layout, name, replica)
        for name in SERVICES
        for replica in range(1, layout.count(name) + 1)
    ]
    return [
        [*server, *(nats(layout, n) for n in range(1, layout.count("nats") + 1))],
        *tables,
        [*services, *([pages(layout)] if layout.count("web") else [])],
        [gateway(layout)],
        observing.parts(layout),
        _demo(seed),
    ]


def stored(layout: Layout, seed: Callable[[], None] | None = None) -> Sequence[Stage]:
    """Return what makes the tables and fills them, without anything that serves."""
    return [*_tables(layout), _demo(seed)]


def _tables(layout: Layout) -> Sequence[Stage]:
    server = database_server(layout)
    migrations = [
        Task(f"migrate {name}", partial(migrate, layout, name, server)) for name in STORED
    ]
    make = Task("database exam_db and its roles", layout.access.make_database)
    return [[postgres(server)], [make], migrations]


def _demo(seed: Callable[[], None] | None) -> Stage:
    return [Task("demo data", seed)] if seed else []


def database_server(layout: Layout) -> PostgresServer:
    """Return the server that the layout asks for."""
    state, port = layout.state, layout.ports.of("postgres")
    return PostgresServer(state.pgdata, state.log("postgres"), port, state.secrets())


def postgres(server: PostgresServer) -> Part:
    """Describe the database server."""
    ready, port = server.access.is_ready, server.access.port
    return Part("postgres", 1, port, server.command, ready, prepare=server.prepare)


def nats(layout: Layout, number: int) -> Part:
    """Describe one server of the bus; a cluster has stores of its own beside that of one alone."""
    count, ports = layout.count("nats"), layout.ports
    port, monitor = ports.of("nats", number), ports.of("nats_monitor", number)
    log, store, seat = layout.state.log(label("nats", number)), layout.state.nats, None
    if count > 1:
        store = layout.state.root / f"nats-of-{count}" / str(number)
        seat = Seat(number, [ports.of("nats_cluster", n) for n in range(1, count + 1)])
    server = NatsServer(store, log, port, monitor, seat)
    ready, sick = (partial(ask, monitor) for ask in (nats_server.is_healthy, nats_server.is_sick))
    return Part("nats", number, port, server.command, ready, prepare=server.prepare, is_sick=sick)


def service(layout: Layout, name: str, replica: int) -> Part:
    """Describe one replica of a service."""
    port = layout.ports.of(name, replica)
    ready = partial(answers, port, "/health/ready")
    return Part(name, replica, port, partial(service_command, layout, name, replica), ready)


def service_command(layout: Layout, name: str, replica: int) -> Command:
    python = layout.interpreters.get(name, sys.executable)
    return Command(
        (str(python), "-m", name),
        layout.environment(name, replica),
        layout.state.root,
        end_signal=signal.SIGINT,
    )


def pages(layout: Layout) -> Part:
    """Describe the server of the pages; it builds them first, when they changed."""
    port = layout.ports.of("web")
    ready = partial(answers, port, "/health/ready")
    return Part("web", 1, port, layout.pages_command, ready, prepare=layout.build_pages)


def gateway(layout: Layout) -> Part:
    """Describe the only public door."""
    port = layout.ports.of("gateway")
    ready = partial(answers, layout.ports.of("gateway_admin"), "/ready")
    prepare = layout.write_gateway_config
    return Part("gateway", 1, port, layout.gateway_command, ready, prepare=prepare)
