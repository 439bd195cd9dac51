"""The map in the README: every package of this service, and where its tests are."""

import re
from pathlib import Path

import proctoring

ROOT = Path(__file__).parents[1]
PACKAGES = Path(proctoring.__file__).parent
ROW = re.compile(r"^\| `(proctoring[.\w]*)` \| .+ \| `(tests/[\w./]*)`", re.MULTILINE)


def rows() -> dict[str, str]:
    text = (ROOT / "README.md").read_text()
    _, _, rest = text.partition("## Map\n")
    return dict(ROW.findall(rest.partition("\n## ")[0]))


def test_the_map_names_every_package_and_no_other():
    found = {f"proctoring.{path.parent.name}" for path in PACKAGES.glob("*/*.py")}
    assert set(rows()) == found | {"proctoring"}


def test_the_tests_that_the_map_names_are_there():
    for package, tests in rows().items():
        assert (ROOT / tests).exists(), package
