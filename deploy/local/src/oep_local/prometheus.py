"""Finds Prometheus and its `promtool`, and fetches them where a machine has none.

The system's own come first, then those in `.tools`. Where both are missing and the machine's
packages are Debian's, the package is unpacked into `.tools`: nothing is installed, no service of
the system is started, and no right of root is needed. `python -m oep_local.prometheus` does it
beforehand.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from oep_local.errors import RunnerError
from oep_local.state import ROOT

TOOLS = ROOT / ".tools" / "prometheus"
FETCH_SECONDS = 120


class NoPrometheus(RunnerError):
    def __init__(self, program: str) -> None:
        super().__init__(
            f"There is no `{program}` here and it could not be fetched from Debian's packages."
            " Install Prometheus (Debian: apt-get install prometheus), or name the program:"
            f" OEP_{program.upper()}=/path/to/{program}"
        )


def find(program: str = "prometheus", tools: Path | None = None) -> Path | None:
    """Return the program, if there is one: OEP_PROMETHEUS (OEP_PROMTOOL), the system's, ours."""
    wish = os.environ.get(f"OEP_{program.upper()}")
    if wish:
        return Path(wish)
    system = shutil.which(program)
    own = (tools or TOOLS) / "usr" / "bin" / program
    return Path(system) if system else own if own.exists() else None


def ensure(program: str = "prometheus", tools: Path | None = None) -> Path:
    """Return the program, fetched first if need be; raises NoPrometheus. Blocks."""
    found = find(program, tools)
    if found is None:
        _fetch(tools or TOOLS)
        found = find(program, tools)
    if found is None:
        raise NoPrometheus(program)
    return found


def _fetch(tools: Path) -> None:
    path = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/bin"
    apt, unpack = shutil.which("apt-get", path=path), shutil.which("dpkg-deb", path=path)
    if not apt or not unpack:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)  # apt fetches as a user of its own
        fetch = [apt, "-qq", "download", "prometheus"]
        if not _run(fetch, folder):
            _run([apt, "-qq", "update"], folder)  # the list may be old or missing; needs root
            _run(fetch, folder)
        for package in folder.glob("prometheus_*.deb"):
            new = tools.with_name(f"{tools.name}.{os.getpid()}.new")
            if _run([unpack, "-x", str(package), str(new)], folder):
                shutil.rmtree(tools, ignore_errors=True)
                new.rename(tools)


def _run(command: list[str], folder: Path) -> bool:
    try:
        done = subprocess.run(  # noqa: S603  # our own list of arguments
            command,
            cwd=folder,
            check=False,
            timeout=FETCH_SECONDS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    try:
        for needed in ("prometheus", "promtool"):
            sys.stdout.write(f"{ensure(needed)}\n")
    except NoPrometheus as failure:
        sys.exit(str(failure))
