"""One PostgreSQL 18 server from the wheel's binaries: its data made, started, stopped.

The wheel's own Python interface is never used: as root it opens parent folders for everybody, and
it trusts every connection. Ours asks for SCRAM passwords, listens on loopback TCP only, has data
checksums, and never trades durability for speed.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from oep_local import processes, unprivileged, wheels
from oep_local.access import ADMIN, Access
from oep_local.errors import DidNotStart
from oep_local.ports import LOOPBACK
from oep_local.processes import Command

START_SECONDS = 60
STOP_SECONDS = 10

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "max_wal_size": "1GB",
    "shared_buffers": "256MB",
}
INITDB = (
    f"--username={ADMIN}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
)


class PostgresServer:
    """One server and its data; every method blocks, none is for an event loop's thread."""

    def __init__(self, data: Path, log: Path, port: int, passwords: Mapping[str, str]) -> None:
        """`passwords` holds one for every role of `access`; `data` is kept between runs."""
        self.account = unprivileged.account()
        self.data = unprivileged.own_place(data, self.account)
        self.log = log
        self.access = Access(port, passwords)
        self._process: subprocess.Popen[bytes] | None = None

    def _program(self, name: str) -> str:
        binary = wheels.postgres(name)
        return str(unprivileged.readable_copy(binary, binary.parents[3], self.account))

    def birth(self) -> int:
        """Return what tells these data from any made later in their place."""
        return (self.data / "PG_VERSION").stat().st_mtime_ns

    def prepare(self) -> None:
        """Make the data folder with initdb unless it is there."""
        if (self.data / "PG_VERSION").exists():
            return
        unfinished = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)  # what an interrupted initdb left
        unfinished.mkdir(parents=True)
        unprivileged.give(unfinished, self.account)
        secret = unfinished.with_name(f"{unfinished.name}.password")
        try:
            self._write_secret(secret)
            arguments = [f"--pgdata={unfinished}", f"--pwfile={secret}", *INITDB]
            processes.run(
                "initdb",
                Command(
                    argv=(self._program("initdb"), *arguments),
                    environment=processes.base_environment(),
                    folder=unfinished.parent,
                    account=self.account,
                ),
            )
        finally:
            secret.unlink(missing_ok=True)
        unfinished.rename(self.data)

    def _write_secret(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(self.access.passwords[ADMIN] + "\n")
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def command(self) -> Command:
        """How the server is run; stopping it with SIGINT rolls back and closes at once."""
        settings = {**SETTINGS, "port": str(self.access.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            argv=(self._program("postgres"), "-D", str(self.data), *options),
            environment=processes.base_environment(),
            folder=self.data,
            account=self.account,
            stop_signal=signal.SIGINT,
            end_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
        )

    def start(self) -> None:
        """Start and wait until the server answers; raises DidNotStart with the log's end."""
        self.prepare()
        self._process = processes.start(self.command(), self.log)
        for _ in processes.moments(START_SECONDS):
            if self._process.poll() is not None:
                break
            if self.access.is_ready():
                return
        self.stop()
        raise DidNotStart("PostgreSQL", "it gave up", processes.tail(self.log))

    def stop(self) -> None:
        """End the server within seconds; nothing when it does not run."""
        if self._process is not None:
            processes.stop(self._process, signal.SIGINT, STOP_SECONDS)
            self._process = None
