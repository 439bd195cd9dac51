# ruff: noqa: INP001, T201  # a script of its own, and printing is how it speaks
"""Proves that each service lives alone, with chassis and contracts only.

In an environment that holds nothing else every module imports and no other service is there. Then
the test tools come in (the runner is one: conftests name its types) and the tests that need no
server pass; those that do run in the common environment. In these test runs this file is also
the pytest plugin that leaves them out.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".tools" / "bin" / "uv"
PLACE = ROOT / ".tools" / "isolation"
TEST_TOOLS = (
    "aiosmtpd",
    "pytest",
    "pytest-asyncio",
    "pytest-timeout",
    "hypothesis",
    "jsonschema",
    "pypdf",
    "standardwebhooks",
)
SERVERS = {"postgres_server", "database", "nats_server", "server_folder", "platform"}

IMPORT_ALL = """
import importlib, importlib.util, pkgutil, sys
name, *others = sys.argv[1:]
package = importlib.import_module(name)
for module in pkgutil.walk_packages(package.__path__, name + "."):
    if ".migrations" not in module.name:
        importlib.import_module(module.name)
strangers = [other for other in others if importlib.util.find_spec(other)]
sys.exit(f"{name} can see {strangers}" if strangers else 0)
"""


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leave out what needs a server; the fixtures for it are not installed here."""
    alone = [item for item in items if not SERVERS & set(item.fixturenames)]
    config.hook.pytest_deselected(items=[item for item in items if item not in alone])
    items[:] = alone


def check(service: str, others: list[str]) -> str:
    """Install one service alone, import it whole, run its tests; returns what went wrong."""
    folder = PLACE / service
    python = str(folder / "bin" / "python")
    members = [f"services/{service}", "libs/chassis", "protos"]
    editable = [part for member in members for part in ("--editable", member)]
    install = [UV, "pip", "install", "--quiet", "--python", python]
    install += ["--constraint", "requirements.lock"]
    for command in (
        [UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder],
        [*install, *editable],
        [python, "-c", IMPORT_ALL, service, *others],
        [*install, *TEST_TOOLS, "--editable", "deploy/local"],
        [python, "-m", "pytest", "-q", "-p", "isolation", f"services/{service}/tests"],
    ):
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
        environment.pop("VIRTUAL_ENV", None)
        done = subprocess.run(  # noqa: S603  # our own list of arguments
            list(map(str, command)),
            cwd=ROOT,
            env=environment,
            text=True,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            return f"{service} does not stand alone:\n{done.stdout}"
    print(f"{service} stands alone: {done.stdout.strip().splitlines()[-1]}", flush=True)
    return ""


def main() -> None:
    """Check every service, two at a time; ends with 1 when one fails."""
    services = sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml"))
    with ThreadPoolExecutor(max_workers=2) as pool:
        others = ([name for name in services if name != service] for service in services)
        failures = [failure for failure in pool.map(check, services, others) if failure]
    sys.exit("\n\n".join(failures) or 0)


if __name__ == "__main__":
    main()
