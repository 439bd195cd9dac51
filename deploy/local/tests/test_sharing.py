"""The conftest at the root, in a small project: what is costly ends with those who share it."""

import shutil
import subprocess
import sys

from oep_local.state import ROOT

CONFTEST = """
import pathlib, pytest
said = pathlib.Path("said")

@pytest.fixture(scope="session")
def platform():
    with said.open("a") as file: file.write("begins ")
    yield
    with said.open("a") as file: file.write("ends ")
"""
USES = "def test_it(platform): pass\n"
LOOKS = "def test_it(): assert open('said').read() == {!r}\n"


def test_a_platform_ends_with_its_tests_and_begins_again_for_others(tmp_path):
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    for name, text in {
        "tests/conftest.py": CONFTEST,
        "tests/e2e/test_a.py": USES,
        "tests/e2e/test_b.py": LOOKS.format("begins "),
        "tests/test_c.py": LOOKS.format("begins ends "),
        "tests/test_d.py": USES,
        "tests/test_e.py": LOOKS.format("begins ends begins ends "),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "1", "--no-loadscope-reorder", "tests"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout
