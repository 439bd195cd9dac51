"""Each installation, rendered once."""

import pytest
from contract.kubernetes.rendered import OVERLAYS, STEPS, Overlay, read_yaml, render


@pytest.fixture(scope="session")
def overlays():
    found = {}
    for name, texts in render().items():
        assert tuple(texts) == STEPS
        found[name] = Overlay(name, {step: read_yaml(text) for step, text in texts.items()})
    return found


@pytest.fixture(params=OVERLAYS)
def overlay(request, overlays):
    return overlays[request.param]
