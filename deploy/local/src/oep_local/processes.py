"""Starts and ends the programs of the platform; decides nothing about which and when.

Every child lives in a process group of its own (Ctrl-C in a terminal reaches only us), writes its
log straight to a file, and gets a signal from the kernel when we die without a word. The kernel
ties that to the *thread* that started the child, so one thread that lives as long as the
interpreter starts them all.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil  # type: ignore[import-untyped]  # it has no stubs of its own

from oep_local.errors import CommandFailed

LAUNCH = Path(__file__).with_name("launch.py")
TAIL_BYTES = 4000

_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="oep-starter")
_deeds: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class Account:
    """A user that a program runs as."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True)
class Command:
    """A program to run: what, with which environment, as whom, and how it likes to be stopped."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    """Asks it to end while the others go on."""
    end_signal: signal.Signals = signal.SIGTERM
    """Asks it to end when all of them do, and nobody takes over its work."""
    orphan_signal: signal.Signals = signal.SIGKILL


def start(command: Command, log: Path) -> subprocess.Popen[bytes]:
    """Start `command`, its output appended to `log`. Blocks for the fork only."""
    with log.open("ab") as output:
        return _starter.submit(_start, command, output).result()


def _start(command: Command, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
    account = f"{command.account.uid}:{command.account.gid}" if command.account else "-"
    wrapper = [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid())]
    return subprocess.Popen(  # noqa: S603  # our own list of arguments
        [*wrapper, str(int(command.orphan_signal)), account, *command.argv],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=command.folder,
        env=dict(command.environment),
        process_group=0,
    )


def run(name: str, command: Command, timeout_seconds: float = 120) -> str:
    """Run a program to its end and return what it said; raises CommandFailed. Blocks."""
    process = _starter.submit(_start, command, subprocess.PIPE).result()
    _deeds.add(process)
    try:
        output, _ = process.communicate(timeout=timeout_seconds)
    except subprocess.TimeoutExpired as late:
        process.kill()
        process.communicate()
        raise CommandFailed(name, -1, f"not done after {timeout_seconds:.0f} s") from late
    finally:
        _deeds.discard(process)
    if process.returncode:
        raise CommandFailed(name, process.returncode, output.decode(errors="replace"))
    return output.decode(errors="replace")


def abandon_deeds() -> None:
    """Kill what `run` is waiting for anywhere, so that those calls end at once."""
    for process in tuple(_deeds):
        process.kill()


def stop(process: subprocess.Popen[bytes], how: signal.Signals, patience_seconds: float) -> None:
    """Ask the process to end, wait, then kill it and everything below it. Blocks."""
    tree = family(process.pid)
    for member in tree:  # a stopped process cannot hear us
        send(member, signal.SIGCONT)
    if process.poll() is None:
        process.send_signal(how)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience_seconds)
    for member in tree:
        send(member, signal.SIGKILL)
    process.wait()


def family(pid: int) -> list[psutil.Process]:
    """Find the process and all its descendants, itself first; empty when it is gone."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def birth(pid: int) -> float | None:
    """Return what tells a process from a later one of the same number; None when it is gone."""
    try:
        if sys.platform == "linux":  # in ticks since boot: setting the clock does not change it
            return float(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        return float(psutil.Process(pid).create_time())
    except (OSError, psutil.NoSuchProcess):
        return None


def send(process: psutil.Process, what: signal.Signals) -> None:
    """Send a signal unless the process is gone (psutil refuses a reused process id)."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(what)


def tail(log: Path) -> str:
    """Return the last lines of a log, for an error message."""
    if not log.exists():
        return ""
    return log.read_bytes()[-TAIL_BYTES:].decode(errors="replace")


def base_environment() -> dict[str, str]:
    """Return what a child may know of our environment; nothing configures it by accident."""
    known = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "TERM", "LOG_LEVEL", "LOG_FORMAT")
    kept = {name: os.environ[name] for name in known if name in os.environ}
    return {"PATH": os.defpath, "PYTHONUNBUFFERED": "1", **kept}


def moments(patience_seconds: float, pause_seconds: float = 0.05) -> Iterator[None]:
    """Yield at short intervals until patience ends; the caller breaks when its wish came true."""
    end = time.monotonic() + patience_seconds
    while time.monotonic() < end:
        yield
        time.sleep(pause_seconds)
