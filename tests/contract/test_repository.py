"""What no commit may carry: this machine's paths, hosts of package registries, loose ends."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REGISTRY_HOSTS = ("py" + "pi.org", "python" + "hosted", "npm" + "js.", "registry." + "npm")
LOOSE_ENDS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    found = []
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data:
            found.append((str(path.relative_to(ROOT)), data.decode()))
    return found


@pytest.mark.parametrize("host", REGISTRY_HOSTS)
def test_no_file_names_a_package_registry(host: str):
    assert [name for name, text in texts() if host in text] == []


def test_no_file_names_this_checkout():
    assert [name for name, text in texts() if str(ROOT) in text] == []


def test_there_are_no_loose_ends():
    assert [name for name, text in texts() if LOOSE_ENDS.search(text)] == []


def test_no_private_key_or_token_is_committed():
    secret = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[A-Za-z0-9_-]{20,}\.eyJ")
    assert [name for name, text in texts() if secret.search(text)] == []


@pytest.mark.parametrize("service", ["auth", "attempts", "proctoring", "realtime"])
def test_each_service_has_what_a_team_needs_to_release_it_alone(service: str):
    folder = ROOT / "services" / service
    wanted = {"README.md", "CHANGELOG.md", "Dockerfile", "pyproject.toml", "src", "tests"}
    assert wanted <= {path.name for path in folder.iterdir()}


def test_each_decision_is_listed_and_says_what_enforces_it():
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text()
    decisions = sorted(folder.glob("0*.md"))
    assert len(decisions) >= 8
    for decision in decisions:
        assert decision.name in index
        text = decision.read_text()
        for part in ("**Context.**", "**Decision.**", "**Alternatives.**", "**Enforced by.**"):
            assert part in text, f"{decision.name} lacks {part}"


def test_what_is_shared_out_first_is_there(pytestconfig: pytest.Config):
    shares = next(p for p in pytestconfig.pluginmanager.get_plugins() if hasattr(p, "unit_of"))
    assert [
        name
        for name in (*shares.FIRST, *shares.WHOLE, *shares.ONE_PLATFORM)
        if not (ROOT / name).exists()
    ] == []
    file = shares.FIRST[1]
    assert shares.unit_of(f"{file}::test_one[a/b::c]") == file
    assert shares.unit_of(f"{shares.WHOLE[0]}/test_x.py::test_one") == shares.WHOLE[0]
    assert {shares.unit_of(f"{one}::test_one") for one in shares.ONE_PLATFORM} == {
        shares.ONE_PLATFORM[0]
    }
    assert shares.turn_of(f"{file}::test_one") == 1 < shares.turn_of("libs/test_x.py::test_one")
