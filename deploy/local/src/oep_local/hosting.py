"""Hosts one platform from first check to last process gone; the same for a terminal and a test.

Nothing is started before every port is free and every folder usable; whatever an earlier
supervisor left behind is ended first.
"""

import asyncio
import contextlib
import os
import resource
from collections.abc import Callable, Sequence

from oep_local import control, ports
from oep_local.layout import Layout
from oep_local.parts import Stage
from oep_local.supervisor import Supervisor

Report = Callable[[str], None]


async def host(
    layout: Layout,
    stages: Callable[[Layout], Sequence[Stage]],
    stop: asyncio.Event,
    report: Report,
    when_ready: Callable[[], None],
) -> None:
    """Run the platform until `stop` is set; raises RunnerError with everything stopped again."""
    state = layout.state.open()
    with state.lock():
        for label in control.clean_up(state):
            report(f"{label}: left over from a run that was killed, ended")
        ports.refuse_taken(layout.wanted_ports())
        state.rotate_logs()
        _raise_file_limit()
        about = {**layout.about(), "pid": os.getpid()}
        supervisor = Supervisor(stages(layout), state, about, report)
        starting = asyncio.create_task(supervisor.start())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                when_ready()
                await stopping
        finally:
            await _cancel(starting, stopping)
            await supervisor.stop()


async def _cancel(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _raise_file_limit() -> None:
    """Allow as many sockets as the system lets us have; every child inherits it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
