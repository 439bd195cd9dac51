"""Every command in the documentation is run here, or by the test that it names, or says why not.

Commands without a mark are run on a running platform with the demo's data, each once, in the order
of the pages; `http://localhost:8000` is the platform's own address then, SERVICE is one of its
services. Blocks marked `sh` run as one script. docs/writing.md says how to mark a block.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from oep_local import processes
from oep_local.__main__ import app
from oep_local.verbs import VERBS
from typer.testing import CliRunner

from docs import marks
from docs.commands import Block, blocks, blocks_in, pages

ROOT = Path(__file__).parents[2]
BLOCKS = blocks()
HERE = [block for block in BLOCKS if not block.run_by and not block.not_run]
MOST_NOT_RUN = 0
"""Blocks that nothing runs; a page that needs one says why, and this number grows."""
NAMES = {"SERVICE": "proctoring"}
ENDING = {"oep kill", "oep term"}
USAGE = re.compile(r"(?:^|   )oep ([a-z-]+(?:\|[a-z-]+| \| [a-z-]+)*)", re.MULTILINE)


class BecamePsqlError(SystemExit):
    """`oep psql` becomes psql; here it is a process of its own."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """An empty folder, in which all of them are run."""
    return tmp_path_factory.mktemp("docs")


@pytest.fixture
def oep(platform, folder, monkeypatch):
    """Run `oep` in this process; return its exit code and words."""
    monkeypatch.setenv("OEP_STATE", str(platform.state.root))
    monkeypatch.setattr(os, "execve", become)
    monkeypatch.chdir(folder)

    def run(words: list[str]) -> tuple[int, str]:
        done = CliRunner().invoke(app, words)
        shown = done.output + (repr(done.exception) if done.exception else "")
        return done.exit_code, shown

    return run


def become(program: str, words: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        [program, *words[1:]], env=environment, capture_output=True, text=True, check=False
    )
    print(done.stdout + done.stderr)  # noqa: T201  # these are the command's words
    raise BecamePsqlError(done.returncode)


@pytest.fixture
def shell(platform, folder):
    """Run a script in a shell that stops at the first failure; return its exit code and words."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "OEP_STATE": str(platform.state.root),
        "COLUMNS": "200",
        "no_proxy": "127.0.0.1",
    }

    def run(script: str) -> tuple[int, str]:
        said = script.replace("http://localhost:8000", platform.url)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", said],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def steps() -> list[str]:
    """Return what is run, in the order of the pages: commands, each once, and whole scripts."""
    found = [
        step for block in HERE for step in ([block.script] if block.script else block.commands)
    ]
    return list(dict.fromkeys(found))


def once(found: list[str]) -> list[str]:
    """Leave one of those that end a part: `oep term attempts` is `oep term realtime#2`."""
    seen: set[str] = set()
    kept = []
    for step in found:
        verb = " ".join(step.split()[:2])
        if verb not in ENDING or verb not in seen:
            kept.append(step)
        seen.add(verb)
    return kept


@pytest.mark.parametrize("step", once(steps()), ids=lambda step: step.splitlines()[0][:60])
def test_each_command_does_what_it_is_there_for(step, platform, oep, shell):
    words = [] if "\n" in step else [NAMES.get(word, word) for word in shlex.split(step)]
    before = processes_of(platform)
    code, text = oep(words[1:]) if words[:1] == ["oep"] else shell(step)
    assert code == 0, text
    if words[1:2] in (["kill"], ["term"]):
        wait_for_new(platform, words[2], before)


def processes_of(platform) -> dict[str, int]:
    return {label: part["pid"] for label, part in platform.state.read_run()["parts"].items()}


def wait_for_new(platform, target: str, before: dict[str, int]) -> None:
    """Wait until what was ended runs as another process and is ready."""
    name = target.partition("#")[0]
    for _ in processes.moments(60):
        now = processes_of(platform)
        if any(now.get(label) != pid for label, pid in before.items() if label.startswith(name)):
            break
    platform.wait_ready(target)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.run_by], ids=lambda block: block.place)
def test_who_is_said_to_run_a_block_does(block):
    assert marks.complaints(block.run_by, block.commands) == []


def test_every_part_that_is_to_be_ended_is_there(platform):
    said = [step.split() for step in steps() if " ".join(step.split()[:2]) in ENDING]
    targets = {NAMES.get(words[2], words[2]) for words in said}
    labels = set(platform.state.read_run()["parts"])
    known = labels | {label.partition("#")[0] for label in labels}
    assert targets - known == set()
    assert len(targets) > 3


def test_each_alert_leads_to_a_page_whose_commands_are_run_here():
    rules = yaml.safe_load((ROOT / "deploy/observability/rules.yml").read_text())
    alerts = [r for group in rules["groups"] for r in group["rules"] if "alert" in r]
    led_to = {alert["annotations"]["runbook_url"] for alert in alerts}
    assert len(led_to) > 20
    assert led_to - {block.page for block in HERE} == set()
    assert led_to & {block.page for block in BLOCKS if block not in HERE} == set()


def test_what_nothing_runs_is_little_and_says_why():
    silent = [block for block in BLOCKS if block.not_run]
    assert len(silent) <= MOST_NOT_RUN, [block.place for block in silent]
    assert [block.place for block in silent if len(block.not_run) < 12] == []


def test_every_target_of_make_that_is_named_is_there():
    said = [c.split()[1] for b in BLOCKS for c in b.commands if re.match(r"make [a-z]", c)]
    assert set(said) - marks.targets() == set()
    assert "up" in said


def test_every_verb_in_a_summary_of_oep_is_there():
    known = set(VERBS)
    fences = re.compile(r"^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
    said = {
        verb
        for path in pages()
        for block in fences.findall(path.read_text())
        for verbs in USAGE.findall(block)
        for verb in re.split(r"\W*\|\W*", verbs)
    }
    assert said - known == set()
    assert "replay" in said


# The reader itself


TEXT = """
Run it:

    oep status     every process
    the words of a person

<!-- run by: make test -->

```console
$ make lint
1 file is fine
```

```sh
# a remark
one=$(curl -s \\
  http://localhost:8000/)
```

```text
oep nothing
```

<!-- not run: it needs a cluster -->

    kubectl get pods
"""


def test_blocks_are_found_with_what_is_said_of_them():
    status, lint, script, cluster = blocks_in(TEXT)
    assert (status.commands, status.run_by) == (("oep status",), "")
    assert (lint.commands, lint.run_by) == (("make lint",), "make test")
    assert script.commands == ("one=$(curl -s http://localhost:8000/)",)
    assert script.script.startswith("# a remark")
    assert (cluster.commands, cluster.not_run) == (("kubectl get pods",), "it needs a cluster")


def test_a_mark_counts_for_the_next_block_only():
    text = "<!-- not run: so -->\n\nSome words.\n\n    oep status\n"
    assert blocks_in(text) == [Block("text", 5, ("oep status",))]


@pytest.mark.parametrize(
    ("mark", "complaint"),
    [
        ("somebody", "not understood"),
        ("make test-compose", "does not read it"),
        ("make nightly", "does not read it"),
        ("tests/docs/marks.py::test_nothing as x", "is not there"),
        ("tests/docs/test_commands.py::test_a_mark_that_is_no_proof_is_told as qu" + "ack", "say"),
        ("make test", "runs none of this"),
    ],
)
def test_a_mark_that_is_no_proof_is_told(mark, complaint):
    [said] = marks.complaints(mark, ("oep up",))
    assert complaint in said


def test_a_mark_whose_target_runs_another_program_is_told(monkeypatch):
    monkeypatch.setitem(marks.PROGRAMS, "make nightly", "tests/docs/marks.py")
    [said] = marks.complaints("make nightly", ("oep up",))
    assert "does not run" in said
