"""The security rules of ruff (S, those of bandit) are on for all code; each exception says why."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUFF = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]
IS_SECURITY = re.compile(r"^S\d+$")
SILENCED = re.compile(
    r"#\s*(?:ruff: )?noqa: (?P<rules>[A-Z0-9, ]*\bS\d+[A-Z0-9, ]*)(?P<reason>.*)$"
)
EVERYWHERE = {"S104"}
IN_TESTS = {"S101", "S105", "S106", "S603", "S607"}


def ours() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).is_file()]


def security(rules: list[str]) -> set[str]:
    return {rule for rule in rules if IS_SECURITY.match(rule) or rule == "S"}


def test_the_rules_are_on_for_all_code():
    assert RUFF["lint"]["select"] == ["ALL"]
    assert security(RUFF["lint"]["ignore"]) == EVERYWHERE
    by_file = {place: security(rules) for place, rules in RUFF["lint"]["per-file-ignores"].items()}
    assert {place: rules for place, rules in by_file.items() if rules} == {"**/tests/**": IN_TESTS}


def test_each_ignored_rule_says_why():
    text = (ROOT / "pyproject.toml").read_text().splitlines()
    for rule in EVERYWHERE | IN_TESTS:
        [line] = [line for line in text if f'"{rule}"' in line]
        assert "  # " in line, rule


def test_what_ruff_does_not_format_is_looked_at_as_well():
    """Generated stubs and migrations are left as they are written, and are checked for these."""
    left = [str(path) for path in ours() if "migrations/versions" in str(path)]
    left.append(str(ROOT / "protos" / "src"))
    assert len(left) > 10
    ruff = Path(sys.executable).with_name("ruff")
    arguments = ["check", "--isolated", "--no-cache", "--select", "S", "--output-format", "concise"]
    found = subprocess.run([ruff, *arguments, *left], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_each_silenced_rule_outside_tests_says_why():
    silent = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in ours()
        if "tests" not in path.relative_to(ROOT).parts
        for line in path.read_text().splitlines()
        if (found := SILENCED.search(line)) and len(found["reason"].strip(" #-")) < 4
    ]
    assert silent == []
