"""What a platform's first start writes, made once and copied: for the many platforms of a test run.

Copied are the database with its tables (and the demo data, if asked), its passwords, and the notes
of what was migrated and loaded. The secrets that sign are not: each platform makes its own.
"""

import asyncio
import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oep_local import plan, ports, unprivileged
from oep_local.hosting import host
from oep_local.layout import Layout
from oep_local.seeding import seed_task
from oep_local.state import SIGNING_SECRETS, State

NOTES = ("migrated-*.json", "seed.json")


class Prepared:
    """Beginnings in one folder; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def lay(self, state: State, *, seed: bool) -> None:
        """Give a platform that never ran its beginning; leave any other as it is. Blocks."""
        if not state.is_new():
            return
        source = self._made(seed=seed)
        known = source.secrets()
        state.open()
        state.take_over({name: known[name] for name in known if name not in SIGNING_SECRETS})
        for pattern in NOTES:
            for note in source.root.glob(pattern):
                shutil.copy2(note, state.root)
        _copy(_data(source), _data(state))

    def _made(self, *, seed: bool) -> State:
        made = State(self._folder / ("demo" if seed else "tables"))
        with self._alone():
            done = self._folder / f"{made.root.name}.done"
            if not done.exists():
                asyncio.run(_make(Layout(made, ports.free_plan(), {}), seed=seed))
                done.touch()
        return made

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


async def _make(layout: Layout, *, seed: bool) -> None:
    done = asyncio.Event()
    task = seed_task(layout) if seed else None
    await host(layout, lambda it: plan.stored(it, task), done, _silent, done.set)


def _silent(_: str) -> None:
    pass


def _data(state: State) -> Path:
    return unprivileged.own_place(state.pgdata, unprivileged.account())


def _copy(source: Path, target: Path) -> None:
    """Copy a folder with owners, modes and times: by the last a database is known."""
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], check=True)  # noqa: S603, S607  # our own folders
