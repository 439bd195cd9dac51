"""Acts on a platform that runs, from another process or from a test: signals, waiting, stopping.

The supervisor publishes every process in run.json; a signal goes straight to the process, whose
birth time guards against a reused number. What dies is started again by the supervisor, unless
it is held.
"""

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

import psutil  # type: ignore[import-untyped]  # it has no stubs of its own

from oep_local import processes
from oep_local.errors import RunnerError
from oep_local.parts import matches
from oep_local.state import NotRunning, State

DOWN_SECONDS = 15
WHOLE_FAMILY = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT}


class UnknownTarget(RunnerError):
    def __init__(self, target: str, known: Mapping[str, Any]) -> None:
        super().__init__(f"No process is called {target!r}; these run: {', '.join(known)}")


def parts(state: State, target: str) -> dict[str, dict[str, Any]]:
    """Return the words on all processes that `target` means; raises RunnerError."""
    if not state.is_running():
        raise NotRunning
    known: dict[str, dict[str, Any]] = state.read_run()["parts"]
    found = {label: word for label, word in known.items() if matches(label, target)}
    if not found:
        raise UnknownTarget(target, known)
    return found


def signal_parts(state: State, target: str, what: signal.Signals) -> list[str]:
    """Send a signal to every process of `target`; SIGTERM becomes the one it stops cleanly on."""
    reached = []
    for label, word in parts(state, target).items():
        wanted = signal.Signals(word["stop_signal"]) if what is signal.SIGTERM else what
        if deliver(word, wanted):
            reached.append(label)
    return reached


def kill(state: State, target: str, *, hold: bool = False) -> list[str]:
    """End every process of `target` as a crash would; with `hold` it stays down until `cont`."""
    found = parts(state, target)
    if hold:
        for label in found:
            (state.held / label).touch()
    victims = {label: _processes(word) for label, word in found.items()}
    signal_parts(state, target, signal.SIGKILL)
    for family in victims.values():
        psutil.wait_procs(family, timeout=5)
    return list(found)


def cont(state: State, target: str) -> list[str]:
    """Wake what was stopped and release what was held."""
    found = parts(state, target)
    for label in found:
        (state.held / label).unlink(missing_ok=True)
    signal_parts(state, target, signal.SIGCONT)
    return list(found)


def deliver(word: Mapping[str, Any], what: signal.Signals) -> bool:
    """Send a signal to one process, and to all below it where half of them would be no use."""
    family = _processes(word)
    for member in family if what in WHOLE_FAMILY else family[:1]:
        processes.send(member, what)
    return bool(family)


def _processes(word: Mapping[str, Any]) -> list[psutil.Process]:
    """Return a process and its descendants, the process first; empty when it is gone."""
    if word["pid"] is None:
        return []
    family = processes.family(word["pid"])
    return family if processes.birth(word["pid"]) == word["born"] else []


def wait_ready(state: State, target: str, timeout_seconds: float = 60) -> None:
    """Wait until every process of `target` is alive and was ready.

    Raises RunnerError, which says how the logs of those that are not ready end.
    """
    late: list[str] = []
    for _ in processes.moments(timeout_seconds):
        words = parts(state, target).items()
        late = [name for name, w in words if w["state"] != "ready" or not _processes(w)]
        if not late:
            return
    ends = "".join(f"\n{name}: {processes.tail(state.log(name))}" for name in late)
    raise RunnerError(
        f"{target} was not ready within {timeout_seconds:.0f} s: see `oep status`{ends}"
    )


def down(state: State) -> None:
    """Stop the supervisor and with it everything; then whatever an earlier one left."""
    pid = state.read_run().get("pid") if state.is_running() else None
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        for _ in processes.moments(DOWN_SECONDS):
            if not state.is_running():
                break
        else:
            raise RunnerError(f"The supervisor {pid} does not stop; see {state.log('supervisor')}")
    clean_up(state)


def clean_up(state: State) -> list[str]:
    """End what a supervisor that died without a word left behind; for when none runs."""
    left = {
        label: word
        for label, word in state.read_run().get("parts", {}).items()
        if deliver(word, signal.SIGCONT)
    }
    for word in reversed(left.values()):
        deliver(word, signal.Signals(word.get("end_signal", word["stop_signal"])))
    deadline = time.monotonic() + 5
    for word in left.values():
        psutil.wait_procs(_processes(word), timeout=max(0.0, deadline - time.monotonic()))
        deliver(word, signal.SIGKILL)
    for mark in state.held.glob("*"):
        mark.unlink()
    state.forget_run()
    return list(left)
