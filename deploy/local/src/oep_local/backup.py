"""`oep backup` and `oep restore`: what the platform keeps, as one file, and a platform from it.

A backup is a tar of three things: what it is (`manifest.json`), the database as pg_dump writes it,
and the files of pictures. The dump is one transaction over the schemas of all services, so they
fit each other. Not in it: the bus's streams, which `oep replay` makes again, and secrets. Of those
that sign the manifest has fingerprints: without them nothing signed before would hold any more.
"""

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from oep_local import control, ports, processes, state, wheels
from oep_local.access import ADMIN, DATABASE, SERVICES, Access
from oep_local.errors import RunnerError
from oep_local.layout import Layout
from oep_local.postgres import PostgresServer
from oep_local.processes import Command
from oep_local.state import SIGNING_SECRETS, State
from oep_local.telling import AsJson, tell

TYPE = "oep.backup.v1"
MANIFEST, DUMP, PICTURES = "manifest.json", "exam_db.dump", "snapshots"
LONGEST_SECONDS = 6 * 3600
RESTORED = f"{DATABASE}_restored"
_SCHEMAS = ", ".join(f"'{name}'" for name in SERVICES)
_TABLES = f"SELECT count(*) FROM pg_tables WHERE schemaname IN ({_SCHEMAS})"  # noqa: S608  # ours
_MIGRATED = "SELECT version_num FROM {0}.alembic_version"

File = Annotated[Path, typer.Argument(help="The backup; never one that is there.")]
Restored = Annotated[Path, typer.Argument(help="The backup.")]
SecretsOut = Annotated[
    Path | None,
    typer.Option("--secrets", help="Write the secrets that sign to a file apart."),
]
SecretsIn = Annotated[
    Path | None, typer.Option("--secrets", help="Take the secrets that sign from this file.")
]
Replace = Annotated[bool, typer.Option("--replace", help="Forget what the platform here holds.")]


class BackupFailed(RunnerError):
    """The text says what to do; whatever was there before is there still."""


def register(app: typer.Typer) -> None:
    """Add `oep backup` and `oep restore` to the command line."""

    @app.command()
    def backup(file: File, secrets: SecretsOut = None, as_json: AsJson = False) -> None:
        """Write all that the platform keeps into one file.

        It is as of one moment and taken while exams go on. It holds personal data and is not
        encrypted. The secrets that sign are not in it: keep them somewhere else.

        JSON: `{type, taken_at, dump_sha256, migrations: {auth, …}, secrets: {name: fingerprint}}`

        Example: `oep backup exams.backup --secrets exams.secrets`
        """
        place = state.here()
        if not place.is_running():
            raise state.NotRunning
        if secrets is not None:
            write_secrets(place, secrets)
        made = backup_of(Layout.read(place), file)
        words = f"{file}: all that was kept at {made['taken_at']}."
        if secrets is None:
            words += f" The secrets that sign are not in it: keep {place.root / 'secrets.json'}."
        tell(made, words, as_json=as_json)

    @app.command()
    def restore(
        file: Restored, secrets: SecretsIn = None, replace: Replace = False, as_json: AsJson = False
    ) -> None:
        """Make the platform that a backup holds.

        In the place of the one here, which must be stopped. The streams of the bus are forgotten:
        start with `oep up --no-demo-data`, then say `oep replay`.

        JSON: what `oep backup --json` said

        Example: `oep restore exams.backup --secrets exams.secrets`
        """
        made = restore_into(state.here(), file, secrets=secrets, is_replacing=replace)
        words = f"Restored as of {made['taken_at']}; what came later is not here."
        words += " Now: oep up --no-demo-data, and beside it: oep replay"
        tell(made, words, as_json=as_json)


def backup_of(running: Layout, file: Path) -> dict[str, Any]:
    """Write a running platform's backup, readable by its owner only; return its manifest. Blocks.

    Raises BackupFailed and CommandFailed, and leaves nothing behind then.
    """
    if file.exists():
        raise BackupFailed(f"{file} is there already: give another name, a backup replaces none")
    with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=f".{file.name}-") as place:
        dump, packed = Path(place) / DUMP, Path(place) / "packed"
        taken_at = datetime.now(UTC).isoformat(timespec="seconds")
        _dump(running.access, dump)
        manifest = {
            "type": TYPE,
            "taken_at": taken_at,
            "dump_sha256": _sha256(dump),
            "migrations": _migrations(running.access),
            "secrets": fingerprints(running.state.secrets()),
        }
        _pack(packed, manifest, dump, running.state.root / PICTURES)
        packed.rename(file)
    return manifest


def _dump(access: Access, dump: Path) -> None:
    options = ("--format=custom", "--no-password", f"--file={dump}")
    _run("pg_dump", options, access.environment(ADMIN))


def _run(program: str, arguments: tuple[str, ...], environment: Mapping[str, str]) -> None:
    argv = (str(wheels.postgres(program)), *arguments)
    processes.run(program, Command(argv, environment, Path("/")), LONGEST_SECONDS)


def _migrations(access: Access) -> dict[str, str]:
    return {name: access.psql(["-At", "-c", _MIGRATED.format(name)]).strip() for name in SERVICES}


def _pack(packed: Path, manifest: Mapping[str, Any], dump: Path, pictures: Path) -> None:
    """Pictures come behind the dump: each was on its shelf before a row named it (ADR 42)."""
    said = dump.with_name(MANIFEST)
    said.write_text(json.dumps(manifest, indent=1))
    descriptor = os.open(packed, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as output, tarfile.open(fileobj=output, mode="w") as archive:
        archive.add(said, MANIFEST)
        archive.add(dump, DUMP)
        for path in sorted(pictures.glob("??/??/[0-9a-f]*")):
            try:
                archive.add(path, f"{PICTURES}/{path.relative_to(pictures)}")
            except FileNotFoundError:  # let go meanwhile
                continue
        output.flush()
        os.fsync(descriptor)


def restore_into(
    place: State, file: Path, *, secrets: Path | None = None, is_replacing: bool = False
) -> dict[str, Any]:
    """Make a stopped installation hold what a backup holds; return the manifest. Blocks.

    Raises AlreadyRunning, BackupFailed and CommandFailed. What was there before is dropped only
    when the backup's rows are all in; broken off behind that, the same command makes it whole.
    """
    place.open()
    with place.lock(), _unpacked(file, place.root) as found:
        control.clean_up(place)
        manifest = _trusted(found)
        _match_secrets(place, manifest["secrets"], secrets)
        with _database(place) as access:
            _refuse_to_replace(access, is_replacing)
            _load(access, found / DUMP)
            _forget_streams(place)
            _take_its_place(access)
            _put_pictures(found / PICTURES, place.root / PICTURES)
        for note in place.root.glob("migrated-*.json"):
            note.unlink()
    return manifest


@contextmanager
def _unpacked(file: Path, root: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=root, prefix=".restoring-") as folder:
        try:
            with tarfile.open(file) as archive:
                archive.extractall(folder, filter="data")
        except (OSError, tarfile.TarError) as failure:
            raise BackupFailed(f"{file} cannot be read as a backup: {failure}") from failure
        yield Path(folder)


def _trusted(found: Path) -> dict[str, Any]:
    """Return the manifest; raise BackupFailed unless the dump is the one that it tells of."""
    try:
        manifest: dict[str, Any] = json.loads((found / MANIFEST).read_text())
        is_ours = manifest["type"] == TYPE
        is_whole = is_ours and manifest["dump_sha256"] == _sha256(found / DUMP)
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise BackupFailed("This is no backup of the platform") from failure
    if not is_ours:
        raise BackupFailed(f"A backup of type {manifest['type']}; this version reads {TYPE}")
    if not is_whole:
        raise BackupFailed("The dump inside was damaged or changed: take an older backup")
    return manifest


def fingerprints(secrets: Mapping[str, str]) -> dict[str, str]:
    """Return what tells the secrets that sign from others; they are random, so nothing more."""
    return {
        name: hashlib.sha256(f"{TYPE}\0{name}\0{secrets[name]}".encode()).hexdigest()[:32]
        for name in SIGNING_SECRETS
    }


def write_secrets(place: State, file: Path) -> None:
    """Write the secrets that sign, for their owner only; raises BackupFailed over a file."""
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise BackupFailed(f"{file} is there already: give another name") from None
    known = place.secrets()
    with os.fdopen(descriptor, "w") as output:
        json.dump({name: known[name] for name in SIGNING_SECRETS}, output, indent=1)


def _match_secrets(place: State, wanted: Mapping[str, str], given: Path | None) -> None:
    """Have the installation sign as the backup's did; raises BackupFailed where it cannot."""
    known = place.secrets() if given is None else _read_secrets(given)
    ours = fingerprints(known)
    strange = [name for name in SIGNING_SECRETS if ours[name] != wanted.get(name)]
    if strange:
        raise BackupFailed(
            f"The backup was made with another {', '.join(strange)}: give the file that was kept"
            " with `oep backup … --secrets FILE`. Without it signing keys stay sealed, and receipts"
            " and evidence that students hold would be signed by keys that nobody publishes."
        )
    if given is not None:
        place.take_over({name: known[name] for name in SIGNING_SECRETS})


def _read_secrets(file: Path) -> dict[str, str]:
    try:
        known = json.loads(file.read_text())
        return {name: str(known[name]) for name in SIGNING_SECRETS}
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise BackupFailed(f"{file} does not hold the secrets that sign: {failure!r}") from failure


@contextmanager
def _database(place: State) -> Iterator[Access]:
    """Run the database alone, on a port that nobody knows."""
    server = PostgresServer(place.pgdata, place.log("postgres"), ports.free_port(), place.secrets())
    server.start()
    try:
        yield server.access
    finally:
        server.stop()


def _refuse_to_replace(access: Access, is_replacing: bool) -> None:
    listed = access.psql(["-At", "-c", "SELECT datname FROM pg_database"], database="postgres")
    if is_replacing or DATABASE not in listed.split():
        return
    if int(access.psql(["-At", "-c", _TABLES])):
        raise BackupFailed(
            "The platform here holds data. Back it up, then say --replace to forget it."
        )


def _load(access: Access, dump: Path) -> None:
    """Restore beside the database that is there, as one transaction."""
    access.drop_database(RESTORED)
    access.make_database(RESTORED)
    options = ("--single-transaction", "--clean", "--if-exists", "--no-password")
    words = (*options, f"--dbname={RESTORED}", str(dump))
    _run("pg_restore", words, access.environment(ADMIN, RESTORED))
    access.psql(["-q", "-c", "ANALYZE"], database=RESTORED)


def _take_its_place(access: Access) -> None:
    access.drop_database(DATABASE)
    renaming = f'ALTER DATABASE "{RESTORED}" RENAME TO "{DATABASE}"'
    access.psql(["-q", "-c", renaming], database="postgres")


def _forget_streams(place: State) -> None:
    """Drop the streams: they may be ahead; new ones have another epoch, so pages start anew."""
    for store in (place.nats, *place.root.glob("nats-of-*")):
        shutil.rmtree(store, ignore_errors=True)


def _put_pictures(found: Path, pictures: Path) -> None:
    shutil.rmtree(pictures, ignore_errors=True)
    if found.exists():
        found.rename(pictures)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
