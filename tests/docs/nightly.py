"""The pages' commands that take too long for every day, or rewrite a checkout: `make nightly`.

Each is run as it stands, in a copy of the checkout that is set up as a clone would be; of what
measures or breaks for minutes a shorter form of the same program (`SHORTER`). It needs the package
indexes (npm's, too); what needs a container engine is left out where none answers, and said so.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
from oep_local.ports import free_port

from docs.commands import ROOT, blocks, files

MARK = "make nightly"
BLOCKS = [block for block in blocks() if MARK in block.run_by]
SHORTER = {
    "make bench-save": "--rounds 1 --seconds 1",
    "make bench-events": "--rounds 1 --seconds 1",
    "make bench-begin": "--rounds 1",
    "make bench-login": "--students 30 --within 2",
    "make bench-list": "--students 200 --rounds 1",
    "make bench-boards": "--students 100 --boards 4 --per-second 40 --seconds 2",
    "make bench-screen": "--students 100 --seconds 2",
    "make bench-render": "--times 1",
    "make bench-units": "--seconds 1",
    "make bench-nodes": "--sockets 20 --seconds 2",
    "make bench-report": "--attempts 60 --events 10 --rounds 2",
    "make bench-fanout": "--sockets 50 --rounds 1 --idle 100 --most 200",
    "make bench-connects": "--students 100 --rounds 1",
    "make load": "--short",
    "make abuse": "--examples 2 --held 10",
    "make chaos": "--short",
    "make soak": "--minutes 1 --every 20 --students 10 --sockets 20 --nats 1",
    'make chaos ARGS="--students 500"': "12",
}
"""What is said besides; the program and its other words stay."""
OF_AN_ENGINE = ("deploy/compose/standin-images.sh", "BASE_IMAGE=")
STAYS = "npm run dev"
PICTURES = "docs/screens/"
SECONDS = 1800

pytestmark = pytest.mark.timeout(SECONDS + 60)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A repository with everything that this checkout holds, set up."""
    place = tmp_path_factory.mktemp("nightly") / "checkout"
    git(ROOT, "clone", "--quiet", "--no-hardlinks", str(ROOT), str(place))
    for name in set(git(place, "ls-files").splitlines()) - set(files()):
        (place / name).unlink()
    for name in files():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place / name, follow_symlinks=False)
    git(place, "add", "--all")
    git(place, "-c", "user.name=nightly", "-c", "user.email=nightly@oep.example",
        "commit", "--quiet", "--allow-empty", "--message", "what is tried")  # fmt: skip
    subprocess.run(["make", "setup"], cwd=place, check=True, env=environment_of(place))
    return place


def git(place: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=place, check=True, capture_output=True, text=True
    ).stdout


def environment_of(place: Path) -> dict[str, str]:
    """Return an environment in which nothing leads back into this checkout."""
    kept = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    kept |= {"PATH": f"{place / '.venv/bin'}:{os.environ['PATH']}", "no_proxy": "127.0.0.1"}
    return kept | {"PYTHON": sys.executable, "MAKEFLAGS": ""}


def shorter(command: str) -> str:
    """Return a command with what makes it short; most stay as they are."""
    program = " ".join(command.split()[:2])
    more = SHORTER.get(command) or SHORTER.get(program)
    if more is None or more in command:
        return command
    said = re.search(r"ARGS=(\"[^\"]*\"|\S*)", command)
    words = [said[1].strip('"')] if said else []
    return f'{program} ARGS="{" ".join([*words, more])}"'


SAID = [(block.page, command) for block in BLOCKS for command in block.commands]
STEPS = list(dict.fromkeys((page, shorter(command)) for page, command in SAID))


@pytest.mark.parametrize(("page", "command"), STEPS, ids=lambda word: word[:60])
def test_each_command_does_what_it_is_there_for(page, command, copy):
    if command.startswith(OF_AN_ENGINE) and not has_engine():
        pytest.skip("no container engine answers, or debootstrap is missing")
    folder = copy / Path(page).parent if command.startswith("npm ") else copy
    if STAYS in command:
        says_pages_until_it_is_ended(command, folder)
    else:
        run(command, folder)
    judge(command, copy)
    git(copy, "checkout", "--quiet", ".")
    git(copy, "clean", "--quiet", "-fd")


def has_engine() -> bool:
    if not shutil.which("docker") or not shutil.which("debootstrap"):
        return False
    asked = subprocess.run(["docker", "version"], capture_output=True, check=False)
    return asked.returncode == 0


def run(command: str, folder: Path) -> None:
    """Run a command as people do; it must end with 0."""
    place = Path(git(folder, "rev-parse", "--show-toplevel").strip())
    with subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment_of(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        said = told(running)
    print(said)  # noqa: T201  # with its rows, for pytest's report
    assert running.returncode == 0, said[-6000:]


def told(running: subprocess.Popen[str]) -> str:
    """Return all that a command says; with its patience, or ours, everything below it ends."""
    try:
        return running.communicate(timeout=SECONDS)[0]
    finally:
        if running.poll() is None:
            family = psutil.Process(running.pid).children(recursive=True)
            for each in family:
                each.terminate()  # those who started servers end them
            psutil.wait_procs(family, timeout=60)
            os.killpg(running.pid, signal.SIGKILL)


def judge(command: str, copy: Path) -> None:
    """Look at what a command changed: nothing, but where that is what it is for."""
    changed = git(copy, "diff", "--name-only").splitlines()
    if command.startswith("make lock"):
        changed = [name for name in changed if name != "requirements.lock"]
        assert names(copy / "requirements.lock") == names(ROOT / "requirements.lock")
    if command.startswith("make screens"):
        assert [name for name in changed if name.startswith(PICTURES)], "no picture was taken"
        changed = [name for name in changed if not name.startswith(PICTURES)]
    assert changed == []


def names(lock: Path) -> set[str]:
    return set(re.findall(r"^([\w.-]+)==", lock.read_text(), re.MULTILINE))


def says_pages_until_it_is_ended(command: str, folder: Path) -> None:
    """Start what goes on until Ctrl-C, read the first page from it, and end it."""
    port = free_port()
    own = command.replace(STAYS, f"{STAYS} -- --port {port} --strictPort")
    serving = subprocess.Popen(["bash", "-c", own], cwd=folder, env=environment_of(folder))
    try:
        url, until = f"http://localhost:{port}/app/", time.monotonic() + 240
        while not answers(url):
            assert serving.poll() is None, "it ended by itself"
            assert time.monotonic() < until, "no page within 240 s"
    finally:
        for each in [*psutil.Process(serving.pid).children(recursive=True), serving]:
            each.terminate()
        serving.wait(20)


def answers(url: str) -> bool:
    try:
        answer = httpx.get(url, timeout=2, trust_env=False)
    except httpx.TransportError:
        return False
    return answer.status_code == 200 and "<html" in answer.text


def test_the_short_forms_are_of_commands_that_are_there():
    said = {word for _, command in SAID for word in (command, " ".join(command.split()[:2]))}
    assert set(SHORTER) - said == set()
