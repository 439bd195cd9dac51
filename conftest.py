"""Shares the tests out when several processes run them (`pytest -n 2`, which `make test` says).

Each process has servers of its own, so no test meets one of another process. What is costly to
start belongs to a folder or a file and goes to one process whole; it ends with them, too, because
a platform that idles takes a tenth of a core.
"""

from typing import Any

import pytest

# Folders whose tests share one platform.
WHOLE = ("tests/e2e", "tests/chaos", "tests/contract/gateway", "tests/browser", "tests/docs")
# Files and folders that share another one, in this order.
ONE_PLATFORM = (
    "deploy/local/tests/test_demo_platform.py",
    "deploy/local/tests/test_office.py",
    "tests/docs/test_commands.py",
    "tests/docs/test_real_frames.py",
    "deploy/local/tests/test_platform.py",
    "tests/contract/test_schemathesis.py",
    "tests/contract/policy",
    "tests/contract/test_abuse.py",
)
# Fixtures whose programs run as long as they live; a service's own of these names are cheap.
COSTLY = ("platform", "stack", "rig", "nats_cluster")
CHEAP = "services/"
# In this order, then the rest: the longest early, and beside them what mostly waits.
FIRST = (
    "tests/e2e",
    "tests/browser",
    *ONE_PLATFORM,
    "tests/chaos",
    "tests/load/test_harness.py",
    "services/realtime",
)

_running: dict[pytest.FixtureDef[Any], pytest.FixtureRequest] = {}


def unit_of(nodeid: str) -> str:
    """Return what goes to one process together with this test: its folder, its file or others."""
    file = nodeid.split("::", maxsplit=1)[0]
    if file.startswith(ONE_PLATFORM):
        return ONE_PLATFORM[0]
    return next((folder for folder in WHOLE if file.startswith(f"{folder}/")), file)


def turn_of(nodeid: str) -> int:
    """Return the place of a test's unit in the line; equal ones keep their order."""
    return next((n for n, start in enumerate(FIRST) if nodeid.startswith(start)), len(FIRST))


def is_shared_out(config: pytest.Config) -> bool:
    """Whether other processes run tests beside this one."""
    return hasattr(config, "workerinput")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not is_shared_out(config):
        return
    items.sort(key=lambda item: turn_of(item.nodeid))


def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> None:
    if fixturedef.argname in COSTLY and not fixturedef.baseid.startswith(CHEAP):
        _running[fixturedef] = request


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Any:
    """End what a unit has started with its last test; should another want it, it starts again."""
    yield
    is_last = nextitem is not None and unit_of(nextitem.nodeid) != unit_of(item.nodeid)
    while is_last and is_shared_out(item.config) and _running:
        fixture, request = _running.popitem()
        fixture.finish(request)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    # Imported late: a service that is tested alone has no pytest-xdist.
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415

    class ByUnit(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    return ByUnit(config, log)
