"""What a supervisor is given: long-lived parts and one-off tasks, in stages; and the back-off.

Members of a stage start side by side; the next stage begins when all are ready. Pure data.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oep_local.processes import Command

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 5.0
STEADY_SECONDS = 10.0


@dataclass(frozen=True)
class Part:
    """A process to keep alive. `prepare`, `command` and `is_ready` may block for a moment."""

    name: str
    replica: int
    port: int
    command: Callable[[], Command]
    is_ready: Callable[[], bool]
    prepare: Callable[[], None] | None = None
    is_sick: Callable[[], bool] | None = None
    """Whether it says of itself that only a new start helps; may block for a moment."""
    stop_patience_seconds: float = 2.5

    @property
    def label(self) -> str:
        """The name that people use: `attempts#2`; the first replica goes without number."""
        return label(self.name, self.replica)


@dataclass(frozen=True)
class Task:
    """Something to do once at every start; blocks until done, raises RunnerError."""

    name: str
    run: Callable[[], None]


Stage = Sequence[Part | Task]


def next_delay(last_delay: float, lived_seconds: float) -> float:
    """How long to wait before a dead process starts again: doubling, forgiven after a while."""
    if not last_delay or lived_seconds >= STEADY_SECONDS:
        return FIRST_DELAY_SECONDS
    return min(2 * last_delay, LONGEST_DELAY_SECONDS)


def label(name: str, replica: int) -> str:
    return name if replica == 1 else f"{name}#{replica}"


def matches(name_of_one: str, target: str) -> bool:
    """Whether `target` means this process: `attempts` is every replica, `attempts#1` the first."""
    name, _, replica = name_of_one.partition("#")
    return target in {name, f"{name}#{replica or 1}"}
