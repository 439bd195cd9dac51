"""A student with a camera, and who watches him."""

import httpx
import pytest
from snapshots_kit import Camera


@pytest.fixture
def camera(rig) -> Camera:
    return Camera(*rig.sits())


@pytest.fixture
def watcher(rig, camera) -> httpx.AsyncClient:
    return rig.member("proctor", assigned=[("proctor", camera.sat.exam_id)])
