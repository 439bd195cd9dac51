"""What controllers would do with the objects: Kubernetes's own, and the operators'.

A pod starts when everything that it names is there: its account, maps and secrets, with their keys.
So a Job that names a secret that nobody makes never completes, and a Deployment never rolls.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from contract.kubernetes.standin.kinds import BY_NAME
from contract.kubernetes.standin.store import Object, Store, place
from contract.kubernetes.valid import scaler

DUMMY = "eA=="
REVISION = "deployment.kubernetes.io/revision"
PAIR = ("tls.crt", "tls.key", "ca.crt")


def react(store: Store) -> None:
    """Bring everything on as far as it goes."""
    for each in store.all("Namespace"):
        _is_there(store, "ServiceAccount", each["metadata"]["name"], "default")
    for each in store.all("ExternalSecret"):
        target = each["spec"]["target"]
        keys = target.get("template", {}).get("data") or [
            entry["secretKey"] for entry in each["spec"]["data"]
        ]
        _secret(store, each, target["name"], keys)
    for each in store.all("Certificate"):
        _secret(store, each, each["spec"]["secretName"], PAIR)
    for each in store.all("Cluster"):
        _secret(store, each, f"{each['metadata']['name']}-ca", ["ca.crt"])
        asked = each["spec"].get("superuserSecret", {}).get("name")
        is_ready = asked is None or store.find("Secret", place(each), asked) is not None
        _say(store, each, "Ready", is_true=is_ready)
    for each in store.all("ScaledObject"):
        _scaler(store, each)
    for each in store.all("Job"):
        if not list(missing(store, each)):
            _say(store, each, "Complete", is_true=True)
    for each in store.all("Deployment"):
        _roll(store, each)


def missing(store: Store, workload: Object) -> Iterator[str]:
    """Yield what a workload's pods name and nobody made."""
    pod, namespace = workload["spec"]["template"]["spec"], place(workload)
    wanted = [("ServiceAccount", pod.get("serviceAccountName", "default"), None)]
    wanted += list(_named(pod))
    for kind, name, key in wanted:
        found = store.find(kind, namespace, name)
        if found is None or (key is not None and key not in found["data"]):
            yield f"{kind} {name}" + (f", key {key}" if key else "")


def _named(part: Any) -> Iterator[tuple[str, str, str | None]]:
    """Yield the maps and secrets that a pod names, with the key where it wants one."""
    kinds = {
        "configMapRef": "ConfigMap",
        "configMap": "ConfigMap",
        "configMapKeyRef": "ConfigMap",
        "secretRef": "Secret",
        "secret": "Secret",
        "secretKeyRef": "Secret",
    }
    if isinstance(part, list):
        for item in part:
            yield from _named(item)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name in kinds and isinstance(value, dict):
                known = value.get("name") or value["secretName"]
                yield kinds[name], known, value.get("key")
                for item in value.get("items", ()):
                    yield kinds[name], known, item["key"]
            else:
                yield from _named(value)


def _roll(store: Store, each: Object) -> None:
    """Keep one replica set for each template, the newest with the highest revision."""
    mine = [
        one
        for one in store.all("ReplicaSet", place(each))
        if one["metadata"]["ownerReferences"][0]["uid"] == each["metadata"]["uid"]
    ]
    revisions = [int(one["metadata"]["annotations"][REVISION]) for one in mine]
    current = next((one for one in mine if _template(one) == _template(each)), None)
    newest = max(revisions, default=0)
    if current is None:
        newest += 1
        store.create(_replica_set(each, newest))
    elif int(current["metadata"]["annotations"][REVISION]) != newest:
        newest += 1
        store.replace(_noted(current, newest))
    if _noted(each, newest) != each:
        each = store.replace(_noted(each, newest))
    replicas = each["spec"].get("replicas", 1)
    up = 0 if list(missing(store, each)) else replicas
    counts = dict.fromkeys(("updatedReplicas", "readyReplicas", "availableReplicas"), up)
    generation = each["metadata"]["generation"]
    store.set_status(each, {"observedGeneration": generation, "replicas": replicas, **counts})


def _noted(each: Object, revision: int) -> Object:
    notes = {**each["metadata"].get("annotations", {}), REVISION: str(revision)}
    return {**each, "metadata": {**each["metadata"], "annotations": notes}}


def _template(each: Object) -> str:
    """Return the template as text, without the label that is a replica set's own."""
    template = json.loads(json.dumps(each["spec"]["template"]))
    template["metadata"]["labels"].pop("pod-template-hash", None)
    return json.dumps(template, sort_keys=True)


def _replica_set(each: Object, revision: int) -> Object:
    name = each["metadata"]["name"]
    own = hashlib.sha256(_template(each).encode()).hexdigest()[:10]
    template = json.loads(_template(each))
    template["metadata"]["labels"]["pod-template-hash"] = own
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "controller": True}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name}-{own}",
            "namespace": place(each),
            "labels": template["metadata"]["labels"],
            "annotations": {REVISION: str(revision)},
            "ownerReferences": [{**owner, "uid": each["metadata"]["uid"]}],
        },
        "spec": {
            "replicas": each["spec"].get("replicas", 1),
            "selector": each["spec"]["selector"],
            "template": template,
        },
    }


def _scaler(store: Store, each: Object) -> None:
    made = scaler(each["spec"])
    made["metadata"] = {
        "name": f"keda-hpa-{each['metadata']['name']}",
        "namespace": place(each),
    }
    if store.find(made["kind"], place(each), made["metadata"]["name"]) is None:
        store.create(made)


def _secret(store: Store, owner: Object, name: str, keys: Any) -> None:
    if store.find("Secret", place(owner), name) is None:
        data = dict.fromkeys(keys, DUMMY)
        _make(store, "Secret", place(owner), name, data=data)


def _is_there(store: Store, kind: str, namespace: str, name: str) -> None:
    if store.find(kind, namespace, name) is None:
        _make(store, kind, namespace, name)


def _make(store: Store, kind: str, namespace: str, name: str, **more: Any) -> None:
    metadata = {"name": name, "namespace": namespace}
    version = BY_NAME[kind].group_version
    store.create({"apiVersion": version, "kind": kind, "metadata": metadata, **more})


def _say(store: Store, each: Object, condition: str, *, is_true: bool) -> None:
    told = {"type": condition, "status": "True" if is_true else "False"}
    store.set_status(each, {"conditions": [told]})
