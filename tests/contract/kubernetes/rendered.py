"""Both overlays as Kustomize renders them, and what a container in them would find."""

import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("small", "large")
STEPS = ("platform", "migrations", "services")
NAME = "app.kubernetes.io/name"
PLACES = {"web": "web/server"}
# What External Secrets would fetch, and the operators make by themselves.
DUMMY = "d" * 40
MADE_BY_OPERATORS = {"postgres-ca"}


@dataclass(frozen=True)
class Overlay:
    """One rendered installation."""

    name: str
    steps: dict[str, list[Any]]

    @cached_property
    def objects(self) -> list[Any]:
        return [each for step in self.steps.values() for each in step]

    def of(self, *kinds: str) -> dict[str, Any]:
        """Return all objects of some kinds by their names."""
        return {o["metadata"]["name"]: o for o in self.objects if o["kind"] in kinds}

    @cached_property
    def workloads(self) -> dict[str, Any]:
        return self.of("Deployment", "StatefulSet", "Job")

    def pod(self, name: str) -> Any:
        return self.workloads[name]["spec"]["template"]["spec"]

    def container(self, name: str) -> Any:
        [container] = self.pod(name)["containers"]
        return container

    @cached_property
    def secrets(self) -> dict[str, dict[str, str]]:
        """Return what each secret holds, with dummies for what only the store knows."""
        found = {}
        for name, each in self.of("ExternalSecret").items():
            target = each["spec"]["target"]
            known = {entry["secretKey"] for entry in each["spec"]["data"]}
            template = target.get("template", {}).get("data", dict.fromkeys(known, ""))
            asked = set(re.findall(r"\{\{ \.(\w+)", "".join(template.values())))
            assert asked <= known, f"{name} uses what it does not fetch: {asked - known}"
            found[name] = {
                k: re.sub(r"\{\{.*?\}\}", DUMMY, v) or DUMMY for k, v in template.items()
            }
        certificates = self.of("Certificate").values()
        pairs = dict.fromkeys(("tls.crt", "tls.key", "ca.crt"), DUMMY)
        found |= {each["spec"]["secretName"]: pairs for each in certificates}
        return found | {name: {"ca.crt": DUMMY} for name in MADE_BY_OPERATORS}

    def mounted_maps(self, name: str) -> dict[str, str]:
        """Return the texts that a container finds in mounted maps, by path."""
        maps, found = self.of("ConfigMap"), {}
        volumes = {volume["name"]: volume for volume in self.pod(name)["volumes"]}
        for mount in self.container(name)["volumeMounts"]:
            volume = volumes.get(mount["name"], {})
            for source in (volume, *volume.get("projected", {}).get("sources", ())):
                if "configMap" in source:
                    data = maps[source["configMap"]["name"]]["data"]
                    found |= {f"{mount['mountPath']}/{key}": text for key, text in data.items()}
        return found

    def environment(self, name: str) -> dict[str, str]:
        """Return what a container finds in its environment, its image's own included."""
        container, maps = self.container(name), self.of("ConfigMap")
        found = image_environment(container["image"])
        for source in container.get("envFrom", ()):
            if "configMapRef" in source:
                found |= maps[source["configMapRef"]["name"]]["data"]
            else:
                found |= self.secrets[source["secretRef"]["name"]]
        for entry in container.get("env", ()):
            secret = entry.get("valueFrom", {}).get("secretKeyRef")
            said = self.secrets[secret["name"]][secret["key"]] if secret else entry.get("value")
            found[entry["name"]] = "a-pod" if said is None else said
        return found


def image_environment(image: str) -> dict[str, str]:
    """Return what the Dockerfile of one of our images sets; nothing for a vendor's."""
    match = re.search(r"/oep/(\w+):", image)
    if match is None:
        return {}
    place = ROOT / PLACES.get(match[1], f"services/{match[1]}") / "Dockerfile"
    final = place.read_text().rpartition("\nFROM ")[2].replace("\\\n", " ")
    [line] = re.findall(r"^ENV (.*)$", final, flags=re.MULTILINE)
    said = dict(word.split("=", 1) for word in line.split())
    return {k: v for k, v in said.items() if k != "PATH"}


def read_yaml(text: str) -> list[Any]:
    """Return the documents in a text, read by libyaml where it is there."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [each for each in yaml.load_all(text, loader) if each]


def render() -> dict[str, dict[str, str]]:
    """Return the text of each step of each overlay; both are rendered at the same time."""
    command = [sys.executable, str(KUBERNETES / "render.py")]
    running = {
        overlay: subprocess.Popen([*command, overlay], stdout=subprocess.PIPE, text=True)
        for overlay in OVERLAYS
    }
    found = {}
    for overlay, process in running.items():
        text, _ = process.communicate(timeout=60)
        assert process.returncode == 0, f"{overlay}: see above"
        _, *parts = re.split(r"^---\n# (\w+)\n", text, flags=re.MULTILINE)
        found[overlay] = dict(zip(parts[::2], parts[1::2], strict=True))
    return found
