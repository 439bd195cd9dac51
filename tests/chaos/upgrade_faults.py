"""Every service goes from its previous release to today's, replica by replica, under load (30).

The tables are today's from the beginning, as in an upgrade, where migrations come first
(docs/runbook/upgrade.md). A release is built from its tag, with the dependencies that it had.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from oep_release import SERVICES
from oep_release.building import build
from oep_release.history import Repository

from chaos import gateway
from chaos.acts import until
from chaos.fault import Fault
from chaos.node_faults import all_are_back, is_another, pids
from chaos.run import Run

_GONE_SECONDS = 120.0
_ALLOWED_CODES = frozenset({1000, 4000})


@contextlib.asynccontextmanager
async def with_previous_releases(run: Run) -> AsyncIterator[None]:
    """Run every service as it was released last, if its code is another one today."""
    repository, running = Repository(), run.platform.layout.interpreters
    for service in SERVICES:
        release = await asyncio.to_thread(repository.previous, service)
        made = await asyncio.to_thread(build, repository, release)
        running[service] = made.python
        await asyncio.to_thread(run.platform.restart, service)
        run.words.append(f"from {release.tag}")
    try:
        yield
    finally:
        running.clear()


async def upgrade_everything(run: Run) -> None:
    """End each replica cleanly, in turn; it comes back as today's."""
    layout = run.platform.layout
    for service in SERVICES:
        del layout.interpreters[service]
        for number in range(1, layout.count(service) + 1):
            async with run.window():
                await _replaced(run, service, number)
    await until(lambda: all_are_back(run), _GONE_SECONDS)
    closes = run.boards_saw.closes + run.sitters_saw.closes
    if strange := {code: n for code, n in closes.items() if code not in _ALLOWED_CODES}:
        run.flaw(f"closes of an upgrade: {strange}")


async def _replaced(run: Run, service: str, number: int) -> None:
    """Take a replica out of the gateway's addresses first, if there is another one."""
    if run.platform.layout.count(service) == 1:
        await _anew(run, f"{service}#{number}")
        return
    async with gateway.without(run, service, number):
        await _anew(run, f"{service}#{number}")


async def _anew(run: Run, target: str) -> None:
    before = await asyncio.to_thread(pids, run, target)
    await asyncio.to_thread(run.platform.term, target)
    await until(lambda: is_another(run, target, before), _GONE_SECONDS)
    await asyncio.to_thread(run.platform.wait_ready, target, _GONE_SECONDS)


UPGRADE_FAULTS = (
    Fault(
        30,
        "every service upgraded",
        upgrade_everything,
        frozenset(),
        10,
        has_boards=True,
        sockets=200,
        beside=with_previous_releases,
    ),
)
