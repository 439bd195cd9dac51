"""Pytest plugin: real PostgreSQL, NATS and the whole platform for tests of every member.

Containers are taken when an engine answers and holds the images, the runner's own servers
otherwise; the header of the run says which, and OEP_INFRA=runner|containers forces. Everything
lives in a temporary folder on free ports, so several runs never meet, and ends with the session.
"""

import functools
import os
import secrets
import shutil
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]  # it has no stubs of its own
import psycopg2
import pytest

from oep_local import containers, ports, processes, unprivileged
from oep_local.access import ADMIN, ROLES, Access
from oep_local.errors import RunnerError
from oep_local.nats import NatsCluster, NatsServer, cluster
from oep_local.postgres import PostgresServer
from oep_local.state import PREPARED
from oep_local.wire import Wire

if TYPE_CHECKING:
    from oep_local.rig import Platform

SERVICES = ("auth", "attempts", "proctoring")


@dataclass(frozen=True)
class ServiceDatabase:
    """URLs of a fresh database, by whom they let in."""

    app_url: str
    owner_url: str
    admin_url: str
    exam_user_url: str


@functools.cache
def images() -> dict[str, str] | None:
    """Choose the container images to use; None means the runner's own servers."""
    choice = os.environ.get("OEP_INFRA", "")
    if choice not in {"", "runner", "containers"}:
        raise pytest.UsageError(f"OEP_INFRA={choice}: say runner or containers, or leave it out")
    found = None if choice == "runner" else containers.local_images()
    if choice == "containers" and found is None:
        raise pytest.UsageError(
            "OEP_INFRA=containers, but no container engine answers that holds the images"
            f" {containers.POSTGRES}… and {containers.NATS}…: start it and pull them"
        )
    return found


def pytest_configure(config: pytest.Config) -> None:
    """Let SIGTERM end a run like Ctrl-C does: with every fixture torn down.

    Processes that share the tests out have one place of what platforms begin with.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if PREPARED not in os.environ:
        place = unprivileged.temporary_place("oep-prepared-", unprivileged.account())
        os.environ[PREPARED] = str(place)
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(PREPARED), ignore_errors=True))


def pytest_report_header() -> str:
    found = images()
    return f"oep servers: {', '.join(found.values()) if found else 'the runner (wheel binaries)'}"


def random_passwords() -> dict[str, str]:
    """Make a password for every role of the database."""
    return {role: secrets.token_urlsafe(24) for role in (ADMIN, *ROLES)}


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """Make a folder for servers that even the database's own user can walk through."""
    folder = unprivileged.temporary_place("oep-tests-", unprivileged.account())
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(server_folder: Path) -> Iterator[Access]:
    """Start a PostgreSQL 18 on a free port; give tests a database of their own with `database`."""
    found = images()
    passwords = random_passwords()
    server: containers.PostgresContainer | PostgresServer
    if found:
        server = containers.PostgresContainer(found[containers.POSTGRES], passwords)
    else:
        port = ports.free_port()
        server = PostgresServer(
            server_folder / "pgdata", server_folder / "postgres.log", port, passwords
        )
    try:
        server.start()
        yield server.access
    finally:
        server.stop()


@pytest.fixture(scope="session")
def database(postgres_server: Access) -> Iterator[Callable[[str], ServiceDatabase]]:
    """Return a factory: `database("auth")` makes a fresh database with every role and schema."""
    made: list[str] = []

    def make(service: str) -> ServiceDatabase:
        if service not in SERVICES:
            raise RunnerError(f"No service {service!r} has a database; there are {SERVICES}")
        name = f"{service}_{uuid.uuid4().hex[:12]}"
        postgres_server.make_database(name)
        made.append(name)
        return ServiceDatabase(
            app_url=postgres_server.url(f"{service}_app", name),
            owner_url=postgres_server.url(f"{service}_owner", name),
            admin_url=postgres_server.url(ADMIN, name),
            exam_user_url=postgres_server.url("exam_user", name),
        )

    yield make
    for name in made:
        postgres_server.drop_database(name)


@pytest.fixture
def standstill(postgres_server: Access) -> Callable[[], AbstractContextManager[None]]:
    """Return what stops the server for the length of a block: it is there and answers nothing."""
    if images():
        pytest.skip("the server's processes are those of a container engine")

    @contextmanager
    def stopped() -> Iterator[None]:
        backend = psycopg2.connect(postgres_server.url(ADMIN, "postgres"))
        server = psutil.Process(backend.info.backend_pid).parent()
        backend.close()
        assert server is not None  # noqa: S101  # each backend is a child of the server
        members = processes.family(server.pid)
        try:
            for member in members:
                processes.send(member, signal.SIGSTOP)
            yield
        finally:
            for member in members:
                processes.send(member, signal.SIGCONT)

    return stopped


@pytest.fixture
def wire() -> Iterator[Callable[[str], Wire]]:
    """Return a factory: `wire(url)` leads to the server of a URL and counts round trips."""
    made: list[Wire] = []

    def lay(url: str) -> Wire:
        made.append(Wire(url))
        return made[-1]

    yield lay
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def nats_server(server_folder: Path) -> Iterator[NatsServer | containers.NatsContainer]:
    """Start a NATS with a fresh store: `.url`, `.stop()`, `.start()`, `.kill()`, `.wipe()`."""
    found = images()
    server: NatsServer | containers.NatsContainer
    if found:
        server = containers.NatsContainer(found[containers.NATS])
    else:
        server = NatsServer(
            server_folder / "nats",
            server_folder / "nats.log",
            ports.free_port(),
            ports.free_port(),
        )
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def nats_cluster(server_folder: Path) -> Iterator[NatsCluster]:
    """Start three NATS servers that keep everything together; `heal` them after breaking one.

    They are always the runner's own.
    """
    places = [(ports.free_port(), ports.free_port(), ports.free_port()) for _ in range(3)]
    servers = cluster(server_folder / "nats-cluster", places)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


@pytest.fixture(scope="session")
def platform(server_folder: Path) -> Iterator["Platform"]:
    """Start the whole platform once: demo data, free ports, two nodes of realtime."""
    # Imported late: most test runs never need the supervisor and all it knows.
    from oep_local.rig import Platform  # noqa: PLC0415

    running = Platform(server_folder / "platform", {"realtime": 2})
    try:
        yield running.start()
    finally:
        running.stop()
