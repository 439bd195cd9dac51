# ruff: noqa: INP001  # a script that is run by its path
"""Print an overlay as `kubectl kustomize` would: `python deploy/kubernetes/render.py small`.

With a step (`platform`, `migrations`, `services`) only that; without, all three in their order,
each behind a line `# step`. Kustomize itself is in a wheel for Linux on x86-64; elsewhere
`kustomize` or `kubectl` from PATH does it.
"""

import argparse
import asyncio
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pykustomize  # type: ignore[import-untyped]  # installed beside the lock (requirements.txt)

OVERLAYS = Path(__file__).parent / "overlays"
STEPS = ("platform", "migrations", "services")
OF_THE_WHEEL = ("Linux", "x86_64")
PROGRAMS = (["kustomize", "build"], ["kubectl", "kustomize"])


class NotRendered(Exception):
    """Kustomize did not like a folder, or is not there; the text says why."""


def main() -> int:
    """Print the manifests; return 1 with Kustomize's own words when there are none."""
    parser = argparse.ArgumentParser(description="Render an overlay of deploy/kubernetes.")
    parser.add_argument("overlay", choices=sorted(path.name for path in OVERLAYS.iterdir()))
    parser.add_argument("step", nargs="?", choices=STEPS)
    chosen = parser.parse_args()
    for step in [chosen.step] if chosen.step else STEPS:
        try:
            made = rendered(OVERLAYS / chosen.overlay / step)
        except NotRendered as failure:
            sys.stderr.write(f"{chosen.overlay}/{step}: {failure}\n")
            return 1
        sys.stdout.write(f"---\n# {step}\n{made}")
    return 0


def rendered(folder: Path) -> str:
    """Return what Kustomize makes of a folder. Raises `NotRendered`."""
    if (platform.system(), platform.machine()) != OF_THE_WHEEL:
        return _by_program(folder)
    try:
        made: str = asyncio.run(pykustomize.build(folder)).yaml
    except pykustomize.KustomizeError as failure:
        raise NotRendered(failure) from failure
    return made


def _by_program(folder: Path) -> str:
    for program in PROGRAMS:
        if path := shutil.which(program[0]):
            command = [path, *program[1:], str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own folder
            if done.returncode:
                raise NotRendered(done.stderr)
            return done.stdout
    raise NotRendered("install kustomize or kubectl: the wheel holds a library for Linux on x86-64")


if __name__ == "__main__":
    sys.exit(main())
