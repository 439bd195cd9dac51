"""The kinds of objects that the stand-in knows, and how `kubectl` is told of them."""

from dataclasses import dataclass
from typing import Any

VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


@dataclass(frozen=True)
class Kind:
    """One kind: where its objects are, and by which short names people call it."""

    group_version: str
    name: str
    plural: str
    short: tuple[str, ...] = ()
    is_namespaced: bool = True

    @property
    def group(self) -> str:
        return self.group_version.rpartition("/")[0]

    @property
    def root(self) -> str:
        """The path below which the objects are."""
        return f"apis/{self.group_version}" if self.group else f"api/{self.group_version}"


KINDS = (
    Kind("v1", "Namespace", "namespaces", ("ns",), is_namespaced=False),
    Kind("v1", "ConfigMap", "configmaps", ("cm",)),
    Kind("v1", "Secret", "secrets"),
    Kind("v1", "Service", "services", ("svc",)),
    Kind("v1", "ServiceAccount", "serviceaccounts", ("sa",)),
    Kind("apps/v1", "Deployment", "deployments", ("deploy",)),
    Kind("apps/v1", "ReplicaSet", "replicasets", ("rs",)),
    Kind("apps/v1", "StatefulSet", "statefulsets", ("sts",)),
    Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", ("hpa",)),
    Kind("batch/v1", "Job", "jobs"),
    Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", ("netpol",)),
    Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", ("pdb",)),
    Kind("cert-manager.io/v1", "Certificate", "certificates", ("cert",)),
    Kind("cert-manager.io/v1", "Issuer", "issuers"),
    Kind("external-secrets.io/v1", "ExternalSecret", "externalsecrets", ("es",)),
    Kind("keda.sh/v1alpha1", "ScaledObject", "scaledobjects", ("so",)),
    Kind("monitoring.coreos.com/v1", "PodMonitor", "podmonitors", ("pmon",)),
    Kind("monitoring.coreos.com/v1", "PrometheusRule", "prometheusrules", ("promrule",)),
    Kind("postgresql.cnpg.io/v1", "Cluster", "clusters"),
)
BY_NAME = {kind.name: kind for kind in KINDS}
GROUP_VERSIONS = tuple(dict.fromkeys(kind.group_version for kind in KINDS))


def groups() -> dict[str, Any]:
    """Return the list of groups, as `/apis` tells it."""
    found = []
    for each in GROUP_VERSIONS:
        group, _, version = each.rpartition("/")
        told = {"groupVersion": each, "version": version}
        if group:
            found.append({"name": group, "versions": [told], "preferredVersion": told})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def resources(group_version: str) -> dict[str, Any]:
    """Return the kinds of one group, as `/apis/apps/v1` tells them."""
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": [
            {
                "name": kind.plural,
                "singularName": kind.name.lower(),
                "namespaced": kind.is_namespaced,
                "kind": kind.name,
                "verbs": VERBS,
                "shortNames": list(kind.short),
            }
            for kind in KINDS
            if kind.group_version == group_version
        ],
    }


def openapi_index() -> dict[str, Any]:
    """Return where each group is described, as `/openapi/v3` tells it."""
    roots = dict.fromkeys(kind.root for kind in KINDS)
    return {"paths": {root: {"serverRelativeURL": f"/openapi/v3/{root}"} for root in roots}}


def openapi(root: str) -> dict[str, Any]:
    """Return one group's description: that this server itself checks fields, and no more."""
    checks = [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}]
    paths = {}
    for kind in KINDS:
        if kind.root == root:
            version = kind.group_version.rpartition("/")[2]
            known = {"group": kind.group, "version": version, "kind": kind.name}
            patch = {"parameters": checks, "x-kubernetes-group-version-kind": known}
            paths[f"/{root}/{kind.plural}/{{name}}"] = {"patch": patch}
    info = {"title": "A stand-in for Kubernetes", "version": "1"}
    return {"openapi": "3.0.0", "info": info, "paths": paths}
