"""What every verb of `oep` promises: help that teaches, examples that work, JSON, exit codes."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from oep_local import exits
from oep_local.__main__ import app
from oep_local.exits import MEANINGS, Exit
from oep_local.verbs import VERBS, load
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

WITHOUT_JSON = {
    "up": "runs until Ctrl-C and tells a person how it comes along; `status --json` has the facts",
    "down": "prints no data: afterwards nothing runs",
    "reset": "prints no data: afterwards there are none",
    "logs": "prints what services said, which is JSON already, a line each",
    "psql": "becomes psql, which has --csv",
    "completion": "prints a program for a shell",
    "privacy export": "prints JSON always",
}
HEAVY = ("httpx", "websockets", "psycopg2", "psutil", "yaml", "cryptography", "nats", "asyncio")
README = Path(__file__).parents[1] / "README.md"


def walk(name, command):
    """Yield a command and all below it, by what one types."""
    yield name, command
    if isinstance(command, TyperGroup):
        for word, each in command.commands.items():
            yield from walk(f"{name} {word}", each)


COMMANDS = dict(pair for name in VERBS for pair in walk(name, load(name)))
LEAVES = {name: each for name, each in COMMANDS.items() if not isinstance(each, TyperGroup)}


def examples(command):
    return re.findall(r"Example: `([^`]+)`", " ".join((command.help or "").split()))


def words_of(example):
    """Return what stands behind `oep` in an example, without what a shell does with its output."""
    command = re.sub(r'^eval "\$\((.*)\)"$', r"\1", example)
    words = shlex.split(re.split(r" [|>] ", command)[0])
    assert words[0] == "oep"
    return words[1:]


def parsed(words):
    """Let the real parser read words as it would at the command line; run nothing."""
    context = get_command(app).make_context("oep", words)
    while isinstance(context.command, TyperGroup):
        rest = [*context._protected_args, *context.args]
        name, command, rest = context.command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)
    return context.command_path.removeprefix("oep ")


def test_the_table_of_verbs_says_what_their_own_help_says():
    summaries = {name: load(name).help.split("\n")[0] for name in VERBS}
    assert summaries == {name: verb.summary for name, verb in VERBS.items()}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_an_example_that_the_parser_takes(name):
    found = examples(COMMANDS[name])
    assert found, f"oep {name} --help has no example"
    for example in found:
        path = parsed(words_of(example))
        assert path == name or path.startswith(f"{name} "), example


def test_an_example_with_a_wrong_word_would_be_found():
    with pytest.raises(Exception, match="No such option"):
        parsed(["exams", "list", "--stauts", "draft"])
    with pytest.raises(Exception, match="No such command"):
        parsed(["exams", "lsit"])


@pytest.mark.parametrize("name", LEAVES)
def test_every_verb_that_prints_data_prints_json_and_says_its_shape(name):
    command = LEAVES[name]
    has_json = any("--json" in option.opts for option in command.params)
    assert has_json is (name not in WITHOUT_JSON)
    assert ("\nJSON: " in command.help) is (has_json or name == "privacy export")


def test_the_list_of_verbs_without_json_names_only_verbs_that_are():
    assert WITHOUT_JSON.keys() <= LEAVES.keys()


def test_the_exit_codes_stand_in_one_table_and_everywhere_it_is_told():
    assert set(MEANINGS) == set(Exit)
    runner = CliRunner(env={"COLUMNS": "200"})
    told = json.loads(runner.invoke(app, ["exit-codes", "--json"]).output)
    assert {each["code"]: each["meaning"] for each in told} == {
        int(code): text for code, text in MEANINGS.items()
    }
    overview = runner.invoke(app, ["--help"]).output
    readme = README.read_text(encoding="utf-8")
    for code, text in MEANINGS.items():
        assert f"{code:d} - {text.replace('`', '')}" in overview
        assert f"| {code:d} | {text} |" in readme


def test_the_overview_needs_nothing_of_what_the_verbs_need():
    program = (
        "import sys; from oep_local.__main__ import app; app(['--help'], standalone_mode=False);"
        f"print('imported:', [name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "watch" in done.stdout
    assert done.stdout.splitlines()[-1] == "imported: []"


def test_a_module_that_has_no_meaning_for_a_code_would_be_found(monkeypatch):
    monkeypatch.delitem(exits.MEANINGS, Exit.REFUSED)
    with pytest.raises(AssertionError):
        test_the_exit_codes_stand_in_one_table_and_everywhere_it_is_told()
