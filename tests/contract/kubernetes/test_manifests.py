"""What is rendered is valid, strictly; nothing refers to what is not there; no pod has a right."""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import envoy
import kubernetes_validate
import pytest
import trustme
import yaml
from contract.kubernetes.rendered import KUBERNETES, NAME, ROOT
from contract.kubernetes.valid import REFUSALS, SCHEMAS, check

MAP_BYTES = 1 << 20


def test_every_object_is_valid_and_a_field_that_nobody_knows_is_refused(overlay):
    for each in overlay.objects:
        check(each)
    for each in {each["kind"]: each for each in overlay.objects}.values():
        with pytest.raises(REFUSALS):
            check({**each, "spce": {}})


def test_a_field_that_nobody_knows_is_refused_deep_inside(overlay):
    deployment = copy.deepcopy(overlay.workloads["attempts"])
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["livenessProb"] = container.pop("livenessProbe")
    with pytest.raises(kubernetes_validate.ValidationError):
        check(deployment)
    for each in overlay.of(*SCHEMAS).values():
        whole = copy.deepcopy(each)
        for part in inside(whole["spec"]):
            part["spce"] = {}
            with pytest.raises(REFUSALS):
                check(whole)
            del part["spce"]


def inside(part):
    """Return all objects in an object, itself included."""
    if isinstance(part, list):
        return [each for item in part for each in inside(item)]
    if not isinstance(part, dict):
        return []
    return [part, *(each for item in part.values() for each in inside(item))]


def test_each_object_is_there_once_and_in_the_namespace(overlay):
    for step in overlay.steps.values():
        names = [(o["kind"], o["metadata"]["name"]) for o in step]
        assert len(set(names)) == len(names)
    for each in overlay.objects:
        if each["kind"] != "Namespace":
            assert each["metadata"]["namespace"] == "oep", each["metadata"]["name"]


def test_steps_hold_what_their_order_needs(overlay):
    kinds = {step: {o["kind"] for o in made} for step, made in overlay.steps.items()}
    assert "Deployment" not in kinds["platform"] | kinds["migrations"]
    assert "Job" not in kinds["services"]
    jobs = {o["metadata"]["name"] for o in overlay.steps["migrations"] if o["kind"] == "Job"}
    assert jobs == {"auth-migrate", "attempts-migrate", "proctoring-migrate"}


def test_what_a_pod_names_is_there(overlay):
    maps, accounts = overlay.of("ConfigMap"), overlay.of("ServiceAccount")
    for name in overlay.workloads:
        pod = overlay.pod(name)
        assert pod["serviceAccountName"] in accounts
        text = json.dumps(pod)
        for found in re.findall(r'"(?:configMap|configMapRef)": \{"name": "([^"]+)"', text):
            assert found in maps, (name, found)
        named = re.findall(
            r'"(?:secretName|secretKeyRef": \{"key": "\w+", "name)": "([^"]+)"', text
        )
        named += re.findall(r'"secretRef": \{"name": "([^"]+)"', text)
        for found in named:
            assert found in overlay.secrets, (name, found)
        mounted = {mount["name"] for mount in overlay.container(name)["volumeMounts"]}
        made = {volume["name"] for volume in pod["volumes"]}
        claims = overlay.workloads[name]["spec"].get("volumeClaimTemplates", ())
        assert mounted == made | {claim["metadata"]["name"] for claim in claims}


def test_no_mount_lies_in_another_that_cannot_be_written(overlay):
    for name in overlay.workloads:
        paths = [mount["mountPath"] for mount in overlay.container(name)["volumeMounts"]]
        assert not [(a, b) for a in paths for b in paths if b.startswith(f"{a}/")], name


def test_files_that_envoy_and_nats_get_fit_into_a_map(overlay):
    for name, each in overlay.of("ConfigMap").items():
        assert len(json.dumps(each["data"])) < MAP_BYTES, name


# Rights


def test_no_pod_has_a_right_that_it_does_not_need(overlay):
    for name in overlay.workloads:
        pod, container = overlay.pod(name), overlay.container(name)
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod), name
        assert not [volume for volume in pod["volumes"] if "hostPath" in volume], name


def test_each_workload_has_an_account_of_its_own_without_a_token(overlay):
    accounts = [overlay.pod(name)["serviceAccountName"] for name in overlay.workloads]
    assert sorted(accounts) == sorted(overlay.workloads)
    for each in overlay.of("ServiceAccount").values():
        assert each["automountServiceAccountToken"] is False


def test_every_container_asks_for_something_and_has_a_limit(overlay):
    for name in overlay.workloads:
        resources = overlay.container(name)["resources"]
        for side in ("requests", "limits"):
            assert set(resources[side]) == {"cpu", "memory"}, name


def test_the_namespace_enforces_what_pods_promise(overlay):
    [namespace] = overlay.of("Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_images_are_pinned(overlay):
    images = [overlay.container(name)["image"] for name in overlay.workloads]
    images += [each["spec"]["imageName"] for each in overlay.of("Cluster").values()]
    for image in images:
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z-]+)?$", image), image


# Staying


def test_a_budget_leaves_at_least_one(overlay):
    budgets = overlay.of("PodDisruptionBudget")
    stays = {n for n, w in overlay.workloads.items() if w["kind"] != "Job"}
    assert set(budgets) == stays
    scaled = overlay.of("ScaledObject")
    for name, budget in budgets.items():
        spec = budget["spec"]
        assert spec["selector"]["matchLabels"] == {NAME: name}
        replicas = overlay.workloads[name]["spec"].get("replicas")
        fewest = scaled[name]["spec"]["minReplicaCount"] if name in scaled else replicas
        assert spec.get("minAvailable", fewest - spec.get("maxUnavailable", fewest)) >= 1, name


def test_a_rollout_never_leaves_fewer_than_before(overlay):
    for name, each in overlay.of("Deployment").items():
        assert each["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0, name


def test_replicas_are_spread_over_machines_and_zones(overlay):
    for name, each in overlay.workloads.items():
        if each["kind"] == "Job":
            continue
        pod = overlay.pod(name)
        keys = {c["topologyKey"] for c in pod["topologySpreadConstraints"]}
        for constraint in pod["topologySpreadConstraints"]:
            assert constraint["labelSelector"]["matchLabels"] == {NAME: name}
        wanted = {"topology.kubernetes.io/zone"}
        assert keys >= wanted | (set() if name == "nats" else {"kubernetes.io/hostname"})


def test_selectors_choose_their_own_pods(overlay):
    for name, each in overlay.of("Deployment", "StatefulSet").items():
        labels = each["spec"]["template"]["metadata"]["labels"]
        assert each["spec"]["selector"]["matchLabels"] == {NAME: name}
        assert labels[NAME] == name
    for name, each in overlay.of("Service").items():
        assert each["spec"]["selector"] == {NAME: name}
        known = {port["name"] for port in overlay.container(name)["ports"]}
        assert {port["targetPort"] for port in each["spec"]["ports"]} <= known


# The two programs that are not ours read what we wrote


def test_the_gateways_configuration_is_what_the_generator_makes(overlay, tmp_path):
    [origin] = overlay.environment("realtime")["ALLOWED_ORIGINS"].split(",")
    command = [sys.executable, str(ROOT / "deploy/gateway/generate.py"), "--kubernetes"]
    command += ["--origin", origin, "--live", str(tmp_path)]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    folder = KUBERNETES / "overlays" / overlay.name / "services"
    files = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert (folder / "envoy.yaml").read_text() == made.stdout, "generate it again (README.md)"
    assert {path.name: path.read_text() for path in (folder / "live").iterdir()} == files
    [host] = overlay.of("Certificate")["gateway-tls"]["spec"]["dnsNames"]
    assert origin == f"https://{host}"


def test_envoy_accepts_its_configuration_and_the_place_of_its_certificate(overlay, tmp_path):
    mounts = overlay.mounted_maps("gateway")
    made = trustme.CA().issue_cert("exams.example.org")
    files = dict(mounts)
    files["/etc/oep/tls/tls.crt"] = made.cert_chain_pems[0].bytes().decode()
    files["/etc/oep/tls/tls.key"] = made.private_key_pem.bytes().decode()
    for path, text in files.items():
        place = tmp_path / path.removeprefix("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(re.sub(r"(?<![\w/])/etc/(envoy|oep)/", rf"{tmp_path}/etc/\1/", text))
    binary = Path(envoy.__file__).parent / "_bin" / "envoy"
    config = tmp_path / "etc/envoy/envoy.yaml"
    command = [binary, "--mode", "validate", "-c", config, "--disable-hot-restart"]
    seen = subprocess.run(command, check=False, capture_output=True, text=True)
    assert seen.returncode == 0, seen.stderr
    said = yaml.safe_load(config.read_text())["static_resources"]
    assert {listener["name"] for listener in said["listeners"]} == {"public", "stats"}


def test_nats_accepts_its_configuration(overlay, tmp_path):
    [text] = overlay.mounted_maps("nats").values()
    config = tmp_path / "nats.conf"
    config.write_text(text.replace('"/data"', f'"{tmp_path}"'))
    program = str(Path(sys.executable).parent / "nats-server")
    told = dict.fromkeys(overlay.environment("nats"), "s12e5")
    seen = subprocess.run(
        [program, "-t", "--config", str(config)],
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert seen.returncode == 0, seen.stderr
    routes = re.findall(r"nats://(nats-\d)\.nats:6222", text)
    count = overlay.workloads["nats"]["spec"]["replicas"]
    assert len(routes) == (0 if count == 1 else count)


# The overlays


def test_the_overlays_differ_in_sizes_and_names_only(overlays):
    small, large = (overlays[name] for name in ("small", "large"))
    only = {
        (o["kind"], o["metadata"]["name"].split("-h")[0])
        for one, other in ((small, large), (large, small))
        for o in one.objects
        if o["metadata"]["name"] not in other.of(o["kind"]) and o["kind"] != "ConfigMap"
    }
    figures = {("PodMonitor", "services"), ("PodMonitor", "gateway"), ("PrometheusRule", "oep")}
    assert only == {("ScaledObject", "realtime")} | figures
    for name in small.workloads:
        first, second = (json.loads(json.dumps(o.workloads[name])) for o in (small, large))
        for each in (first, second):
            each["spec"].pop("replicas", None)
            each["spec"].pop("volumeClaimTemplates", None)
            [container] = each["spec"]["template"]["spec"]["containers"]
            container.pop("resources")
        assert plain(first) == plain(second), name


def plain(each):
    """Leave out the sums of contents in the names of maps."""
    return re.sub(r"-[0-9a-z]{10}\"", '"', json.dumps(each))


def test_an_overlay_that_cannot_be_rendered_says_why(tmp_path):
    command = [sys.executable, str(KUBERNETES / "render.py"), "medium"]
    seen = subprocess.run(command, capture_output=True, text=True, check=False)
    assert seen.returncode == 2
    assert "small" in seen.stderr
