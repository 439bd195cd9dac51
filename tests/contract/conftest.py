"""The platform with one exam and everybody who may meet it (`abuse.scene`)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from abuse import scene as scenes
from oep_local.rig import Platform


@pytest.fixture(scope="session")
async def scene(platform: Platform) -> AsyncIterator[scenes.Scene]:
    async with scenes.opened(platform) as scene:
        yield scene


@pytest.fixture(scope="session")
def described(platform: Platform) -> dict[str, Any]:
    return scenes.described(platform)
