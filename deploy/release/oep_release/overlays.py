"""The versions that an installation is given: in Kubernetes's overlays. Pure."""

import re
from pathlib import Path

from oep_release.history import Release

OVERLAYS = Path("deploy/kubernetes/overlays")
FILES = tuple(
    OVERLAYS / size / step / "kustomization.yaml"
    for size in ("small", "large")
    for step in ("migrations", "services")
)
"""Relative to the root of a checkout."""


def _entry(service: str) -> re.Pattern[str]:
    return re.compile(rf"(\{{name: oep/{service}, newName: \S+, newTag: )([\w.-]+)(\}})")


def with_release(text: str, release: Release) -> str:
    """Return an overlay with a service's new version and nothing else changed."""
    return _entry(release.service).sub(rf"\g<1>{release.version}\g<3>", text)


def version_said(text: str, service: str) -> str | None:
    """Return the version of a service that an overlay says; None when it does not run it."""
    found = _entry(service).search(text)
    return found[2] if found else None
