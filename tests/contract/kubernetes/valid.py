"""Whether Kubernetes and the operators would take an object, field by field."""

import functools
import json
from typing import Any

import jsonschema
import kubernetes_validate
from contract.kubernetes.rendered import KUBERNETES

VERSION = "1.35"
SCHEMAS = {
    json.loads(path.read_text())["properties"]["kind"]["const"]: json.loads(path.read_text())
    for path in (KUBERNETES / "schemas").glob("*.json")
}


# It would read two megabytes anew for each object.
kubernetes_validate.utils.schema_contents = functools.cache(
    kubernetes_validate.utils.schema_contents
)
REFUSALS = (jsonschema.ValidationError, kubernetes_validate.ValidationError)


def check(each: Any) -> None:
    """Raise one of `REFUSALS` unless the object is valid and has no field that nobody knows."""
    if each["kind"] not in SCHEMAS:
        kubernetes_validate.validate(each, VERSION, strict=True)
        return
    jsonschema.Draft202012Validator(SCHEMAS[each["kind"]]).validate(each)
    if each["kind"] == "ScaledObject":
        kubernetes_validate.validate(scaler(each["spec"]), VERSION, strict=True)


def scaler(spec: Any) -> Any:
    """Return what KEDA makes of it: its behaviour is Kubernetes's own."""
    target = {"kind": "Deployment", "name": spec["scaleTargetRef"]["name"]}
    behaviour = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": target["name"]},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", **target},
            "minReplicas": spec["minReplicaCount"],
            "maxReplicas": spec["maxReplicaCount"],
            "behavior": behaviour,
        },
    }
