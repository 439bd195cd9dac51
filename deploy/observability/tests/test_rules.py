"""Rules, pages and drawings agree: with each other, and with what `promtool` makes of them."""

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from oep_local import prometheus
from oep_local.verbs import VERBS

FOLDER = Path(__file__).parents[1]
ROOT = FOLDER.parents[1]
PAGES = ROOT / "docs" / "runbook"
PARTS = ["What it means", "Look here", "Do this", "Undo"]


def script(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rules():
    groups = yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_what_is_committed_is_what_the_generators_write():
    assert (FOLDER / "rules.yml").read_text() == script("rules").rendered()
    assert (FOLDER / "prometheus.yml").read_text() == script("scrape").render()
    dashboards = script("dashboards")
    written = {file.stem: file.read_text() for file in (FOLDER / "dashboards").glob("*.json")}
    assert written == {uid: dashboards.text(uid) for uid in dashboards.DASHBOARDS}


def test_each_alert_has_a_page_and_each_page_an_alert(rules):
    pages = {path.stem for path in PAGES.glob("Oep*.md")}
    assert pages == {rule["alert"] for rule in rules}
    for rule in rules:
        assert rule["annotations"]["runbook_url"] == f"docs/runbook/{rule['alert']}.md"
    index = (PAGES / "README.md").read_text()
    assert [name for name in pages if f"({name}.md)" not in index] == []


def test_each_page_has_its_four_parts_and_leads_nowhere_that_is_not():
    for page in PAGES.glob("Oep*.md"):
        text = page.read_text()
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == PARTS, page.name
        links = re.findall(r"\]\((\w+\.md)\)", text)
        assert [link for link in links if not (PAGES / link).exists()] == [], page.name


def test_each_command_of_a_page_exists():
    known = set(VERBS)
    for page in PAGES.glob("Oep*.md"):
        said = re.findall(r"^    (\w+) ([\w-]+)|`oep ([\w-]+)", page.read_text(), re.MULTILINE)
        for program, verb, inline in said:
            assert program in {"oep", ""}, f"{page.name}: {program} {verb}"
            assert (verb or inline) in known, f"{page.name}: oep {verb or inline}"


def test_each_dashboard_that_an_alert_names_is_there(rules):
    known = set(script("dashboards").DASHBOARDS)
    named = {rule["annotations"]["dashboard_url"].rpartition("/")[2] for rule in rules}
    assert named <= known
    panels = [panel for _, panels in script("dashboards").DASHBOARDS.values() for panel in panels]
    assert {p.alert for p in panels if p.alert} <= {rule["alert"] for rule in rules}


def test_each_alert_fires_when_it_should_and_not_before(rules, tmp_path):
    """Runs promtool on every case; where it cannot be had this fails and says how to get it."""
    cases = yaml.safe_load((Path(__file__).parent / "cases.yml").read_text())
    for fires in (True, False):
        tried = {case["alert"] for case in cases if bool(case["fires"]) is fires}
        assert tried == {rule["alert"] for rule in rules}
    promtool = prometheus.ensure("promtool")
    bare = yaml.safe_load((FOLDER / "rules.yml").read_text())
    for group in bare["groups"]:
        for rule in group["rules"]:
            rule.pop("annotations", None)  # words with values in them are read, not compared
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(bare))
    tests = [
        {
            "interval": case["interval"],
            "input_series": case["input_series"],
            "alert_rule_test": [
                {
                    "eval_time": case["at"],
                    "alertname": case["alert"],
                    "exp_alerts": [{"exp_labels": labels} for labels in case["fires"]],
                }
            ],
        }
        for case in cases
    ]
    whole = {"rule_files": ["rules.yml"], "evaluation_interval": "30s", "tests": tests}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(whole))
    for arguments in (
        ["check", "rules", str(FOLDER / "rules.yml")],
        ["test", "rules", str(tmp_path / "tests.yml")],
    ):
        done = subprocess.run(
            [promtool, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout + done.stderr
