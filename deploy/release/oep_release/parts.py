"""What a built service is made of: its bill of parts (CycloneDX), and what is known against them.

cyclonedx-py reads the environment that the release was built into, so the bill holds what is in it,
with licences and who needs whom. pip-audit asks a database of vulnerabilities about the list of
locked dependencies. A part that nobody could ask about counts as not audited, never as sound.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.markers import Marker

from oep_release.building import LISTS, Build
from oep_release.errors import ReleaseError, StepFailed
from oep_release.history import ROOT

OWN = {"oep-chassis", "oep-contracts"}
_LOCKED = re.compile(r"(?m)^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")


class NotAudited(ReleaseError):
    """Nobody was asked, or not about everything."""


class Vulnerable(ReleaseError):
    """Something is known against a part; the text names both."""


def list_of(service: str, root: Path = ROOT) -> Path:
    """Return the service's list of locked dependencies."""
    return root / LISTS / f"{service}.txt"


def locked(text: str) -> dict[str, str]:
    """Return the versions that a list names, by canonical name."""
    return {_canonical(name): version for name, version in _LOCKED.findall(text)}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def write_bill(
    service: str, made: Build, bill: Path, *, is_validated: bool = False
) -> dict[str, str]:
    """Write the bill of a built release; return the versions that it names.

    Holding it against the schema of CycloneDX takes ten seconds more. Raises StepFailed, and
    ReleaseError when they are not those of the release's own list.
    """
    project = made.source / "services" / service / "pyproject.toml"
    words = ("environment", str(made.python), "--pyproject", str(project))
    output = ("--output-reproducible", "--output-format", "JSON", "--output-file", str(bill))
    _run("cyclonedx_py", *words, *output, *([] if is_validated else ["--no-validate"]))
    named, text = parts_of(json.loads(bill.read_text())), list_of(service, made.source).read_text()
    wanted = locked(text)
    strange = {name for name in named.keys() | wanted.keys() if named.get(name) != wanted.get(name)}
    strange -= OWN | only_elsewhere(text)
    if strange:
        raise ReleaseError(f"The bill and the lock do not agree on {', '.join(sorted(strange))}")
    return named


def only_elsewhere(text: str) -> set[str]:
    """Return the packages of a list that its markers keep for other machines than this."""
    marked = re.findall(r"(?m)^([A-Za-z0-9._-]+)\S* ; (.+?)(?: \\)?$", text)
    return {_canonical(name) for name, marker in marked if not Marker(marker).evaluate()}


def parts_of(bill: Mapping[str, Any]) -> dict[str, str]:
    """Return the versions that a bill names, by canonical name."""
    return {_canonical(part["name"]): part["version"] for part in bill.get("components", ())}


def audit(requirements: Path, service_words: tuple[str, ...] = ()) -> int:
    """Ask about every dependency of a list; return how many were asked about. Needs the network.

    `service_words` go to pip-audit: whom it asks. Raises Vulnerable and NotAudited.
    """
    options = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json")
    done = _called("pip_audit", "--requirement", str(requirements), *options, *service_words)
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        raise NotAudited(
            f"pip-audit gave no answer:\n{(done.stderr or done.stdout)[-600:]}"
        ) from None
    if known := list(_known(found)):
        raise Vulnerable("\n".join(known))
    skipped = [part["name"] for part in found if "skip_reason" in part]
    if skipped or len(found) < len(locked(requirements.read_text())):
        names = ", ".join(skipped) or "some"
        raise NotAudited(
            f"Nobody could be asked about {names}: is the database of flaws reachable?"
        )
    return len(found)


def _known(found: list[Mapping[str, Any]]) -> Iterator[str]:
    for part in found:
        for flaw in part.get("vulns", ()):
            healed = ", ".join(flaw.get("fix_versions", ())) or "no version yet"
            yield f"{part['name']} {part['version']}: {flaw['id']}, healed by {healed}"


def _called(module: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own list of arguments
        [sys.executable, "-m", module, *words], capture_output=True, text=True, check=False
    )


def _run(module: str, *words: str) -> None:
    done = _called(module, *words)
    if done.returncode:
        raise StepFailed(module, done.stderr or done.stdout)
