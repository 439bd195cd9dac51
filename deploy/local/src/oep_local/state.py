"""The folder `.oep`: secrets, data, logs and what runs now; survives between runs until a reset.

Secrets are made once, at random, and readable by their owner only. `run.json` is the supervisor's
word on every process; the lock beside it says whether that word is alive.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from oep_local import unprivileged
from oep_local.access import ADMIN, ROLES
from oep_local.errors import RunnerError
from oep_local.exits import Exit
from oep_local.processes import moments

ROOT = Path(os.environ.get("OEP_ROOT") or Path(__file__).parents[4])
PREPARED = "OEP_PREPARED"
"""The variable that names the place of `prepared.Prepared`, for the length of a test run."""
LOCK_SECONDS = 0.5
SIGNING_SECRETS = ("signing_key_secret", "receipt_signing_secret", "evidence_signing_secret")
_SECRETS = dict.fromkeys((ADMIN, *ROLES), 24) | dict.fromkeys(SIGNING_SECRETS, 48)
"""What has to be kept secret, with the bytes of each."""


class AlreadyRunning(RunnerError):
    def __init__(self, state: "State") -> None:
        run = state.read_run()
        super().__init__(
            f"The platform already runs at {run.get('url', 'an unknown address')} (supervisor"
            f" {run.get('pid')}). Look with `oep status`, stop it with `oep down`."
        )


class NotRunning(RunnerError):
    code = Exit.NOTHING_RUNS

    def __init__(self) -> None:
        super().__init__("The platform does not run. Start it with `oep up` (or `make up`).")


class State:
    """One installation's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.logs = root / "logs"
        self.held = root / "held"
        self.pgdata = root / "pgdata"
        self.nats = root / "nats"
        self.gateway = root / "envoy.yaml"
        self.gateway_live = root / "gateway"
        self._run = root / "run.json"
        self._secrets = root / "secrets.json"

    def open(self) -> "State":
        """Make the folder ready for use; raises RunnerError naming what may not be written."""
        # A database of another user lies inside: it may walk through, not look around.
        mode = 0o711 if unprivileged.account() else 0o700
        for folder in (self.root, self.logs, self.held):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._refuse_another_owner()
                folder.chmod(mode if folder == self.root else 0o700)
                _probe(folder)
            except OSError as failure:
                raise RunnerError(
                    f"{folder} cannot be used ({failure.strerror}): give this user the right to"
                    " write there, or set OEP_STATE to another folder."
                ) from failure
        return self

    def _refuse_another_owner(self) -> None:
        """Root could write here too, but would leave files that their owner cannot use."""
        owner = self.root.stat().st_uid
        if owner != os.geteuid():
            raise RunnerError(
                f"{self.root} belongs to user {owner}, and this is user {os.geteuid()}: run as"
                " that user, or set OEP_STATE to another folder."
            )

    def is_new(self) -> bool:
        """Whether no platform was ever started here."""
        return not self._secrets.exists()

    def secrets(self) -> dict[str, str]:
        """Return all secrets, made at the first call; one that a newer version needs is added."""
        known: dict[str, str] = _read(self._secrets) if self._secrets.exists() else {}
        missing = {name: size for name, size in _SECRETS.items() if name not in known}
        if missing:
            known |= {name: secrets.token_urlsafe(size) for name, size in missing.items()}
            _write(self._secrets, known)
        return known

    def take_over(self, named: Mapping[str, str]) -> None:
        """Keep these secrets in the place of those of the same names."""
        _write(self._secrets, {**self.secrets(), **named})

    def write_run(self, run: Mapping[str, Any]) -> None:
        """Publish what runs; a reader sees the old or the new word, never half of one."""
        _write(self._run, run)

    def read_run(self) -> dict[str, Any]:
        """Return the last word on what runs; empty when there is none."""
        return _read(self._run) if self._run.exists() else {}

    def forget_run(self) -> None:
        self._run.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one supervisor; raises AlreadyRunning."""
        with self._lock_file() as descriptor:
            # Somebody who only looks holds it for an instant, so one refusal proves nothing.
            if not any(_flock(descriptor, fcntl.LOCK_EX) for _ in moments(LOCK_SECONDS)):
                raise AlreadyRunning(self)
            yield

    def is_running(self) -> bool:
        """Whether a supervisor holds the folder."""
        if not self.root.exists():
            return False
        with self._lock_file() as descriptor:
            return not _flock(descriptor, fcntl.LOCK_SH)

    @contextmanager
    def _lock_file(self) -> Iterator[int]:
        try:
            descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as failure:
            raise RunnerError(
                f"{self.root} belongs to another user: run as that user, or set OEP_STATE to a"
                " folder of your own."
            ) from failure
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def log(self, label: str) -> Path:
        """Return the log file of a process (`attempts#2` writes attempts-2.log)."""
        return self.logs / f"{label.replace('#', '-')}.log"

    def rotate_logs(self) -> None:
        """Set the logs of the last run aside, dropping those before."""
        for log in self.logs.glob("*.log"):
            if log.stat().st_size and log.name != "supervisor.log":
                log.replace(log.with_suffix(".log.1"))


def here() -> State:
    """Return this checkout's state: `.oep` below the project, or OEP_STATE."""
    return State(Path(os.environ.get("OEP_STATE") or ROOT / ".oep").absolute())


def _flock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _probe(folder: Path) -> None:
    probe = folder / f".probe-{os.getpid()}"
    probe.touch()
    probe.unlink()


def _write(path: Path, content: Mapping[str, Any]) -> None:
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        json.dump(content, file, indent=1)
    new.replace(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as failure:
        raise RunnerError(
            f"{path} cannot be read ({failure}): run as the user who started the platform, or"
            " forget it with `oep reset`."
        ) from failure
    return content
