"""Shares the tests out when several processes run them (`pytest -n 2`, which `make test` says).

Each process has servers of its own, so no test meets one of another process. What is costly to
start belongs to a folder or a file and goes to one process whole.
"""

from typing import Any

import pytest

# Folders whose tests share one platform.
WHOLE = ("tests/e2e", "tests/chaos", "tests/contract/gateway", "tests/browser", "tests/docs")
# Files that share another one: started once, it stays to the end.
ONE_PLATFORM = (
    "deploy/local/tests/test_demo_platform.py",
    "deploy/local/tests/test_office.py",
    "tests/docs/test_commands.py",
    "tests/docs/test_real_frames.py",
)
# In this order, then the rest: the longest early, and beside them what mostly waits.
FIRST = (
    "tests/e2e",
    "tests/browser",
    *ONE_PLATFORM,
    "services/realtime",
    "deploy/local/tests/test_platform.py",
    "tests/contract/test_schemathesis.py",
    "tests/chaos",
    "tests/load/test_harness.py",
    "tests/contract/policy",
)


def unit_of(nodeid: str) -> str:
    """Return what goes to one process together with this test: its folder, its file or others."""
    file = nodeid.split("::", maxsplit=1)[0]
    if file in ONE_PLATFORM:
        return ONE_PLATFORM[0]
    return next((folder for folder in WHOLE if file.startswith(f"{folder}/")), file)


def turn_of(nodeid: str) -> int:
    """Return the place of a test's unit in the line; equal ones keep their order."""
    return next((n for n, start in enumerate(FIRST) if nodeid.startswith(start)), len(FIRST))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not hasattr(config, "workerinput"):
        return
    items.sort(key=lambda item: turn_of(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    # Imported late: a service that is tested alone has no pytest-xdist.
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415

    class ByUnit(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    return ByUnit(config, log)
