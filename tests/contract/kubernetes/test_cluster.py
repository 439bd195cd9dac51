"""The pages' commands, by the real `kubectl`, on a stand-in for a cluster (standin/).

Its server keeps our objects, refuses fields that the schemas refuse, and its controllers go on only
where everything that a pod names is there. What a real cluster does besides is not tried.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from contract.kubernetes.rendered import KUBERNETES, ROOT
from contract.kubernetes.standin.kinds import BY_NAME
from contract.kubernetes.standin.server import cluster
from docs.commands import blocks

OWN = "tests/contract/kubernetes/test_cluster.py"
KUBECTL = Path(sys.executable).with_name("kubectl")
INSTALL = "kubectl apply -k deploy/kubernetes/overlays/large/platform"
UPGRADE = "kubectl -n oep delete job attempts-migrate --ignore-not-found"
UNDO = "kubectl -n oep rollout undo"
EXAM_DAY = "kubectl -n oep get scaledobject"
DRY_RUN = "python deploy/kubernetes/render.py large"
SOON = (r"--timeout=\w+", "--timeout=1s")


def written(first):
    """Return the commands of the one block that begins so and is said to be run here."""
    [block] = [b for b in blocks() if OWN in b.run_by and b.commands[0].startswith(first)]
    return block.commands


@pytest.fixture(scope="module")
def kubernetes():
    with cluster() as server:
        yield server


@pytest.fixture(scope="module")
def run(kubernetes, tmp_path_factory):
    """Run commands until one fails; return which, or None, and all that was said.

    Each pair in `changes` is a pattern and what stands in its place.
    """
    config = tmp_path_factory.mktemp("kubectl") / "config"
    config.write_text(CONFIG.format(url=kubernetes.url))
    environment = os.environ | {
        "PATH": f"{KUBECTL.parent}{os.pathsep}{os.environ['PATH']}",
        "KUBECONFIG": str(config),
        "no_proxy": "127.0.0.1",
    }

    def play(commands, *changes):
        said = ""
        for command in commands:
            script = functools.reduce(lambda text, each: re.sub(*each, text), changes, command)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            said += done.stdout + done.stderr
            if done.returncode:
                return script, said
        return None, said

    return play


CONFIG = """\
apiVersion: v1
kind: Config
current-context: standin
clusters: [{{name: standin, cluster: {{server: "{url}"}}}}]
contexts: [{{name: standin, context: {{cluster: standin, user: nobody}}}}]
users: [{{name: nobody, user: {{}}}}]
"""


@pytest.fixture(scope="module")
def installed(run):
    """Install the large one as the page says."""
    failed, said = run(written(INSTALL))
    assert failed is None, said
    return said


@pytest.fixture
def another(tmp_path):
    """Return a copy of the manifests, and of what they take from elsewhere, to change them."""
    place = tmp_path / "deploy"
    for name in ("kubernetes", "postgres", "gateway"):
        shutil.copytree(KUBERNETES.parent / name, place / name)
    return place / "kubernetes"


def test_every_block_that_is_said_to_be_run_here_is():
    marked = [block for block in blocks() if OWN in block.run_by]
    taken = [written(each) for each in (INSTALL, UPGRADE, UNDO, EXAM_DAY, DRY_RUN)]
    assert sorted(block.commands for block in marked) == sorted(taken)


def find(kubernetes, kind, name):
    return kubernetes.store.get(BY_NAME[kind], "oep", name)


def image(kubernetes, kind, name):
    [container] = find(kubernetes, kind, name)["spec"]["template"]["spec"]["containers"]
    return container["image"]


def test_the_documented_installation_ends_with_everything_rolled_out(kubernetes, installed):
    assert "cluster.postgresql.cnpg.io/postgres condition met" in installed
    for job in ("database-roles", "auth-migrate", "attempts-migrate", "proctoring-migrate"):
        assert f"job.batch/{job} condition met" in installed
    for each in kubernetes.store.all("Deployment", "oep"):
        name = each["metadata"]["name"]
        assert f'deployment "{name}" successfully rolled out' in installed, name


def test_the_small_one_is_installed_in_the_same_way(run):
    with cluster() as server:
        failed, said = run(
            written(INSTALL),
            ("overlays/large", "overlays/small"),
            ("kubectl ", f"kubectl -s {server.url} "),
        )
    assert failed is None, said
    assert 'deployment "gateway" successfully rolled out' in said


def test_an_exam_day_shows_what_follows_its_sockets(installed, run):
    failed, said = run(written(EXAM_DAY))
    assert failed is None, said
    for name in ("scaledobject.keda.sh/realtime", "/keda-hpa-realtime", "apps/realtime"):
        assert name in said


def test_the_server_itself_is_asked_whether_it_would_take_it(kubernetes, installed, run):
    before = kubernetes.store.version
    failed, said = run(written(DRY_RUN))
    assert failed is None, said
    assert said.count("(server dry run)") > 60
    assert kubernetes.store.version == before


def test_the_server_refuses_a_field_that_nobody_knows(installed, run):
    wrong = ((" large", " small migrations"), (r" \|", " | sed s/backoffLimit/backoffLimt/ |"))
    failed, said = run(written(DRY_RUN), *wrong)
    assert failed
    assert "'backoffLimt' was unexpected" in said


def test_the_documented_upgrade_brings_the_new_version_and_its_undo_the_old(
    kubernetes, installed, run, another
):
    old = image(kubernetes, "Deployment", "attempts")
    changed = give_version(another, "attempts", "9.9.9")
    overlay = ("OVERLAY", str(another / "overlays/large"))

    failed, said = run(written(UPGRADE), overlay)
    assert failed is None, said
    assert changed == 2
    assert image(kubernetes, "Job", "attempts-migrate").endswith("oep/attempts:9.9.9")
    assert image(kubernetes, "Deployment", "attempts").endswith("oep/attempts:9.9.9")

    failed, said = run(written(UNDO))
    assert failed is None, said
    assert image(kubernetes, "Deployment", "attempts") == old


def give_version(manifests, service, version):
    """Say another version in both steps of the large overlay; return how often it was said."""
    count = 0
    for step in ("migrations", "services"):
        file = manifests / "overlays/large" / step / "kustomization.yaml"
        pattern = rf"(newName: \S+/oep/{service}, newTag: )[\w.]+"
        text, changes = re.subn(pattern, rf"\g<1>{version}", file.read_text())
        file.write_text(text)
        count += changes
    return count


def test_a_job_cannot_be_changed_so_the_page_deletes_the_old_one(installed, run, another):
    give_version(another, "attempts", "9.9.8")
    without_delete = written(UPGRADE)[1:]
    failed, said = run(without_delete, ("OVERLAY", str(another / "overlays/large")), SOON)
    assert failed == f"kubectl apply -k {another}/overlays/large/migrations"
    assert "immutable" in said


def test_a_migration_that_names_a_secret_that_nobody_makes_ends_the_wait(run, another):
    job = another / "base/migrations/attempts.yaml"
    job.write_text(
        job.read_text().replace("secretRef: {name: attempts-migrate}", "secretRef: {name: nobodys}")
    )
    failed, said = run(written(UPGRADE), ("OVERLAY", str(another / "overlays/large")), SOON)
    assert failed.startswith("kubectl -n oep wait --for=condition=Complete job/attempts-migrate")
    assert "timed out" in said
