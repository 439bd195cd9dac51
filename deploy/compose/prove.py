# ruff: noqa: INP001, T201, S603  # run by its path, speaks by printing, starts our programs
"""Proves docker-compose.yml on a real container engine: `make test-compose`.

It runs the blocks of README.md that are marked as its own, as they stand, in a copy of the checkout
and as a project of its own (own secrets, port and volumes; nothing of the checkout's .env or of
another project is touched). Between them it plays the demo exam through the gateway, compares what
was accepted with what is stored, and looks at the rights of every container. Then it removes the
project again. Images come from wherever the engine has them.
"""

import asyncio
import contextlib
import json
import os
import resource
import secrets
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import httpx
import trustme
from docs.commands import ROOT, Block, blocks, files
from oep_local import demo, seed_rows
from oep_local.demo_script import demo_students
from oep_local.demo_tables import Tables
from oep_local.errors import CommandFailed, RunnerError
from oep_local.legacy_import import import_rows
from oep_local.ports import LOOPBACK, free_port
from rich.console import Console
from websockets.sync.client import connect

MARK = "make test-compose"
BLOCKS = [block for block in blocks() if MARK in block.run_by]
# The demo's first student gets the attempt that the two commands ask for.
ATTEMPT_ID = 1
TAIL_CHARACTERS = 4000
OURS, MOST_MEGABYTES = "oep/", 200
RELOAD_SECONDS = 20
GONE = 404
ASKED = (
    """postgres psql -U exam_user -d exam_db -c "SELECT event_type""",
    """postgres psql -U exam_user -d exam_db -c "SELECT question_id""",
)
OPEN_FILES = {"REALTIME_OPEN_FILES": 65536, "GATEWAY_OPEN_FILES": 262144}
NO_ENGINE = (
    "No container engine answers: start Docker, or point DOCKER_HOST at one. Without any, the"
    " platform runs with `make up` and is tested with `make test`. The client says:\n  {}"
)


class ProofFailedError(RunnerError):
    """The containers do not do what the text says."""


class Documented:
    """What the pages say that this proof runs: blocks by the command that they begin with."""

    def __init__(self) -> None:
        self._waiting = {block.commands[0]: block for block in BLOCKS}

    @property
    def blocks(self) -> list[Block]:
        """Those that were not taken yet, in the order of the pages."""
        return list(self._waiting.values())

    def take(self, beginning: str) -> list[str]:
        """Return what a block runs: a script, or its lines; raises ProofFailedError."""
        found = [first for first in self._waiting if first.startswith(beginning)]
        if beginning in found:
            found = [beginning]
        if len(found) != 1:
            raise ProofFailedError(f"{len(found)} marked blocks begin with {beginning!r}, not one")
        block = self._waiting.pop(found[0])
        return [block.script] if block.script else list(block.commands)


class Stack:
    """One project of docker-compose.yml that lives as long as the proof."""

    def __init__(self, folder: Path) -> None:
        self._project = f"oep-proof-{secrets.token_hex(3)}"
        self._folder, self._authority = folder, trustme.CA()
        self.place = folder / "checkout"
        self._port = os.environ.get("GATEWAY_PORT") or str(free_port())
        beside = str(Path(sys.executable).parent)
        # Names, not flags: so the commands for people run here as they are written.
        self.environment = {
            **_affordable_limits(),
            "OEP_VERSION": "proof",
            **os.environ,
            "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}",
            "COMPOSE_PROJECT_NAME": self._project,
            "COMPOSE_PROGRESS": "quiet",
            "GATEWAY_PORT": self._port,
        }

    @property
    def url(self) -> str:
        return f"http://localhost:{self._port}"

    @property
    def tls_url(self) -> str:
        return self.url.replace("http", "https", 1)

    def speak_tls(self) -> None:
        """Start the gateway anew with the override, by a certificate that was just made."""
        tls, gateway = self._folder / "tls", self._folder / "gateway-tls"
        for folder in (tls, gateway):
            folder.mkdir()
        made = self._authority.issue_cert("localhost")
        chain = b"".join(pem.bytes() for pem in made.cert_chain_pems)
        (tls / "public.crt").write_bytes(chain)
        (tls / "public.key").write_bytes(made.private_key_pem.bytes())
        self.write_gateway()
        for folder in (self._folder, tls, gateway, gateway / "live"):
            folder.chmod(0o755)  # Envoy is another user
        self.environment |= {"GATEWAY_FOLDER": str(gateway), "TLS_FOLDER": str(tls)}
        files = ("-f", "docker-compose.yml", "-f", "deploy/compose/tls.yml")
        started = ("up", "--detach", "--wait", "--wait-timeout", "120", "--no-deps", "gateway")
        self.read(self.command(*files, *started))

    def write_gateway(self, *more: str) -> None:
        """Have the generator write the gateway's files, as the head of tls.yml says."""
        folder, inside = self._folder / "gateway-tls", "/etc/oep/tls/public"
        live = ("--live", str(folder / "live"), "--live-seen-as", "/etc/envoy/live")
        pair = ("--certificate", f"{inside}.crt", "--private-key", f"{inside}.key")
        command = [sys.executable, "deploy/gateway/generate.py", "--origin", self.tls_url]
        (folder / "envoy.yaml").write_text(self.read([*command, *pair, *live, *more]))

    def trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return context

    def copy_checkout(self) -> None:
        """Lay a copy of what Git knows, and of what is new, where the commands are run."""
        for name in files():
            (self.place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.place / name, follow_symlinks=False)
        self._folder.chmod(0o755)  # containers read what is mounted as users of their own

    def run(self, written: Sequence[str]) -> str:
        """Run what a page says, line by line, and show it; return what the last one said."""
        said = ""
        for command in written:
            print(f"$ {command}")
            here = command.replace("http://localhost:8000", self.url)
            said = self.read(["bash", "-euo", "pipefail", "-c", here])
            print(said, end="", flush=True)
        return said

    def command(self, *arguments: str) -> list[str]:
        return ["docker-compose", *arguments]

    def read(self, command: Sequence[str]) -> str:
        """Run a command of this project and return what it printed; raises CommandFailed."""
        done = subprocess.run(
            command,
            cwd=self.place,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = f"{done.stdout}\n{done.stderr}"[-TAIL_CHARACTERS:]
            raise CommandFailed(shlex.join(command[:4]), done.returncode, said)
        return done.stdout

    def psql(self, arguments: list[str]) -> str:
        inside = ["psql", "-X", "-U", "exam_user", "-d", "exam_db", *arguments]
        return self.read(self.command("exec", "-T", "postgres", *inside))

    def start(
        self, service: str, arguments: Sequence[str], stderr: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Start a service's importer in a container of its own (the importers' launcher)."""
        job = ("run", "--rm", "-T", "--no-deps", service, "import", *arguments)
        return subprocess.Popen(
            self.command(*job),
            cwd=self.place,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )


def _affordable_limits() -> Mapping[str, str]:
    """Ask for no more files than this machine has: not every engine may raise limits."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = sys.maxsize if hard == resource.RLIM_INFINITY else hard
    return {name: str(min(wanted, most)) for name, wanted in OPEN_FILES.items()}


def prove(stack: Stack) -> None:
    """Do everything in order; raises RunnerError at the first thing that is wrong."""
    pages = Documented()
    _title("it starts as the page says (images: some minutes the first time), port 5432 is taken")
    with _taken(5432):
        stack.run(pages.take("deploy/compose/init.sh"))
    print(stack.read(stack.command("ps", "--all", "--format", "{{.Name}}  {{.Status}}")), end="")
    _title("the demo's people and exam go through the importers")
    stack.run(pages.take("oep seed"))
    print(import_rows(stack, "attempts", _one_more(datetime.now(UTC))).imported)
    _title(f"one exam is played through {stack.url}")
    _play(stack)
    _title("the two commands, as they stand")
    questions = [pages.take(f"docker-compose exec {rest}") for rest in ASKED]
    before = [_with_rows(stack.run(each)) for each in questions]
    _title("nobody is root, nothing has capabilities, no image can be written")
    _check_rights(stack)
    _title(f"no image has {MOST_MEGABYTES} MB")
    _check_sizes(stack)
    _title("stopped and started again, it has kept the data")
    stack.run(pages.take("docker-compose down"))
    stack.read(stack.command("up", "--detach", "--wait", "--wait-timeout", "300"))
    _check_same(stack, questions, before)
    _title("dumped, lost with all volumes, restored, and the streams made anew")
    stack.run(pages.take("docker-compose exec -T postgres pg_dump"))
    stack.run(pages.take("docker-compose down --volumes"))
    _check_same(stack, questions, before)
    _title("the gateway by TLS (tls.yml), and a change of its routes while a socket stays open")
    stack.speak_tls()
    _check_reload(stack)
    if left := [block.place for block in pages.blocks]:
        raise ProofFailedError(f"Marked as run by {MARK!r} and not run: {', '.join(left)}")


def _play(stack: Stack) -> None:
    options = demo.Options(Tables(stack.psql, 60.0), stack.url, demo_students()[0])
    if not asyncio.run(demo.run(options, Console(highlight=False))):
        raise ProofFailedError("The demo lost or doubled something: see above")


def _one_more(now: datetime) -> Iterator[dict[str, Any]]:
    """Yield one more attempt of the first student: the one that the two commands ask for."""
    line = next(iter(seed_rows.attempt_lines(now, 1)))
    yield {**line, "row": {**line["row"], "id": ATTEMPT_ID}}


def _with_rows(output: str) -> str:
    if "(0 rows)" in output or "row" not in output:
        raise ProofFailedError("The command shows no rows after an exam with events and timings")
    return output


def _check_same(stack: Stack, questions: list[list[str]], before: list[str]) -> None:
    if [stack.run(each) for each in questions] != before:
        raise ProofFailedError("The two commands do not show any more what they showed before")


def _check_rights(stack: Stack) -> None:
    """Ask the kernel, in every container, what its first process is and may do."""
    script = (
        "sed -n -E 's/^(Uid|CapEff|CapBnd|NoNewPrivs):[[:space:]]*([^[:space:]]*).*/\\2/p'"
        " /proc/1/status; sed -n -E 's/^[^ ]+ \\/ [^ ]+ (r[ow]).*/\\1/p' /proc/mounts"
    )
    for service in stack.read(stack.command("ps", "--services")).split():
        answer = stack.read(stack.command("exec", "-T", service, "sh", "-c", script))
        user, effective, bound, no_more, files = answer.split()
        print(f"{service}: user {user}, capabilities {bound}, root file system {files}")
        held = int(effective, 16) | int(bound, 16)
        if user == "0" or held or no_more != "1" or files != "ro":
            raise ProofFailedError(f"{service} has more rights than it should")


def _check_sizes(stack: Stack) -> None:
    """Weigh what a registry would hold: every layer of an image, the base too, compressed."""
    for image in sorted(set(stack.read(stack.command("config", "--images")).split())):
        if not image.startswith(OURS):
            continue
        megabytes = _packed_bytes(["docker", "save", image]) / 1_000_000
        print(f"{image}: {megabytes:.0f} MB")
        if megabytes >= MOST_MEGABYTES:
            raise ProofFailedError(f"{image} is too large")


def _packed_bytes(command: Sequence[str]) -> int:
    """Return how many bytes what a command writes takes when it is compressed a little."""
    packer, found = zlib.compressobj(1), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writing:
        while piece := writing.stdout.read(2**20) if writing.stdout else b"":
            found += len(packer.compress(piece))
    if writing.returncode:
        raise ProofFailedError(f"{shlex.join(command)} ended with {writing.returncode}")
    return found + len(packer.flush())


def _check_reload(stack: Stack) -> None:
    """Take the pages out of the routes while a socket is open: they go, it stays."""
    with httpx.Client(base_url=stack.tls_url, verify=stack.trust(), timeout=10) as http:
        token, attempt = _signed_in(http)
        door = (
            f"{stack.tls_url.replace('http', 'ws', 1)}/api/v1/ws/attempts/{attempt}?token={token}"
        )
        with connect(door, ssl=stack.trust()) as line:
            print(f"a socket by TLS says {json.loads(line.recv(10))['type']!r}")
            statuses = [http.get("/app/").status_code]
            stack.write_gateway("--upstream=web=")
            deadline = time.monotonic() + RELOAD_SECONDS
            # Between the new clusters and the new routes it may say 503.
            while statuses[-1] != GONE and time.monotonic() < deadline:
                statuses.append(http.get("/app/").status_code)
            line.ping().wait(10)
    print(f"pages: {statuses[0]}, after the change {statuses[-1]}; the socket is open")
    if (statuses[0], statuses[-1]) != (200, GONE):
        raise ProofFailedError("The change did not reach the gateway")


def _signed_in(http: httpx.Client) -> tuple[str, int]:
    """Return a demo student's token and his attempt."""
    student = demo_students()[1]
    names = ("hall_ticket_number", "date_of_birth", "security_answer")
    body = {name: getattr(student, name) for name in names}
    answer = http.post("/api/v1/auth/hall-ticket-login", json=body).raise_for_status()
    token = answer.json()["access_token"]
    mine = http.get("/api/v1/attempts/me", headers={"Authorization": f"Bearer {token}"})
    return token, mine.raise_for_status().json()[0]["id"]


@contextlib.contextmanager
def _taken(port: int) -> Iterator[None]:
    """Hold the port, unless somebody else does already."""
    with socket.socket() as holder:
        with contextlib.suppress(OSError):
            holder.bind((LOOPBACK, port))
            holder.listen()
        yield


def _title(text: str) -> None:
    print(f"\n== {text}", flush=True)


def _explain(stack: Stack) -> None:
    """Show what the containers said, as far as the engine still answers."""
    for words in (("ps", "--all"), ("logs", "--tail", "25", "--no-color")):
        with contextlib.suppress(CommandFailed):
            print(stack.read(stack.command(*words)), file=sys.stderr)


def main() -> int:
    """Prove it and clean up, whatever happens."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="oep-proof-") as folder:
            _prove_and_remove(Stack(Path(folder)))
    except RunnerError as failure:
        print(f"test-compose: {failure}", file=sys.stderr)
        return 1
    print("docker-compose.yml is proven: built, healthy, played, inspected, removed")
    return 0


def _prove_and_remove(stack: Stack) -> None:
    stack.copy_checkout()
    try:
        stack.read(stack.command("ls"))
    except CommandFailed as failure:
        raise ProofFailedError(NO_ENGINE.format(str(failure).splitlines()[-1])) from failure
    try:
        prove(stack)
    except RunnerError:
        _explain(stack)
        raise
    finally:
        _title("everything is removed again")
        if (stack.place / ".env").exists():
            stack.read(stack.command("down", "--volumes", "--remove-orphans"))


if __name__ == "__main__":
    sys.exit(main())
