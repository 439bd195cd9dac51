"""Releases: each is there, is found with tags and without, and a new one is one service's alone."""

import json
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from oep_release import SERVICES, changelog, imaging, parts, releasing
from oep_release.building import build
from oep_release.errors import NotInThisClone, ReleaseError
from oep_release.history import RECORD, ROOT, Repository
from oep_release.overlays import FILES, version_said
from oep_release.versions import Version, version_of_project

HERE = Repository()
pytestmark = pytest.mark.skipif(HERE.is_cut, reason="no history: git fetch --unshallow --tags")
DAY = date(2026, 3, 2)


@pytest.fixture(params=SERVICES)
def service(request) -> str:
    return request.param


def test_each_release_has_a_commit_and_a_section_of_the_changelog(service):
    text = (ROOT / "services" / service / "CHANGELOG.md").read_text()
    changelog.unreleased(text)
    known = HERE.releases(service)
    assert known
    for release in known:
        assert HERE.has(release.commit), release.tag
        assert f"\n## {release.version}" in text
    before = HERE.git("show", f"{known[-1].commit}:services/{service}/pyproject.toml")
    assert version_of_project(before) == known[-1].version


def test_a_checkout_names_its_last_release(service):
    text = (ROOT / "services" / service / "pyproject.toml").read_text()
    assert version_of_project(text) == HERE.releases(service)[-1].version


def test_kubernetes_is_given_the_last_release(service):
    last = str(HERE.releases(service)[-1].version)
    said = {str(file): version_said((ROOT / file).read_text(), service) for file in FILES}
    expected = {name: last for name in said if not (service == "realtime" and "migrations" in name)}
    assert {name: version for name, version in said.items() if version} == expected


# A repository of ours that a test may change


def git(folder: Path, *words: str) -> str:
    return Repository(folder).git(*words)


@pytest.fixture(scope="module")
def cloned(tmp_path_factory) -> Path:
    """Clone this project, without its tags, and say something new in two changelogs."""
    folder = tmp_path_factory.mktemp("clone") / "project"
    subprocess.run(
        ["git", "clone", "--quiet", "--shared", "--no-tags", str(ROOT), str(folder)], check=True
    )
    git(folder, "config", "user.name", "Somebody")
    git(folder, "config", "user.email", "somebody@example.org")
    for file in (RECORD, *FILES):
        shutil.copy2(ROOT / file, folder / file)
    for name in SERVICES:
        copy = folder / "services" / name
        for file in ("CHANGELOG.md", "pyproject.toml"):
            shutil.copy2(ROOT / "services" / name / file, copy / file)
        text = (copy / "CHANGELOG.md").read_text()
        (copy / "CHANGELOG.md").write_text(
            text.replace("## Unreleased\n", "## Unreleased\n\n- Something new.\n")
        )
    git(folder, "commit", "--quiet", "--all", "--message", "something new")
    return folder


@pytest.fixture
def clone(cloned) -> Iterator[Repository]:
    start = git(cloned, "rev-parse", "HEAD")
    yield Repository(cloned)
    git(cloned, "reset", "--quiet", "--hard", start)
    for tag in git(cloned, "tag").split():
        git(cloned, "tag", "--delete", tag)


def next_minor(repository: Repository, service: str) -> Version:
    last = repository.releases(service)[-1].version
    return Version(last.major, last.minor + 1, 0)


def test_a_release_changes_one_service_and_the_record(clone):
    start, wanted = clone.git("rev-parse", "HEAD"), next_minor(clone, "auth")
    others = {name: clone.releases(name) for name in SERVICES if name != "auth"}
    planned = releasing.plan(clone, "auth", wanted, DAY)
    made = releasing.make(clone, planned, [].append)

    changed = clone.git("diff", "--name-only", start, "HEAD").split()
    folder = "services/auth"
    written = [RECORD, *FILES, f"{folder}/CHANGELOG.md", f"{folder}/pyproject.toml"]
    assert sorted(changed) == sorted(map(str, written))
    for file in FILES:
        diff = clone.git("diff", "--unified=0", start, "HEAD", "--", str(file)).splitlines()
        [line] = [each for each in diff if each.startswith("+ ")]
        assert f"/oep/auth, newTag: {wanted}" in line
    assert clone.git("rev-parse", f"auth-v{wanted}^{{commit}}") == made.commit
    assert clone.git("show", f"{made.tag}:{folder}/pyproject.toml").count(f'"{wanted}"') == 1
    assert f"## {wanted} (2026-03-02)\n\n- Something new." in clone.git(
        "show", f"{made.tag}:{folder}/CHANGELOG.md"
    )
    assert clone.releases("auth")[-1] == made
    assert {name: clone.releases(name) for name in others} == others
    clone.git("tag", "--delete", made.tag)
    assert clone.releases("auth")[-1] == made, "where tags are missing the record knows it"


def test_an_image_is_of_the_tag_and_of_nothing_else(clone, tmp_path, monkeypatch):
    program, seen = tmp_path / "docker", tmp_path / "seen"
    deeds = ['[ "$1" = image ] && echo 123000000', f'[ "$1" = build ] && cat >{seen}', "true"]
    program.write_text("\n".join(["#!/bin/sh", *deeds]))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    made = releasing.make(
        clone, releasing.plan(clone, "auth", next_minor(clone, "auth"), DAY), [].append
    )
    left = clone.root / "services/auth/src/auth/left_here.py"
    left.touch()
    assert imaging.has_engine()
    assert imaging.build(clone, made) == imaging.Image(f"oep/auth:{made.version}", 123)
    left.unlink()
    with tarfile.open(seen) as sent:
        names = sent.getnames()
    assert "services/auth/Dockerfile" in names
    assert "services/auth/src/auth/left_here.py" not in names


def test_without_an_engine_there_is_no_image(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not imaging.has_engine()


def test_nothing_is_released_twice_from_changes_or_without_a_word(clone):
    wanted = next_minor(clone, "auth")
    (clone.root / "README.md").write_text("changed")
    with pytest.raises(ReleaseError, match="in no commit"):
        releasing.plan(clone, "auth", wanted, DAY)
    clone.git("checkout", "README.md")
    with pytest.raises(ReleaseError, match="does not follow"):
        releasing.plan(clone, "auth", Version(wanted.major, wanted.minor + 1, 0), DAY)
    clone.git("tag", f"auth-v{wanted}", "HEAD~1")
    with pytest.raises(ReleaseError):
        releasing.plan(clone, "auth", wanted, DAY)
    clone.git("tag", "--delete", f"auth-v{wanted}")
    releasing.make(clone, releasing.plan(clone, "auth", wanted, DAY), [].append)
    with pytest.raises(ReleaseError, match="Nothing to release"):
        releasing.plan(clone, "auth", next_minor(clone, "auth"), DAY)


def test_the_previous_release_is_other_code_than_todays(clone):
    before = clone.previous("realtime")
    releasing.make(
        clone, releasing.plan(clone, "realtime", next_minor(clone, "realtime"), DAY), [].append
    )
    assert clone.previous("realtime") == before, "right behind a release it is the one before"
    made = clone.releases("realtime")[-1]
    source = clone.root / "services/realtime/src/realtime/errors.py"
    source.write_text(source.read_text() + "\n# changed\n")
    assert clone.previous("realtime") == made


def test_a_tag_that_was_moved_is_found_out(clone):
    last = clone.releases("attempts")[-1]
    clone.git("tag", last.tag, "HEAD")
    with pytest.raises(ReleaseError, match="One of them was moved"):
        clone.releases("attempts")


def test_a_clone_without_history_says_so_and_proves_nothing(clone, tmp_path):
    cut = tmp_path / "cut"
    source = f"file://{clone.root}"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", source, str(cut)], check=True)
    with pytest.raises(NotInThisClone, match="--unshallow"):
        Repository(cut).previous("proctoring")


# What it is made of


def test_a_bill_names_exactly_the_locked_parts_of_the_service(tmp_path):
    bill = tmp_path / "attempts.cdx.json"
    release = HERE.previous("attempts")
    named = parts.write_bill("attempts", build(HERE, release), bill)
    document: dict[str, Any] = json.loads(bill.read_text())
    assert (document["bomFormat"], document["metadata"]["component"]["name"]) == (
        "CycloneDX",
        "oep-attempts",
    )
    assert {"sqlalchemy", "grpcio", *parts.OWN} <= named.keys()
    assert not named.keys() & {"argon2-cffi", "reportlab", "pytest", "pip"}
    needs = {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}
    assert any("fastapi" in need for need in needs["root-component"])


@pytest.fixture
def advisories() -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """Stand for the database of vulnerabilities: how to ask it, and the flaws by package."""
    flaws: dict[str, str] = {}

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = asked["package"]["name"]
            found = {"id": flaws[name], "affected": []} if name in flaws else None
            body = json.dumps({"vulns": [found]} if found else {}).encode()
            self.send_response(503 if "everything" in flaws else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/query"
    yield ("--vulnerability-service", "osv", "--osv-url", url), flaws
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_audit_asks_about_every_part_and_names_what_is_known_against_one(advisories):
    ask, flaws = advisories
    auth = parts.list_of("auth")
    assert parts.audit(auth, ask) == len(parts.locked(auth.read_text())) > 30
    flaws["cryptography"] = "PYSEC-2026-1"
    with pytest.raises(parts.Vulnerable, match=r"^cryptography [\d.]+: PYSEC-2026-1, healed by"):
        parts.audit(auth, ask)


def test_an_audit_that_could_ask_nobody_is_none(advisories):
    ask, flaws = advisories
    flaws["everything"] = "is away"
    with pytest.raises(parts.NotAudited, match="gave no answer"):
        parts.audit(parts.list_of("realtime"), ask)
