"""The whole platform as an object, for tests that look at it from outside and break it.

It is the same supervisor that `oep up` runs, on a thread of its own, with a temporary state folder
and free ports. Every method blocks: from an async test call it with `asyncio.to_thread`.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

from oep_local import control, ports
from oep_local.access import Access
from oep_local.errors import RunnerError
from oep_local.hosting import host
from oep_local.layout import Layout
from oep_local.parts import Stage
from oep_local.plan import stages as all_stages
from oep_local.prepared import Prepared
from oep_local.seeding import seed_task
from oep_local.state import PREPARED, State

START_SECONDS = 180


class Platform:
    """One running OEP: `with Platform(folder) as platform: …`."""

    def __init__(
        self,
        folder: Path,
        replicas: Mapping[str, int] | None = None,
        *,
        seed: bool = True,
        stages: Callable[[Layout], Sequence[Stage]] | None = None,
    ) -> None:
        """`stages` replaces the programs, for tests of the runner itself."""
        self.layout = Layout(State(folder), ports.free_plan(), dict(replicas or {}))
        self.steps: list[str] = []
        self._seed, self._is_whole = seed, stages is None
        self._stages = stages or (
            lambda layout: all_stages(layout, seed_task(layout) if seed else None)
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="oep-platform", daemon=True)
        self._ready: Future[None] = Future()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start everything and wait until it is ready; raises what stopped it."""
        if self._is_whole and PREPARED in os.environ:
            beginnings = Prepared(Path(os.environ[PREPARED]))
            with ThreadPoolExecutor(1) as apart:  # a loop may run in this thread
                apart.submit(beginnings.lay, self.layout.state, seed=self._seed).result()
        self._thread.start()
        self._ready.result(START_SECONDS)
        return self

    def stop(self) -> None:
        """Stop everything; no process is left."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread.ident is not None:  # else it never came to be started
            self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._host())
        except BaseException as failure:  # noqa: BLE001  # it belongs to whoever waits in `start`
            if not self._ready.done():
                self._ready.set_exception(failure)

    async def _host(self) -> None:
        self._loop = asyncio.get_running_loop()
        ready = self._ready
        await host(
            self.layout, self._stages, self._stop, self.steps.append, lambda: ready.set_result(None)
        )

    # What it offers

    @property
    def state(self) -> State:
        return self.layout.state

    @property
    def url(self) -> str:
        """The gateway's address."""
        return f"http://127.0.0.1:{self.layout.ports.of('gateway')}"

    @property
    def ws_url(self) -> str:
        """The gateway's address for sockets."""
        return self.url.replace("http", "ws", 1)

    @property
    def nats_url(self) -> str:
        """Return the addresses of all servers, comma separated."""
        return self.layout.nats_url

    @property
    def database(self) -> Access:
        """The way into the database: `.url(role)`, `.psql(arguments, role)`."""
        return self.layout.access

    def service_url(self, name: str, replica: int = 1) -> str:
        """Return a service's own REST address, past the gateway."""
        return f"http://127.0.0.1:{self.layout.ports.of(name, replica)}"

    def grpc_address(self, name: str, replica: int = 1) -> str:
        return f"127.0.0.1:{self.layout.ports.of(f'{name}_grpc', replica)}"

    def environment(self, service: str) -> dict[str, str]:
        """Return what `python -m <service> migrate|import` needs."""
        return self.layout.environment_of_deeds(service)

    def psql(self, query: str, role: str = "exam_user") -> str:
        """Run one query as people do and return psql's aligned text."""
        return self.database.psql(["-c", query], role)

    def rows(self, query: str, role: str = "postgres") -> list[list[str]]:
        """Run one query and return its rows as text."""
        text = self.database.psql(["-At", "-F", "\t", "-c", query], role)
        return [line.split("\t") for line in text.splitlines()]

    def log(self, label: str) -> str:
        """Everything a process has said so far."""
        return self.state.log(label).read_text(errors="replace")

    # What can be done to it; `target` is a name (all replicas) or name#n

    def kill(self, target: str, *, hold: bool = False) -> None:
        """SIGKILL; it starts again by itself, unless held until `cont`."""
        control.kill(self.state, target, hold=hold)

    def suspend(self, target: str) -> None:
        """SIGSTOP: alive, connected and silent, until `cont`."""
        control.signal_parts(self.state, target, signal.SIGSTOP)

    def cont(self, target: str) -> None:
        """SIGCONT, and the end of a hold."""
        control.cont(self.state, target)

    def term(self, target: str) -> None:
        """Ask for a clean end; it starts again by itself."""
        control.signal_parts(self.state, target, signal.SIGTERM)

    def wait_ready(self, target: str, timeout_seconds: float = 60) -> None:
        """Wait until the target is ready (again)."""
        control.wait_ready(self.state, target, timeout_seconds)

    def restart(self, target: str) -> None:
        """Kill and wait until it is back."""
        self.kill(target)
        self.wait_ready(target)

    def heal(self) -> None:
        """Undo every hold and suspension and wait until all is ready; for a fixture's end."""
        labels = list(self.state.read_run()["parts"])
        for label in labels:
            self.cont(label)
        for label in labels:
            self.wait_ready(label)
        if not labels:
            raise RunnerError("Nothing runs")
