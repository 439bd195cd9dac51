"""Runs one service's own importer as a process: rows in, progress out, one report at the end.

Rows are streamed and never collected. The importer decides and commits everything in one
transaction; this module only carries lines, so it touches no database.
"""

import json
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from oep_local.errors import RunnerError

Progress = Callable[[int], None]


class ImportRefusedError(RunnerError):
    """An importer wrote nothing; the text is its reason."""


class ImportPutOffError(ImportRefusedError):
    """The database was away or busy: the same may be sent again."""


class ImporterLauncher(Protocol):
    """Starts `python -m <service> import` with the environment of the running system."""

    def start(
        self, service: str, arguments: Sequence[str], stderr: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Start a process with pipes for its input and output, its errors going to `stderr`."""
        ...


@dataclass
class Report:
    """What one service imported by table, what it changed on the way and what it left out."""

    service: str
    imported: dict[str, int] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def import_rows(
    launcher: ImporterLauncher,
    service: str,
    lines: Iterable[dict[str, Any]],
    arguments: Sequence[str] = (),
    progress: Progress = lambda _done: None,
) -> Report:
    """Send `lines` through the importer of `service`; `ImportRefusedError` when it wrote nothing.

    An exception out of `lines` ends the importer before it commits and is raised again.
    """
    with tempfile.TemporaryFile() as errors, launcher.start(service, arguments, errors) as process:
        feeder = _Feeder(process, lines)
        feeder.start()
        last = _follow(process, progress)
        feeder.join()
        code = process.wait()
        if feeder.failure is not None:
            raise feeder.failure
        return _report(service, code, last, errors)


class _Feeder(threading.Thread):
    """Writes while the main thread reads: one thread alone could block on two full pipes."""

    def __init__(self, process: subprocess.Popen[bytes], lines: Iterable[dict[str, Any]]) -> None:
        super().__init__(name="importer-feeder", daemon=True)
        self.failure: BaseException | None = None
        self._process = process
        self._lines = lines

    def run(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - the launcher's promise
        try:
            for line in self._lines:
                stdin.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        except BrokenPipeError:
            return  # the importer gave up; its last line says why
        except BaseException as error:  # noqa: BLE001 - raised again by the main thread
            # killed, not closed: the end of the input would make the importer commit half a table
            self.failure = error
            self._process.kill()
        finally:
            _close_quietly(stdin)


def _close_quietly(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        return


def _follow(process: subprocess.Popen[bytes], progress: Progress) -> dict[str, Any]:
    """Pass progress on until the output ends; the last line that was no progress."""
    assert process.stdout is not None  # noqa: S101 - the launcher's promise
    last: dict[str, Any] = {}
    for raw in process.stdout:
        try:
            message = json.loads(raw)
        except ValueError:
            continue  # a stray print is no reason to lose the report
        if "progress" in message:
            progress(int(message["progress"]))
        else:
            last = message
    return last


def _report(service: str, code: int, last: dict[str, Any], errors: IO[bytes]) -> Report:
    if code == 0 and "report" in last:
        body = last["report"]
        return Report(
            service, body.get("imported", {}), body.get("changed", []), body.get("left", [])
        )
    refusal = ImportPutOffError if last.get("may_repeat") else ImportRefusedError
    raise refusal(last.get("error") or _tail(errors) or f"it ended with code {code}")


def _tail(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else ""
